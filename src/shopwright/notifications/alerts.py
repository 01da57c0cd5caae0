"""The shop manager's alerts: what is wrong just now, told on demand to its own channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.fleet.models import Printer
from shopwright.fleet.states import ConnectionState
from shopwright.inventory import filament_queries
from shopwright.inventory.filament_queries import FilamentFilter, FilamentStock
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import ALL_ROWS, Paging, Process, Ref
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.notifications import preferences, queries, rules, targets
from shopwright.notifications.deliveries import Tried
from shopwright.notifications.models import NotificationDelivery, NotificationTarget
from shopwright.notifications.sending import NoticeTools
from shopwright.notifications.states import TargetKind
from shopwright.notifications.targets import CheckedAddress, TargetChanges
from shopwright.notifications.telling import Addressee, Notice
from shopwright.notifications.topics import Topic

ISSUE_WORDS = ("error", "fail", "fault", "offline", "disconnected")
CHANNELS = {
    "slack": TargetKind.CHAT,
    "discord": TargetKind.CHAT,
    "telegram": TargetKind.CHAT,
    "email": TargetKind.EMAIL,
    "webhook": TargetKind.WEBHOOK,
}
NAMES = {"email": "Alerts by e-mail", "webhook": "Alerts by webhook"}
HOSTS = {
    "slack": (("hooks.slack.com",), "/services/"),
    "discord": (("discord.com", "discordapp.com"), "/api/webhooks/"),
}
GRAMS = 1000  # milligrams


class NoAlertChannels(Conflict):
    code = "no-alert-channels"
    title = "Nobody is to be told of alerts"


@dataclass(frozen=True, slots=True)
class PrinterIssue:
    printer: Printer
    status: str

    @property
    def line(self) -> str:
        trouble = f": {self.printer.trouble}" if self.printer.trouble else ""
        return f"{self.printer.name} is {self.status.replace('_', ' ')}{trouble}"


@dataclass(frozen=True, slots=True)
class Alerts:
    """What would be told now."""

    issues: Sequence[PrinterIssue]
    low: Sequence[FilamentStock]

    @property
    def is_empty(self) -> bool:
        return not self.issues and not self.low

    @property
    def title(self) -> str:
        if self.is_empty:
            return "Nothing is wrong"
        counts = ((len(self.issues), "printer"), (len(self.low), "filament"))
        parts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts if n]
        return f"{' and '.join(parts)} to look at"

    @property
    def text(self) -> str:
        """Each list with its first ten, then ``+n``."""
        parts: list[str] = []
        if self.issues:
            parts += ["Printers:", *rules.first_ten([issue.line for issue in self.issues])]
        if self.low:
            parts += ["Low stock:", *rules.first_ten([low_line(stock) for stock in self.low])]
        return "\n".join(parts)


def low_line(stock: FilamentStock) -> str:
    filament = stock.filament
    name = " ".join(filter(None, (filament.vendor, filament.material, filament.color_name)))
    return f"{name}: {stock.remaining_mg // GRAMS} g left"


async def preview(session: ReadSession | WriteSession, ctx: Actor, now: datetime) -> Alerts:
    """By the shop's switches."""
    settings = await preferences.get_settings(session, ctx, now)
    issues: list[PrinterIssue] = []
    low: list[FilamentStock] = []
    if settings.alert_printer_issues:
        issues = find_issues(await fleet.list_printers(session, ctx))
    if settings.alert_low_stock:
        wanted, paging = FilamentFilter(is_low=True), Paging(ALL_ROWS, 0)
        low, _ = await filament_queries.list_filaments(session, ctx, wanted, paging)
    return Alerts(issues, low)


def find_issues(printers: Sequence[Printer]) -> list[PrinterIssue]:
    found = [PrinterIssue(printer, _status(printer)) for printer in printers]
    return [one for one in found if any(word in one.status for word in ISSUE_WORDS)]


async def list_channels(
    session: ReadSession | WriteSession, ctx: Actor
) -> dict[str, NotificationTarget]:
    """Those that are set up, by name."""
    known = await queries.list_targets(session, ctx.organization_id)
    return {target.alert_channel: target for target in known if target.alert_channel}


async def check_channels(
    process: Process, wanted: Mapping[str, str]
) -> dict[str, CheckedAddress | None]:
    """Before any transaction; an empty address takes the channel away. Raises Invalid."""
    checked: dict[str, CheckedAddress | None] = {}
    for channel, text in wanted.items():
        _check_host(channel, text)
        kind = CHANNELS[channel]
        checked[channel] = await targets.check_address(process, kind, text) if text else None
    return checked


async def put_channels(
    session: WriteSession,
    ctx: Actor,
    checked: Mapping[str, CheckedAddress | None],
    now: datetime,
) -> None:
    """They are targets like others, which hear of nothing else unless somebody switches it on."""
    known = await list_channels(session, ctx)
    for channel, address in checked.items():
        target = known.get(channel)
        if target is not None:
            await _put_known(session, ctx, target, address, now)
        elif address is not None:
            await targets.create_target(
                session,
                ctx,
                name=NAMES.get(channel, channel.title()),
                address=address,
                topics=(),
                alert_channel=channel,
                now=now,
            )


async def trigger(process: Process, ctx: Actor) -> tuple[Alerts, dict[str, Tried]]:
    """Tell every channel now what is wrong now; nothing goes out when nothing is.

    What one did not take is tried again later like any message. Raises NoAlertChannels.
    """
    now = process.clock.now()
    begun: dict[str, NotificationDelivery] = {}
    async with process.database.write() as session:
        channels = await _active_channels(session, ctx)
        alerts = await preview(session, ctx, now)
        if not alerts.is_empty:
            for channel, target in channels.items():
                addressee = Addressee(f"target:{target.id}", target.kind, target.id)
                notice = _notice_of(alerts)
                begun[channel] = await targets.begin_now(session, ctx, notice, addressee)
                audit.record(session, ctx, "notification_target.alerted", target.id)
    tools = NoticeTools(process.database, process.clock, process.settings)
    return alerts, {name: await tools.carry_out(delivery) for name, delivery in begun.items()}


def telegram_url(token: str, chat_id: str) -> str:
    """Raises Invalid when one of the two is missing."""
    if not token and not chat_id:
        return ""
    if not token or not chat_id:
        raise Invalid("Telegram needs both: the bot's token and the id of the chat.")
    return f"tgram://{token.strip()}/{chat_id.strip()}/"


async def _active_channels(session: WriteSession, ctx: Actor) -> dict[str, NotificationTarget]:
    known = await list_channels(session, ctx)
    channels = {name: target for name, target in known.items() if target.is_active}
    if not channels:
        raise NoAlertChannels(
            "Nobody is to be told: set a channel with PUT /api/alerts/settings first."
        )
    return channels


async def _put_known(
    session: WriteSession,
    ctx: Actor,
    target: NotificationTarget,
    address: CheckedAddress | None,
    now: datetime,
) -> None:
    ref = Ref(target.id, None)
    if address is None:
        await targets.delete_target(session, ctx, ref=ref, now=now)
    else:
        changes = TargetChanges(address=address, is_active=True)
        await targets.update_target(session, ctx, ref=ref, changes=changes, now=now)


def _check_host(channel: str, text: str) -> None:
    """A webhook of Slack or Discord is theirs, and complete."""
    if not text or channel not in HOSTS:
        return
    hosts, path = HOSTS[channel]
    try:
        parts = urlsplit(text.strip())
    except ValueError as err:
        raise Invalid(f"This is no URL: a {channel} webhook is needed.") from err
    is_theirs = parts.scheme == "https" and parts.hostname in hosts
    if not is_theirs or not parts.path.startswith(path):
        raise Invalid(f"A {channel.title()} webhook begins with https://{hosts[0]}{path}.")


def _notice_of(alerts: Alerts) -> Notice:
    return Notice(
        Topic.ALERTS,
        f"alerts:{ids.new_uuid()}",
        alerts.title,
        alerts.text,
        "/printers",
        facts={
            "printers": [issue.printer.id for issue in alerts.issues],
            "filaments": [stock.filament.id for stock in alerts.low],
        },
    )


def _status(printer: Printer) -> str:
    is_there = printer.connection in {ConnectionState.ONLINE, ConnectionState.CONNECTING}
    return printer.activity.value if is_there else printer.connection.value
