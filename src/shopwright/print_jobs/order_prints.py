"""The prints of an order on one printer: jobs that planning made are moved there, and items
without a recipe get a job each, so that nothing is made twice."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.fleet.models import Printer
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.orders import holds, piece_queries
from shopwright.orders import service as orders
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import WORKABLE
from shopwright.print_jobs import asked_files, dispatch, matching, queries
from shopwright.print_jobs.dispatch import PrinterUnsuitable
from shopwright.print_jobs.matching import Refusal, Stage
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.scheduled import queries as scheduled_queries
from shopwright.print_jobs.scheduled import service as scheduled
from shopwright.print_jobs.scheduled.service import Pin, PrintRequest
from shopwright.print_jobs.states import WAITING

FIRST_PRIORITY = 10  # of the order's first print; each further one comes later
NEVER_FITS = frozenset({Stage.MODEL, Stage.NOZZLE})
MADE_BEFORE = (
    "{name!r} was printed for it before its item had a recipe, and is planned anew. Complete the "
    "order by hand if its pieces are there, or release this hold to have them made."
)


class NothingToPrint(Conflict):
    code = "nothing-to-print"
    title = "Nothing of this order is to be printed"


async def schedule_order(
    session: WriteSession,
    ctx: Actor,
    *,
    order: Ref,
    printer: Ref,
    material: str,
    offset: timedelta,
    now: datetime,
) -> list[PrintJob]:
    """The order's open prints, after they were given to the printer.

    Raises NothingToPrint when it was stopped, is held or lacks nothing, and PrinterUnsuitable when
    a plate is sliced for another kind of printer; nothing is changed then.
    """
    await piece_queries.lock_pieces(session, ctx)
    found = await orders.get_order(session, ctx, order)
    machine = await fleet.get_living_printer(session, ctx, printer)
    _check_printable(found)
    jobs = await scheduled_queries.list_open_of_order(session, ctx, found.id)
    asked = _without_recipe(found, jobs)
    if not jobs and not asked:
        raise NothingToPrint(f"Order {found.number} has nothing left to print.")
    not_before = now + offset if offset else None
    await _pin(session, ctx, jobs, machine, not_before, now)
    wanted = [
        replace(_request(found, item, machine, material, index), not_before=not_before)
        for index, item in enumerate(asked, len(jobs))
    ]
    await scheduled.schedule_prints(session, ctx, wanted=wanted, now=now)
    audit.record(session, ctx, "order.prints_scheduled", found.id, printer_id=machine.id)
    touch(session, ctx.organization_id, "order", found.id)
    return await scheduled_queries.list_open_of_order(session, ctx, found.id)


async def assign_orders(
    session: WriteSession, ctx: Actor, *, printer: Ref, refs: Sequence[Ref], now: datetime
) -> dict[int, list[PrintJob]]:
    """The waiting prints of these orders go to the printer, by order; raises PrinterUnsuitable."""
    await piece_queries.lock_pieces(session, ctx)
    machine = await fleet.get_living_printer(session, ctx, printer)
    order_ids = [await orders.get_order_id(session, ctx, ref) for ref in refs]
    found = await scheduled_queries.list_open_of_orders(
        session, ctx, list(dict.fromkeys(order_ids))
    )
    assigned = {
        order_id: [job for job in jobs if job.status in WAITING] for order_id, jobs in found.items()
    }
    jobs = list({job.id: job for waiting in assigned.values() for job in waiting}.values())
    await _check_fits(session, ctx, jobs, machine)
    pins = {job.id: Pin(job.priority, job.not_before) for job in jobs}
    await scheduled.pin_jobs(session, ctx, pins=pins, printer_id=machine.id, now=now)
    return assigned


async def drop_asked(session: WriteSession, ctx: Actor, *, order_id: int, reason: str) -> None:
    """What was asked for the order's items without recipes and is needed no more; running prints
    run on."""
    condition = (PrintJob.order_id == order_id) & queries.asked_for_in_vain()
    await _drop(session, ctx, condition, reason)


async def give_way(session: WriteSession, ctx: Actor, *, item_ids: Collection[int]) -> None:
    """These items have recipes now and were planned: what waits of their old prints is dropped,
    and where some was printed already a person decides."""
    jobs = await _drop(
        session, ctx, PrintJob.order_item_id.in_(item_ids), "its item has a recipe now"
    )
    for order_id, job in {job.order_id: job for job in jobs if job.order_id}.items():
        reason = MADE_BEFORE.format(name=job.name)[:500]
        await holds.hold_order(session, ctx, order_id=order_id, reason=reason)


async def _drop(
    session: WriteSession, ctx: Actor, condition: ColumnElement[bool], reason: str
) -> list[PrintJob]:
    """Returns those that were begun and stay."""
    jobs = await scheduled_queries.list_asked_for(session, ctx, condition)
    if not jobs:
        return []
    dropped = await queries.drop_unwanted(session, ctx, [job.id for job in jobs], reason)
    for job_id in dropped:
        audit.record(session, ctx, "print_job.cancelled", job_id, reason=reason)
    if dropped:
        touch(session, ctx.organization_id, "queue")
    return [job for job in jobs if job.id not in dropped]


def _check_printable(order: Order) -> None:
    if order.is_held:
        raise NothingToPrint(f"Order {order.number} is held. Release the hold first.")
    if order.status not in WORKABLE:
        raise NothingToPrint(f"Order {order.number} is {order.status}; nothing of it is printed.")


def _without_recipe(order: Order, jobs: Sequence[PrintJob]) -> list[OrderItem]:
    """Items that planning cannot make and nobody asked a print for yet."""
    asked = {job.order_item_id for job in jobs}
    return [
        item
        for item in order.items
        if not item.is_cancelled and item.pieces_total == 0 and item.id not in asked
    ]


def _request(
    order: Order, item: OrderItem, machine: Printer, material: str, index: int
) -> PrintRequest:
    return PrintRequest(
        printer_id=machine.id,
        name=f"#{order.number} {item.title}"[:300],
        file_name=item.title.replace(" ", "_")[:250] + ".stl",
        material=material,
        priority=FIRST_PRIORITY - index,
        notes=f"Quantity: {item.quantity}",
        order_id=order.id,
        order_item_id=item.id,
    )


async def _pin(
    session: WriteSession,
    ctx: Actor,
    jobs: Sequence[PrintJob],
    machine: Printer,
    not_before: datetime | None,
    now: datetime,
) -> None:
    """In the order they have; none becomes less urgent than it was."""
    waiting = [job for job in jobs if job.status in WAITING]
    await _check_fits(session, ctx, waiting, machine)
    pins = {
        job.id: Pin(max(job.priority, FIRST_PRIORITY - index), not_before or job.not_before)
        for index, job in enumerate(waiting)
    }
    await scheduled.pin_jobs(session, ctx, pins=pins, printer_id=machine.id, now=now)


async def _check_fits(
    session: WriteSession, ctx: Actor, jobs: Sequence[PrintJob], machine: Printer
) -> None:
    """A plate sliced for another kind of printer would wait there for ever."""
    facts = {printer.id: printer for printer in await dispatch.list_printer_facts(session, ctx)}
    needs = await asked_files.list_job_needs(session, ctx, jobs)
    for job in jobs:
        found = matching.match(needs[job.id], facts[machine.id]) if job.id in needs else None
        if isinstance(found, Refusal) and found.stage in NEVER_FITS:
            raise PrinterUnsuitable(found.sentence, job_id=job.id, printer_id=machine.id)
