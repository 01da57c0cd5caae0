"""The webstore's admin lists over HTTP. The reference's were open; these take the role admin."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.access import requires
from shopwright.analytics.webstore import queries
from shopwright.analytics.webstore.queries import OrderRow, Sum
from shopwright.artwork import pictures
from shopwright.artwork.models import DesignImage
from shopwright.artwork.states import SHOWN_KINDS, ImageKind
from shopwright.files.links import LinkFor
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import (
    Now,
    Paging,
    Process,
    ProcessDep,
    Read,
    page_members,
    page_of,
    problems,
)
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import zulu
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.orders.storefront.words import Word, word_of
from shopwright.payments.models import Payment
from shopwright.payments.order_schemas import payment_word
from shopwright.payments.providers import STRIPE

router = APIRouter(prefix="/api", tags=["webstore"], route_class=RepeatableRoute)

OrdersCtx = Annotated[Actor, Depends(requires(Role.ADMIN, "orders"))]
ArtworkCtx = Annotated[Actor, Depends(requires(Role.ADMIN, "artwork"))]
AnalyticsCtx = Annotated[Actor, Depends(requires(Role.ADMIN, "analytics"))]
Fifty = Annotated[Paging, page_of(50)]
Hundred = Annotated[Paging, page_of(100)]
Answer = dict[str, Any]
DAY = timedelta(days=1)


@router.get("/admin/orders", responses=problems(Invalid))
async def list_orders(
    ctx: OrdersCtx,
    session: Read,
    process: ProcessDep,
    now: Now,
    paging: Fifty,
    status: Annotated[str | None, Query(max_length=40, description="in the store's words")] = None,
) -> Answer:
    """Orders of storefront and kiosks, newest first, with their pictures by signed links."""
    rows, total = await queries.list_orders(session, ctx, _word(status), paging)
    images = await queries.find_images(
        session, ctx, [row.design_id for row in rows if row.design_id is not None]
    )
    shown = [
        _order(row) | {"images": _images(process, images.get(row.design_id or 0, []), now)}
        for row in rows
    ]
    return {"success": True, "orders": shown, **page_members(paging, total)}


@router.get("/admin/stats")
async def read_stats(ctx: AnalyticsCtx, session: Read, now: Now) -> Answer:
    """How many orders stand where, and what was taken; revenue is of the currency that brought
    most, and ``by_currency`` has all of them."""
    day_ago = now - DAY
    by_status = await queries.count_by_status(session, ctx)
    recent = await queries.count_by_status(session, ctx, day_ago)
    stats = _stats(by_status, await queries.sum_paid(session, ctx))
    last_day = await queries.sum_paid(session, ctx, day_ago)
    stats["orders_last_24h"] = sum(recent.values())
    stats["revenue_last_24h"] = _revenue(last_day[0]) if last_day else 0.0
    return {"success": True, "stats": stats}


@router.get("/admin/images", responses=problems(Invalid))
async def list_images(
    ctx: ArtworkCtx,
    session: Read,
    process: ProcessDep,
    now: Now,
    paging: Hundred,
    image_type: Annotated[str | None, Query(max_length=40)] = None,
) -> Answer:
    """Customers' pictures, newest first, by signed links of the shop's own people (24 h)."""
    found, total = await queries.list_images(session, ctx, _kind(image_type), paging)
    orders = [order for _, order in found if order is not None]
    rows = {row.order.id: row for row in await _described(session, ctx, orders)}
    images = [
        _image(process, image, now) | {"order": _brief(rows[order.id]) if order else None}
        for image, order in found
    ]
    return {"success": True, "images": images, **page_members(paging, total)}


@router.get("/admin/template-analytics")
async def read_template_analytics(ctx: AnalyticsCtx, session: Read) -> Answer:
    """How often each template was ordered, and how many designs were begun with it."""
    counted = await queries.count_templates(session, ctx)
    total = sum(orders for _, orders, _ in counted)
    analytics = [
        {
            "template_id": template.code,
            "template_name": template.name,
            "name": template.name,
            "category": template.category.value,
            "is_active": template.is_active,
            "order_count": orders,
            "usage_count": orders,
            "design_count": designs,
            "percentage": round(100 * orders / total, 1) if total else None,
        }
        for template, orders, designs in counted
    ]
    return {"success": True, "analytics": analytics, "total_orders": total}


@router.get("/database/stats")
@router.get("/admin/database-stats")
async def read_database_stats(ctx: AnalyticsCtx, session: Read) -> Answer:
    """How many rows the shop has of each kind."""
    return {"success": True, "stats": await queries.count_rows(session, ctx)}


def _word(status: str | None) -> Word | None:
    """Raises Invalid with the words there are."""
    if status is None or not status.strip():
        return None
    said = status.strip().lower().replace("canceled", "cancelled")
    if said not in set(Word):
        raise Invalid(f"status must be one of {', '.join(Word)}, not {status[:40]!r}.")
    return Word(said)


def _kind(image_type: str | None) -> ImageKind | None:
    if image_type is None or not image_type.strip():
        return None
    said = image_type.strip().lower()
    known = sorted(kind.value for kind in SHOWN_KINDS)
    if said not in known:
        raise Invalid(f"image_type must be one of {', '.join(known)}, not {image_type[:40]!r}.")
    return ImageKind(said)


def _order(row: OrderRow) -> Answer:
    order, payment = row.order, row.payment
    status = payment.status if payment else None
    return {
        "id": order.id,
        "order_number": order.number,
        "session_id": row.session_id,
        "machine_id": row.machine,
        "brand": row.brand,
        "model": row.model,
        "template": row.template,
        "customer_name": order.buyer_name,
        "customer_email": order.buyer_email,
        "total_amount": _amount(order.total_minor, order.currency),
        "currency": order.currency,
        "status": word_of(order, status).value,
        "payment_status": payment_word(order, status),
        "stripe_session_id": payment.provider_id if payment and _is_stripe(payment) else None,
        "third_party_payment_id": payment.key if payment else None,
        "chinese_payment_id": None
        if payment is None or _is_stripe(payment)
        else payment.provider_id,
        "chinese_order_id": order.outside_reference,
        "queue_number": order.queue_number,
        "created_at": zulu(order.placed_at),
        "paid_at": zulu(payment.paid_at) if payment and payment.paid_at else None,
        "completed_at": zulu(order.shipped_at) if order.shipped_at else None,
    }


def _brief(row: OrderRow) -> Answer:
    whole = _order(row)
    wanted = ("id", "brand", "model", "template", "status", "total_amount", "created_at")
    return {name: whole[name] for name in wanted}


def _is_stripe(payment: Payment) -> bool:
    return payment.provider == STRIPE


def _images(process: Process, images: Sequence[DesignImage], now: datetime) -> list[Answer]:
    return [_image(process, image, now) for image in images]


def _image(process: Process, image: DesignImage, now: datetime) -> Answer:
    url = pictures.image_url(process, image, now=now, audience=LinkFor.ADMIN)
    return {
        "id": image.id,
        "image_path": image.filename,
        "image_type": image.kind.value,
        "image_url": url,
        "chinese_image_url": url,
        "width": image.width_px,
        "height": image.height_px,
        "ai_params": image.ai_params,
        "created_at": zulu(image.created_at),
    }


def _stats(by_status: dict[OrderStatus, int], sums: Sequence[Sum]) -> Answer:
    most = sums[0] if sums else None
    done = (OrderStatus.SHIPPED, OrderStatus.DELIVERED)
    unpaid = (OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING)
    stopped = (OrderStatus.CANCELED, OrderStatus.REFUNDED)
    return {
        "total_orders": sum(by_status.values()),
        "pending_orders": sum(by_status.get(status, 0) for status in unpaid),
        "paid_orders": by_status.get(OrderStatus.PAID, 0),
        "printed_orders": by_status.get(OrderStatus.COMPLETED, 0),
        "completed_orders": sum(by_status.get(status, 0) for status in done),
        "cancelled_orders": sum(by_status.get(status, 0) for status in stopped),
        "total_revenue": _revenue(most) if most else 0.0,
        "currency": most.currency if most else None,
        "average_order_value": round(_revenue(most) / most.orders, 2) if most else None,
        "by_currency": {one.currency: _revenue(one) for one in sums},
    }


def _revenue(of: Sum) -> float:
    """Without what was given back."""
    return _amount(of.total_minor - of.refunded_minor, of.currency)


def _amount(minor: int, currency: str) -> float:
    return float(Money(minor, currency).decimal)


async def _described(session: AsyncSession, ctx: Actor, orders: Sequence[Order]) -> list[OrderRow]:
    return await queries.describe_orders(
        session, ctx, list({one.id: one for one in orders}.values())
    )
