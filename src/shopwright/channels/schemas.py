"""Bodies of the channel routes."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shopwright.channels.models import ChannelReject, Connection
from shopwright.channels.port import ShopProfile
from shopwright.channels.push import Outcome
from shopwright.channels.service import ConnectionHealth
from shopwright.channels.states import ConnectionStatus
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.times import ZuluTime


class Body(BaseModel):
    """Our own routes say no to members they do not know."""

    model_config = ConfigDict(extra="forbid")


class ConnectBegun(BaseModel):
    authorize_url: str


class ConnectFinish(Body):
    code: Annotated[str, Field(min_length=1, max_length=1000)]
    state: Annotated[str, Field(min_length=1, max_length=200)]


class ConnectionUpdate(Body):
    name: Annotated[str, Field(min_length=1, max_length=200)]


class WebhookSet(Body):
    secret: Annotated[SecretStr, Field(min_length=8, max_length=200, examples=["whsec_…"])]


class WebhookRead(BaseModel):
    """``url`` is what to give to Etsy; None while no secret is kept."""

    url: str | None

    @classmethod
    def of(cls, row: Connection, base_url: str) -> "WebhookRead":
        return cls(url=webhook_url(row, base_url))


class ConnectionRead(BaseModel):
    id: int
    uuid: str
    channel: str
    name: str
    status: ConnectionStatus
    external_shop_id: str | None
    external_user_id: str
    currency: str | None
    url: str | None
    scopes: list[str]
    synced_until: ZuluTime | None
    next_sync_at: ZuluTime | None
    last_success_at: ZuluTime | None
    last_error: str | None
    last_error_at: ZuluTime | None
    open_rejects: int = 0
    has_webhook: bool = False

    @classmethod
    def of(cls, row: Connection, open_rejects: int = 0) -> "ConnectionRead":
        is_connected = row.status is ConnectionStatus.CONNECTED
        return cls(
            id=row.id,
            uuid=row.uuid,
            channel=row.channel,
            name=row.name,
            status=row.status,
            external_shop_id=row.external_shop_id,
            external_user_id=row.external_user_id,
            currency=row.currency,
            url=row.url,
            scopes=row.scopes,
            synced_until=_moment(row.watermark_s),
            next_sync_at=row.next_sync_at if is_connected else None,
            last_success_at=row.last_success_at,
            last_error=row.last_error,
            last_error_at=row.last_error_at,
            open_rejects=open_rejects,
            has_webhook=row.webhook_token is not None,
        )

    @classmethod
    def of_health(cls, health: ConnectionHealth) -> "ConnectionRead":
        return cls.of(health.connection, health.open_rejects)


class ShopRead(BaseModel):
    external_shop_id: str
    name: str
    title: str | None
    currency: str | None
    country: str | None
    url: str | None
    is_on_vacation: bool

    @classmethod
    def of(cls, shop: ShopProfile) -> "ShopRead":
        return cls(
            external_shop_id=shop.external_id,
            name=shop.name,
            title=shop.title,
            currency=shop.currency,
            country=shop.country_iso,
            url=shop.url,
            is_on_vacation=shop.is_on_vacation,
        )


class RejectRead(BaseModel):
    id: int
    uuid: str
    connection_id: int
    external_id: str
    reason: str
    tries: int
    next_try_at: ZuluTime | None
    created_at: ZuluTime
    closed_at: ZuluTime | None
    closed_by: str | None

    @classmethod
    def of(cls, row: ChannelReject) -> "RejectRead":
        return cls.model_validate(row, from_attributes=True)


class PushResolve(Body):
    outcome: Outcome


class PushRead(BaseModel):
    """``detail`` says in words what is known; ``unknown`` and ``failed`` wait for a person."""

    id: int
    uuid: str
    status: EffectStatus
    parcel_id: int
    connection_id: int
    external_id: str
    carrier: str | None
    tracking_code: str | None
    detail: str | None
    tries: int
    created_at: ZuluTime
    settled_at: ZuluTime | None

    @classmethod
    def of(cls, row: Effect) -> "PushRead":
        return cls(
            id=row.id,
            uuid=row.uuid,
            status=row.status,
            parcel_id=row.subject_id,
            connection_id=row.request["connection_id"],
            external_id=row.request["external_id"],
            carrier=row.request["carrier"],
            tracking_code=row.request["tracking_code"],
            detail=row.detail,
            tries=row.tries,
            created_at=row.created_at,
            settled_at=row.settled_at,
        )


def webhook_url(row: Connection, base_url: str) -> str | None:
    """Where the channel may send notices of this shop's orders."""
    if row.webhook_token is None:
        return None
    return f"{base_url}/api/webhooks/{row.channel}/{row.webhook_token}"


def _moment(epoch_s: int) -> datetime | None:
    return datetime.fromtimestamp(epoch_s, UTC) if epoch_s else None
