"""The queue reacts to what printers report and to orders that stop."""

from shopwright.fleet.events import (
    DeviceJobReported,
    DeviceShowsJob,
    PrinterChanged,
    PrinterPutBack,
    PrinterRemoved,
    StartPhase,
    StartSettled,
)
from shopwright.fleet.states import BUSY, Outcome, StartPhaseName, StartResult
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.live import touch
from shopwright.orders import holds
from shopwright.orders.events import (
    OrderHeld,
    OrderPrioritised,
    OrderReady,
    PiecesReleased,
    StepsMadeByHand,
)
from shopwright.print_jobs import attempts, late, order_prints, queries, service
from shopwright.print_jobs.states import AttemptStatus


async def on_start_phase(session: WriteSession, event: StartPhase) -> None:
    status = {
        StartPhaseName.UPLOADING: AttemptStatus.UPLOADING,
        StartPhaseName.STARTING: AttemptStatus.STARTING,
    }[event.phase]
    ctx = system_actor(event.organization_id, "fleet")
    await attempts.move_on(session, ctx, device_job_id=event.device_job_id, status=status)


async def on_start_settled(session: WriteSession, event: StartSettled) -> None:
    """Confirmed starts need nothing here: the report that confirmed them says more."""
    ctx = system_actor(event.organization_id, "fleet")
    if event.result in {StartResult.NOT_STARTED, StartResult.IMPOSSIBLE}:
        await attempts.give_back(
            session,
            ctx,
            device_job_id=event.device_job_id,
            reason=event.sentence,
            now=session.context.clock.now(),
            is_held=event.result is StartResult.IMPOSSIBLE,
        )
    elif event.result is StartResult.UNPROVEN:
        await attempts.doubt(session, ctx, device_job_id=event.device_job_id, reason=event.sentence)


async def on_device_job(session: WriteSession, event: DeviceJobReported) -> None:
    ctx = system_actor(event.organization_id, "fleet")
    if await _record(session, ctx, event):
        return
    has_printed = event.activity in BUSY or event.outcome is Outcome.FINISHED
    if has_printed and await late.take_up_again(
        session, ctx, device_job_id=event.device_job_id, now=event.observed_at
    ):
        await _record(session, ctx, event)


async def _record(session: WriteSession, ctx: Actor, event: DeviceJobReported) -> bool:
    return await attempts.record_progress(
        session,
        ctx,
        device_job_id=event.device_job_id,
        activity=event.activity,
        outcome=event.outcome,
        percent=event.percent,
        used_ppm=event.used_ppm,
        reason=event.reason,
        now=event.observed_at,
    )


async def on_device_shows(session: WriteSession, event: DeviceShowsJob) -> None:
    await late.watch_bed(
        session,
        system_actor(event.organization_id, "fleet"),
        printer_id=event.printer_id,
        device_job_id=event.device_job_id,
        activity=event.activity,
        has_ended_unseen=event.has_ended_unseen,
    )


async def on_printer_removed(session: WriteSession, event: PrinterRemoved) -> None:
    ctx = system_actor(event.organization_id, "fleet")
    now = session.context.clock.now()
    await late.lose_printer(session, ctx, printer_id=event.printer_id, now=now)


async def on_printer_put_back(session: WriteSession, event: PrinterPutBack) -> None:
    ctx = system_actor(event.organization_id, "fleet")
    await late.keep_plate(session, ctx, printer_id=event.printer_id)


async def on_printer_changed(session: WriteSession, event: PrinterChanged) -> None:
    touch(session, event.organization_id, "dispatch")


async def on_pieces_released(session: WriteSession, event: PiecesReleased) -> None:
    """Jobs that make nothing else are dropped; for running ones a person is asked."""
    ctx = system_actor(event.organization_id, "queue")
    running = await late.drop_jobs(
        session,
        ctx,
        job_ids=event.print_job_ids,
        reason=f"the order was {event.why}",
        now=session.context.clock.now(),
    )
    if running:
        prints = "a print is" if running == 1 else f"{running} prints are"
        await holds.hold_order(
            session,
            ctx,
            order_id=event.order_id,
            reason=f"The order was {event.why} while {prints} running. Stop it at the printer, "
            "or let it finish: what it makes goes into stock.",
        )
    reason = f"the order was {event.why}"
    await order_prints.drop_asked(session, ctx, order_id=event.order_id, reason=reason)
    touch(session, event.organization_id, "queue")


async def on_order_ready(session: WriteSession, event: OrderReady) -> None:
    """Everything is there, whatever was asked for by name."""
    ctx = system_actor(event.organization_id, "queue")
    await order_prints.drop_asked(
        session, ctx, order_id=event.order_id, reason="its order is complete"
    )


async def on_order_held(session: WriteSession, event: OrderHeld) -> None:
    """What nobody has sent to a printer yet is not sent."""
    ctx = system_actor(event.organization_id, "queue")
    now = session.context.clock.now()
    for job_id in await queries.list_claimed_for(session, ctx, event.order_id):
        await late.withdraw(session, ctx, job_id=job_id, reason="its order is held", now=now)


async def on_order_prioritised(session: WriteSession, event: OrderPrioritised) -> None:
    """What still waits for the order moves along; a job a person moved by hand moves, too."""
    ctx = system_actor(event.organization_id, "queue")
    priority = service.PRIORITY_OF_ORDER[event.priority]
    await queries.prioritise_order_jobs(session, ctx, event.order_id, priority)
    touch(session, event.organization_id, "queue")


async def on_steps_made_by_hand(session: WriteSession, event: StepsMadeByHand) -> None:
    """Unsent jobs that make nothing else are dropped; what a running one makes goes to stock."""
    await late.drop_jobs(
        session,
        system_actor(event.organization_id, "queue"),
        job_ids=event.print_job_ids,
        reason="its pieces were made by hand",
        now=session.context.clock.now(),
    )
    touch(session, event.organization_id, "queue")
