"""All SQL of accounts. Who somebody is, is asked across organizations: they are its answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import ApiKey, LoginSession, Membership, Organization, User
from shopwright.kernel.actor import RANK, Role
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
