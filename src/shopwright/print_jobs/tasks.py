"""The queue reacts to what printers report and to orders that stop."""

from shopwright.accounts import audit
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
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import touch
from shopwright.orders import holds, piece_queries, stop
from shopwright.orders.events import OrderPrioritised, OrderStopped, StepsMadeByHand
from shopwright.print_jobs import attempts, late, queries, service
from shopwright.print_jobs.states import ACTIVE, AttemptStatus, JobStatus


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


async def on_order_stopped(session: WriteSession, event: OrderStopped) -> None:
    """Waiting jobs that make nothing else are dropped; for running ones a person is asked."""
    ctx = system_actor(event.organization_id, "queue")
    job_ids = await queries.list_job_orders(session, ctx, event.item_ids)
    running = 0
    for job_id in sorted(job_ids):
        job = await service.get_job(session, ctx, Ref(job_id, None))
        running += job.status in ACTIVE
        await _leave_job(session, ctx, job_id, set(event.item_ids))
    if running:
        prints = "a print is" if running == 1 else f"{running} prints are"
        await holds.hold_order(
            session,
            ctx,
            order_id=event.order_id,
            reason=f"The order was stopped while {prints} running. Stop it at the printer, "
            "or let it finish: what it makes goes into stock.",
        )
    touch(session, event.organization_id, "queue")


async def on_order_prioritised(session: WriteSession, event: OrderPrioritised) -> None:
    """What still waits for the order moves along; a job a person moved by hand moves, too."""
    ctx = system_actor(event.organization_id, "queue")
    priority = service.PRIORITY_OF_ORDER[event.priority]
    await queries.prioritise_order_jobs(session, ctx, event.order_id, priority)
    touch(session, event.organization_id, "queue")


async def on_steps_made_by_hand(session: WriteSession, event: StepsMadeByHand) -> None:
    """Waiting jobs that make nothing else are dropped; what a running one makes goes to stock."""
    ctx = system_actor(event.organization_id, "queue")
    for job_id in event.print_job_ids:
        if not await piece_queries.list_job_steps(session, ctx, job_id):
            await _drop(session, ctx, job_id, "its pieces were made by hand")
    touch(session, event.organization_id, "queue")


async def _leave_job(session: WriteSession, ctx: Actor, job_id: int, item_ids: set[int]) -> None:
    steps = await piece_queries.list_job_steps(session, ctx, job_id)
    leaving = [step.id for step in steps if step.order_item_id in item_ids]
    await stop.release_allocated(session, ctx, step_ids=leaving)
    if len(leaving) < len(steps):
        return
    await _drop(session, ctx, job_id, "the order was stopped")


async def _drop(session: WriteSession, ctx: Actor, job_id: int, reason: str) -> None:
    dropped = await queries.move_job(
        session,
        ctx,
        job_id,
        [JobStatus.QUEUED, JobStatus.PENDING],
        JobStatus.CANCELLED,
        failure_reason=reason,
        waiting_reason=None,
    )
    if dropped:
        audit.record(session, ctx, "print_job.cancelled", job_id, reason=reason)
