"""Bodies of the machines' own routes."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from shopwright.accounts.models import ApiKey
from shopwright.kernel.times import MillisTime
from shopwright.kiosk.machines import service
from shopwright.kiosk.models import KioskSession, Machine, MachineTaking
from shopwright.kiosk.states import MoneyPath
from shopwright.orders.models import Order

Text200 = Annotated[str, Field(max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MachineCreate(_Strict):
    code: Annotated[str, Field(min_length=1, max_length=50, pattern=r"^[A-Za-z0-9_-]+$")]
    name: Text200 = ""
    location: Text200 = ""
    money_path: MoneyPath = MoneyPath.MANUFACTURER
    qr_config: dict[str, Any] = Field(default_factory=dict)


class MachineUpdate(_Strict):
    """What is left out stays as it is."""

    name: Text200 | None = None
    location: Text200 | None = None
    money_path: MoneyPath | None = None
    qr_config: dict[str, Any] | None = None
    is_active: bool | None = None


class MachineRead(BaseModel):
    """``key_prefix`` is how its key begins, null without one."""

    id: int
    uuid: str
    code: str
    name: str
    location: str
    money_path: MoneyPath
    is_active: bool
    is_online: bool
    last_heartbeat_at: MillisTime | None
    live_sessions: int
    key_prefix: str | None
    qr_config: dict[str, Any]

    @classmethod
    def of(cls, machine: Machine, key: ApiKey | None, live: int, now: datetime) -> Self:
        same = (
            "id", "uuid", "code", "name", "location", "money_path", "is_active",
            "last_heartbeat_at", "qr_config",
        )  # fmt: skip
        return cls(
            **{name: getattr(machine, name) for name in same},
            is_online=service.is_online(machine, now),
            live_sessions=live,
            key_prefix=key.shown_prefix if key is not None else None,
        )


class MachineKeyRead(BaseModel):
    """``key`` is shown in this one answer only; the answer told again has none."""

    machine: str
    key: str | None = None


class MachineSessionRead(BaseModel):
    id: int
    session_id: str
    status: str
    user_progress: str
    created_at: MillisTime
    expires_at: MillisTime
    order_id: int | None
    order_number: int | None
    queue_number: str | None
    amount_minor: int | None
    currency: str | None
    error: str | None

    @classmethod
    def of(cls, row: KioskSession, order: Order | None) -> Self:
        same = ("id", "session_id", "created_at", "expires_at", "order_id", "amount_minor",
                "currency", "error")  # fmt: skip
        return cls(
            **{name: getattr(row, name) for name in same},
            status=row.status.value,
            user_progress=row.progress.value,
            order_number=order.number if order is not None else None,
            queue_number=order.queue_number if order is not None else None,
        )


class TakingRead(BaseModel):
    """Money that the machine said it took, and what became of it."""

    transaction_id: str
    method: str
    amount_minor: int
    currency: str
    outcome: str
    reason: str | None
    order_id: int | None
    taken_at: MillisTime

    @classmethod
    def of(cls, taking: MachineTaking) -> Self:
        same = ("transaction_id", "amount_minor", "currency", "reason", "order_id")
        return cls(
            **{name: getattr(taking, name) for name in same},
            method=taking.method.value,
            outcome=taking.outcome.value,
            taken_at=taking.created_at,
        )
