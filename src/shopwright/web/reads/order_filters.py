"""Which orders a page shows: everything it asks for stands in its address."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.channels.models import Connection
from shopwright.kernel.errors import Invalid
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.rules import read_end, read_moment
from shopwright.orders.states import OPEN, OrderStatus, ProductionStatus
from shopwright.web.reads.nav import READY_TO_PACK

MAX_DIGITS = 15  # of a number that fits a bigint
OWN_CHANNELS = ("hand", "csv")  # those without a connection
PRIORITIES = {1: "urgent", 2: "high", 3: "normal", 4: "low", 5: "backlog"}

FILTERS: dict[str, tuple[str, ColumnElement[bool]]] = {
    "open": ("Open", Order.status.in_(OPEN)),
    "pack": ("Ready to pack", READY_TO_PACK),
    "held": ("On hold", and_(Order.status.in_(OPEN), Order.is_held.is_(True))),
    "unpaid": ("Not paid", Order.status.in_([OrderStatus.PENDING, OrderStatus.PENDING_PAYMENT])),
    "shipped": ("Shipped", Order.status.in_([OrderStatus.SHIPPED, OrderStatus.DELIVERED])),
    "stopped": ("Cancelled", Order.status.in_([OrderStatus.CANCELED, OrderStatus.REFUNDED])),
    "all": ("All", Order.id > 0),
}
BY_PROMISE = frozenset({"open", "pack", "held"})


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """Days are the shop's own, both included; empty values ask for nothing."""

    kind: str = "open"
    search: str = ""
    production: ProductionStatus | None = None
    priority: int | None = None
    channel: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def is_narrow(self) -> bool:
        """More is asked for than a state."""
        return self != OrderSearch(self.kind)

    @property
    def is_filtered(self) -> bool:
        """More than a state and a text."""
        return self != OrderSearch(self.kind, self.search)

    def query(self, **changes: str) -> str:
        """What makes this search again, ready to have more put behind it."""
        asked = {
            "show": self.kind,
            "search": self.search,
            "production": self.production or "",
            "priority": str(self.priority or ""),
            "channel": self.channel,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return urlencode({k: v for k, v in (asked | changes).items() if v}) + "&"

    def conditions(self, organization_id: int, zone: str) -> list[ColumnElement[bool]]:
        found = [Order.organization_id == organization_id, FILTERS[self.kind][1]]
        if self.search:
            found.append(_mentions(organization_id, self.search))
        if self.production is not None:
            found.append(Order.production_status == self.production)
        if self.priority is not None:
            found.append(Order.priority == self.priority)
        if self.channel:
            found.append(Order.channel == self.channel)
        if self.since:
            found.append(Order.placed_at >= _start(self.since, zone))
        if self.until:
            found.append(Order.placed_at < read_end(self.until.isoformat(), zone))
        return found


async def _read_search(
    kind: Annotated[str, Query(alias="show", max_length=20)] = "open",
    search: Annotated[str, Query(max_length=100)] = "",
    production: Annotated[str, Query(max_length=20)] = "",
    priority: Annotated[str, Query(max_length=2)] = "",
    channel: Annotated[str, Query(max_length=40)] = "",
    since: Annotated[str, Query(max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
) -> OrderSearch:
    """Raises Invalid in words for the person who changed the address."""
    if kind not in FILTERS:
        raise Invalid(f"Orders cannot be filtered by {kind!r}.")
    if production and production not in list(ProductionStatus):
        raise Invalid(f"“{production}” is none of {', '.join(ProductionStatus)}.")
    if priority and priority not in {str(number) for number in PRIORITIES}:
        raise Invalid("The priority is a number from 1 (urgent) to 5 (backlog).")
    first, last = _day(since), _day(until)
    if first and last and last < first:
        raise Invalid(f"The last day, {last}, is before the first, {first}. Swap them.")
    return OrderSearch(
        kind,
        search.strip(),
        ProductionStatus(production) if production else None,
        int(priority) if priority else None,
        channel.strip(),
        first,
        last,
    )


Searched = Annotated[OrderSearch, Depends(_read_search)]


async def list_channels(session: AsyncSession, organization_id: int) -> list[str]:
    """Those that orders can come from here."""
    rows = await session.scalars(
        select(Connection.channel).where(Connection.organization_id == organization_id).distinct()
    )
    return sorted({*rows, *OWN_CHANNELS})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as err:
        raise Invalid(f"“{text}” is no day like 2026-01-31.") from err


def _start(day: date, zone: str) -> datetime:
    return read_moment(day.isoformat(), zone)


def _mentions(organization_id: int, search: str) -> ColumnElement[bool]:
    """Number, buyer, channel's id, item title or SKU."""
    text = search.removeprefix("#")
    item = (
        select(OrderItem.id)
        .where(OrderItem.order_id == Order.id, OrderItem.organization_id == organization_id)
        .where(
            or_(
                OrderItem.title.icontains(text, autoescape=True),
                OrderItem.sku.icontains(text, autoescape=True),
            )
        )
        .exists()
    )
    clauses = [
        Order.buyer_name.icontains(text, autoescape=True),
        Order.buyer_email.icontains(text, autoescape=True),
        Order.external_id == text,
        item,
    ]
    if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS:
        clauses.append(Order.number == int(text))
    return or_(*clauses)
