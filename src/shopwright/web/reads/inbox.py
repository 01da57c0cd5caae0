"""Items that wait because nobody knows what their SKU means, grouped by SKU."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.models import Product, RecipeStep, Variant
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import STOPPED

MAX_GROUPS = 200
MAX_VARIANTS = 2_000


@dataclass(frozen=True, slots=True)
class Group:
    """All waiting items of one SKU; ``sku`` None collects those without any."""

    sku: str | None
    code: str
    reason: str | None
    title: str
    orders: int
    units: int
    oldest_at: datetime
    first_order_id: int
    first_order_number: int


@dataclass(frozen=True, slots=True)
class Choice:
    id: int
    sku: str
    name: str
    product_id: int
    product_name: str
    price_minor: int | None
    currency: str | None
    has_recipe: bool

    @property
    def title(self) -> str:
        return f"{self.product_name}, {self.name}" if self.name else self.product_name

    @property
    def label(self) -> str:
        missing = "" if self.has_recipe else " (no recipe yet)"
        return f"{self.title} · {self.sku}{missing}"


async def list_groups(
    session: AsyncSession, organization_id: int, limit: int = MAX_GROUPS
) -> list[Group]:
    """The SKU that holds up most orders first."""
    orders = func.count(func.distinct(OrderItem.order_id))
    rows: Any = await session.execute(
        select(
            OrderItem.sku, OrderItem.waiting_code, func.max(OrderItem.waiting_reason),
            func.max(OrderItem.title), orders, func.sum(OrderItem.quantity),
            func.min(Order.placed_at), func.min(Order.id), func.min(Order.number),
        )
        .join(
            Order, and_(Order.id == OrderItem.order_id, Order.organization_id == organization_id)
        )
        .where(OrderItem.organization_id == organization_id)
        .where(OrderItem.waiting_code.is_not(None), OrderItem.is_cancelled.is_(False))
        .where(Order.status.not_in(STOPPED))
        .group_by(OrderItem.sku, OrderItem.waiting_code)
        .order_by(orders.desc(), func.min(Order.placed_at))
        .limit(limit)
    )  # fmt: skip
    return [Group(*row) for row in rows]


async def list_choices(session: AsyncSession, organization_id: int) -> list[Choice]:
    """Every variant a SKU can be mapped to."""
    has_recipe = (
        select(RecipeStep.id)
        .where(RecipeStep.variant_id == Variant.id, RecipeStep.organization_id == organization_id)
        .where(RecipeStep.is_retired.is_(False))
        .exists()
    )
    rows: Any = await session.execute(
        select(
            Variant.id, Variant.sku, Variant.name, Product.id, Product.name, Variant.price_minor,
            Variant.currency, has_recipe,
        )
        .join(
            Product,
            and_(Product.id == Variant.product_id, Product.organization_id == organization_id),
        )
        .where(Variant.organization_id == organization_id)
        .where(Variant.is_active.is_(True), Product.is_active.is_(True))
        .order_by(Product.name, Variant.name, Variant.id)
        .limit(MAX_VARIANTS)
    )  # fmt: skip
    return [Choice(*row) for row in rows]


async def has_products(session: AsyncSession, organization_id: int) -> bool:
    found = await session.scalar(
        select(Product.id).where(Product.organization_id == organization_id).limit(1)
    )
    return found is not None
