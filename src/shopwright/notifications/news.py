"""What happened, in words: one function per topic, from the ids that events carry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from shopwright.fleet.events import SlotChange
from shopwright.fleet.models import Printer
from shopwright.fleet.states import ConnectionState
from shopwright.inventory.events import FilamentLow
from shopwright.inventory.models import Filament
from shopwright.kernel.db import WriteSession
from shopwright.notifications.rules import first_ten
from shopwright.notifications.telling import Notice
from shopwright.notifications.topics import Topic
from shopwright.orders.events import OrderDeclaredShipped
from shopwright.orders.models import Hold, Order
from shopwright.print_jobs.models import PrintJob
from shopwright.shipping.events import OrderShipped

GRAMS = 1000  # milligrams


async def print_started(
    session: WriteSession, organization_id: int, job_id: int, printer_id: int
) -> Notice:
    job, printer = await _job_and_printer(session, organization_id, job_id, printer_id)
    return Notice(
        Topic.PRINT_STARTED,
        f"print_started:{job_id}",
        f"{printer} prints {job}",
        "The printer reports that it began.",
        f"/printers/{printer_id}",
        printer_id,
        {"print_job_id": job_id, "printer_id": printer_id, "job": job, "printer": printer},
    )


async def print_ended(
    session: WriteSession, organization_id: int, job_id: int, printer_id: int, reason: str | None
) -> Notice:
    """Failed when there is a reason."""
    job, printer = await _job_and_printer(session, organization_id, job_id, printer_id)
    topic = Topic.PRINT_FAILED if reason else Topic.PRINT_COMPLETED
    word = "failed" if reason else "is done"
    return Notice(
        topic,
        f"{topic}:{job_id}",
        f"{job} {word} on {printer}",
        f"{reason}. Look at its bed, then clear it." if reason else "The plate can be taken off.",
        f"/printers/{printer_id}",
        printer_id,
        {
            "print_job_id": job_id,
            "printer_id": printer_id,
            "job": job,
            "printer": printer,
            "reason": reason,
        },
    )


async def slots_changed(
    session: WriteSession,
    organization_id: int,
    printer_id: int,
    changes: Sequence[SlotChange],
    now: datetime,
) -> Notice:
    printer = await _printer_name(session, organization_id, printer_id)
    lines = [_slot_line(change) for change in changes]
    ran_out = any(change.now is None for change in changes)
    return Notice(
        Topic.MATERIAL_CHANGED,
        f"material_changed:{printer_id}:{int(now.timestamp())}",
        f"{printer}: {'a slot is empty' if ran_out else 'other material'}",
        "\n".join(first_ten(lines)),
        f"/printers/{printer_id}",
        printer_id,
        {
            "printer_id": printer_id,
            "printer": printer,
            "slots": [{"slot": c.number, "was": c.was, "now": c.now} for c in changes],
        },
    )


async def printer_lost(
    session: WriteSession,
    organization_id: int,
    printer_id: int,
    connection: ConnectionState,
    sentence: str,
    now: datetime,
) -> Notice:
    printer = await _printer_name(session, organization_id, printer_id)
    is_refused = connection is ConnectionState.AUTH_FAILED
    topic = Topic.PRINTER_REFUSES if is_refused else Topic.PRINTER_OFFLINE
    what = "refuses its access code" if is_refused else "is out of reach"
    return Notice(
        topic,
        f"{topic}:{printer_id}:{int(now.timestamp())}",
        f"{printer} {what}",
        sentence,
        f"/printers/{printer_id}",
        printer_id,
        {"printer_id": printer_id, "printer": printer, "connection": connection.value},
    )


async def printer_in_trouble(
    session: WriteSession, organization_id: int, printer_id: int, sentence: str, now: datetime
) -> Notice:
    printer = await _printer_name(session, organization_id, printer_id)
    return Notice(
        Topic.PRINTER_TROUBLE,
        f"printer_trouble:{printer_id}:{int(now.timestamp())}",
        f"{printer} needs help",
        sentence,
        f"/printers/{printer_id}",
        printer_id,
        {"printer_id": printer_id, "printer": printer, "trouble": sentence},
    )


def maintenance_due(printer_id: int, printer: str, due_at: datetime) -> Notice:
    return Notice(
        Topic.MAINTENANCE_DUE,
        f"maintenance_due:{printer_id}:{due_at:%Y-%m-%d}",
        f"Maintenance of {printer} is due",
        f"It was due on {due_at:%d %B %Y}. Say on its page when it is done.",
        f"/printers/{printer_id}",
        printer_id,
        {"printer_id": printer_id, "printer": printer, "due_on": f"{due_at:%Y-%m-%d}"},
    )


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """``hours`` is how long this shop lets a job wait before it is told."""

    id: int
    name: str
    reason: str | None
    hours: int


def jobs_wait(jobs: Sequence[WaitingJob]) -> Notice:
    first = jobs[0]
    is_one = len(jobs) == 1
    lines = [f"{job.name}: {job.reason or 'no printer has taken it yet'}" for job in jobs]
    who = first.name if is_one else f"{len(jobs)} jobs"
    return Notice(
        Topic.JOB_WAITS,
        f"job_waits:{jobs[-1].id}:{len(jobs)}",
        f"{who} waited for {first.hours} hours",
        "\n".join(first_ten(lines)),
        "/queue",
        facts={"print_job_ids": [job.id for job in jobs], "hours": first.hours},
    )


async def filament_low(session: WriteSession, event: FilamentLow, now: datetime) -> Notice:
    filament = await session.scalar(
        select(Filament)
        .where(Filament.organization_id == event.organization_id)
        .where(Filament.id == event.filament_id)
    )
    name = " ".join(filter(None, _filament_words(filament)))
    left, limit = event.remaining_mg // GRAMS, event.threshold_mg // GRAMS
    return Notice(
        Topic.FILAMENT_LOW,
        f"filament_low:{event.filament_id}:{int(now.timestamp())}",
        f"{name} runs low",
        f"{left} g are left; you asked to be told at {limit} g.",
        "/filament",
        facts={"filament_id": event.filament_id, "filament": name, "remaining_g": left},
    )


async def orders_arrived(
    session: WriteSession, organization_id: int, order_ids: Sequence[int]
) -> Notice:
    orders = await _orders(session, organization_id, order_ids)
    lines = [f"#{o.number} {o.buyer_name or 'unknown buyer'} ({o.channel})" for o in orders]
    is_one = len(orders) == 1
    return Notice(
        Topic.ORDER_ARRIVED,
        f"order_arrived:{order_ids[0]}:{len(order_ids)}",
        f"New order {lines[0]}" if is_one else f"{len(orders)} new orders",
        "It is in the list of orders." if is_one else "\n".join(first_ten(lines)),
        f"/orders/{order_ids[0]}" if is_one else "/orders",
        facts={"order_ids": list(order_ids), "numbers": [o.number for o in orders]},
    )


async def order_held(session: WriteSession, organization_id: int, order_id: int) -> Notice:
    (order,) = await _orders(session, organization_id, [order_id])
    hold = await session.scalar(
        select(Hold)
        .where(Hold.organization_id == organization_id, Hold.order_id == order_id)
        .where(Hold.released_at.is_(None))
        .order_by(Hold.id.desc())
        .limit(1)
    )
    return _order_notice(
        Topic.ORDER_HELD,
        f"order_held:{hold.id if hold else order_id}",
        order,
        "is held",
        f"{hold.reason} ({hold.by})" if hold else "Look at its page.",
    )


async def order_ready(
    session: WriteSession, organization_id: int, order_id: int, now: datetime
) -> Notice:
    (order,) = await _orders(session, organization_id, [order_id])
    key = f"order_ready:{order_id}:{now:%Y-%m-%d}"
    return _order_notice(
        Topic.ORDER_READY, key, order, "is ready", "All its pieces are made: pack it."
    )


async def order_shipped(
    session: WriteSession, event: OrderShipped | OrderDeclaredShipped
) -> Notice:
    (order,) = await _orders(session, event.organization_id, [event.order_id])
    sent_by = " ".join(filter(None, (event.carrier, event.tracking_code)))
    text = f"By {sent_by}." if sent_by else "Without tracking."
    what = event.parcel_id if isinstance(event, OrderShipped) else f"order {event.order_id}"
    key = f"order_shipped:{what}"
    return _order_notice(Topic.ORDER_SHIPPED, key, order, "left", text)


def skus_unknown(skus: Sequence[str], now: datetime) -> Notice:
    """Told once a day per first code, however many orders bring it."""
    is_one = len(skus) == 1
    return Notice(
        Topic.SKU_UNKNOWN,
        f"sku_unknown:{skus[0][:100]}:{len(skus)}:{now:%Y-%m-%d}",
        f"Nobody knows the SKU {skus[0]}" if is_one else f"{len(skus)} unknown SKUs",
        "\n".join(["What does it mean? Map it once, and its orders go on.", *first_ten(skus)]),
        "/inbox",
        facts={"skus": list(skus)},
    )


def reconnect_asked(connection_id: int, name: str, sentence: str, now: datetime) -> Notice:
    return Notice(
        Topic.CHANNEL_RECONNECT,
        f"channel_reconnect:{connection_id}:{int(now.timestamp())}",
        f"{name} must be connected again",
        f"{sentence} No orders come in and no buyer is told until its owner consents again.",
        "/connections",
        facts={"connection_id": connection_id, "connection": name},
    )


def outcome_unknown(effect_id: int, kind: str, sentence: str) -> Notice:
    words = {
        "start_print": "A print",
        "post_tracking": "A buyer's tracking",
        "printer_backend.send": "A job for the printer backend",
    }
    paths = {"post_tracking": "/connections", "printer_backend.send": "/backend"}
    what, path = words.get(kind, kind), paths.get(kind, "/")
    return Notice(
        Topic.OUTCOME_UNKNOWN,
        f"outcome_unknown:{effect_id}",
        f"{what}: nobody knows whether it happened",
        f"{sentence} Look, and say what you see.",
        path,
        facts={"effect_id": effect_id, "kind": kind},
    )


def webhook_off(endpoint_id: int, name: str, why: str, now: datetime) -> Notice:
    return Notice(
        Topic.WEBHOOK_OFF,
        f"webhook_off:{endpoint_id}:{int(now.timestamp())}",
        f"The webhook {name} is switched off",
        why,
        f"/webhooks/{endpoint_id}",
        facts={"webhook_id": endpoint_id},
    )


def _order_notice(topic: Topic, key: str, order: Order, word: str, text: str) -> Notice:
    buyer = f" of {order.buyer_name}" if order.buyer_name else ""
    return Notice(
        topic,
        key,
        f"Order #{order.number}{buyer} {word}",
        text,
        f"/orders/{order.id}",
        facts={"order_id": order.id, "number": order.number},
    )


def _slot_line(change: SlotChange) -> str:
    place = f"Slot {change.number}" if change.number else "External spool"
    return f"{place}: {change.was or 'empty'} → {change.now or 'empty'}"


def _filament_words(filament: Filament | None) -> tuple[str, ...]:
    if filament is None:
        return ("A filament",)
    return (filament.vendor, filament.material, filament.color_name)


async def _orders(
    session: WriteSession, organization_id: int, order_ids: Sequence[int]
) -> list[Order]:
    rows = await session.scalars(
        select(Order)
        .where(Order.organization_id == organization_id, Order.id.in_(order_ids))
        .order_by(Order.number)
    )
    return list(rows)


async def _printer_name(session: WriteSession, organization_id: int, printer_id: int) -> str:
    name = await session.scalar(
        select(Printer.name).where(
            Printer.organization_id == organization_id, Printer.id == printer_id
        )
    )
    return name or f"Printer {printer_id}"


async def _job_and_printer(
    session: WriteSession, organization_id: int, job_id: int, printer_id: int
) -> tuple[str, str]:
    name = await session.scalar(
        select(PrintJob.name).where(
            PrintJob.organization_id == organization_id, PrintJob.id == job_id
        )
    )
    return name or f"Job {job_id}", await _printer_name(session, organization_id, printer_id)
