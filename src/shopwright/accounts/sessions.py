"""Sign-ins that are open: made, refreshed, switched to another organization, ended."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shopwright.accounts import access_tokens, queries
from shopwright.accounts.credentials import Credential, CredentialKind
from shopwright.accounts.identities import Identity, forget_after_commit
from shopwright.accounts.models import LoginSession, Organization, RefreshToken, User
from shopwright.kernel import ids
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict, Forbidden, Unauthenticated
from shopwright.kernel.secrets import token_hash


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a client gets; ``refresh_token`` is None where its session already has one."""

    user: User
    organization: Organization | None
    token: str
    refresh_token: str | None
    expires_in_s: int


class SessionOver(Unauthenticated):
    code = "session-over"
    title = "This sign-in is over"


async def open_session(
    session: WriteSession, process: Process, user: User, now: datetime
) -> SignedIn:
    """Access and refresh token for somebody who has just proven who they are."""
    organization = await queries.find_home(session, user)
    login = await _add_login(session, process, user, organization, now)
    refresh_token = await _add_refresh_token(session, login, now)
    signed_in = _signed_in(process, user, login, now, organization)
    return replace(signed_in, refresh_token=refresh_token)


async def open_page_session(
    session: WriteSession, process: Process, user: User, now: datetime
) -> str:
    """The secret for the page cookie (``credentials.set_cookie``); only its hash is stored."""
    organization = await queries.find_home(session, user)
    cookie = ids.new_token()
    login = await _add_login(session, process, user, organization, now)
    login.token_hash = token_hash(cookie)
    return cookie


async def refresh(process: Process, refresh_token: str) -> SignedIn:
    """A new pair for an unused refresh token. One that was used already ends its whole session."""
    now = process.clock.now()
    async with process.database.write() as session:
        signed_in = await _rotate(session, process, refresh_token, now)
    if signed_in is None:
        raise SessionOver("This refresh token is not valid any more. Sign in again.")
    return signed_in


async def switch(
    session: WriteSession, process: Process, identity: Identity, wanted: str, now: datetime
) -> SignedIn:
    """A token for another organization; the refresh token at hand follows it there."""
    if identity.user_id is None:
        raise Forbidden("A key belongs to one organization.")
    place = identity.find_place(wanted)
    if place is None:
        raise Forbidden("You are not a member of this organization.")
    user = await session.get_one(User, identity.user_id)
    organization = await session.get_one(Organization, place.organization_id)
    user.last_organization_id = organization.id
    if identity.session_id is None:
        return await open_session(session, process, user, now)
    login = await session.get_one(LoginSession, identity.session_id)
    login.current_organization_id = organization.id
    forget_after_commit(session)
    return _signed_in(process, user, login, now, organization)


async def log_out(
    session: WriteSession, identity: Identity, credential: Credential | None, now: datetime
) -> None:
    """End the session behind the credential; a token from outside is refused from now on."""
    if identity.user_id is None:
        raise Conflict("A key is not logged out; revoke it.")
    if identity.session_id is not None:
        await queries.revoke_session(session, identity.session_id, now)
    elif credential is not None and credential.kind is CredentialKind.TOKEN:
        session.add(
            LoginSession(
                user_id=identity.user_id,
                token_hash=token_hash(credential.secret),
                created_at=now,
                expires_at=identity.expires_at or now,
                revoked_at=now,
            )
        )
    forget_after_commit(session)


async def _rotate(
    session: WriteSession, process: Process, refresh_token: str, now: datetime
) -> SignedIn | None:
    hashed = token_hash(refresh_token)
    login_id = await queries.use_refresh_token(session, hashed, now)
    if login_id is None:
        await queries.revoke_session_of_refresh_token(session, hashed, now)
        forget_after_commit(session)
        return None
    login = await queries.find_open_login(session, login_id, now)
    user = await session.get(User, login.user_id) if login else None
    if login is None or user is None or not user.is_active:
        return None
    login.expires_at = _end(process, now)
    organization = await queries.find_organization_of(
        session, user.id, login.current_organization_id
    )
    fresh = await _add_refresh_token(session, login, now)
    return replace(_signed_in(process, user, login, now, organization), refresh_token=fresh)


async def _add_login(
    session: WriteSession,
    process: Process,
    user: User,
    organization: Organization | None,
    now: datetime,
) -> LoginSession:
    login = LoginSession(
        uuid=ids.new_uuid(),
        user_id=user.id,
        current_organization_id=organization.id if organization else None,
        created_at=now,
        expires_at=_end(process, now),
    )
    session.add(login)
    await session.flush()
    return login


async def _add_refresh_token(session: WriteSession, login: LoginSession, now: datetime) -> str:
    secret = ids.new_token()
    session.add(
        RefreshToken(
            session_id=login.id,
            token_hash=token_hash(secret),
            created_at=now,
            expires_at=login.expires_at,
        )
    )
    return secret


def _end(process: Process, now: datetime) -> datetime:
    return now + timedelta(days=process.settings.refresh_token_days)


def _signed_in(
    process: Process,
    user: User,
    login: LoginSession,
    now: datetime,
    organization: Organization | None,
) -> SignedIn:
    """Without a refresh token."""
    minutes = process.settings.access_token_minutes
    token = access_tokens.mint(
        access_tokens.signing_key(process.settings, process.context.vault),
        user_uuid=user.uuid,
        session_uuid=login.uuid,
        organization_uuid=organization.uuid if organization else None,
        now=now,
        minutes=minutes,
    )
    return SignedIn(user, organization, token, None, minutes * 60)
