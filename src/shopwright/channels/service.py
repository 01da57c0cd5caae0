"""Connections as people see them, and what became of the orders a channel delivered."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts import audit
from shopwright.channels import queries, sync_queries
from shopwright.channels.events import ChannelPageArrived
from shopwright.channels.models import ChannelReject, Connection
from shopwright.channels.port import ChannelOrder
from shopwright.channels.states import ConnectionStatus
from shopwright.kernel import inbox
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch

ORDER_EVENT = "order"
IMPORTED = "imported"


class ConnectionNotActive(Conflict):
    code = "connection-not-active"
    title = "This connection is disabled already"


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    connection: Connection
    open_rejects: int


async def get_connection(
    session: ReadSession | WriteSession, ctx: Actor, ref: Ref | int
) -> Connection:
    """Raises NotFound."""
    wanted = Ref(ref, None) if isinstance(ref, int) else ref
    connection = await queries.find_connection(session, ctx, wanted)
    if connection is None:
        raise NotFound(f"There is no connection {wanted}.")
    return connection


async def list_connections(session: ReadSession, ctx: Actor) -> list[ConnectionHealth]:
    """Every connection with how many of its orders wait for a person."""
    rejects = await queries.count_open_rejects(session, ctx)
    return [
        ConnectionHealth(connection, rejects.get(connection.id, 0))
        for connection in await queries.list_connections(session, ctx)
    ]


async def rename_connection(
    session: WriteSession, ctx: Actor, *, ref: Ref, name: str, now: datetime
) -> Connection:
    connection = await get_connection(session, ctx, ref)
    before, connection.name, connection.updated_at = connection.name, name, now
    await session.flush()
    audit.record(session, ctx, "connection.renamed", connection.id, was=before, name=name)
    touch(session, ctx.organization_id, "connection", connection.id)
    return connection


async def disable_connection(
    session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime
) -> Connection:
    """Stop all calls and forget the tokens; orders stay. To go on, the owner connects it again."""
    connection = await get_connection(session, ctx, ref)
    disabled = await queries.change_status(
        session,
        ctx,
        connection.id,
        ConnectionStatus.DISABLED,
        tokens=None,
        token_version=connection.token_version + 1,
        updated_at=now,
    )
    if disabled is None:
        raise ConnectionNotActive(f"{connection.name} is disabled already.")
    reason = f"{disabled.name} was disabled by {ctx.name}."
    await sync_queries.fail_open(session, ctx, disabled.id, reason, now)
    audit.record(session, ctx, "connection.disabled", disabled.id)
    touch(session, ctx.organization_id, "connection", disabled.id)
    return disabled


async def list_rejects(
    session: ReadSession, ctx: Actor, *, ref: Ref, paging: Paging
) -> tuple[list[ChannelReject], int]:
    """Orders that could not be taken over and are neither fixed nor closed."""
    connection = await get_connection(session, ctx, ref)
    return await queries.list_open_rejects(session, ctx, connection.id, paging)


async def close_reject(
    session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime
) -> ChannelReject:
    """A person has dealt with it; a later version that cannot be read opens it again."""
    reject = await queries.find_reject(session, ctx, ref)
    if reject is None:
        raise NotFound(f"There is no rejected order {ref}.")
    closed = await queries.change_reject(
        session, ctx, reject.id, closed_at=now, closed_by=ctx.name[:120], next_try_at=None
    )
    if closed is None:
        return reject
    audit.record(session, ctx, "reject.closed", reject.id, external_id=reject.external_id)
    touch(session, ctx.organization_id, "connection", reject.connection_id)
    return closed


async def record_outcome(
    session: WriteSession,
    ctx: Actor,
    event: ChannelPageArrived,
    *,
    new: int,
    updated: int,
    rejected: Mapping[str, str],
) -> None:
    """What the orders of a page became: ``rejected`` has the reason by external id."""
    source, now = source_of(event.connection_id), event.arrived_at
    taken = [order for order in event.orders if order.external_id not in rejected]
    await inbox.settle_applied(
        session, ctx.organization_id, source, ORDER_EVENT, [event_key(o) for o in taken], now
    )
    await queries.close_rejects(
        session, ctx, event.connection_id, [o.external_id for o in taken], IMPORTED, now
    )
    for order in event.orders:
        if order.external_id in rejected:
            await inbox.settle_event(
                session,
                ctx.organization_id,
                source,
                ORDER_EVENT,
                event_key(order),
                reason=rejected[order.external_id],
                now=now,
            )
    await reject_orders(session, ctx, event.connection_id, rejected, now)
    await sync_queries.add_counts(
        session, ctx, event.sync_id, new=new, updated=updated, rejected=len(rejected)
    )


async def reject_orders(
    session: WriteSession,
    ctx: Actor,
    connection_id: int,
    reasons: Mapping[str, str],
    now: datetime,
) -> None:
    """Keep the orders' ids with the reason, to be asked for again by the next sync."""
    await queries.put_rejects(
        session,
        [
            {
                "organization_id": ctx.organization_id,
                "connection_id": connection_id,
                "external_id": external_id,
                "reason": reason,
                "next_try_at": now,
            }
            for external_id, reason in reasons.items()
        ],
    )


def source_of(connection_id: int) -> str:
    """How inbound events name a connection."""
    return f"connection:{connection_id}"


def event_key(order: ChannelOrder) -> str:
    """External id, time of change and content: a version of an order is stored once."""
    changed_s = int(order.updated_at.timestamp())
    return f"{order.external_id}:{changed_s}:{content_hash(order.raw)}"


def content_hash(raw: str) -> str:
    return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()[:32]
