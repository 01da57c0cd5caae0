"""A small shop at work, for tests of what happens between an order and its parcel."""

from itertools import count
from typing import Any

from sqlalchemy import select

from shopwright.catalog.models import RecipeStep, Variant
from shopwright.fleet.models import HarvestPolicy, Printer, PrinterSlot
from shopwright.fleet.states import Activity, ConnectionState, ControlAccess, Outcome
from shopwright.inventory.models import StepStock
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.orders import intake
from shopwright.orders import service as orders
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Order, OrderItem, PieceStep
from shopwright.orders.states import OrderStatus
from shopwright.print_files.models import PrintFile
from shopwright.print_jobs import attempts, dispatch
from shopwright.print_jobs.models import Attempt, PrintJob
from tests.clock import START
from tests.factories import make_print_file, make_printer, make_step, make_variant

_numbers = count(1)


async def make_recipe(
    session: WriteSession, ctx: Actor, sku: str, *, plates: int = 1, yields: int = 1
) -> Variant:
    """A variant made by printing ``plates`` plates of one file."""
    variant = await make_variant(session, ctx, sku)
    file = await make_print_file(session, ctx, f"{sku}.gcode.3mf", plates=plates)
    for number in range(1, plates + 1):
        await add_plate(session, ctx, variant, file, number, yields)
    return variant


async def add_plate(
    session: WriteSession, ctx: Actor, variant: Variant, file: PrintFile, number: int, yields: int
) -> RecipeStep:
    step = await make_step(session, ctx, variant, file)
    step.plate_number, step.yields = number, yields
    await session.flush()
    return step


async def place(
    session: WriteSession,
    ctx: Actor,
    *items: tuple[str | None, int],
    status: OrderStatus = OrderStatus.PAID,
    **facts: Any,
) -> Order:
    """An order by hand of (SKU, quantity)."""
    draft = OrderDraft(
        status=status,
        currency="EUR",
        placed_at=START,
        items=tuple(
            ItemDraft(title=f"item {sku}", quantity=quantity, sku=sku) for sku, quantity in items
        ),
        **facts,
    )
    return await intake.place_order(session, ctx, draft=draft, now=START)


async def ready_printer(
    session: WriteSession, ctx: Actor, policy: HarvestPolicy = HarvestPolicy.ASK
) -> Printer:
    """A P1S that is online and idle, with black PLA in slot 1."""
    printer = await make_printer(session, ctx, f"Printer {next(_numbers)}")
    printer.connection, printer.activity = ConnectionState.ONLINE, Activity.IDLE
    printer.control, printer.harvest_policy = ControlAccess.ALLOWED, policy
    session.add(
        PrinterSlot(
            organization_id=ctx.organization_id,
            printer_id=printer.id,
            number=1,
            is_loaded=True,
            material="PLA",
            color="000000",
            synced_at=START,
        )
    )
    await session.flush()
    return printer


async def list_jobs(session: WriteSession, ctx: Actor, *statuses: str) -> list[PrintJob]:
    statement = (
        select(PrintJob)
        .where(PrintJob.organization_id == ctx.organization_id)
        .order_by(PrintJob.id)
        .execution_options(populate_existing=True)
    )
    if statuses:
        statement = statement.where(PrintJob.status.in_(statuses))
    return list(await session.scalars(statement))


async def list_steps(session: WriteSession, ctx: Actor) -> list[PieceStep]:
    rows = await session.scalars(
        select(PieceStep)
        .where(PieceStep.organization_id == ctx.organization_id)
        .order_by(PieceStep.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def list_items(session: WriteSession, ctx: Actor) -> list[OrderItem]:
    rows = await session.scalars(
        select(OrderItem)
        .where(OrderItem.organization_id == ctx.organization_id)
        .order_by(OrderItem.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def fresh(session: WriteSession, ctx: Actor, order: Order) -> Order:
    return await orders.get_order(session, ctx, Ref(order.id, None))


async def in_stock(session: WriteSession, ctx: Actor) -> int:
    rows = await session.scalars(
        select(StepStock.on_hand).where(StepStock.organization_id == ctx.organization_id)
    )
    return sum(rows)


async def start(session: WriteSession, ctx: Actor, job: PrintJob, printer: Printer) -> Attempt:
    """Dispatched, and the printer shows it printing."""
    attempt = await dispatch.dispatch_job(session, ctx, job=job, printer_id=printer.id, now=START)
    await report(session, ctx, attempt, Activity.PRINTING, percent=10)
    return attempt


async def report(
    session: WriteSession,
    ctx: Actor,
    attempt: Attempt,
    activity: Activity = Activity.IDLE,
    outcome: Outcome = Outcome.NONE,
    percent: int = 100,
) -> None:
    """What a fresh report of the printer says of our job."""
    await attempts.record_progress(
        session,
        ctx,
        device_job_id=attempt.device_job_id,
        activity=activity,
        outcome=outcome,
        percent=percent,
        reason=None,
        now=START,
    )


async def print_one(
    session: WriteSession, ctx: Actor, job: PrintJob, printer: Printer, outcome: Outcome
) -> Attempt:
    """Dispatched, printed and ended with ``outcome``."""
    attempt = await start(session, ctx, job, printer)
    await report(session, ctx, attempt, outcome=outcome)
    return attempt
