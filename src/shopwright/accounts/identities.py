"""Who stands behind a credential: one read statement, remembered for a few seconds here."""

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts import access_tokens, queries, scopes
from shopwright.accounts.access_tokens import Claims
from shopwright.accounts.credentials import Credential, CredentialKind
from shopwright.kernel.actor import Role
from shopwright.kernel.context import ProcessContext
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Unauthenticated
from shopwright.kernel.secrets import token_hash
from shopwright.kernel.signals import Signal

REMEMBERED_S = 5.0  # should the word of another process's log-out or change of role be lost
RIGHTS = "rights"
NOBODYS = 0  # an organization that is none: rights reach over organizations
MAX_REMEMBERED = 5000


@dataclass(frozen=True, slots=True)
class Place:
    """An organization somebody may act in, with the role there."""

    organization_id: int
    uuid: str
    role: Role


@dataclass(frozen=True, slots=True)
class Identity:
    """``organization_id`` is the one the credential names; None when there is none to act in."""

    name: str
    places: Mapping[int, Place]
    organization_id: int | None
    user_id: int | None = None
    key_id: int | None = None
    session_id: int | None = None
    scopes: frozenset[str] | None = None
    expires_at: datetime | None = None

    @property
    def principal(self) -> str:
        """Whose rate limits and idempotency keys these are."""
        if self.user_id is not None:
            return f"user:{self.user_id}"
        return f"key:{self.key_id}" if self.key_id is not None else "key:shared"

    def find_place(self, organization: str) -> Place | None:
        """By the organization's uuid or integer id; None for strangers."""
        for place in self.places.values():
            if organization.lower() in (place.uuid, str(place.organization_id)):
                return place
        return None


class IdentityCache:
    """Bounded, short-lived; forgotten as a whole whenever rights change here."""

    def __init__(self) -> None:
        self._entries: dict[tuple[CredentialKind, str], tuple[float, Identity]] = {}
        self._generation = 0

    @property
    def generation(self) -> int:
        return self._generation

    def find(self, credential: Credential) -> Identity | None:
        entry = self._entries.get((credential.kind, credential.secret))
        if entry is None or entry[0] < time.monotonic():
            return None
        return entry[1]

    def remember(self, credential: Credential, identity: Identity, generation: int) -> None:
        """Keep it, unless rights changed since the look-up began."""
        if generation != self._generation:
            return
        if len(self._entries) >= MAX_REMEMBERED:
            self._entries.clear()
        deadline = time.monotonic() + REMEMBERED_S
        self._entries[credential.kind, credential.secret] = (deadline, identity)

    def forget_all(self) -> None:
        self._generation += 1
        self._entries.clear()


def forget_after_commit(session: WriteSession) -> None:
    """Call wherever rights change: log-out, role, removal, revoked key."""
    session.after_commit(session.context.keep(IdentityCache).forget_all)
    session.signals.add(Signal(NOBODYS, RIGHTS))


def forget_with_others(context: ProcessContext) -> None:
    """From now on, rights that change in another process are forgotten here as well."""
    cache = context.keep(IdentityCache)
    context.hub.listen(NOBODYS, lambda _signal: cache.forget_all())


async def identify(process: Process, credential: Credential) -> Identity:
    """Raises Unauthenticated when the credential is unknown, over or revoked."""
    cache = process.context.keep(IdentityCache)
    identity = cache.find(credential)
    if identity is None:
        generation = cache.generation
        identity = await _look_up(process, credential)
        cache.remember(credential, identity, generation)
    if identity.expires_at is not None and identity.expires_at <= process.clock.now():
        raise Unauthenticated("This sign-in has expired. Sign in again.")
    return identity


async def _look_up(process: Process, credential: Credential) -> Identity:
    async with process.database.read() as session:
        match credential.kind:
            case CredentialKind.TOKEN:
                return await _by_token(process, session, credential.secret)
            case CredentialKind.COOKIE:
                return await _by_cookie(session, credential.secret)
            case CredentialKind.KEY:
                return await _by_key(process, session, credential.secret)


async def _by_token(process: Process, session: ReadSession, token: str) -> Identity:
    key = access_tokens.signing_key(process.settings, process.context.vault)
    claims = access_tokens.read(key, token)
    if claims.session_uuid is None:
        rows = await queries.find_outside_user_rows(
            session, claims.user_uuid, claims.email, token_hash(token)
        )
        if any(row.revoked_at for row in rows):
            raise Unauthenticated("This token was logged out. Sign in again.")
    else:
        rows = await queries.find_session_rows(session, claims.session_uuid)
        _check_session(rows)
    return _person(rows, claims)


async def _by_cookie(session: ReadSession, cookie: str) -> Identity:
    rows = await queries.find_cookie_rows(session, token_hash(cookie))
    _check_session(rows)
    return _person(rows, None)


async def _by_key(process: Process, session: ReadSession, key: str) -> Identity:
    shared = process.settings.secret_key
    if shared and hmac.compare_digest(key.encode(), shared.get_secret_value().encode()):
        return await _shared_key(process, session)
    row = await queries.find_key_row(session, token_hash(key))
    if row is None or row.revoked_at:
        raise Unauthenticated("This API key is not known, or was revoked.")
    place = Place(row.organization_id, row.organization_uuid, row.role)
    return Identity(
        name=f"key {row.name}",
        places={place.organization_id: place},
        organization_id=place.organization_id,
        key_id=row.id,
        scopes=None if row.scopes is None else frozenset(row.scopes),
        expires_at=row.expires_at,
    )


async def _shared_key(process: Process, session: ReadSession) -> Identity:
    """``SECRET_KEY`` opens the parts of the default organization and nothing else."""
    organization = await queries.find_default_organization(
        session, process.settings.default_organization
    )
    if organization is None:
        raise Unauthenticated("SECRET_KEY needs DEFAULT_ORGANIZATION when there are several.")
    place = Place(organization.id, organization.uuid, Role.MEMBER)
    return Identity(
        name="shared key",
        places={place.organization_id: place},
        organization_id=place.organization_id,
        scopes=frozenset({scopes.PARTS}),
    )


def _check_session(rows: "list[queries.PersonRow]") -> None:
    if not rows or rows[0].session_id is None or rows[0].revoked_at:
        raise Unauthenticated("This sign-in is over. Sign in again.")


def _person(rows: "list[queries.PersonRow]", claims: Claims | None) -> Identity:
    if not rows or not rows[0].is_active:
        raise Unauthenticated("No active user stands behind this sign-in.")
    first = rows[0]
    places = {
        row.organization_id: Place(row.organization_id, row.organization_uuid, row.role)
        for row in rows
        if row.organization_id is not None
    }
    named = _named_organization(places, claims, first)
    return Identity(
        name=first.first_name or first.username,
        places=places,
        organization_id=named,
        user_id=first.user_id,
        session_id=first.session_id,
        expires_at=claims.expires_at if claims else first.session_expires_at,
    )


def _named_organization(
    places: Mapping[int, Place], claims: Claims | None, row: "queries.PersonRow"
) -> int | None:
    """The token's, else the session's or last used one, else the only one there is."""
    if claims is not None and claims.organization_uuid is not None:
        uuid = claims.organization_uuid
        return next((id_ for id_, place in places.items() if place.uuid == uuid), None)
    for wanted in (row.current_organization_id, row.last_organization_id):
        if wanted in places:
            return wanted
    return min(places) if places else None
