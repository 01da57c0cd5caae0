"""Tables of machines, their customers' sessions, and the money the machines took."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import EnumText, TenantModel
from shopwright.kiosk.states import (
    MoneyPath,
    PaymentMethod,
    SessionStatus,
    TakingOutcome,
    UserProgress,
)

OPEN_SESSION = text("status IN ('active', 'designing', 'payment_pending', 'payment_failed')")


class Machine(TenantModel):
    """A machine in a public place. ``code`` is the reference's machine id; ``key_id`` the one API
    key that speaks for it."""

    __tablename__ = "kiosk_machines"
    __table_args__ = (
        Index("uq_kiosk_machines_code", "organization_id", "code", unique=True),
        Index("uq_kiosk_machines_key", "key_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    code: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(200))
    location: Mapped[str] = mapped_column(String(200), default="")
    key_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("api_keys.id", ondelete="SET NULL")
    )
    is_active: Mapped[bool] = mapped_column(default=True)
    money_path: Mapped[MoneyPath] = mapped_column(EnumText(MoneyPath))
    qr_config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_heartbeat_at: Mapped[datetime | None]
    is_silent: Mapped[bool] = mapped_column(default=False)  # said once, until it is heard again
    updated_at: Mapped[datetime]


class KioskSession(TenantModel):
    """One customer at one machine. What it ordered and how it is paid stands in ``orders`` and
    ``payments``; the order is placed at most once (``uq_kiosk_sessions_order`` and
    compare-and-set)."""

    __tablename__ = "kiosk_sessions"
    __table_args__ = (
        Index("uq_kiosk_sessions_order", "order_id", unique=True),
        Index("ix_kiosk_sessions_machine", "machine_id", "organization_id", "id"),
        Index(
            "ix_kiosk_sessions_open",
            "organization_id",
            "expires_at",
            sqlite_where=OPEN_SESSION,
            postgresql_where=OPEN_SESSION,
        ),
        {"sqlite_autoincrement": True},
    )

    session_id: Mapped[str] = mapped_column(String(200), unique=True)
    machine_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("kiosk_machines.id", ondelete="CASCADE")
    )
    status: Mapped[SessionStatus] = mapped_column(EnumText(SessionStatus))
    progress: Mapped[UserProgress] = mapped_column(EnumText(UserProgress))
    location: Mapped[str] = mapped_column(String(200), default="")
    timeout_minutes: Mapped[int]
    expires_at: Mapped[datetime]
    last_activity_at: Mapped[datetime]
    scanned_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    address: Mapped[str | None] = mapped_column(String(64))  # of the phone that scanned
    user_agent: Mapped[str | None] = mapped_column(String(500))
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the machine's metadata
    template_id: Mapped[int | None] = mapped_column(BigInteger)  # chosen at the screen, or ordered
    order_summary: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as the client named it
    design_id: Mapped[int | None] = mapped_column(BigInteger)
    variant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("variants.id"))
    device_model_id: Mapped[int | None] = mapped_column(BigInteger)
    quantity: Mapped[int] = mapped_column(default=1)
    amount_minor: Mapped[int | None]  # the server's price
    currency: Mapped[str | None] = mapped_column(String(3))
    order_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("orders.id"))
    payment_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    payment_confirmed_at: Mapped[datetime | None]
    error_code: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)
    failed_at: Mapped[datetime | None]


class MachineTaking(TenantModel):
    """Money that a machine says it took. One transaction of a machine counts once."""

    __tablename__ = "kiosk_takings"
    __table_args__ = (
        Index("uq_kiosk_takings_transaction", "machine_id", "transaction_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    machine_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("kiosk_machines.id", ondelete="CASCADE")
    )
    session_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("kiosk_sessions.id", ondelete="SET NULL"), index=True
    )
    order_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("orders.id"))
    transaction_id: Mapped[str] = mapped_column(String(120))
    method: Mapped[PaymentMethod] = mapped_column(EnumText(PaymentMethod))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    outcome: Mapped[TakingOutcome] = mapped_column(EnumText(TakingOutcome))
    reason: Mapped[str | None] = mapped_column(Text)  # why it was not accepted
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the machine's payment_data
