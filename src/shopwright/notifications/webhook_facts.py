"""What the ``data`` of webhook events says of orders, jobs, printers and stock: ids, states and
amounts, and nothing about buyers."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from shopwright.catalog.models import RecipeStep, Variant
from shopwright.fleet.models import Printer
from shopwright.inventory.models import Filament, StepStock
from shopwright.kernel.bulk import among
from shopwright.kernel.db import WriteSession
from shopwright.kernel.times import zulu
from shopwright.orders.models import Hold, Order
from shopwright.print_jobs.models import PrintJob
from shopwright.shipping.models import Parcel

Facts = dict[str, Any]

# Columns, not objects: what the session loaded before may be older than this transaction's writes.
ORDER_COLUMNS = (
    Order.id,
    Order.uuid,
    Order.number,
    Order.channel,
    Order.external_id,
    Order.status,
    Order.production_status,
    Order.priority,
    Order.currency,
    Order.total_minor,
    Order.pieces_total,
    Order.pieces_good,
    Order.is_held,
    Order.placed_at,
    Order.promised_on,
)
JOB_COLUMNS = (PrintJob.id, PrintJob.uuid, PrintJob.name, PrintJob.order_id)


async def orders(
    session: WriteSession, organization_id: int, order_ids: Sequence[int]
) -> list[Facts]:
    """In the order of their numbers."""
    rows = await session.execute(
        select(*ORDER_COLUMNS)
        .where(Order.organization_id == organization_id, among(session, Order.id, order_ids))
        .order_by(Order.number)
    )
    return [_of_order(row) for row in rows]


async def hold(session: WriteSession, organization_id: int, order_id: int) -> Facts:
    """The newest open one, in words."""
    row = await session.scalar(
        select(Hold)
        .where(Hold.organization_id == organization_id, Hold.order_id == order_id)
        .where(Hold.released_at.is_(None))
        .order_by(Hold.id.desc())
        .limit(1)
    )
    return {"reason": row.reason if row else None, "by": row.by if row else None}


async def parcel(session: WriteSession, organization_id: int, order_id: int) -> Facts | None:
    """The last of an order."""
    row = await session.scalar(
        select(Parcel)
        .where(Parcel.organization_id == organization_id, Parcel.order_id == order_id)
        .order_by(Parcel.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    return {
        "id": row.id,
        "uuid": row.uuid,
        "number": row.number,
        "carrier": row.carrier,
        "tracking_code": row.tracking_code,
        "shipped_at": zulu(row.shipped_at) if row.shipped_at else None,
    }


async def print_job(
    session: WriteSession, organization_id: int, job_id: int, status: str, reason: str | None
) -> Facts:
    """``status`` is the event's: the row may get it only later in this transaction."""
    found = await session.execute(
        select(*JOB_COLUMNS).where(
            PrintJob.organization_id == organization_id, PrintJob.id == job_id
        )
    )
    row = found.one_or_none()
    if row is None:
        return {"id": job_id, "status": status, "reason": reason}
    return {
        "id": row.id,
        "uuid": row.uuid,
        "name": row.name,
        "status": status,
        "order_id": row.order_id,
        "reason": reason,
    }


async def printer(session: WriteSession, organization_id: int, printer_id: int) -> Facts:
    row = await session.scalar(
        select(Printer).where(Printer.organization_id == organization_id, Printer.id == printer_id)
    )
    if row is None:
        return {"id": printer_id}
    return {"id": row.id, "uuid": row.uuid, "name": row.name, "model": row.model}


async def filament(session: WriteSession, organization_id: int, filament_id: int) -> Facts:
    row = await session.scalar(
        select(Filament).where(
            Filament.organization_id == organization_id, Filament.id == filament_id
        )
    )
    facts: Facts = {"id": filament_id}
    if row is not None:
        facts |= {
            "vendor": row.vendor,
            "material": row.material,
            "color_name": row.color_name,
        }
    return facts


async def stock(
    session: WriteSession, organization_id: int, recipe_step_id: int
) -> Mapping[str, Any]:
    quantity = await session.scalar(
        select(StepStock.on_hand).where(
            StepStock.organization_id == organization_id,
            StepStock.recipe_step_id == recipe_step_id,
        )
    )
    sku = await session.scalar(
        select(Variant.sku)
        .join(RecipeStep, RecipeStep.variant_id == Variant.id)
        .where(Variant.organization_id == organization_id)
        .where(RecipeStep.organization_id == organization_id, RecipeStep.id == recipe_step_id)
    )
    return {"recipe_step_id": recipe_step_id, "sku": sku, "quantity": quantity or 0}


def _of_order(order: Any) -> Facts:
    return {
        "id": order.id,
        "uuid": order.uuid,
        "number": order.number,
        "channel": order.channel,
        "external_id": order.external_id,
        "status": order.status.value,
        "production_status": order.production_status.value,
        "priority": order.priority,
        "currency": order.currency,
        "total_minor": order.total_minor,
        "pieces_total": order.pieces_total,
        "pieces_good": order.pieces_good,
        "is_held": order.is_held,
        "placed_at": zulu(order.placed_at),
        "promised_on": order.promised_on.isoformat() if order.promised_on else None,
    }
