"""What strangers see of the shop: products on offer, and an order by its link."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork.models import Design
from shopwright.catalog.models import Product, Variant
from shopwright.kernel.edge import Ref
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import OrderStatus
from shopwright.payments.models import Payment
from shopwright.payments.states import PaymentStatus
from shopwright.shipping.models import Parcel
from shopwright.shipping.states import ParcelStatus

MAX_PRODUCTS = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """A variant that can be bought."""

    id: int
    name: str
    sku: str
    price_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class ShopProduct:
    id: int
    uuid: str
    name: str
    description: str
    category: str
    picture: str | None
    offers: tuple[Offer, ...]

    @property
    def cheapest(self) -> Offer:
        return min(self.offers, key=lambda offer: offer.price_minor)

    @property
    def has_several_prices(self) -> bool:
        return len({offer.price_minor for offer in self.offers}) > 1


@dataclass(frozen=True, slots=True)
class OrderedItem:
    """``picture_at`` is the position under which its design's picture is shown, or None."""

    title: str
    quantity: int
    price_minor: int
    options: tuple[tuple[str, str], ...]
    picture_at: int | None


@dataclass(frozen=True, slots=True)
class SentParcel:
    carrier: str | None
    tracking_code: str | None
    shipped_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenPayment:
    status: PaymentStatus
    url: str | None
    expires_at: datetime | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class BuyersOrder:
    """What its buyer may see; nothing of how it is made."""

    id: int
    uuid: str
    number: int
    status: OrderStatus
    placed_at: datetime
    currency: str
    subtotal_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    refunded_minor: int
    pieces_total: int
    pieces_good: int
    buyer_name: str
    ship_to: dict[str, Any]
    queue_number: str | None
    items: tuple[OrderedItem, ...]
    parcels: tuple[SentParcel, ...]
    payment: OpenPayment | None


async def list_products(session: AsyncSession, organization_id: int) -> list[ShopProduct]:
    """Those sold in the shop that have a price, by name."""
    rows = await session.execute(
        select(Product, Variant)
        .join(Variant, Variant.product_id == Product.id)
        .where(Product.organization_id == organization_id, Product.is_active, Product.is_in_shop)
        .where(Variant.organization_id == organization_id, Variant.is_active)
        .where(Variant.price_minor.is_not(None))
        .order_by(Product.name, Product.id, Variant.id)
    )
    grouped: dict[int, tuple[Product, list[Variant]]] = {}
    for product, variant in rows:
        grouped.setdefault(product.id, (product, []))[1].append(variant)
    return [_product(product, offers) for product, offers in grouped.values()][:MAX_PRODUCTS]


async def find_product(session: AsyncSession, organization_id: int, ref: Ref) -> ShopProduct | None:
    rows = await session.execute(
        select(Product, Variant)
        .join(Variant, Variant.product_id == Product.id)
        .where(Product.organization_id == organization_id, ref.where(Product))
        .where(Product.is_active, Product.is_in_shop)
        .where(Variant.organization_id == organization_id, Variant.is_active)
        .where(Variant.price_minor.is_not(None))
        .order_by(Variant.id)
    )
    found = [(product, variant) for product, variant in rows]
    return _product(found[0][0], [variant for _, variant in found]) if found else None


async def find_order(session: AsyncSession, organization_id: int, ref: Ref) -> BuyersOrder | None:
    order: Order | None = await session.scalar(
        select(Order).where(Order.organization_id == organization_id, ref.where(Order))
    )
    if order is None:
        return None
    return BuyersOrder(
        id=order.id,
        uuid=order.uuid,
        number=order.number,
        status=order.status,
        placed_at=order.placed_at,
        currency=order.currency,
        subtotal_minor=order.subtotal_minor,
        shipping_minor=order.shipping_minor,
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
        refunded_minor=order.refunded_minor,
        pieces_total=order.pieces_total,
        pieces_good=order.pieces_good,
        buyer_name=order.buyer_name,
        ship_to=order.ship_to,
        queue_number=order.queue_number,
        items=await _read_items(session, organization_id, order.id),
        parcels=await _read_parcels(session, organization_id, order.id),
        payment=await _read_payment(session, organization_id, order.id),
    )


async def find_design(
    session: AsyncSession, organization_id: int, order_id: int, position: int
) -> Design | None:
    """The design of an order's item."""
    found: Design | None = await session.scalar(
        select(Design)
        .join(OrderItem, OrderItem.design_id == Design.id)
        .where(Design.organization_id == organization_id)
        .where(OrderItem.organization_id == organization_id)
        .where(OrderItem.order_id == order_id, OrderItem.position == position)
    )
    return found


async def _read_items(
    session: AsyncSession, organization_id: int, order_id: int
) -> tuple[OrderedItem, ...]:
    rows = await session.scalars(
        select(OrderItem)
        .where(OrderItem.organization_id == organization_id, OrderItem.order_id == order_id)
        .order_by(OrderItem.position)
    )
    return tuple(
        OrderedItem(
            title=item.title,
            quantity=item.quantity,
            price_minor=item.price_minor,
            options=tuple((str(pair[0]), str(pair[1])) for pair in item.options),
            picture_at=None if item.design_id is None else item.position,
        )
        for item in rows
    )


async def _read_parcels(
    session: AsyncSession, organization_id: int, order_id: int
) -> tuple[SentParcel, ...]:
    rows = await session.scalars(
        select(Parcel)
        .where(Parcel.organization_id == organization_id, Parcel.order_id == order_id)
        .where(Parcel.status.in_((ParcelStatus.SHIPPED, ParcelStatus.DELIVERED)))
        .order_by(Parcel.number)
    )
    return tuple(
        SentParcel(row.carrier, row.tracking_code, row.shipped_at, row.delivered_at) for row in rows
    )


async def _read_payment(
    session: AsyncSession, organization_id: int, order_id: int
) -> OpenPayment | None:
    """The last attempt to pay."""
    row: Payment | None = await session.scalar(
        select(Payment)
        .where(Payment.organization_id == organization_id, Payment.order_id == order_id)
        .order_by(Payment.attempt.desc())
        .limit(1)
    )
    return OpenPayment(row.status, row.url, row.expires_at, row.detail) if row else None


def _product(product: Product, variants: list[Variant]) -> ShopProduct:
    return ShopProduct(
        id=product.id,
        uuid=product.uuid,
        name=product.name,
        description=product.description,
        category=product.category,
        picture=product.picture_sha256,
        offers=tuple(_offer(variant) for variant in variants),
    )


def _offer(variant: Variant) -> Offer:
    name = variant.name or ", ".join(str(value) for value in variant.options.values())
    return Offer(
        variant.id, name or variant.sku, variant.sku, variant.price_minor or 0,
        variant.currency or "",
    )  # fmt: skip
