"""Orders of a spreadsheet become orders of the shop: all of a file, each once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog import service as catalog
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.orders import intake, piece_queries, queries
from shopwright.orders.csv_rows import CHANNEL
from shopwright.orders.drafts import OrderDraft

PAGE = 500  # external ids or codes in one statement


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does: ``known`` were imported before and stay as they are; items with one of
    ``strange_codes`` wait in the inbox."""

    fresh: Sequence[OrderDraft]
    known: int
    strange_codes: Sequence[str]

    @property
    def items(self) -> int:
        return sum(len(draft.items) for draft in self.fresh)


async def plan_import(session: AsyncSession, ctx: Actor, drafts: Sequence[OrderDraft]) -> Plan:
    """Which of these are new; writes nothing."""
    known: set[str] = set()
    ids = [str(draft.external_id) for draft in drafts]
    for start in range(0, len(ids), PAGE):
        known |= await queries.list_external_ids(session, ctx, CHANNEL, ids[start : start + PAGE])
    fresh = [draft for draft in drafts if draft.external_id not in known]
    codes = list(dict.fromkeys(item.sku for draft in fresh for item in draft.items if item.sku))
    strange: list[str] = []
    for start in range(0, len(codes), PAGE):
        page = codes[start : start + PAGE]
        found = await catalog.find_variants_by_code(session, ctx, page)
        strange += [code for code in page if code not in found]
    return Plan(fresh, len(drafts) - len(fresh), strange)


async def import_csv(
    session: WriteSession, ctx: Actor, *, drafts: Sequence[OrderDraft], now: datetime
) -> Plan:
    """Place those that are new. The lock makes a second import of the file wait for the first."""
    await piece_queries.lock_pieces(session, ctx)
    plan = await plan_import(session, ctx, drafts)
    for draft in plan.fresh:
        await intake.place_order(session, ctx, draft=draft, now=now)
    return plan
