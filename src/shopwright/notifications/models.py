"""Tables of who is told, of what, and of every message on its way."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import EnumText, TenantModel
from shopwright.kernel.settings import MailSecurity
from shopwright.notifications.states import DeliveryStatus, TargetKind, WebhookStatus
from shopwright.notifications.topics import Topic


class NotificationTarget(TenantModel):
    """Mail addresses, a chat room or phone, or a webhook. ``address`` is encrypted, ``shown`` says
    what it is without its secrets."""

    __tablename__ = "notification_targets"
    __table_args__ = (
        Index("uq_notification_targets_alert", "organization_id", "alert_channel", unique=True),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[TargetKind] = mapped_column(EnumText(TargetKind))
    name: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(Text)
    shown: Mapped[str] = mapped_column(String(300))
    topics: Mapped[list[str]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    alert_channel: Mapped[str | None] = mapped_column(String(20))  # slack, discord, telegram, …
    last_success_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(500))
    updated_at: Mapped[datetime]


class NotificationSettings(TenantModel):
    """One row per shop, made at the first change; times of day are in the shop's zone."""

    __tablename__ = "notification_settings"
    __table_args__ = (
        Index("uq_notification_settings_organization", "organization_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    quiet_from: Mapped[str | None] = mapped_column(String(5))  # 22:00
    quiet_until: Mapped[str | None] = mapped_column(String(5))
    does_urgent_pass: Mapped[bool] = mapped_column(default=True)
    job_wait_hours: Mapped[int] = mapped_column(default=12)
    alert_printer_issues: Mapped[bool] = mapped_column(default=True)
    alert_low_stock: Mapped[bool] = mapped_column(default=True)
    webhook_secrets: Mapped[list[str]] = mapped_column(default=list)  # encrypted, newest first
    mail_host: Mapped[str] = mapped_column(String(255), default="")
    mail_port: Mapped[int] = mapped_column(default=587)
    mail_security: Mapped[MailSecurity] = mapped_column(
        EnumText(MailSecurity), default=MailSecurity.STARTTLS
    )
    mail_user: Mapped[str] = mapped_column(String(254), default="")
    mail_password: Mapped[str | None] = mapped_column(Text)  # encrypted
    mail_sender: Mapped[str] = mapped_column(String(254), default="")
    updated_at: Mapped[datetime]


class PrinterNotification(TenantModel):
    """The documented switches of one printer; a printer without a row has the defaults."""

    __tablename__ = "printer_notifications"
    __table_args__ = (
        Index("uq_printer_notifications_printer", "printer_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    printer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("printers.id", ondelete="CASCADE")
    )
    notify_print_start: Mapped[bool] = mapped_column(default=True)
    notify_print_complete: Mapped[bool] = mapped_column(default=True)
    notify_print_failed: Mapped[bool] = mapped_column(default=True)
    notify_material_change: Mapped[bool] = mapped_column(default=False)
    notify_maintenance: Mapped[bool] = mapped_column(default=True)
    email_enabled: Mapped[bool] = mapped_column(default=True)
    webhook_url: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime]


class NotificationDelivery(TenantModel):
    """One message to one addressee. ``key`` says what happened and whom it is for: told once.

    ``lane`` is the addressee: messages of a lane go one after the other, and a digest is per lane.
    """

    __tablename__ = "notification_deliveries"
    __table_args__ = (
        Index("uq_notification_deliveries_key", "organization_id", "key", unique=True),
        Index("ix_notification_deliveries_due", "status", "next_try_at"),
        Index("ix_notification_deliveries_log", "organization_id", "id"),
        Index("ix_notification_deliveries_topic", "topic", "organization_id", "created_at"),
        {"sqlite_autoincrement": True},
    )

    key: Mapped[str] = mapped_column(String(200))
    lane: Mapped[str] = mapped_column(String(80))
    topic: Mapped[Topic] = mapped_column(EnumText(Topic))
    kind: Mapped[TargetKind] = mapped_column(EnumText(TargetKind))
    target_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("notification_targets.id", ondelete="SET NULL"), index=True
    )
    printer_id: Mapped[int | None]
    recipient: Mapped[str | None] = mapped_column(Text)  # where no target stands for it
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    sealed: Mapped[str | None] = mapped_column(Text)  # a secret line of the body, encrypted
    path: Mapped[str | None] = mapped_column(String(200))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_urgent: Mapped[bool] = mapped_column(default=False)
    status: Mapped[DeliveryStatus] = mapped_column(EnumText(DeliveryStatus))
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    give_up_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(String(500))  # the other side's last, in words
    effect_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("effects.id"))
    digest_id: Mapped[int | None] = mapped_column(BigInteger)


class WebhookEndpoint(TenantModel):
    """A program that is told of events. ``secrets``: ``[encrypted, signs until or null]``, newest
    first. ``lease_until`` is the lane's: one process at a time sends to an endpoint.

    ``failures`` counts tries since the last success; ``paused_until`` is its pause between them.
    """

    __tablename__ = "webhook_endpoints"

    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(String(200), default="")
    event_types: Mapped[list[str]] = mapped_column(default=list)  # empty: all
    secrets: Mapped[list[Any]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    disabled_reason: Mapped[str | None] = mapped_column(String(500))
    disabled_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(500))
    last_success_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class WebhookEvent(TenantModel):
    """What happened, as it is sent: ``body`` never changes, so that every try says the same."""

    __tablename__ = "webhook_events"
    __table_args__ = (
        Index("ix_webhook_events_created", "created_at", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    type: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(Text)


class WebhookDelivery(TenantModel):
    """One event for one endpoint; its uuid is the ``webhook-id``, the same at every try."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("uq_webhook_deliveries_event", "endpoint_id", "event_id", unique=True),
        Index("ix_webhook_deliveries_event", "event_id", "organization_id"),
        Index("ix_webhook_deliveries_lane", "endpoint_id", "status", "id"),
        Index("ix_webhook_deliveries_due", "status", "next_try_at"),
        Index("ix_webhook_deliveries_created", "created_at"),
        {"sqlite_autoincrement": True},
    )

    endpoint_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("webhook_endpoints.id", ondelete="CASCADE")
    )
    event_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("webhook_events.id", ondelete="CASCADE")
    )
    type: Mapped[str] = mapped_column(String(60))
    status: Mapped[WebhookStatus] = mapped_column(
        EnumText(WebhookStatus), default=WebhookStatus.PENDING
    )
    tries: Mapped[int] = mapped_column(default=0)  # since it was made or replayed
    next_try_at: Mapped[datetime | None]
    give_up_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(String(500))  # the last, in words


class WebhookAttempt(TenantModel):
    """One try: when, how long, and the first of what the receiver said."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        Index("ix_webhook_attempts_delivery", "delivery_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    delivery_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("webhook_deliveries.id", ondelete="CASCADE")
    )
    began_at: Mapped[datetime]
    took_ms: Mapped[int]
    status_code: Mapped[int | None]
    sentence: Mapped[str] = mapped_column(String(500))
    answer: Mapped[str] = mapped_column(Text, default="")
