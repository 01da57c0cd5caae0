"""Notices: the channel sends word of an order as soon as something happens to it.

A notice is checked, stored and answered; the order itself is fetched by the next sync, which is
asked for at once and keeps to the allowance of calls. Whatever a notice says, only what the channel
then answers is believed. Syncs go on without them: notices only make them sooner.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from shopwright.accounts import audit
from shopwright.channels import queries, runs
from shopwright.channels.adapters import adapter_of
from shopwright.channels.models import Connection
from shopwright.channels.port import (
    BadAnswer,
    ChannelOrder,
    ChannelStatus,
    Notice,
    NoticeRefused,
)
from shopwright.channels.service import get_connection, source_of
from shopwright.channels.states import ConnectionStatus
from shopwright.kernel import ids, inbox
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Invalid, NotFound, Unauthenticated
from shopwright.kernel.inbox import InboundEvent
from shopwright.kernel.live import touch

NOTICE_EVENT = "notice"
UNDELIVERED = frozenset({ChannelStatus.PAID, ChannelStatus.COMPLETED, ChannelStatus.SHIPPED})

Told = Sequence[InboundEvent]  # everything that was said of one order


class NoticeNotSigned(Unauthenticated):
    code = "notice-not-signed"
    title = "This is not signed with the connection's secret"


class SecretUnusable(Invalid):
    code = "webhook-secret-unusable"
    title = "This cannot be a signing secret"


async def set_secret(
    session: WriteSession, ctx: Actor, *, ref: Ref, secret: str, now: datetime
) -> Connection:
    """Accept notices signed with ``secret``; raises SecretUnusable. The address stays the same."""
    connection = await get_connection(session, ctx, ref)
    try:
        kept = adapter_of(connection.channel).check_notice_secret(secret)
    except NoticeRefused as err:
        raise SecretUnusable(err.sentence) from err
    connection.webhook_token = connection.webhook_token or ids.new_token()
    connection.webhook_secret = session.context.vault.encrypt(kept)
    return await _changed(session, ctx, connection, "connection.webhook_set", now)


async def forget_secret(
    session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime
) -> Connection:
    """Accept no more notices; a later secret gets a new address."""
    connection = await get_connection(session, ctx, ref)
    if connection.webhook_token is None:
        return connection
    connection.webhook_token = connection.webhook_secret = None
    return await _changed(session, ctx, connection, "connection.webhook_removed", now)


async def receive(
    process: Process, channel: str, token: str, headers: Mapping[str, str], body: bytes
) -> None:
    """Store what the channel says and ask for a sync; the same notice again changes nothing.

    Raises NotFound, NoticeNotSigned, or Invalid for what is signed and cannot be read.
    """
    async with process.database.read() as session:
        connection = await queries.find_by_webhook(session, channel, token)
    if connection is None or connection.webhook_secret is None:
        raise NotFound("Nobody is connected under this address.")
    now = process.clock.now()
    secret = process.context.vault.decrypt(connection.webhook_secret)
    try:
        notice = adapter_of(channel).read_notice(secret, headers, body, now)
    except NoticeRefused as err:
        raise NoticeNotSigned(err.sentence) from err
    except BadAnswer as err:
        raise Invalid(err.sentence) from err
    async with process.database.write() as session:
        await _store(session, connection, notice, body, now)


async def list_waiting(
    session: ReadSession | WriteSession, ctx: Actor, connection_id: int
) -> dict[str, list[InboundEvent]]:
    """What was said and not followed yet, by the order's external id, oldest first."""
    waiting: dict[str, list[InboundEvent]] = {}
    for event in await inbox.find_received(
        session, ctx.organization_id, source_of(connection_id), NOTICE_EVENT
    ):
        waiting.setdefault(event.payload["external_id"], []).append(event)
    return waiting


async def settle(
    session: WriteSession,
    ctx: Actor,
    connection_id: int,
    told: Told,
    reason: str | None,
    now: datetime,
) -> None:
    """The order was fetched, or cannot be, for this reason."""
    for event in told:
        await inbox.settle_event(
            session,
            ctx.organization_id,
            source_of(connection_id),
            NOTICE_EVENT,
            event.key,
            reason=reason,
            now=now,
        )


def as_told(order: ChannelOrder, told: Told) -> ChannelOrder:
    """Etsy's orders do not show that they were delivered; its notice does."""
    is_delivered = any(event.payload["is_delivered"] for event in told)
    if is_delivered and order.status in UNDELIVERED:
        return replace(order, status=ChannelStatus.DELIVERED, is_shipped=True)
    return order


async def _store(
    session: WriteSession, connection: Connection, notice: Notice, body: bytes, now: datetime
) -> None:
    ctx = system_actor(connection.organization_id, connection.channel)
    payload = {
        "event": notice.event,
        "external_id": notice.external_id,
        "is_delivered": notice.is_delivered,
        "raw": body.decode(errors="replace"),
    }
    source, key = source_of(connection.id), notice.event_id
    new = await inbox.store_events(
        session, ctx.organization_id, source, NOTICE_EVENT, {key: payload}, now
    )
    reason = _why_not(connection, notice)
    if new and reason:
        await inbox.settle_event(
            session, ctx.organization_id, source, NOTICE_EVENT, key, reason=reason, now=now
        )
    elif new and connection.status is ConnectionStatus.CONNECTED:
        await runs.request_sync(session, ctx, connection_id=connection.id, now=now)


def _why_not(connection: Connection, notice: Notice) -> str | None:
    """Signed and stored, but nothing is to be fetched."""
    if notice.external_id is None:
        return f"The notice {notice.event} names no order."
    if connection.external_shop_id not in {None, notice.shop_id}:
        return f"The order {notice.external_id} is of another shop ({notice.shop_id})."
    return None


async def _changed(
    session: WriteSession, ctx: Actor, connection: Connection, action: str, now: datetime
) -> Connection:
    connection.updated_at = now
    await session.flush()
    audit.record(session, ctx, action, connection.id)
    touch(session, ctx.organization_id, "connection", connection.id)
    return connection
