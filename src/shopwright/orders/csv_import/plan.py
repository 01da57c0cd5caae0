"""What a file would do here: which orders are new, changed, unchanged or refused, and why.

The same plan is what a preview shows and what an import carries out, batch by batch.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog import service as catalog
from shopwright.kernel.actor import Actor
from shopwright.kernel.errors import Invalid
from shopwright.orders import intake
from shopwright.orders.csv_import import changes
from shopwright.orders.csv_import.table import SheetOrder
from shopwright.orders.drafts import OrderDraft
from shopwright.orders.models import Order, OrderItem

PAGE = 500  # external ids or codes in one statement
MAX_MINOR = 10**14  # beyond this it is no price but a fault


class Action(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``draft`` is what is imported; ``sentences`` say what changes, or why it is refused."""

    sheet: SheetOrder
    action: Action
    draft: OrderDraft
    sentences: tuple[str, ...] = ()

    @property
    def is_work(self) -> bool:
        return self.action in {Action.NEW, Action.CHANGED}


async def plan_orders(
    session: AsyncSession, ctx: Actor, sheets: Sequence[SheetOrder]
) -> list[Outcome]:
    """In the order of the file; writes nothing."""
    outcomes: list[Outcome] = []
    for start in range(0, len(sheets), PAGE):
        page = sheets[start : start + PAGE]
        known = await find_known(session, ctx, page)
        items = await list_items(session, ctx, [order.id for order in known.values()])
        outcomes += [_outcome(sheet, known.get(sheet.external_id), items) for sheet in page]
    return outcomes


async def list_strange_codes(
    session: AsyncSession, ctx: Actor, outcomes: Iterable[Outcome]
) -> list[str]:
    """SKUs of new and changed orders that no product has: their items wait in the inbox."""
    drafts = [outcome.draft for outcome in outcomes if outcome.is_work]
    codes = list(dict.fromkeys(item.sku for draft in drafts for item in draft.items if item.sku))
    strange: list[str] = []
    for start in range(0, len(codes), PAGE):
        page = codes[start : start + PAGE]
        found = await catalog.find_variants_by_code(session, ctx, page)
        strange += [code for code in page if code not in found]
    return strange


def fingerprint(outcomes: Iterable[Outcome]) -> str:
    """Equal for two plans that do the same."""
    digest = hashlib.sha256()
    for outcome in outcomes:
        words = [outcome.sheet.external_id, outcome.action, *outcome.sentences]
        digest.update("\x1f".join(words).encode("utf-8", "surrogatepass") + b"\x1e")
    return digest.hexdigest()


async def find_known(
    session: AsyncSession, ctx: Actor, sheets: Sequence[SheetOrder]
) -> dict[str, Order]:
    """Orders of the file's channel that are here already, by external id."""
    rows = await session.scalars(
        select(Order)
        .where(Order.organization_id == ctx.organization_id)
        .where(Order.channel.in_({sheet.draft.channel for sheet in sheets}))
        .where(Order.external_id.in_([sheet.external_id for sheet in sheets]))
        .execution_options(populate_existing=True)
    )
    return {str(order.external_id): order for order in rows}


async def list_items(
    session: AsyncSession, ctx: Actor, order_ids: Sequence[int]
) -> Mapping[int, list[OrderItem]]:
    """By order."""
    found = defaultdict[int, list[OrderItem]](list)
    rows = await session.scalars(
        select(OrderItem)
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.order_id.in_(order_ids))
        .order_by(OrderItem.order_id, OrderItem.position)
        .execution_options(populate_existing=True)
    )
    for item in rows:
        found[item.order_id].append(item)
    return found


def _outcome(
    sheet: SheetOrder, order: Order | None, items: Mapping[int, list[OrderItem]]
) -> Outcome:
    try:
        if order is None:
            return _new(sheet)
        return _known(sheet, order, items.get(order.id, []))
    except Invalid as refusal:
        return Outcome(sheet, Action.REFUSED, sheet.draft, (refusal.detail,))


def _new(sheet: SheetOrder) -> Outcome:
    if "items" not in sheet.said:
        raise Invalid(
            f"Order {sheet.external_id} is not known here, and this file does not say what was "
            "bought. Import EtsySoldOrderItems first."
        )
    _check(sheet.draft)
    return Outcome(sheet, Action.NEW, sheet.draft)


def _known(sheet: SheetOrder, order: Order, items: Sequence[OrderItem]) -> Outcome:
    if order.connection_id is not None or changes.is_anonymised(order):
        return Outcome(sheet, Action.UNCHANGED, sheet.draft)
    merged = changes.merge(sheet, order, items)
    sentences = tuple(changes.differences(merged, order, items))
    if not sentences:
        return Outcome(sheet, Action.UNCHANGED, merged)
    _check(merged)
    return Outcome(sheet, Action.CHANGED, replace(merged, connection_id=None), sentences)


def _check(draft: OrderDraft) -> None:
    """Raises Invalid for what our rules refuse."""
    intake.check_draft(draft)
    amounts: list[Any] = [draft.total_minor, draft.subtotal_minor]
    if any(abs(amount) > MAX_MINOR for amount in amounts):
        raise Invalid(f"Order {draft.external_id} has an impossible amount of money.")
