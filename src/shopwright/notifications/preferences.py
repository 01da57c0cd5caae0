"""What a shop and its printers are set to: quiet hours, the mail server, documented switches."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid
from shopwright.kernel.live import touch
from shopwright.kernel.settings import MailSecurity
from shopwright.notifications import delivery_queries, queries, rules
from shopwright.notifications.models import NotificationSettings, PrinterNotification
from shopwright.notifications.signed_post import new_secret
from shopwright.notifications.telling import PRINTER_DEFAULTS

SETTINGS_TOPIC = "notifications"
KEPT_SECRETS = 2  # the new one and the one before, so that receivers may change over


@dataclass(frozen=True, slots=True)
class MailSpec:
    """``password`` None leaves it as it is, empty takes it away. An empty host takes all away."""

    host: str
    port: int
    security: MailSecurity
    user: str
    sender: str
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class QuietSpec:
    """Both empty means no quiet hours."""

    begin: str
    end: str
    does_urgent_pass: bool


@dataclass(frozen=True, slots=True)
class PrinterSwitches:
    """One printer's switches as they count now, with or without a row."""

    printer_id: int
    switches: dict[str, bool]
    webhook_url: str | None


async def get_settings(
    session: ReadSession | WriteSession, ctx: Actor, now: datetime
) -> NotificationSettings:
    """The shop's row, or what it would be."""
    known = await queries.find_settings(session, ctx.organization_id)
    return known or NotificationSettings(
        organization_id=ctx.organization_id,
        does_urgent_pass=True,
        job_wait_hours=12,
        alert_printer_issues=True,
        alert_low_stock=True,
        webhook_secrets=[],
        mail_host="",
        mail_port=587,
        mail_security=MailSecurity.STARTTLS,
        mail_user="",
        mail_sender="",
        updated_at=now,
    )


async def update_quiet_hours(
    session: WriteSession, ctx: Actor, *, spec: QuietSpec, now: datetime
) -> NotificationSettings:
    """What waits already is looked at anew; raises Invalid when only one end is given."""
    if bool(spec.begin.strip()) is not bool(spec.end.strip()):
        raise Invalid("Quiet hours need a beginning and an end; leave both empty for none.")
    values: dict[str, Any] = {"quiet_from": None, "quiet_until": None}
    if spec.begin.strip():
        begin, end = rules.parse_clock(spec.begin), rules.parse_clock(spec.end)
        values = {"quiet_from": f"{begin:%H:%M}", "quiet_until": f"{end:%H:%M}"}
    values["does_urgent_pass"] = spec.does_urgent_pass
    row = await _put(session, ctx, now, **values)
    await delivery_queries.hurry_held(session, ctx.organization_id, now)
    audit.record(session, ctx, "notification_settings.quiet_hours", row.id, **values)
    return row


async def update_job_wait(
    session: WriteSession, ctx: Actor, *, hours: int, now: datetime
) -> NotificationSettings:
    row = await _put(session, ctx, now, job_wait_hours=hours)
    audit.record(session, ctx, "notification_settings.job_wait", row.id, hours=hours)
    return row


async def update_mail_server(
    session: WriteSession, ctx: Actor, *, spec: MailSpec, now: datetime
) -> NotificationSettings:
    """Raises Invalid when a host comes without a sender."""
    host, sender = spec.host.strip(), spec.sender.strip() or spec.user.strip()
    if host and "@" not in sender:
        raise Invalid("Say which address mails come from, for instance shop@example.com.")
    values: dict[str, Any] = {
        "mail_host": host,
        "mail_port": spec.port,
        "mail_security": spec.security,
        "mail_user": spec.user.strip(),
        "mail_sender": sender,
    }
    if spec.password is not None or not host:
        secret = spec.password or ""
        values["mail_password"] = session.context.vault.encrypt(secret) if secret else None
    row = await _put(session, ctx, now, **values)
    audit.record(session, ctx, "notification_settings.mail_server", row.id, host=host)
    return row


async def rotate_webhook_secret(session: WriteSession, ctx: Actor, *, now: datetime) -> str:
    """A new signing secret, shown in this one answer; the one before signs along."""
    secret = new_secret()
    known = await queries.find_settings(session, ctx.organization_id)
    older = list(known.webhook_secrets) if known else []
    kept = [session.context.vault.encrypt(secret), *older][:KEPT_SECRETS]
    row = await _put(session, ctx, now, webhook_secrets=kept)
    audit.record(session, ctx, "notification_settings.webhook_secret", row.id)
    return secret


async def update_alerts(
    session: WriteSession,
    ctx: Actor,
    *,
    printer_issues: bool | None,
    low_stock: bool | None,
    now: datetime,
) -> NotificationSettings:
    """None leaves a switch as it is."""
    wanted: dict[str, Any] = {"alert_printer_issues": printer_issues, "alert_low_stock": low_stock}
    changes = {name: value for name, value in wanted.items() if value is not None}
    row = await _put(session, ctx, now, **changes)
    audit.record(session, ctx, "notification_settings.alerts", row.id, **changes)
    return row


async def get_switches(
    session: ReadSession | WriteSession, ctx: Actor, printer: Ref
) -> PrinterSwitches:
    """Raises NotFound for a printer that is not there."""
    printer_id = (await fleet.get_printer(session, ctx, printer)).id
    rule = await queries.find_printer_rule(session, ctx.organization_id, printer_id)
    return switches_of(printer_id, rule)


async def list_switches(session: ReadSession, ctx: Actor) -> list[PrinterSwitches]:
    rows = await queries.list_printer_rules(session, ctx.organization_id)
    return [switches_of(printer.id, rule) for printer, rule in rows]


async def update_switches(
    session: WriteSession, ctx: Actor, *, printer: Ref, changes: dict[str, Any], now: datetime
) -> PrinterSwitches:
    """``changes`` are columns of the row; the URL was checked before."""
    printer_id = (await fleet.get_printer(session, ctx, printer)).id
    rule = await queries.put_printer_rule(
        session, ctx.organization_id, printer_id, updated_at=now, **changes
    )
    told = {name: value for name, value in changes.items() if name in PRINTER_DEFAULTS}
    if "webhook_url" in changes:
        told["has_webhook"] = changes["webhook_url"] is not None
    audit.record(session, ctx, "printer.notifications_changed", printer_id, **told)
    touch(session, ctx.organization_id, SETTINGS_TOPIC)
    return switches_of(printer_id, rule)


def switches_of(printer_id: int, rule: PrinterNotification | None) -> PrinterSwitches:
    if rule is None:
        return PrinterSwitches(printer_id, dict(PRINTER_DEFAULTS), None)
    switches = {name: bool(getattr(rule, name)) for name in PRINTER_DEFAULTS}
    return PrinterSwitches(printer_id, switches, rule.webhook_url)


async def _put(
    session: WriteSession, ctx: Actor, now: datetime, **values: Any
) -> NotificationSettings:
    touch(session, ctx.organization_id, SETTINGS_TOPIC)
    return await queries.put_settings(session, ctx, updated_at=now, **values)
