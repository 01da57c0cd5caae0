"""Tables of payments, refunds and the shop's accounts at payment providers."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel.db import EnumText, TenantModel
from shopwright.payments.states import PaymentStatus, RefundStatus

OPEN_PAYMENT = text("status IN ('pending', 'paying')")
IN_DOUBT = text("problem IS NOT NULL")


class Payment(TenantModel):
    """One attempt to have an order paid. ``key`` is our id for it, which the provider shows us
    again; ``request`` is what its start is asked with, the same each time.

    The partial unique index is the truth that a buyer has one way to pay at a time. ``problem`` is
    the sentence for the person who must decide.
    """

    __tablename__ = "payments"
    __table_args__ = (
        Index("uq_payments_key", "organization_id", "provider", "key", unique=True),
        Index("uq_payments_attempt", "order_id", "attempt", unique=True),
        Index(
            "uq_payments_open",
            "order_id",
            unique=True,
            sqlite_where=OPEN_PAYMENT,
            postgresql_where=OPEN_PAYMENT,
        ),
        Index("ix_payments_order", "order_id", "organization_id"),
        Index("ix_payments_provider", "organization_id", "provider", "provider_id"),
        Index("ix_payments_money", "organization_id", "provider", "provider_payment_id"),
        Index("ix_payments_ask", "next_ask_at"),
        Index(
            "ix_payments_doubt",
            "organization_id",
            sqlite_where=IN_DOUBT,
            postgresql_where=IN_DOUBT,
        ),
        {"sqlite_autoincrement": True},
    )

    order_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("orders.id", ondelete="CASCADE"))
    provider: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    attempt: Mapped[int] = mapped_column(default=1)
    provider_id: Mapped[str | None] = mapped_column(String(200))  # Stripe cs_…, partner MSPY…
    provider_payment_id: Mapped[str | None] = mapped_column(String(200))  # Stripe pi_…
    status: Mapped[PaymentStatus] = mapped_column(
        EnumText(PaymentStatus), default=PaymentStatus.PENDING
    )
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    received_minor: Mapped[int | None]  # what the provider says it took
    received_currency: Mapped[str | None] = mapped_column(String(3))
    url: Mapped[str | None] = mapped_column(Text)
    request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    expires_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    refunded_minor: Mapped[int] = mapped_column(default=0)
    fee_minor: Mapped[int | None]
    fee_currency: Mapped[str | None] = mapped_column(String(3))
    detail: Mapped[str | None] = mapped_column(Text)  # why it failed, in words
    problem: Mapped[str | None] = mapped_column(Text)
    disputed_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]  # its unpaid order was given up
    next_ask_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class Refund(TenantModel):
    """Money given back. ``key`` is ours, or the provider's id for one made in its dashboard."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index("uq_refunds_key", "organization_id", "key", unique=True),
        Index("ix_refunds_payment", "payment_id", "organization_id"),
        Index("ix_refunds_provider", "organization_id", "provider_id"),
        {"sqlite_autoincrement": True},
    )

    payment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("payments.id", ondelete="CASCADE")
    )
    key: Mapped[str] = mapped_column(String(200))
    provider_id: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[RefundStatus] = mapped_column(
        EnumText(RefundStatus), default=RefundStatus.PENDING
    )
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(500), default="")
    by: Mapped[str] = mapped_column(String(120))
    detail: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[datetime | None]


class PaymentAccount(TenantModel):
    """The shop's own account at a provider; the secrets are encrypted and never shown again."""

    __tablename__ = "payment_accounts"
    __table_args__ = (
        Index("uq_payment_accounts_provider", "organization_id", "provider", unique=True),
        {"sqlite_autoincrement": True},
    )

    provider: Mapped[str] = mapped_column(String(40))
    secret_key: Mapped[str] = mapped_column(Text)  # encrypted
    webhook_secret: Mapped[str | None] = mapped_column(Text)  # encrypted
    key_ending: Mapped[str] = mapped_column(String(8))
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
