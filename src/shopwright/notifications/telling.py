"""From something that happened to rows for everybody who wants to know, in the same
transaction."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shopwright.kernel import ids
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.live import touch
from shopwright.kernel.times import zone_of
from shopwright.notifications import delivery_queries, queries, rules
from shopwright.notifications.mail import ProcessMail
from shopwright.notifications.models import (
    NotificationSettings,
    PrinterNotification,
)
from shopwright.notifications.states import DeliveryStatus, TargetKind
from shopwright.notifications.topics import TOPICS, Topic, is_urgent

TOPIC = "delivery"  # of live signals; wakes the worker's loop
PRINTER_DEFAULTS: Mapping[str, bool] = {
    "notify_print_start": True,
    "notify_print_complete": True,
    "notify_print_failed": True,
    "notify_material_change": False,
    "notify_maintenance": True,
    "email_enabled": True,
}
MAX_BODY = 4000


@dataclass(frozen=True, slots=True)
class Notice:
    """``key`` names what happened, so that it is told once; ``sealed`` is a secret last line."""

    topic: Topic
    key: str
    title: str
    body: str
    path: str | None = None
    printer_id: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    sealed: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Addressee:
    """A target, or a recipient that stands for none: a printer's webhook, the owners, an
    invited person."""

    lane: str
    kind: TargetKind
    target_id: int | None = None
    recipient: str | None = None


async def tell(session: WriteSession, organization_id: int, notice: Notice) -> int:
    """Rows for whoever wants to know of it; returns how many."""
    addressees = await find_addressees(session, organization_id, notice.topic, notice.printer_id)
    return await tell_to(session, organization_id, notice, addressees)


async def tell_about(
    session: WriteSession,
    organization_id: int,
    topic: Topic,
    make: Callable[[], Awaitable[Notice]],
    *,
    printer_id: int | None = None,
    delay: timedelta | None = None,
) -> int:
    """The same, and the words are looked up only when somebody wants them. ``delay`` gives it time
    to pass by itself."""
    addressees = await find_addressees(session, organization_id, topic, printer_id)
    if not addressees:
        return 0
    return await tell_to(session, organization_id, await make(), addressees, delay=delay)


async def tell_to(
    session: WriteSession,
    organization_id: int,
    notice: Notice,
    addressees: Sequence[Addressee],
    *,
    delay: timedelta | None = None,
) -> int:
    if not addressees:
        return 0
    now = session.context.clock.now()
    quiet_until = await _quiet_until(session, organization_id, notice, now)
    rows = [
        row_of(session, organization_id, notice, addressee, now)
        | _timing(addressee, quiet_until, now + (delay or timedelta()))
        for addressee in addressees
    ]
    added = await delivery_queries.add(session, rows)
    if added:
        touch(session, organization_id, TOPIC)
    return added


async def find_addressees(
    session: WriteSession, organization_id: int, topic: Topic, printer_id: int | None
) -> list[Addressee]:
    """By the shop's rules, and by the printer's switches where it is about a printer."""
    rule = None
    if printer_id is not None:
        rule = await queries.find_printer_rule(session, organization_id, printer_id)
        if not is_switched_on(rule, topic):
            return []
    targets = await queries.list_targets(session, organization_id)
    found = [
        Addressee(f"target:{target.id}", target.kind, target.id)
        for target in targets
        if target.is_active and topic in target.topics
    ]
    if printer_id is None:
        return found
    if not _setting(rule, "email_enabled"):
        found = [one for one in found if one.kind is not TargetKind.EMAIL]
    elif not any(target.kind is TargetKind.EMAIL for target in targets):
        found += await _owners(session, organization_id, topic)
    return [*found, *_webhook_of(rule)]


def is_switched_on(rule: PrinterNotification | None, topic: Topic) -> bool:
    """By the documented switches of one printer; without a row it has the defaults."""
    switch = TOPICS[topic].switch
    return switch is None or _setting(rule, switch)


def row_of(
    session: WriteSession,
    organization_id: int,
    notice: Notice,
    addressee: Addressee,
    now: datetime,
) -> dict[str, Any]:
    """Everything of a delivery but its status."""
    return {
        "uuid": ids.new_uuid(),
        "organization_id": organization_id,
        "created_at": now,
        "key": f"{notice.key}>{addressee.lane}"[:200],
        "lane": addressee.lane,
        "topic": notice.topic,
        "kind": addressee.kind,
        "target_id": addressee.target_id,
        "printer_id": notice.printer_id,
        "recipient": addressee.recipient,
        "title": " ".join(notice.title.split())[:200],
        "body": notice.body[:MAX_BODY],
        "sealed": session.context.vault.encrypt(notice.sealed) if notice.sealed else None,
        "path": notice.path,
        "facts": dict(notice.facts),
        "is_urgent": is_urgent(notice.topic),
        "tries": 0,
        "give_up_at": now + rules.GIVE_UP_AFTER,
    }


async def _quiet_until(
    session: WriteSession, organization_id: int, notice: Notice, now: datetime
) -> datetime | None:
    """When the message may go out; None when it may now."""
    settings = await queries.find_settings(session, organization_id)
    if settings is None or _passes(settings, notice.topic):
        return None
    organization = await queries.get_organization(session, organization_id)
    zone = zone_of(organization.time_zone)
    return rules.end_of_quiet(now, settings.quiet_from, settings.quiet_until, zone)


def _passes(settings: NotificationSettings, topic: Topic) -> bool:
    """What somebody asked for just now is sent now, whatever the hour."""
    if topic not in TOPICS:
        return True
    return settings.does_urgent_pass and is_urgent(topic)


def _timing(addressee: Addressee, quiet_until: datetime | None, at: datetime) -> dict[str, Any]:
    """Programs need no sleep: webhooks go out in quiet hours, too."""
    if quiet_until is None or addressee.kind is TargetKind.WEBHOOK:
        return {"status": DeliveryStatus.PENDING, "next_try_at": at}
    return {
        "status": DeliveryStatus.HELD,
        "next_try_at": quiet_until,
        "give_up_at": quiet_until + rules.GIVE_UP_AFTER,
    }


def _setting(rule: PrinterNotification | None, name: str) -> bool:
    return PRINTER_DEFAULTS[name] if rule is None else bool(getattr(rule, name))


async def _owners(session: WriteSession, organization_id: int, topic: Topic) -> list[Addressee]:
    """Where nobody named a mail address, a printer's mails go to the shop's owners."""
    if TOPICS[topic].switch is None or not await has_mail_server(session, organization_id):
        return []
    emails = await queries.list_owner_emails(session, organization_id)
    if not emails:
        return []
    return [Addressee("owners", TargetKind.EMAIL, recipient=", ".join(emails))]


async def may_anybody_listen(
    session: ReadSession, organization_id: int, topic: Topic, *, has_process_mail: bool
) -> bool:
    """False where a message about any printer would find nobody."""
    if has_process_mail:
        return True
    targets = await queries.list_targets(session, organization_id)
    if any(target.is_active and topic in target.topics for target in targets):
        return True
    if await queries.has_printer_webhooks(session, organization_id):
        return True
    settings = await queries.find_settings(session, organization_id)
    return settings is not None and bool(settings.mail_host)


async def has_mail_server(session: WriteSession, organization_id: int) -> bool:
    if session.context.keep(ProcessMail).has_server:
        return True
    settings = await queries.find_settings(session, organization_id)
    return settings is not None and bool(settings.mail_host)


def _webhook_of(rule: PrinterNotification | None) -> Iterator[Addressee]:
    if rule is not None and rule.webhook_url:
        lane = f"printer:{rule.printer_id}"
        yield Addressee(lane, TargetKind.WEBHOOK, recipient=rule.webhook_url)
