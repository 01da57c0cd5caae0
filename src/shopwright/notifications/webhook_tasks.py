"""Webhooks react to what the slices tell: event and delivery rows are written, nothing is sent
here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from shopwright.channels.events import ReconnectAsked
from shopwright.fleet.events import PrinterBack, PrinterInTrouble, PrinterLost, SlotsChanged
from shopwright.inventory.events import FilamentLow, FinishedStockMoved
from shopwright.kernel.db import WriteSession
from shopwright.kernel.effects import EffectInDoubt
from shopwright.notifications import webhook_facts as facts
from shopwright.notifications import webhook_queries
from shopwright.notifications.webhook_events import Happening, record, tell
from shopwright.notifications.webhook_types import EventType
from shopwright.orders.events import (
    OrderDeclaredShipped,
    OrderDelivered,
    OrderHeld,
    OrderPaid,
    OrderReady,
    OrdersArrived,
    OrderStopped,
    StepsOwed,
)
from shopwright.orders.states import OrderStatus
from shopwright.planning.events import SkusUnknown
from shopwright.print_jobs.events import PrintJobEnded, PrintJobStarted
from shopwright.print_jobs.states import JobStatus
from shopwright.shipping.events import OrderShipped

GRAM_MG = 1000
UNPAID = {OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING}
Read = Callable[[], Awaitable[Mapping[str, Any]]]


async def on_orders_arrived(session: WriteSession, event: OrdersArrived) -> None:
    """One event per order; what arrives paid brings both."""

    async def make() -> list[Happening]:
        found = await facts.orders(session, event.organization_id, event.order_ids)
        happenings = []
        for order in found:
            happenings.append(Happening(EventType.ORDER_CREATED, {"order": order}))
            if order["status"] not in UNPAID:
                happenings.append(Happening(EventType.ORDER_PAID, {"order": order}))
        return happenings

    types = [EventType.ORDER_CREATED, EventType.ORDER_PAID]
    await tell(session, event.organization_id, types, make)


async def on_order_paid(session: WriteSession, event: OrderPaid) -> None:
    await _of_order(session, event.organization_id, event.order_id, EventType.ORDER_PAID)


async def on_order_held(session: WriteSession, event: OrderHeld) -> None:
    shop, order_id = event.organization_id, event.order_id

    async def read() -> Mapping[str, Any]:
        return await facts.hold(session, shop, order_id)

    await _of_order(session, shop, order_id, EventType.ORDER_HELD, read)


async def on_order_ready(session: WriteSession, event: OrderReady) -> None:
    await _of_order(session, event.organization_id, event.order_id, EventType.ORDER_READY)


async def on_order_delivered(session: WriteSession, event: OrderDelivered) -> None:
    await _of_order(session, event.organization_id, event.order_id, EventType.ORDER_DELIVERED)


async def on_order_stopped(session: WriteSession, event: OrderStopped) -> None:
    is_refunded = event.status is OrderStatus.REFUNDED
    event_type = EventType.ORDER_REFUNDED if is_refunded else EventType.ORDER_CANCELED
    await _of_order(session, event.organization_id, event.order_id, event_type)


async def on_order_shipped(session: WriteSession, event: OrderShipped) -> None:
    await _left(session, event.organization_id, event.order_id)


async def on_order_declared_shipped(session: WriteSession, event: OrderDeclaredShipped) -> None:
    """Where the channel is told as well, a parcel's own event follows."""
    if not event.is_channel_told:
        await _left(session, event.organization_id, event.order_id)


async def on_steps_owed(session: WriteSession, event: StepsOwed) -> None:
    data = {"order_item_ids": list(event.order_item_ids)}
    await _plainly(session, event.organization_id, EventType.PIECE_FAILED, data)


async def on_print_started(session: WriteSession, event: PrintJobStarted) -> None:
    await _of_job(session, event, EventType.PRINT_JOB_STARTED, JobStatus.PRINTING)


async def on_print_ended(session: WriteSession, event: PrintJobEnded) -> None:
    if event.has_failed:
        failed = EventType.PRINT_JOB_FAILED
        await _of_job(session, event, failed, JobStatus.FAILED, event.reason)
    else:
        await _of_job(session, event, EventType.PRINT_JOB_COMPLETED, JobStatus.COMPLETED)


async def on_printer_lost(session: WriteSession, event: PrinterLost) -> None:
    more = {"connection": event.connection.value, "sentence": event.sentence}
    await _of_printer(session, event, EventType.PRINTER_OFFLINE, more)


async def on_printer_back(session: WriteSession, event: PrinterBack) -> None:
    await _of_printer(session, event, EventType.PRINTER_ONLINE, {})


async def on_printer_in_trouble(session: WriteSession, event: PrinterInTrouble) -> None:
    more = {"sentence": event.sentence}
    await _of_printer(session, event, EventType.PRINTER_TROUBLE, more)


async def on_slots_changed(session: WriteSession, event: SlotsChanged) -> None:
    slots = [{"slot": one.number, "was": one.was, "now": one.now} for one in event.changes]
    await _of_printer(session, event, EventType.PRINTER_MATERIAL_CHANGED, {"slots": slots})


async def on_filament_low(session: WriteSession, event: FilamentLow) -> None:
    async def read() -> Mapping[str, Any]:
        return {
            "filament": await facts.filament(session, event.organization_id, event.filament_id),
            "remaining_g": event.remaining_mg / GRAM_MG,
            "threshold_g": event.threshold_mg / GRAM_MG,
        }

    await _one(session, event.organization_id, EventType.FILAMENT_LOW, read)


async def on_stock_moved(session: WriteSession, event: FinishedStockMoved) -> None:
    async def read() -> Mapping[str, Any]:
        return await facts.stock(session, event.organization_id, event.recipe_step_id)

    await _one(session, event.organization_id, EventType.STOCK_CHANGED, read)


async def on_skus_unknown(session: WriteSession, event: SkusUnknown) -> None:
    data = {"skus": list(event.skus)}
    await _plainly(session, event.organization_id, EventType.SKU_UNKNOWN, data)


async def on_reconnect_asked(session: WriteSession, event: ReconnectAsked) -> None:
    data = {
        "connection_id": event.connection_id,
        "name": event.name,
        "sentence": event.sentence,
    }
    await _plainly(session, event.organization_id, EventType.CONNECTION_LOST, data)


async def on_effect_in_doubt(session: WriteSession, event: EffectInDoubt) -> None:
    data = {"effect_id": event.effect_id, "kind": event.kind, "sentence": event.sentence}
    await _plainly(session, event.organization_id, EventType.OUTCOME_UNKNOWN, data)


async def _one(session: WriteSession, shop: int, event_type: EventType, read: Read) -> None:
    async def make() -> list[Happening]:
        return [Happening(event_type, await read())]

    await tell(session, shop, [event_type], make)


async def _plainly(
    session: WriteSession, shop: int, event_type: EventType, data: Mapping[str, Any]
) -> None:
    listening = await webhook_queries.list_listening(session, shop)
    await record(session, shop, listening, [Happening(event_type, data)])


async def _of_order(
    session: WriteSession,
    shop: int,
    order_id: int,
    event_type: EventType,
    read_more: Read | None = None,
) -> None:
    async def read() -> Mapping[str, Any]:
        (order,) = await facts.orders(session, shop, [order_id])
        return {"order": order, **(await read_more() if read_more else {})}

    await _one(session, shop, event_type, read)


async def _left(session: WriteSession, shop: int, order_id: int) -> None:
    async def make() -> Sequence[Happening]:
        (order,) = await facts.orders(session, shop, [order_id])
        parcel = await facts.parcel(session, shop, order_id)
        parcels = [Happening(EventType.PARCEL_SHIPPED, {"parcel": parcel, "order": order})]
        left = Happening(EventType.ORDER_SHIPPED, {"order": order})
        return [left, *(parcels if parcel else [])]

    await tell(session, shop, [EventType.ORDER_SHIPPED, EventType.PARCEL_SHIPPED], make)


async def _of_job(
    session: WriteSession,
    event: PrintJobStarted | PrintJobEnded,
    event_type: EventType,
    status: JobStatus,
    reason: str | None = None,
) -> None:
    shop = event.organization_id

    async def read() -> Mapping[str, Any]:
        job_id = event.print_job_id
        return {
            "print_job": await facts.print_job(session, shop, job_id, status, reason),
            "printer": await facts.printer(session, shop, event.printer_id),
        }

    await _one(session, shop, event_type, read)


async def _of_printer(
    session: WriteSession,
    event: PrinterLost | PrinterBack | PrinterInTrouble | SlotsChanged,
    event_type: EventType,
    more: Mapping[str, Any],
) -> None:
    async def read() -> Mapping[str, Any]:
        printer = await facts.printer(session, event.organization_id, event.printer_id)
        return {"printer": printer, **more}

    await _one(session, event.organization_id, event_type, read)
