"""Bodies and answers of the sessions' routes, in the names of the webstore reference.

Bodies ignore members that they do not know (reference decision 8); what only public material tells
of is never required.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.kernel.times import ZuluTime, zulu
from shopwright.kiosk import rules
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.kiosk.money import Said, Taken
from shopwright.kiosk.ordering import Begun
from shopwright.kiosk.queries import FoundSession
from shopwright.kiosk.service import shown_progress
from shopwright.kiosk.states import OPEN, PAID, PaymentMethod, UserProgress

AWAITING = "awaiting_payment"  # what a client is told that has just begun to pay


def _as_text(value: Any) -> Any:
    """Some clients send ids as numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text50 = Annotated[str, BeforeValidator(_as_text), Field(max_length=50)]
Text200 = Annotated[str, BeforeValidator(_as_text), Field(max_length=200)]
Amount = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=20)]
Json = dict[str, Any]


class SessionCreate(BaseModel):
    """``machine_id`` may be left out: the key says which machine it is."""

    machine_id: Text50 | None = None
    location: Text200 | None = None
    session_timeout_minutes: int | None = Field(
        None,
        validation_alias=AliasChoices("session_timeout_minutes", "timeout_minutes"),
    )
    metadata: Json | None = None


class MachineInfo(BaseModel):
    id: str
    name: str
    location: str

    @classmethod
    def of(cls, machine: Machine, location: str) -> Self:
        return cls(id=machine.code, name=machine.name, location=location or machine.location)


class SessionOpened(BaseModel):
    success: bool = True
    session_id: str
    qr_url: str
    qr_code_url: str
    expires_at: ZuluTime
    timeout_minutes: int
    machine_info: MachineInfo
    security_validated: bool = True

    @classmethod
    def of(cls, row: KioskSession, machine: Machine, base: str) -> Self:
        return cls(
            session_id=row.session_id,
            qr_url=qr_url(row, machine, base),
            qr_code_url=f"{base}/api/vending/session/{row.session_id}/qr.svg",
            expires_at=row.expires_at,
            timeout_minutes=row.timeout_minutes,
            machine_info=MachineInfo.of(machine, row.location),
        )


def qr_url(row: KioskSession, machine: Machine, base: str) -> str:
    """What the session's QR code says."""
    return rules.shop_url(
        base, machine_code=machine.code, session_id=row.session_id, location=row.location
    )


class UserRegister(BaseModel):
    """``ip_address`` is not believed: the address of the connection counts."""

    machine_id: Text50 | None = None
    session_id: Text200 | None = None
    location: Annotated[str, Field(max_length=500)] | None = None
    user_agent: Annotated[str, Field(max_length=2000)] | None = None


class UserRegistered(BaseModel):
    success: bool = True
    session_id: str
    machine_info: MachineInfo
    expires_at: ZuluTime
    status: str
    user_progress: str
    security_validated: bool = True

    @classmethod
    def of(cls, row: KioskSession, machine: Machine) -> Self:
        return cls(
            session_id=row.session_id,
            machine_info=MachineInfo.of(machine, row.location),
            expires_at=row.expires_at,
            status=row.status.value,
            user_progress=row.progress.value,
        )


def check_same_session(said: str | None, row: KioskSession) -> None:
    """Raises Invalid when body and path name two sessions."""
    if said is not None and said != row.session_id:
        raise Invalid("session_id in the body is another one than in the address.")


class ProgressBody(BaseModel):
    """Where the customer is between the code and the price."""

    user_progress: UserProgress


class HealthRead(BaseModel):
    valid: bool
    status: str
    message: str
    expires_at: ZuluTime
    time_remaining_seconds: int
    machine_id: str
    user_progress: str

    @classmethod
    def of(cls, row: KioskSession, machine: Machine, now: datetime) -> Self:
        return cls(
            valid=row.status in OPEN,
            status=row.status.value,
            message=f"Session is {row.status.value.replace('_', ' ')}",
            expires_at=row.expires_at,
            time_remaining_seconds=seconds_left(row, now),
            machine_id=machine.code,
            user_progress=row.progress.value,
        )


def seconds_left(row: KioskSession, now: datetime) -> int:
    if row.status in PAID:
        return 0
    return max(0, int((row.expires_at - now).total_seconds()))


class SessionRead(BaseModel):
    """How a session stands. ``queue_number`` is the manufacturer's, null until it gives one."""

    session_id: str
    status: str
    user_progress: str
    expires_at: ZuluTime
    created_at: ZuluTime
    last_activity: ZuluTime
    machine_id: str
    user_registered: bool
    time_remaining_seconds: int
    order_id: int | None = None
    order_number: int | None = None
    payment_amount: float | None = None
    currency: str | None = None
    payment_confirmed_at: ZuluTime | None = None
    queue_number: str | None = None
    queue_no: str | None = None
    order_status: str | None = None
    error: str | None = None
    order_summary: Json | None = None
    session_data: Json | None = None
    security_validated: bool = True

    @classmethod
    def of(cls, found: FoundSession, now: datetime) -> Self:
        row, order = found.row, found.order
        summary = shown_summary(row.order_summary) if row.order_summary else None
        return cls(
            session_id=row.session_id,
            status=row.status.value,
            user_progress=shown_progress(found).value,
            expires_at=row.expires_at,
            created_at=row.created_at,
            last_activity=row.last_activity_at,
            machine_id=found.machine.code,
            user_registered=row.scanned_at is not None,
            time_remaining_seconds=seconds_left(row, now),
            payment_amount=major(row.amount_minor, row.currency),
            currency=row.currency,
            payment_confirmed_at=row.payment_confirmed_at,
            error=row.error,
            order_summary=summary,
            session_data={"order_summary": summary} if summary else None,
            **(_of_order(order.id, order.number, order.queue_number, order.status.value)
               if order else {}),
        )  # fmt: skip


def _of_order(order_id: int, number: int, queue: str | None, status: str) -> Json:
    return {
        "order_id": order_id,
        "order_number": number,
        "queue_number": queue,
        "queue_no": queue,
        "order_status": status,
    }


def major(minor: int | None, currency: str | None) -> float | None:
    """In the currency's main unit, as the reference prints money."""
    return None if minor is None or currency is None else float(Money(minor, currency).decimal)


# Of the order data only what a machine shows; links to a customer's picture stay inside.
SHOWN_MEMBERS = (
    "brand", "model", "template", "template_id", "color", "inputText", "selectedFont",
    "selectedTextColor", "quantity", "title",
)  # fmt: skip


def shown_summary(summary: Json) -> Json:
    return {name: summary[name] for name in SHOWN_MEMBERS if name in summary}


def _money(row: KioskSession) -> tuple[float, str]:
    if row.amount_minor is None or row.currency is None:
        raise ValueError("the session has no price")
    return float(Money(row.amount_minor, row.currency).decimal), row.currency


class OrderSummaryBody(BaseModel):
    """``order_data`` as the reference's clients send it, or its members beside the price."""

    model_config = ConfigDict(extra="allow")

    session_id: Text200 | None = None
    order_data: Json | None = None
    payment_amount: Amount | None = Field(
        None, validation_alias=AliasChoices("payment_amount", "price")
    )
    currency: Annotated[str, Field(max_length=10)] | None = None

    @property
    def ordered(self) -> Json:
        """What is ordered, whichever of the two forms it came in."""
        return self.order_data if self.order_data is not None else dict(self.model_extra or {})


class OrderSummaryRead(BaseModel):
    success: bool = True
    message: str = "Order summary sent to vending machine"
    session_id: str
    payment_amount: float
    currency: str
    status: str
    user_progress: str
    security_validated: bool = True

    @classmethod
    def of(cls, row: KioskSession) -> Self:
        amount, currency = _money(row)
        return cls(
            session_id=row.session_id,
            payment_amount=amount,
            currency=currency,
            status=row.status.value,
            user_progress=row.progress.value,
        )


class OrderInfoRead(BaseModel):
    """What the machine shows before it takes the money."""

    session_id: str
    order_summary: Json
    payment_amount: float | None
    currency: str | None
    machine_info: MachineInfo
    session_status: Json
    order_id: int | None
    queue_number: str | None
    security_validated: bool = True

    @classmethod
    def of(cls, found: FoundSession) -> Self:
        row, order = found.row, found.order
        return cls(
            session_id=row.session_id,
            order_summary=shown_summary(row.order_summary),
            payment_amount=major(row.amount_minor, row.currency),
            currency=row.currency,
            machine_info=MachineInfo.of(found.machine, row.location),
            session_status={
                "status": row.status.value,
                "user_progress": row.progress.value,
                "expires_at": zulu(row.expires_at),
                "last_activity": zulu(row.last_activity_at),
            },
            order_id=row.order_id,
            queue_number=order.queue_number if order is not None else None,
        )


class PaymentBegun(BaseModel):
    """``chinese_payment_id`` is the manufacturer's id of the payment, null where the machine takes
    the money by itself; ``third_id`` is ours."""

    success: bool = True
    message: str
    session_id: str
    status: str
    user_progress: str
    order_id: int
    order_number: int
    chinese_payment_id: str | None
    third_id: str
    payment_amount: float
    currency: str
    device_id: str
    queue_number: str | None

    @classmethod
    def of(cls, begun: Begun, machine: Machine) -> Self:
        is_paid = begun.row.status in PAID
        payment, order = begun.payment, begun.order
        return cls(
            message="This is paid already" if is_paid else "Pay at the machine",
            session_id=begun.row.session_id,
            status=begun.row.status.value if is_paid else AWAITING,
            user_progress=begun.row.progress.value,
            order_id=order.id,
            order_number=order.number,
            chinese_payment_id=payment.provider_id,
            third_id=payment.key,
            payment_amount=float(Money(payment.amount_minor, payment.currency).decimal),
            currency=payment.currency,
            device_id=machine.code,
            queue_number=order.queue_number,
        )


class PaymentConfirm(BaseModel):
    session_id: Text200 | None = None
    payment_method: PaymentMethod = PaymentMethod.CARD
    payment_amount: Amount
    currency: Annotated[str, Field(max_length=10)] | None = None
    transaction_id: Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=120)]
    payment_data: Json | None = None

    def said(self) -> Said:
        return Said(
            transaction_id=self.transaction_id.strip(),
            method=self.payment_method,
            amount=self.payment_amount,
            currency=self.currency,
            facts=self.payment_data or {},
        )


class PaymentConfirmed(BaseModel):
    success: bool = True
    message: str = "Payment confirmed successfully"
    session_id: str
    transaction_id: str
    status: str
    user_progress: str
    order_id: int
    order_number: int
    payment_amount: float
    currency: str
    queue_number: str | None
    security_validated: bool = True

    @classmethod
    def of(cls, taken: Taken) -> Self:
        row, order = taken.row, taken.order
        return cls(
            session_id=row.session_id,
            transaction_id=taken.taking.transaction_id,
            status=row.status.value,
            user_progress=row.progress.value,
            order_id=order.id,
            order_number=order.number,
            payment_amount=float(Money(order.total_minor, order.currency).decimal),
            currency=order.currency,
            queue_number=order.queue_number,
        )


class SessionHealth(BaseModel):
    is_expired: bool
    is_active: bool
    status: str
    user_progress: str
    expires_at: ZuluTime
    last_activity: ZuluTime


class ValidRead(BaseModel):
    session_id: str
    valid: bool
    security_validated: bool = True
    session_health: SessionHealth
    timestamp: ZuluTime

    @classmethod
    def of(cls, found: FoundSession, now: datetime) -> Self:
        row = found.row
        return cls(
            session_id=row.session_id,
            valid=True,
            session_health=SessionHealth(
                is_expired=False,  # an expired one is 410
                is_active=row.status in OPEN,
                status=row.status.value,
                user_progress=row.progress.value,
                expires_at=row.expires_at,
                last_activity=row.last_activity_at,
            ),
            timestamp=now,
        )


class SessionEnded(BaseModel):
    success: bool = True
    message: str = "Session cleaned up successfully"
    session_id: str


class HeartbeatBody(BaseModel):
    machine_id: Text50 | None = None


class HeartbeatRead(BaseModel):
    success: bool = True
    machine_id: str
    status: str = "online"
    last_heartbeat: ZuluTime
    live_sessions: int
