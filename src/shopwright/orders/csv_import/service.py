"""Orders of a spreadsheet become orders of the shop: looked at first, then taken in batches.

A batch is one short transaction: it plans its orders anew, imports them and moves the position, so
that a crash loses none and repeats none, and SQLite's one writer is never held for long.
"""

import asyncio
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, NotFound, ShopError
from shopwright.kernel.live import touch
from shopwright.orders import intake, piece_queries, service
from shopwright.orders.csv_import import changes, forms, plan, queries
from shopwright.orders.csv_import.forms import Form
from shopwright.orders.csv_import.plan import Action, Outcome
from shopwright.orders.csv_import.table import Customs, Reading, SheetOrder
from shopwright.orders.customers.states import ImportStatus
from shopwright.orders.models import OrderImport

FIRST_BATCH, LARGEST_BATCH = 25, 200  # orders
MAX_PIECES = 2_000  # of a batch: pieces are rows
BATCH_S = 0.4  # a batch that takes longer is followed by a smaller one
TOLD = 500  # refused lines and unknown codes that a preview names
SHOWN = 200  # orders that a preview shows
STARTABLE = frozenset({ImportStatus.PREVIEWED, ImportStatus.FAILED})


class ImportOutdated(Conflict):
    code = "import-outdated"
    title = "The shop has changed since the preview"


class ImportRefused(Conflict):
    code = "import-refused"
    title = "Some lines are refused"


class ImportStarted(Conflict):
    code = "import-started"
    title = "This file is taken in already"


@dataclass(frozen=True, slots=True)
class Examined:
    """What a file says and what it would do."""

    form: Form
    reading: Reading
    outcomes: Sequence[Outcome]
    strange_codes: Sequence[str]

    @property
    def fingerprint(self) -> str:
        return plan.fingerprint(self.outcomes)

    @property
    def refused(self) -> list[tuple[int, str]]:
        """Line and sentence, in the order of the file."""
        planned = [(o.sheet.line, o.sentences[0]) for o in self.of(Action.REFUSED)]
        return sorted([*self.reading.problems, *planned])

    def of(self, *actions: Action) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.action in actions]


async def examine(database: Database, ctx: Actor, text: str, now: datetime) -> Examined:
    """Read and plan; writes nothing."""
    async with database.read() as session:
        customs = await _customs(session, ctx, now)
    form, reading = await asyncio.to_thread(forms.read, text, customs)
    async with database.read() as session:
        outcomes = await plan.plan_orders(session, ctx, reading.orders)
        strange = await plan.list_strange_codes(session, ctx, outcomes)
    return Examined(form, reading, outcomes, strange)


async def add_preview(
    session: WriteSession, ctx: Actor, *, name: str, text: str, examined: Examined, now: datetime
) -> OrderImport:
    """Keep the file and what it would do, for a person to look at."""
    row = OrderImport(
        organization_id=ctx.organization_id,
        name=name[:255],
        form=examined.form,
        content=zlib.compress(text.encode("utf-8", "surrogatepass")),
        summary=summarise(examined),
        fingerprint=examined.fingerprint,
        total=len(examined.reading.orders),
        created_by=ctx.name[:120],
        created_at=now,
    )
    session.add(row)
    await session.flush()
    audit.record(session, ctx, "order_import.previewed", row.id, orders=row.total)
    touch(session, ctx.organization_id, "import", row.id)
    return row


async def get_import(
    session: AsyncSession, ctx: Actor, ref: Ref, *, with_content: bool = False
) -> OrderImport:
    """Raises NotFound."""
    row = await queries.find_import(session, ctx, ref, with_content=with_content)
    if row is None:
        raise NotFound(f"There is no import {ref}.")
    return row


async def check_preview(database: Database, ctx: Actor, ref: Ref, *, skip_refused: bool) -> int:
    """The id of a preview that still holds, and may be taken in.

    Raises NotFound, ImportStarted, ImportRefused when lines are refused and not to be skipped, or
    ImportOutdated: the preview shows the new state then.
    """
    async with database.read() as session:
        row = await get_import(session, ctx, ref, with_content=True)
    if row.status not in STARTABLE:
        now = "is being taken in" if row.status is ImportStatus.RUNNING else "was taken in already"
        raise ImportStarted(f"{row.name} {now}.")
    if row.status is ImportStatus.FAILED:
        return row.id
    examined = await examine(database, ctx, unpacked(row), row.created_at)
    if examined.fingerprint != row.fingerprint:
        await _look_again(database, ctx, row.id, examined)
        raise ImportOutdated("The shop has changed since you looked. Look at the preview again.")
    if examined.refused and not skip_refused:
        raise ImportRefused(
            f"{len(examined.refused)} lines are refused, so nothing was imported. Mend the file, "
            "or say skip_refused to import the others."
        )
    return row.id


async def start_import(
    session: WriteSession, ctx: Actor, import_id: int, now: datetime
) -> OrderImport:
    """Compare-and-set; raises ImportStarted when somebody was faster."""
    row = await queries.change_import(
        session, ctx, import_id, STARTABLE,
        status=ImportStatus.RUNNING, started_at=now, failure=None,
    )  # fmt: skip
    if row is None:
        raise ImportStarted("Somebody has begun to take this file in, or removed it.")
    audit.record(session, ctx, "order_import.started", row.id, orders=row.total)
    touch(session, ctx.organization_id, "import", row.id)
    return row


async def remove_import(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    """Forget a preview; orders stay. Raises ImportStarted while it is taken in."""
    row = await get_import(session, ctx, ref)
    if row.status is ImportStatus.RUNNING:
        raise ImportStarted(f"{row.name} is being taken in; wait until it is done.")
    audit.record(session, ctx, "order_import.removed", row.id)
    await session.delete(row)
    touch(session, ctx.organization_id, "import", row.id)


async def run_import(
    database: Database, *, organization_id: int, import_id: int, now: datetime, seconds: float
) -> None:
    """Take in batches until the file is done or the time is over; whoever goes on begins where
    this ended. Safe to run twice at once."""
    async with database.read() as session:
        ref = Ref(import_id, None)
        row = await get_import(session, system_actor(organization_id), ref, with_content=True)
        ctx = system_actor(organization_id, row.created_by)
        customs = await _customs(session, ctx, row.created_at)
    if row.status is not ImportStatus.RUNNING:
        return
    _, reading = await asyncio.to_thread(forms.read, unpacked(row), customs)
    await _take_all(database, ctx, row, reading.orders, now, time.monotonic() + seconds)


def summarise(examined: Examined) -> dict[str, Any]:
    """What a preview shows, as JSON; counts are of all, lists are cut."""
    refused = examined.refused
    work = examined.of(Action.NEW, Action.CHANGED)
    return {
        "counts": {str(a): len(examined.of(a)) for a in Action} | {"refused": len(refused)},
        "items": sum(len(o.draft.items) for o in examined.of(Action.NEW)),
        "refused": [{"line": line, "reason": reason} for line, reason in refused[:TOLD]],
        "unknown_skus": list(examined.strange_codes[:TOLD]),
        "orders": [_shown(outcome) for outcome in work[:SHOWN]],
    }


def unpacked(row: OrderImport) -> str:
    return zlib.decompress(row.content or zlib.compress(b"")).decode("utf-8", "surrogatepass")


def _shown(outcome: Outcome) -> dict[str, Any]:
    draft = outcome.draft
    return {
        "external_id": draft.external_id,
        "line": outcome.sheet.line,
        "action": str(outcome.action),
        "buyer_name": draft.buyer_name,
        "items": len(draft.items),
        "total_minor": draft.total_minor,
        "currency": draft.currency,
        "changes": list(outcome.sentences),
    }


async def _customs(session: AsyncSession, ctx: Actor, now: datetime) -> Customs:
    organization = await service.get_organization(session, ctx)
    return Customs(organization.currency, organization.time_zone, now)


async def _look_again(database: Database, ctx: Actor, import_id: int, examined: Examined) -> None:
    async with database.write() as session:
        await queries.change_import(
            session, ctx, import_id, [ImportStatus.PREVIEWED],
            summary=summarise(examined), fingerprint=examined.fingerprint,
        )  # fmt: skip
        touch(session, ctx.organization_id, "import", import_id)


async def _take_all(
    database: Database,
    ctx: Actor,
    row: OrderImport,
    sheets: Sequence[SheetOrder],
    now: datetime,
    deadline: float,
) -> None:
    size = FIRST_BATCH
    while time.monotonic() < deadline:
        began = time.monotonic()
        try:
            async with database.write() as session:
                is_over = await _take_batch(session, ctx, row.id, sheets, size, now)
        except (ShopError, DataError, IntegrityError) as err:
            if size == 1:
                await _fail(database, ctx, row.id, err)
                return
            size = 1  # to find out which one it is
            continue
        if is_over:
            return
        size = _next_size(size, time.monotonic() - began)
        await asyncio.sleep(0)  # others want the writer too


def _next_size(size: int, took_s: float) -> int:
    if took_s > BATCH_S:
        return max(1, size // 2)
    return min(LARGEST_BATCH, size * 2) if took_s < BATCH_S / 2 else size


async def _take_batch(
    session: WriteSession,
    ctx: Actor,
    import_id: int,
    sheets: Sequence[SheetOrder],
    size: int,
    now: datetime,
) -> bool:
    """True when nothing is left, or somebody else has it."""
    await piece_queries.lock_pieces(session, ctx)
    row = await queries.find_import(session, ctx, Ref(import_id, None))  # where it stands now
    if row is None or row.status is not ImportStatus.RUNNING:
        return True
    batch = _batch(sheets[row.position : row.position + size])
    new, changed = await import_sheets(session, ctx, batch, now)
    reached = row.position + len(batch)
    values = _finished(row, now) if reached >= len(sheets) else {}
    await queries.move_on(session, ctx, row, new=new, changed=changed, position=reached, **values)
    touch(session, ctx.organization_id, "import", import_id)
    return bool(values)


async def import_sheets(
    session: WriteSession, ctx: Actor, sheets: Sequence[SheetOrder], now: datetime
) -> tuple[int, int]:
    """New and changed orders of these; what is refused stays out. The caller has the lock."""
    work = [o for o in await plan.plan_orders(session, ctx, sheets) if o.is_work]
    if not work:
        return 0, 0
    await _name_items(session, ctx, work)
    return await intake.import_orders(
        session, ctx, connection_id=None, drafts=[outcome.draft for outcome in work], now=now
    )


async def _name_items(session: WriteSession, ctx: Actor, work: Sequence[Outcome]) -> None:
    """Items of imports before items had ids."""
    changed = [outcome.sheet for outcome in work if outcome.action is Action.CHANGED]
    known = await plan.find_known(session, ctx, changed) if changed else {}
    by_order = await plan.list_items(session, ctx, [order.id for order in known.values()])
    for items in by_order.values():
        named = changes.item_ids(items)
        for item in items:
            item.external_id = named.get(item.id, item.external_id)
    await session.flush()


def _batch(sheets: Sequence[SheetOrder]) -> list[SheetOrder]:
    """At least one, and no more than a short transaction plans."""
    batch: list[SheetOrder] = []
    pieces = 0
    for sheet in sheets:
        pieces += sum(item.quantity for item in sheet.draft.items)
        if batch and pieces > MAX_PIECES:
            break
        batch.append(sheet)
    return batch


def _finished(row: OrderImport, now: datetime) -> dict[str, Any]:
    """The file and the buyers' names go; what came of it stays."""
    kept = {name: row.summary[name] for name in ("counts", "items", "unknown_skus")}
    lines = {"refused": row.summary["refused"], "orders": []}
    return {
        "status": ImportStatus.DONE,
        "finished_at": now,
        "content": None,
        "summary": kept | lines,
    }


async def _fail(database: Database, ctx: Actor, import_id: int, err: Exception) -> None:
    reason = err.detail if isinstance(err, ShopError) else "An order of the file cannot be stored."
    async with database.write() as session:
        row = await queries.change_import(
            session, ctx, import_id, [ImportStatus.RUNNING],
            status=ImportStatus.FAILED, failure=reason[:500],
        )  # fmt: skip
        if row is not None:
            audit.record(session, ctx, "order_import.failed", import_id, reason=reason[:500])
            touch(session, ctx.organization_id, "import", import_id)
