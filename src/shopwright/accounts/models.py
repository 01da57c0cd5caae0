"""Tables of organizations and the people in them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel import ids
from shopwright.kernel.actor import Role
from shopwright.kernel.db import Base, EnumText, Id, TenantModel


class Organization(Base):
    """One shop. Everything else belongs to exactly one of these."""

    __tablename__ = "organizations"

    id: Mapped[Id]
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=ids.new_uuid)
    name: Mapped[str] = mapped_column(String(200))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    next_order_number: Mapped[int] = mapped_column(default=1001)
    shop_host: Mapped[str | None] = mapped_column(String(253), unique=True)  # lower case, no port
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class User(Base):
    """Somebody who signs in to the back office; may be a member of several organizations."""

    __tablename__ = "users"

    id: Mapped[Id]
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=ids.new_uuid)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    username: Mapped[str] = mapped_column(String(100))
    etsy_user_id: Mapped[str | None] = mapped_column(String(40), unique=True)
    first_name: Mapped[str] = mapped_column(String(100), default="")
    password_hash: Mapped[str | None] = mapped_column(String(300))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_email_verified: Mapped[bool] = mapped_column(default=False)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    last_organization_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("organizations.id", ondelete="SET NULL")
    )
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Membership(TenantModel):
    __tablename__ = "memberships"
    __table_args__ = (
        Index("uq_memberships_user", "organization_id", "user_id", unique=True),
        {"sqlite_autoincrement": True},
    )

    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[Role] = mapped_column(EnumText(Role))


class AuditEntry(TenantModel):
    """Who changed what, when and why; append-only."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject", "organization_id", "subject", "subject_id"),
        {"sqlite_autoincrement": True},
    )

    action: Mapped[str] = mapped_column(String(60))  # print_job.claimed, order.cancelled, …
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    actor: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int | None]
    key_id: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(String(500))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class LoginSession(Base):
    """One sign-in. Revoking it ends its access tokens, its refresh tokens and its page cookie.

    ``token_hash`` is of the page cookie, or of a token from outside that was logged out here.
    """

    __tablename__ = "login_sessions"

    id: Mapped[Id]
    uuid: Mapped[str] = mapped_column(String(36), unique=True, default=ids.new_uuid)
    user_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    current_organization_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("organizations.id", ondelete="SET NULL")
    )
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]


class RefreshToken(Base):
    """Used once; presented again, its whole session ends."""

    __tablename__ = "refresh_tokens"

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("login_sessions.id", ondelete="CASCADE"), index=True
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SpentState(Base):
    """The state of an outside sign-in that came back; it counts once."""

    __tablename__ = "spent_sign_in_states"

    id: Mapped[Id]
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ApiKey(TenantModel):
    """``scopes`` None means everything its role may do."""

    __tablename__ = "api_keys"

    name: Mapped[str] = mapped_column(String(100))
    shown_prefix: Mapped[str] = mapped_column(String(12))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[Role] = mapped_column(EnumText(Role))
    scopes: Mapped[list[str] | None]
    made_by_user_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Invitation(TenantModel):
    """A link that makes whoever holds it a member; works once."""

    __tablename__ = "invitations"

    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[Role] = mapped_column(EnumText(Role))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
