"""Bodies of the shop manager's routes: the printers' switches and the alerts."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, SecretStr

from shopwright.inventory.filament_queries import FilamentStock
from shopwright.notifications.alerts import Alerts, PrinterIssue
from shopwright.notifications.deliveries import Tried
from shopwright.notifications.models import NotificationSettings, NotificationTarget
from shopwright.notifications.preferences import PrinterSwitches

MILLIGRAMS = 1000
MAX_TEXT = 2000


class SwitchesRead(BaseModel):
    """``id`` is the printer's."""

    id: Annotated[int, Field(examples=[1])]
    printer_id: Annotated[int, Field(examples=[1])]
    notify_print_start: bool
    notify_print_complete: bool
    notify_print_failed: bool
    notify_material_change: bool
    notify_maintenance: bool
    email_enabled: bool
    webhook_url: Annotated[str | None, Field(examples=["https://example.com/webhook"])]

    @classmethod
    def of(cls, found: PrinterSwitches) -> "SwitchesRead":
        return cls(
            id=found.printer_id,
            printer_id=found.printer_id,
            **found.switches,
            webhook_url=found.webhook_url,
        )


class SwitchesPage(BaseModel):
    """Those of every printer; under ``data`` with ``?envelope=data``."""

    notifications: list[SwitchesRead] | None = None
    data: list[SwitchesRead] | None = None
    total: int
    limit: int
    offset: int
    page: int
    pages: int


class SwitchesUpdate(BaseModel):
    """What is not named, or null, stays as it is; an empty ``webhook_url`` takes it away."""

    notify_print_start: bool | None = None
    notify_print_complete: Annotated[bool | None, Field(examples=[True])] = None
    notify_print_failed: bool | None = None
    notify_material_change: bool | None = None
    notify_maintenance: bool | None = None
    email_enabled: Annotated[bool | None, Field(examples=[True])] = None
    webhook_url: Annotated[
        str | None, Field(max_length=MAX_TEXT, examples=["https://example.com/webhook"])
    ] = None

    def switches(self) -> dict[str, Any]:
        """The columns that change, the URL left out."""
        values = self.model_dump(exclude={"webhook_url"}, exclude_none=True)
        return dict(values)


def _joined(value: Any) -> Any:
    is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return ", ".join(value) if is_list else value


SecretText = Annotated[SecretStr, Field(max_length=MAX_TEXT)]


class AlertSettingsUpdate(BaseModel):
    """What is not named, or null, stays as it is; an empty text takes a channel away."""

    printer_issues: bool | None = None
    low_stock: bool | None = None
    slack_webhook_url: SecretText | None = None
    discord_webhook_url: SecretText | None = None
    telegram_bot_token: SecretText | None = None
    telegram_chat_id: Annotated[str, BeforeValidator(str), Field(max_length=100)] | None = None
    email_recipients: (
        Annotated[
            str, BeforeValidator(_joined), Field(max_length=MAX_TEXT, examples=["shop@example.com"])
        ]
        | None
    ) = None
    webhook_url: SecretText | None = None

    def addresses(self) -> dict[str, str]:
        """The channels whose address is named, but Telegram, which has two parts."""
        named: dict[str, SecretStr | str | None] = {
            "slack": self.slack_webhook_url,
            "discord": self.discord_webhook_url,
            "email": self.email_recipients,
            "webhook": self.webhook_url,
        }
        return {channel: plain(text).strip() for channel, text in named.items() if text is not None}


def plain(text: SecretStr | str | None) -> str:
    return text.get_secret_value() if isinstance(text, SecretStr) else text or ""


class AlertSettingsRead(BaseModel):
    """Addresses hold secrets and are not shown again; ``…_configured`` says that there is one."""

    printer_issues: bool
    low_stock: bool
    slack_configured: bool
    discord_configured: bool
    telegram_configured: bool
    email_configured: bool
    email_recipients: str | None
    webhook_configured: bool

    @classmethod
    def of(
        cls, row: NotificationSettings, channels: Mapping[str, NotificationTarget]
    ) -> "AlertSettingsRead":
        email = channels.get("email")
        return cls(
            printer_issues=row.alert_printer_issues,
            low_stock=row.alert_low_stock,
            slack_configured="slack" in channels,
            discord_configured="discord" in channels,
            telegram_configured="telegram" in channels,
            email_configured=email is not None,
            email_recipients=email.shown if email else None,
            webhook_configured="webhook" in channels,
        )


class IssueRead(BaseModel):
    id: int
    name: str
    status: str
    detail: str | None

    @classmethod
    def of(cls, issue: PrinterIssue) -> "IssueRead":
        printer = issue.printer
        return cls(id=printer.id, name=printer.name, status=issue.status, detail=printer.trouble)


class LowStockRead(BaseModel):
    """Amounts in grams."""

    id: int
    material: str
    color: str
    current_amount: float
    low_stock_threshold: float

    @classmethod
    def of(cls, stock: FilamentStock) -> "LowStockRead":
        filament = stock.filament
        return cls(
            id=filament.id,
            material=filament.material,
            color=filament.color_name,
            current_amount=stock.remaining_mg / MILLIGRAMS,
            low_stock_threshold=filament.low_stock_threshold_mg / MILLIGRAMS,
        )


class AlertPreview(BaseModel):
    """``message`` is what would be sent: the first ten of each, then ``+n``."""

    has_alerts: bool
    printer_issues: list[IssueRead]
    low_stock: list[LowStockRead]
    title: str
    message: str

    @classmethod
    def of(cls, alerts: Alerts) -> "AlertPreview":
        return cls(
            has_alerts=not alerts.is_empty,
            printer_issues=[IssueRead.of(issue) for issue in alerts.issues],
            low_stock=[LowStockRead.of(stock) for stock in alerts.low],
            title=alerts.title,
            message=alerts.text,
        )


class ChannelResult(BaseModel):
    channel: str
    sent: bool
    message: str


class AlertsTriggered(BaseModel):
    """``sent``: at least one channel took it. What one did not take is tried again later."""

    sent: bool
    message: str
    results: list[ChannelResult]

    @classmethod
    def of(cls, alerts: Alerts, tried: Mapping[str, Tried]) -> "AlertsTriggered":
        return cls(
            sent=any(one.is_sent for one in tried.values()),
            message=alerts.title if alerts.is_empty else f"{alerts.title}\n{alerts.text}",
            results=[
                ChannelResult(channel=name, sent=one.is_sent, message=one.sentence)
                for name, one in tried.items()
            ],
        )
