"""Use cases of targets: who is told, checked before it is stored, tried on demand."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from shopwright.accounts import audit
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.egress import EgressPolicy, check_reachable
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.notifications import deliveries, delivery_queries, queries, telling
from shopwright.notifications.deliveries import Tried
from shopwright.notifications.models import NotificationDelivery, NotificationTarget
from shopwright.notifications.port import ChatAddress
from shopwright.notifications.preferences import SETTINGS_TOPIC
from shopwright.notifications.senders import Senders
from shopwright.notifications.sending import NoticeTools, split_recipients
from shopwright.notifications.states import DeliveryStatus, TargetKind
from shopwright.notifications.telling import Addressee, Notice
from shopwright.notifications.topics import DEFAULT_TOPICS, TOPICS, Topic

EMAIL = re.compile(r"[^@\s,<>\"]+@[^@\s,<>\"]+\.[^@\s,<>\"]+|[^@\s,<>\"]+@localhost")
MAX_RECIPIENTS = 20
GONE = "Its target was removed or switched off."


class EffectsHeld(Conflict):
    code = "effects-held"
    title = "Nothing goes out since a restore"


@dataclass(frozen=True, slots=True)
class CheckedAddress:
    """``text`` is stored encrypted; ``shown`` says what it is without its secrets."""

    kind: TargetKind
    text: str = field(repr=False)
    shown: str


@dataclass(frozen=True, slots=True)
class TargetChanges:
    """None leaves a value as it is."""

    name: str | None = None
    address: CheckedAddress | None = None
    topics: Collection[str] | None = None
    is_active: bool | None = None


async def check_address(process: Process, kind: TargetKind, text: str) -> CheckedAddress:
    """Before any transaction, because names are looked up. Raises Invalid or AddressRefused with
    what to do."""
    text = text.strip()
    policy = EgressPolicy.for_webhooks(process.settings)
    if kind is TargetKind.EMAIL:
        recipients = ", ".join(check_recipients(text))
        return CheckedAddress(kind, recipients, recipients[:300])
    if kind is TargetKind.WEBHOOK:
        url = await check_reachable(text, policy)
        return CheckedAddress(kind, url, mask_url(url))
    chat = process.context.keep(Senders).chat
    return CheckedAddress(kind, text, await chat.check(ChatAddress(text, policy)))


def check_recipients(text: str) -> list[str]:
    recipients = split_recipients(text)
    if not 1 <= len(recipients) <= MAX_RECIPIENTS:
        raise Invalid(f"Give between 1 and {MAX_RECIPIENTS} mail addresses, with commas between.")
    for recipient in recipients:
        if not EMAIL.fullmatch(recipient) or len(recipient) > 254:  # noqa: PLR2004  RFC 5321
            raise Invalid(f"{recipient[:80]!r} is no mail address.")
    return recipients


def mask_url(url: str) -> str:
    """Scheme and host; paths of webhooks are often their secret."""
    parts = httpx.URL(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.host}{port}/…"[:300]


def check_topics(topics: Collection[str]) -> list[str]:
    """In the order of the catalogue; raises Invalid for an unknown one."""
    unknown = sorted(set(topics) - {topic.value for topic in TOPICS})
    if unknown:
        raise Invalid(f"{unknown[0][:60]!r} is no topic; GET /api/notifications/topics lists them.")
    return [topic.value for topic in TOPICS if topic in topics]


async def get_target(
    session: ReadSession | WriteSession, ctx: Actor, ref: Ref
) -> NotificationTarget:
    """Raises NotFound."""
    target = await queries.find_target(session, ctx.organization_id, ref)
    if target is None:
        raise NotFound(f"There is no notification target {ref}.")
    return target


async def create_target(
    session: WriteSession,
    ctx: Actor,
    *,
    name: str,
    address: CheckedAddress,
    topics: Collection[str] | None = None,
    alert_channel: str | None = None,
    now: datetime,
) -> NotificationTarget:
    """Told of the usual topics unless ``topics`` says otherwise."""
    target = NotificationTarget(
        organization_id=ctx.organization_id,
        kind=address.kind,
        name=name.strip()[:100] or address.shown[:100],
        address=session.context.vault.encrypt(address.text),
        shown=address.shown,
        topics=DEFAULT_TOPICS if topics is None else check_topics(topics),
        alert_channel=alert_channel,
        updated_at=now,
    )
    session.add(target)
    await session.flush()
    audit.record(session, ctx, "notification_target.created", target.id, kind=target.kind)
    touch(session, ctx.organization_id, SETTINGS_TOPIC)
    return target


async def update_target(
    session: WriteSession, ctx: Actor, *, ref: Ref, changes: TargetChanges, now: datetime
) -> NotificationTarget:
    """Raises Invalid when the new address is of another kind."""
    target = await get_target(session, ctx, ref)
    if changes.name is not None:
        target.name = changes.name.strip()[:100] or target.name
    if changes.topics is not None:
        target.topics = check_topics(changes.topics)
    if changes.address is not None:
        _move_to(session, target, changes.address)
    if changes.is_active is not None:
        target.is_active = changes.is_active
    target.updated_at = now
    await session.flush()
    if not target.is_active:
        await _drop(session, target, now)
    audit.record(session, ctx, "notification_target.updated", target.id, topics=target.topics)
    touch(session, ctx.organization_id, SETTINGS_TOPIC)
    return target


async def delete_target(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> None:
    """What waited for it is dropped; its log stays."""
    target = await get_target(session, ctx, ref)
    await _drop(session, target, now)
    audit.record(session, ctx, "notification_target.deleted", target.id, name=target.name)
    await session.delete(target)
    await session.flush()
    touch(session, ctx.organization_id, SETTINGS_TOPIC)


async def send_test(process: Process, ctx: Actor, *, ref: Ref) -> Tried:
    """One message, tried once and now; the vendor's answer comes back in words.

    Raises NotFound, or EffectsHeld after a restore.
    """
    tools = NoticeTools(process.database, process.clock, process.settings)
    async with process.database.write() as session:
        target = await get_target(session, ctx, ref)
        notice = Notice(
            Topic.TEST,
            f"test:{ids.new_uuid()}",
            "This is a test",
            f"{ctx.name} tries whether messages arrive here. They do.",
            "/notifications",
        )
        addressee = Addressee(f"target:{target.id}", target.kind, target.id)
        delivery = await begin_now(session, ctx, notice, addressee)
        audit.record(session, ctx, "notification_target.tested", target.id)
    return await tools.carry_out(delivery)


async def begin_now(
    session: WriteSession, ctx: Actor, notice: Notice, addressee: Addressee
) -> NotificationDelivery:
    """A delivery that this process sends itself after the commit; raises EffectsHeld."""
    now = session.context.clock.now()
    row = telling.row_of(session, ctx.organization_id, notice, addressee, now)
    row |= {"status": DeliveryStatus.PENDING, "next_try_at": now}
    await delivery_queries.add(session, [row])
    known = await delivery_queries.find(session, ctx.organization_id, Ref(None, row["uuid"]))
    begun = known and await deliveries.begin(session, ctx.organization_id, known.id, now)
    if not begun:
        raise EffectsHeld("Nothing goes out since a restore, until the owner releases it.")
    return begun  # told to pages once it has ended: they would fetch the form that waits for it


def _move_to(session: WriteSession, target: NotificationTarget, address: CheckedAddress) -> None:
    if address.kind is not target.kind:
        raise Invalid(f"This target is of the kind {target.kind}; make a new one instead.")
    target.address = session.context.vault.encrypt(address.text)
    target.shown = address.shown
    target.failing_since, target.last_error = None, None


async def _drop(session: WriteSession, target: NotificationTarget, now: datetime) -> None:
    is_its = NotificationDelivery.target_id == target.id
    await delivery_queries.drop_waiting(session, target.organization_id, is_its, GONE, now)
    touch(session, target.organization_id, telling.TOPIC)
