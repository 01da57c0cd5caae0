"""Which customer an order belongs to: by the channel's buyer id, else by e-mail, else by name.

A name alone is only taken for somebody of whom nothing more is known.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.orders import queries
from shopwright.orders.customers.rules import email_key
from shopwright.orders.drafts import OrderDraft
from shopwright.orders.models import Customer

Found = Mapping[str, int]
Column = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]
PAGE = 500


async def match_customers(
    session: WriteSession, ctx: Actor, drafts: Sequence[OrderDraft]
) -> list[int | None]:
    """The customer's id of each draft, made where nobody fits; None when nothing is known."""
    by_id = await _match_buyer_ids(session, ctx, drafts)
    others = [draft for draft in drafts if not draft.buyer_external_id]
    by_email = await _match_or_add(session, ctx, _by_email(others), Customer.email_key, [])
    nameless = [Customer.email.is_(None), Customer.external_id.is_(None)]
    by_name = await _match_or_add(session, ctx, _by_name(others), Customer.name, nameless)
    return [_of(draft, by_id, by_email, by_name) for draft in drafts]


async def key_older(database: Database) -> int:
    """Once after an upgrade: the addresses that were there before their keys."""
    keyed = 0
    while page := await _unkeyed(database):
        async with database.write() as session:
            for organization_id, customer_id, email in page:
                await session.execute(
                    update(Customer)
                    .where(Customer.organization_id == organization_id)
                    .where(Customer.id == customer_id, Customer.email == email)
                    .values(email_key=email_key(email))
                    .execution_options(synchronize_session=False)
                )
        keyed += len(page)
    return keyed


async def _unkeyed(database: Database) -> list[tuple[int, int, str]]:
    async with database.read() as session:
        rows = await session.execute(
            select(Customer.organization_id, Customer.id, Customer.email)
            .where(Customer.email.is_not(None), Customer.email_key.is_(None))
            .order_by(Customer.id)
            .limit(PAGE)
            .execution_options(**CROSS_TENANT)
        )
        return [(row[0], row[1], str(row[2])) for row in rows]


def _of(draft: OrderDraft, by_id: Found, by_email: Found, by_name: Found) -> int | None:
    if draft.buyer_external_id:
        return by_id.get(draft.buyer_external_id)
    if draft.buyer_email:
        return by_email.get(email_key(draft.buyer_email))
    return by_name.get(draft.buyer_name)


async def _match_buyer_ids(
    session: WriteSession, ctx: Actor, drafts: Sequence[OrderDraft]
) -> Found:
    rows: dict[str, dict[str, Any]] = {
        draft.buyer_external_id: {
            "organization_id": ctx.organization_id,
            "channel": draft.channel,
            "external_id": draft.buyer_external_id,
            "name": draft.buyer_name or "unknown",
            "email": draft.buyer_email,
            "email_key": email_key(draft.buyer_email) if draft.buyer_email else None,
        }
        for draft in drafts
        if draft.buyer_external_id
    }
    await _introduce(session, ctx, list(rows.values()))
    return await queries.upsert_customers(session, list(rows.values()))


async def _introduce(session: WriteSession, ctx: Actor, rows: Sequence[Mapping[str, Any]]) -> None:
    """Give the buyer id to customers that were known by their e-mail alone."""
    emails = {row["email_key"]: row for row in rows if row["email"]}
    if not emails:
        return
    # As one expression: SQLite would rather read everybody without a channel by their index.
    anonymous = [func.coalesce(Customer.channel, Customer.external_id).is_(None)]
    found = await _find(session, ctx, emails, Customer.email_key, anonymous)
    known = await _known_buyer_ids(session, ctx, [emails[email] for email in found])
    for email, customer_id in found.items():
        row = emails[email]
        if row["external_id"] not in known:
            await session.execute(
                update(Customer)
                .where(Customer.organization_id == ctx.organization_id)
                .where(Customer.id == customer_id)
                .values(channel=row["channel"], external_id=row["external_id"])
                .execution_options(synchronize_session=False)
            )


async def _known_buyer_ids(
    session: WriteSession, ctx: Actor, rows: Sequence[Mapping[str, Any]]
) -> set[str]:
    known = await session.scalars(
        select(Customer.external_id)
        .where(Customer.organization_id == ctx.organization_id)
        .where(Customer.channel.in_({row["channel"] for row in rows}))
        .where(Customer.external_id.in_([row["external_id"] for row in rows]))
    )
    return {str(external_id) for external_id in known}


async def _match_or_add(
    session: WriteSession,
    ctx: Actor,
    wanted: Mapping[str, OrderDraft],
    column: Column,
    conditions: Iterable[ColumnElement[bool]],
) -> Found:
    """By e-mail in lower case or by name; the oldest customer, where several have it."""
    if not wanted:
        return {}
    found = await _find(session, ctx, wanted, column, conditions)
    new = {
        key: Customer(
            organization_id=ctx.organization_id,
            name=draft.buyer_name or str(draft.buyer_email),
            email=draft.buyer_email,
        )
        for key, draft in wanted.items()
        if key not in found
    }
    session.add_all(new.values())
    await session.flush()
    return found | {key: customer.id for key, customer in new.items()}


async def _find(
    session: WriteSession,
    ctx: Actor,
    keys: Collection[str],
    column: Column,
    conditions: Iterable[ColumnElement[bool]],
) -> dict[str, int]:
    rows = await session.execute(
        select(column, func.min(Customer.id))
        .where(Customer.organization_id == ctx.organization_id)
        .where(column.in_(keys), Customer.anonymised_at.is_(None), *conditions)
        .group_by(column)
    )
    return {str(row[0]): row[1] for row in rows}


def _by_email(drafts: Sequence[OrderDraft]) -> dict[str, OrderDraft]:
    return {email_key(d.buyer_email): d for d in drafts if d.buyer_email}


def _by_name(drafts: Sequence[OrderDraft]) -> dict[str, OrderDraft]:
    return {d.buyer_name: d for d in drafts if d.buyer_name and not d.buyer_email}
