"""Bodies of the notification routes."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shopwright.kernel.settings import MailSecurity
from shopwright.kernel.times import ZuluTime
from shopwright.notifications.deliveries import Tried
from shopwright.notifications.models import (
    NotificationDelivery,
    NotificationSettings,
    NotificationTarget,
)
from shopwright.notifications.states import DeliveryStatus, TargetKind
from shopwright.notifications.targets import mask_url
from shopwright.notifications.topics import TOPICS, Topic, TopicFacts

Name = Annotated[str, Field(min_length=1, max_length=100)]
AddressIn = Annotated[SecretStr, Field(min_length=1, max_length=2000)]
Topics = Annotated[list[str], Field(max_length=100, examples=[["print_failed", "order_arrived"]])]
ClockText = Annotated[str, Field(max_length=5, examples=["22:00"])]


class Body(BaseModel):
    """Our own routes say no to members they do not know."""

    model_config = ConfigDict(extra="forbid")


class Message(BaseModel):
    message: str


class TopicRead(BaseModel):
    topic: Topic
    title: str
    group: str
    is_urgent: bool
    is_default: bool

    @classmethod
    def of(cls, topic: Topic, facts: TopicFacts) -> "TopicRead":
        return cls(
            topic=topic,
            title=facts.title,
            group=facts.group,
            is_urgent=facts.is_urgent,
            is_default=facts.is_default,
        )


def every_topic() -> list[TopicRead]:
    return [TopicRead.of(topic, facts) for topic, facts in TOPICS.items()]


class TargetCreate(Body):
    """``address``: mail addresses with commas between, an https:// URL, or an Apprise URL such as
    ``ntfy://ntfy.sh/topic``; it is never shown again. Without ``topics`` the usual ones."""

    kind: Annotated[TargetKind, Field(examples=[TargetKind.EMAIL])]
    name: Name
    address: Annotated[AddressIn, Field(examples=["shop@example.com"])]
    topics: Topics | None = None


class TargetUpdate(Body):
    """What is not named stays as it is."""

    name: Name | None = None
    address: AddressIn | None = None
    topics: Topics | None = None
    is_active: bool | None = None


class TargetRead(BaseModel):
    id: int
    uuid: str
    kind: TargetKind
    name: str
    shown: str
    topics: list[str]
    is_active: bool
    is_failing: bool
    failing_since: ZuluTime | None
    last_error: str | None
    last_success_at: ZuluTime | None
    created_at: ZuluTime

    @classmethod
    def of(cls, row: NotificationTarget) -> "TargetRead":
        return cls(
            id=row.id,
            uuid=row.uuid,
            kind=row.kind,
            name=row.name,
            shown=row.shown,
            topics=row.topics,
            is_active=row.is_active,
            is_failing=row.failing_since is not None,
            failing_since=row.failing_since,
            last_error=row.last_error,
            last_success_at=row.last_success_at,
            created_at=row.created_at,
        )


class TestRead(BaseModel):
    """``answer`` is what the other side said, in words."""

    sent: bool
    answer: str
    delivery_id: int

    @classmethod
    def of(cls, tried: Tried) -> "TestRead":
        return cls(sent=tried.is_sent, answer=tried.sentence, delivery_id=tried.delivery.id)


class MailServerIn(Body):
    """An empty host: the server of the environment (``SMTP_HOST``) is used again. Without
    ``password`` it stays as it is."""

    host: Annotated[str, Field(max_length=255)] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: MailSecurity = MailSecurity.STARTTLS
    user: Annotated[str, Field(max_length=254)] = ""
    password: Annotated[SecretStr, Field(max_length=500)] | None = None
    sender: Annotated[str, Field(max_length=254)] = ""


class MailServerRead(BaseModel):
    """The shop's own; ``is_from_environment`` when the server's is used instead."""

    host: str
    port: int
    security: MailSecurity
    user: str
    has_password: bool
    sender: str
    is_from_environment: bool


class SettingsUpdate(Body):
    """What is not named stays as it is. Times of day are in the shop's zone."""

    quiet_from: ClockText | None = None
    quiet_until: ClockText | None = None
    does_urgent_pass: bool | None = None
    job_wait_hours: Annotated[int, Field(ge=1, le=168)] | None = None
    mail: MailServerIn | None = None


class SettingsRead(BaseModel):
    quiet_from: str | None
    quiet_until: str | None
    does_urgent_pass: bool
    job_wait_hours: int
    has_webhook_secret: bool
    mail: MailServerRead

    @classmethod
    def of(cls, row: NotificationSettings, environment_host: str) -> "SettingsRead":
        return cls(
            quiet_from=row.quiet_from,
            quiet_until=row.quiet_until,
            does_urgent_pass=row.does_urgent_pass,
            job_wait_hours=row.job_wait_hours,
            has_webhook_secret=bool(row.webhook_secrets),
            mail=MailServerRead(
                host=row.mail_host,
                port=row.mail_port,
                security=row.mail_security,
                user=row.mail_user,
                has_password=row.mail_password is not None,
                sender=row.mail_sender,
                is_from_environment=not row.mail_host and bool(environment_host),
            ),
        )


class SecretMade(BaseModel):
    """Shown in this answer only; a repetition with the same ``Idempotency-Key`` has none."""

    secret: str | None = None


class DeliveryRead(BaseModel):
    """``uuid`` is the id the receiver sees, the same at every try."""

    id: int
    uuid: str
    topic: Topic
    kind: TargetKind
    target_id: int | None
    target_name: str
    title: str
    status: DeliveryStatus
    tries: int
    next_try_at: ZuluTime | None
    answer: str | None
    created_at: ZuluTime
    settled_at: ZuluTime | None

    @classmethod
    def of(cls, row: NotificationDelivery, target_name: str | None) -> "DeliveryRead":
        values: dict[str, Any] = {
            name: getattr(row, name) for name in cls.model_fields if name in row.__mapper__.columns
        }
        return cls(**values, target_name=target_name or addressee_of(row))


def addressee_of(row: NotificationDelivery) -> str:
    """Whom it is for where no target stands for it."""
    if row.recipient is None:
        return "a removed target"
    return mask_url(row.recipient) if row.kind is TargetKind.WEBHOOK else row.recipient
