"""All SQL of accounts. Who somebody is, is asked across organizations: they are its answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import (
    ApiKey,
    AuditEntry,
    Invitation,
    LoginSession,
    Membership,
    Organization,
    RefreshToken,
    User,
)
from shopwright.kernel.actor import RANK, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.tenancy import CROSS_TENANT


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A user, the session if one was asked for, and one organization; one row per membership."""

    user_id: int
    username: str
    first_name: str
    is_active: bool
    last_organization_id: int | None
    session_id: int | None
    current_organization_id: int | None
    session_expires_at: datetime | None
    revoked_at: datetime | None
    organization_id: int | None
    organization_uuid: str
    role: Role


@dataclass(frozen=True, slots=True)
class KeyRow:
    id: int
    name: str
    organization_id: int
    organization_uuid: str
    role: Role
    scopes: list[str] | None
    expires_at: datetime | None
    revoked_at: datetime | None


async def find_session_rows(session: AsyncSession, session_uuid: str) -> list[PersonRow]:
    statement = _people(LoginSession.user_id == User.id)
    return await _person_rows(session, statement.where(LoginSession.uuid == session_uuid))


async def find_cookie_rows(session: AsyncSession, cookie_hash: str) -> list[PersonRow]:
    statement = _people(LoginSession.user_id == User.id)
    return await _person_rows(session, statement.where(LoginSession.token_hash == cookie_hash))


async def find_outside_user_rows(
    session: AsyncSession, user_uuid: str | None, email: str | None, presented_hash: str
) -> list[PersonRow]:
    """The user of a token from outside; the session columns are set if it was logged out here."""
    logged_out = and_(LoginSession.user_id == User.id, LoginSession.token_hash == presented_hash)
    by_uuid = User.uuid == (user_uuid or "")
    by_email = and_(User.email == (email or ""), User.is_email_verified)
    statement = _people(logged_out).where(or_(by_uuid, by_email)).order_by(by_uuid.desc())
    rows = await _person_rows(session, statement)
    return [row for row in rows if row.user_id == rows[0].user_id]


def _people(session_match: Any) -> Any:
    return (
        select(
            User.id, User.username, User.first_name, User.is_active, User.last_organization_id,
            LoginSession.id, LoginSession.current_organization_id, LoginSession.expires_at,
            LoginSession.revoked_at, Membership.organization_id, Organization.uuid, Membership.role,
        )
        .select_from(User)
        .outerjoin(LoginSession, session_match)
        .outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Organization, Organization.id == Membership.organization_id)
    )  # fmt: skip


async def _person_rows(session: AsyncSession, statement: Any) -> list[PersonRow]:
    rows = await session.execute(statement, execution_options=CROSS_TENANT)
    return [PersonRow(*row) for row in rows]


async def find_key_row(session: AsyncSession, key_hash: str) -> KeyRow | None:
    """The key with at most its maker's present role; None when unknown or its maker has left."""
    is_maker = and_(
        Membership.organization_id == ApiKey.organization_id,
        Membership.user_id == ApiKey.made_by_user_id,
    )
    rows = await session.execute(
        select(ApiKey, Organization.uuid, Membership.role)
        .join(Organization, Organization.id == ApiKey.organization_id)
        .outerjoin(Membership, is_maker)
        .where(ApiKey.key_hash == key_hash),
        execution_options=CROSS_TENANT,
    )
    row = rows.first()
    return _key_row(*row) if row else None


def _key_row(key: ApiKey, organization_uuid: str, makers_role: Role | None) -> KeyRow | None:
    if key.made_by_user_id is not None and makers_role is None:
        return None
    return KeyRow(
        id=key.id,
        name=key.name,
        organization_id=key.organization_id,
        organization_uuid=organization_uuid,
        role=min(key.role, makers_role or key.role, key=RANK.__getitem__),
        scopes=key.scopes,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


async def find_default_organization(session: AsyncSession, slug: str) -> Organization | None:
    """The named one, else the only one; None when there are several and none is named."""
    statement = select(Organization).order_by(Organization.id).limit(2)
    if slug:
        statement = statement.where(or_(Organization.slug == slug, Organization.uuid == slug))
    found = list(await session.scalars(statement))
    return found[0] if len(found) == 1 else None


async def find_organization_by_host(session: AsyncSession, host: str) -> Organization | None:
    found: Organization | None = await session.scalar(
        select(Organization).where(Organization.shop_host == host.lower())
    )
    return found


async def find_user_by_email(session: AsyncSession, email: str) -> User | None:
    user: User | None = await session.scalar(select(User).where(User.email == email))
    return user


async def find_home(session: AsyncSession, user: User) -> Organization | None:
    """Where a sign-in begins: the organization used last, else the oldest membership."""
    is_last = Organization.id == (user.last_organization_id or 0)
    home: Organization | None = await session.scalar(
        _organizations_of(user.id).order_by(is_last.desc(), Membership.id).limit(1),
        execution_options=CROSS_TENANT,
    )
    return home


async def find_organization_of(
    session: AsyncSession, user_id: int, organization_id: int | None
) -> Organization | None:
    """None when the user is no member there any more."""
    found: Organization | None = await session.scalar(
        _organizations_of(user_id).where(Organization.id == (organization_id or 0)),
        execution_options=CROSS_TENANT,
    )
    return found


def _organizations_of(user_id: int) -> Any:
    is_theirs = and_(Membership.organization_id == Organization.id, Membership.user_id == user_id)
    return select(Organization).join(Membership, is_theirs)


async def list_places(session: AsyncSession, user_id: int) -> list[tuple[Organization, Role]]:
    rows = await session.execute(
        _organizations_of(user_id).add_columns(Membership.role).order_by(Organization.id),
        execution_options=CROSS_TENANT,
    )
    return [(organization, role) for organization, role in rows]


async def use_refresh_token(session: WriteSession, hashed: str, now: datetime) -> int | None:
    """The login session's id; None when unknown, used or too old."""
    used: int | None = await session.scalar(
        update(RefreshToken)
        .where(RefreshToken.token_hash == hashed)
        .where(RefreshToken.used_at.is_(None), RefreshToken.expires_at > now)
        .values(used_at=now)
        .returning(RefreshToken.session_id)
    )
    return used


async def find_open_login(
    session: WriteSession, login_id: int, now: datetime
) -> LoginSession | None:
    login: LoginSession | None = await session.scalar(
        select(LoginSession)
        .where(LoginSession.id == login_id, LoginSession.revoked_at.is_(None))
        .where(LoginSession.expires_at > now)
        .with_for_update()
    )
    return login


async def revoke_session(session: WriteSession, login_id: int, now: datetime) -> None:
    await session.execute(
        update(LoginSession)
        .where(LoginSession.id == login_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


async def revoke_session_of_refresh_token(
    session: WriteSession, hashed: str, now: datetime
) -> None:
    family = select(RefreshToken.session_id).where(
        RefreshToken.token_hash == hashed, RefreshToken.used_at.is_not(None)
    )
    await session.execute(
        update(LoginSession)
        .where(LoginSession.id.in_(family), LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


async def revoke_sessions_of_user(
    session: WriteSession, user_id: int, now: datetime, *, keep: int | None = None
) -> None:
    await session.execute(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
        .where(LoginSession.id != (keep or 0))
        .values(revoked_at=now)
    )


async def count_failed_login(
    session: WriteSession, user_id: int, limit: int, locked_until: datetime
) -> None:
    """The failure that reaches ``limit`` pauses the user and starts the count anew."""
    is_last = User.failed_logins + 1 >= limit
    await session.execute(
        update(User)
        .where(User.id == user_id)
        .values(
            failed_logins=case((is_last, 0), else_=User.failed_logins + 1),
            locked_until=case((is_last, locked_until), else_=User.locked_until),
        )
        .execution_options(synchronize_session=False)
    )


async def clear_failed_logins(session: WriteSession, user_id: int, now: datetime) -> User | None:
    """The user who may come in; None when paused or inactive."""
    user: User | None = await session.scalar(
        update(User)
        .where(User.id == user_id, User.is_active)
        .where(or_(User.locked_until.is_(None), User.locked_until <= now))
        .values(failed_logins=0, locked_until=None)
        .returning(User)
        .execution_options(populate_existing=True)
    )
    return user


async def set_password(session: WriteSession, user_id: int, password_hash: str) -> None:
    await session.execute(
        update(User)
        .where(User.id == user_id)
        .values(password_hash=password_hash, failed_logins=0, locked_until=None)
    )


@dataclass(frozen=True, slots=True)
class MemberRow:
    id: int
    uuid: str
    user_id: int
    email: str
    username: str
    first_name: str
    role: Role
    created_at: datetime


def _members(organization_id: int) -> Any:
    return (
        select(
            Membership.id, Membership.uuid, User.id, User.email, User.username, User.first_name,
            Membership.role, Membership.created_at,
        )
        .join(User, User.id == Membership.user_id)
        .where(Membership.organization_id == organization_id)
    )  # fmt: skip


async def list_members(session: AsyncSession, organization_id: int) -> list[MemberRow]:
    rows = await session.execute(_members(organization_id).order_by(Membership.id))
    return [MemberRow(*row) for row in rows]


async def find_member(session: AsyncSession, organization_id: int, ref: Ref) -> MemberRow | None:
    rows = await session.execute(_members(organization_id).where(ref.where(Membership)))
    row = rows.first()
    return MemberRow(*row) if row else None


async def has_member(session: AsyncSession, organization_id: int, email: str) -> bool:
    statement = select(_members(organization_id).where(User.email == email).exists())
    return bool(await session.scalar(statement))


async def has_owner_besides(
    session: AsyncSession, organization_id: int, membership_id: int
) -> bool:
    owners = (
        select(Membership.id)
        .where(Membership.organization_id == organization_id, Membership.role == Role.OWNER)
        .where(Membership.id != membership_id)
    )
    return bool(await session.scalar(select(owners.exists())))


async def lock_organization(session: WriteSession, organization_id: int) -> None:
    """Two owners demoting each other must come one after the other."""
    await session.scalar(
        select(Organization.id).where(Organization.id == organization_id).with_for_update()
    )


async def set_role(
    session: WriteSession, organization_id: int, membership_id: int, role: Role
) -> None:
    await session.execute(
        update(Membership)
        .where(Membership.organization_id == organization_id, Membership.id == membership_id)
        .values(role=role)
    )


async def delete_member(session: WriteSession, organization_id: int, membership_id: int) -> None:
    await session.execute(
        delete(Membership).where(
            Membership.organization_id == organization_id, Membership.id == membership_id
        )
    )


def _is_open(now: datetime) -> Any:
    return and_(
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > now,
    )


async def list_invitations(
    session: AsyncSession, organization_id: int, now: datetime
) -> list[Invitation]:
    """The open ones, newest first."""
    rows = await session.scalars(
        select(Invitation)
        .where(Invitation.organization_id == organization_id, _is_open(now))
        .order_by(Invitation.id.desc())
    )
    return list(rows)


async def find_invitation(session: AsyncSession, hashed: str) -> Invitation | None:
    invitation: Invitation | None = await session.scalar(
        select(Invitation).where(Invitation.token_hash == hashed), execution_options=CROSS_TENANT
    )
    return invitation


async def accept_invitation(session: WriteSession, hashed: str, now: datetime) -> Invitation | None:
    invitation: Invitation | None = await session.scalar(
        update(Invitation)
        .where(Invitation.token_hash == hashed, _is_open(now))
        .values(accepted_at=now)
        .returning(Invitation)
        .execution_options(populate_existing=True, **CROSS_TENANT)
    )
    return invitation


async def revoke_invitations_to(
    session: WriteSession, organization_id: int, email: str, now: datetime
) -> None:
    await session.execute(
        update(Invitation)
        .where(Invitation.organization_id == organization_id)
        .where(Invitation.email == email, _is_open(now))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


async def revoke_invitation(
    session: WriteSession, organization_id: int, ref: Ref, now: datetime
) -> int | None:
    revoked: int | None = await session.scalar(
        update(Invitation)
        .where(Invitation.organization_id == organization_id)
        .where(ref.where(Invitation), _is_open(now))
        .values(revoked_at=now)
        .returning(Invitation.id)
    )
    return revoked


async def list_keys(session: AsyncSession, organization_id: int) -> list[ApiKey]:
    """Those in use or expired, not the revoked ones."""
    rows = await session.scalars(
        select(ApiKey)
        .where(ApiKey.organization_id == organization_id, ApiKey.revoked_at.is_(None))
        .order_by(ApiKey.id)
    )
    return list(rows)


async def revoke_key(
    session: WriteSession, organization_id: int, ref: Ref, now: datetime
) -> int | None:
    revoked: int | None = await session.scalar(
        update(ApiKey)
        .where(ApiKey.organization_id == organization_id, ref.where(ApiKey))
        .where(ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey.id)
    )
    return revoked


async def list_audit(
    session: AsyncSession,
    organization_id: int,
    paging: Paging,
    *,
    subject: str | None,
    subject_id: int | None,
) -> tuple[list[AuditEntry], int]:
    """Newest first, with the count of all that match."""
    matches = select(AuditEntry).where(AuditEntry.organization_id == organization_id)
    if subject is not None:
        matches = matches.where(AuditEntry.subject == subject)
    if subject_id is not None:
        matches = matches.where(AuditEntry.subject_id == subject_id)
    total = await session.scalar(
        matches.with_only_columns(func.count(AuditEntry.id)).order_by(None)
    )
    page = matches.order_by(AuditEntry.id.desc()).limit(paging.limit).offset(paging.offset)
    return list(await session.scalars(page)), total or 0


async def has_users(session: AsyncSession) -> bool:
    return await session.scalar(select(User.id).limit(1)) is not None


async def find_organization(session: AsyncSession, name: str) -> Organization | None:
    """By slug or uuid."""
    organization: Organization | None = await session.scalar(
        select(Organization).where(or_(Organization.slug == name, Organization.uuid == name))
    )
    return organization


async def list_organizations(session: AsyncSession) -> list[Organization]:
    return list(await session.scalars(select(Organization).order_by(Organization.id)))


async def list_users(session: AsyncSession) -> list[User]:
    return list(await session.scalars(select(User).order_by(User.id)))
