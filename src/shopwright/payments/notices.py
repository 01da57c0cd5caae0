"""What providers send by themselves: stored first, unique by the event's id, then applied."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shopwright.accounts import audit
from shopwright.kernel import inbox
from shopwright.kernel.actor import Actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Invalid
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries
from shopwright.payments import providers, queries
from shopwright.payments.models import Payment
from shopwright.payments.port import Notice, NoticeReader, NoticeRefused
from shopwright.payments.settling import settle

KIND = "payment_event"
NOT_OURS = "no payment of this shop is meant"
# Who the buyer is stands with the order; it is not kept a second time.
PERSONAL = frozenset(
    {
        "billing_details", "collected_information", "custom_fields", "customer_details",
        "customer_email", "receipt_email", "receipt_url", "shipping", "shipping_details",
        "payment_method_details",
    }
)  # fmt: skip


class NoticeNotSigned(Invalid):
    code = "notice-not-signed"
    title = "This notice is not signed for this shop, or cannot be read"


async def receive(
    process: Process, ctx: Actor, provider: str, headers: Mapping[str, str], body: bytes
) -> bool:
    """False when this event was known. Raises ProviderNotSetUp or NoticeNotSigned."""
    account = await providers.get_account(process, ctx, provider)
    reader: type[NoticeReader] = providers.adapter_of(provider)
    now = process.clock.now()
    try:
        notice = reader.read_notice(account, headers, body, now)
    except NoticeRefused as err:
        raise NoticeNotSigned(err.sentence) from err

    async def take(session: WriteSession) -> bool:
        return await _take(session, ctx, provider, notice, now)

    return await write_again(process.database, take)


async def _take(
    session: WriteSession, ctx: Actor, provider: str, notice: Notice, now: datetime
) -> bool:
    """Stored and applied together: a crash leaves both or neither, and it is told again."""
    await piece_queries.lock_pieces(session, ctx)
    key, organization_id = notice.event_id, ctx.organization_id
    stored = {key: without_persons(notice.payload)}
    if not await inbox.store_events(session, organization_id, provider, KIND, stored, now):
        return False
    payment = await _find_payment(session, ctx, provider, notice)
    if payment is not None:
        await _apply(session, ctx, payment, notice, now)
    reason = None if payment is not None else NOT_OURS
    await inbox.settle_event(session, organization_id, provider, KIND, key, reason=reason, now=now)
    return True


async def _find_payment(
    session: WriteSession, ctx: Actor, provider: str, notice: Notice
) -> Payment | None:
    if notice.key is not None:
        known = await queries.find_by_key(session, ctx, provider, notice.key)
        if known is not None:
            return known
    return await queries.find_by_provider_ids(session, ctx, provider, notice.names)


async def _apply(
    session: WriteSession, ctx: Actor, payment: Payment, notice: Notice, now: datetime
) -> None:
    """A standing is taken at its word; anything else says that the provider is to be asked."""
    if notice.standing is not None:
        await settle(session, ctx, payment.id, notice.standing, now=now)
    elif notice.is_about_payment:
        await queries.note_payment(session, ctx, payment.id, next_ask_at=now)
        touch(session, ctx.organization_id, queries.TOPIC, payment.id)
    if notice.dispute is not None:
        await queries.note_payment(
            session, ctx, payment.id, problem=notice.dispute, disputed_at=now
        )
        audit.record(session, ctx, "payment.disputed", payment.id, reason=notice.dispute)
        touch(session, ctx.organization_id, "order", payment.order_id)


def without_persons(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an event: ids, states and amounts."""
    return {name: _kept(value) for name, value in payload.items() if name not in PERSONAL}


def _kept(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_persons(value)
    return [_kept(each) for each in value] if isinstance(value, list) else value
