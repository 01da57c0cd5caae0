"""SQL of searches for printers, and of what they found."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from shopwright.fleet.models import Agent
from shopwright.fleet.queries import AnySession
from shopwright.fleet.setup.models import FoundPrinter, PrinterSearch
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT

FRESH = {"populate_existing": True}
OF_THE_KEY = frozenset({"organization_id", "place", "key"})


async def begin_search(
    session: WriteSession, ctx: Actor, *, started_at: datetime, ends_at: datetime
) -> PrinterSearch:
    """The shop's one search begins anew."""
    values: dict[str, Any] = {
        "by": ctx.name[:120],
        "started_at": started_at,
        "ends_at": ends_at,
        "troubles": {},
    }
    insert = insert_for(session, PrinterSearch).values(
        organization_id=ctx.organization_id, number=1, created_at=started_at, **values
    )
    begun: PrinterSearch | None = await session.scalar(
        insert.on_conflict_do_update(
            index_elements=["organization_id"],
            set_={**values, "number": PrinterSearch.number + 1},
        ).returning(PrinterSearch),
        execution_options=FRESH,
    )
    assert begun is not None  # noqa: S101  an upsert without a condition returns its row
    return begun


async def find_search(session: AnySession, ctx: Actor) -> PrinterSearch | None:
    found: PrinterSearch | None = await session.scalar(
        select(PrinterSearch)
        .where(PrinterSearch.organization_id == ctx.organization_id)
        .execution_options(**FRESH)
    )
    return found


async def list_running(session: AnySession, now: datetime) -> list[PrinterSearch]:
    """Of every organization."""
    rows = await session.scalars(
        select(PrinterSearch)
        .where(PrinterSearch.ends_at > now)
        .order_by(PrinterSearch.id)
        .execution_options(**FRESH, **CROSS_TENANT)
    )
    return list(rows)


async def upsert_found(session: WriteSession, rows: Sequence[dict[str, Any]]) -> None:
    """All rows have the same members; one heard again is what it says last."""
    insert = insert_for(session, FoundPrinter)
    changing = [name for name in rows[0] if name not in OF_THE_KEY]
    await session.execute(
        insert.on_conflict_do_update(
            index_elements=["organization_id", "place", "key"],
            set_={name: insert.excluded[name] for name in changing},
        ),
        list(rows),
    )


async def list_found(
    session: AnySession, ctx: Actor, since: datetime
) -> list[tuple[FoundPrinter, Agent | None]]:
    """By name, with the agent that heard it."""
    rows = await session.execute(
        select(FoundPrinter, Agent)
        .outerjoin(
            Agent,
            (Agent.id == FoundPrinter.agent_id) & (Agent.organization_id == ctx.organization_id),
        )
        .where(FoundPrinter.organization_id == ctx.organization_id, FoundPrinter.seen_at >= since)
        .order_by(FoundPrinter.name, FoundPrinter.id)
        .execution_options(**FRESH)
    )
    return [(found, agent) for found, agent in rows]


async def find_found(session: AnySession, ctx: Actor, ref: Ref) -> FoundPrinter | None:
    found: FoundPrinter | None = await session.scalar(
        select(FoundPrinter)
        .where(FoundPrinter.organization_id == ctx.organization_id, ref.where(FoundPrinter))
        .execution_options(**FRESH)
    )
    return found


async def forget_found(session: WriteSession, ctx: Actor, before: datetime) -> None:
    await session.execute(
        delete(FoundPrinter)
        .where(FoundPrinter.organization_id == ctx.organization_id)
        .where(FoundPrinter.seen_at < before)
    )
