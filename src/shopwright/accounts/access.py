"""Who may call a route. Every route takes one of these, or stands on the list of public ones.

Bearer token, ``X-API-Key``, page cookie: the first one present decides. ``?organizationId=`` may
name another organization the caller belongs to.
"""

import json
from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security.base import SecurityBase

from shopwright.accounts import credentials, identities, scopes
from shopwright.accounts.credentials import CredentialKind
from shopwright.accounts.identities import Identity
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import get_process, route_path
from shopwright.kernel.errors import Forbidden, Invalid, Unauthenticated
from shopwright.kernel.limits import Limit

WIDE_PREFIXES = (
    "/api/agent", "/api/chinese", "/api/events", "/api/live", "/api/printer-commands",
    "/api/printer-status",
)  # fmt: skip


class SignedIn(SecurityBase):
    """Anybody with a valid credential, whatever the role or organization."""

    def __init__(self) -> None:
        self.model = BearerModel(description="An access token or an API key.")
        self.scheme_name = "bearer"

    async def __call__(self, request: Request) -> Identity:
        return await authenticate(request)


class Requires(SecurityBase):
    """At least ``role`` here; a limited key also needs ``scope``, by default the path's."""

    def __init__(self, role: Role, scope: str | None = None) -> None:
        self.role = role
        self.scope = scope
        self.model = BearerModel(description="An access token or an API key.")
        self.scheme_name = "bearer"

    async def __call__(self, request: Request) -> Actor:
        identity = await authenticate(request)
        actor = actor_of(identity, await self.find_organization(request, identity))
        if actor.scopes is not None:
            _check_scope(actor, self.scope or scopes.scope_of_path(route_path(request)))
        actor.require(self.role)
        return actor

    async def find_organization(self, request: Request, identity: Identity) -> str | None:  # noqa: ARG002
        """What the request names; None leaves it to the credential."""
        return request.query_params.get("organizationId")


class RequiresNamed(Requires):
    """``organizationId`` may also stand in the body (reference decision 27)."""

    def __init__(self, role: Role, *, is_needed: bool) -> None:
        super().__init__(role)
        self.is_needed = is_needed

    async def find_organization(self, request: Request, identity: Identity) -> str | None:
        """Raises Invalid when query and body name two, or none is named where one is needed."""
        asked, told = request.query_params.get("organizationId"), await _told_in_body(request)
        if asked and told and not _is_same(identity, asked, told):
            raise Invalid("organizationId in the query is another one than in the body.")
        if self.is_needed and not (asked or told):
            raise Invalid("organizationId is missing. Send it in the query or in the body.")
        return asked or told


def requires(role: Role, scope: str | None = None) -> Requires:
    """For ``Annotated[Actor, Depends(requires(Role.MEMBER, scope="orders"))]``."""
    return Requires(role, scope)


ViewerCtx = Annotated[Actor, Depends(requires(Role.VIEWER))]
MemberCtx = Annotated[Actor, Depends(requires(Role.MEMBER))]
AdminCtx = Annotated[Actor, Depends(requires(Role.ADMIN))]
OwnerCtx = Annotated[Actor, Depends(requires(Role.OWNER))]
# Of reference (b), which names the organization in every request, and of what it shares with (a).
NamedViewerCtx = Annotated[Actor, Depends(RequiresNamed(Role.VIEWER, is_needed=True))]
NamedMemberCtx = Annotated[Actor, Depends(RequiresNamed(Role.MEMBER, is_needed=True))]
SharedViewerCtx = Annotated[Actor, Depends(RequiresNamed(Role.VIEWER, is_needed=False))]
SharedMemberCtx = Annotated[Actor, Depends(RequiresNamed(Role.MEMBER, is_needed=False))]
IdentityCtx = Annotated[Identity, Depends(SignedIn())]


async def authenticate(request: Request) -> Identity:
    """Raises Unauthenticated with the reason; remembers the answer on the request."""
    known: Identity | None = getattr(request.state, "identity", None)
    if known is not None:
        return known
    process = get_process(request)
    credential = credentials.find_credential(request)
    if credential is None:
        raise Unauthenticated("Sign in: send a Bearer token or an X-API-Key.")
    identity = await identities.identify(process, credential)
    if credential.kind is CredentialKind.COOKIE:
        credentials.check_cookie_use(request, process.context.vault, credential.secret)
    request.state.identity = identity
    request.state.principal = identity.principal
    limits.charge(request, everyday_limit(request, identity), identity.principal)
    return identity


def everyday_limit(request: Request, identity: Identity) -> Limit:
    """The documented 1000 an hour for API clients; agents, pages and live events ask more often."""
    is_agent = identity.scopes is not None and scopes.AGENT in identity.scopes
    path = route_path(request)
    if is_agent or not path.startswith("/api/") or path.startswith(WIDE_PREFIXES):
        return limits.WIDE
    return limits.HOURLY


class Limited:
    """A limit of its own for some routes, counted per principal, on top of the everyday one."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit

    async def __call__(self, request: Request) -> None:
        identity = await authenticate(request)
        limits.charge(request, self.limit, identity.principal)


SyncLimited = Depends(Limited(limits.SYNC))  # in a route's ``dependencies=[…]``
PrintLimited = Depends(Limited(limits.PRINT))


def actor_of(identity: Identity, organization: str | None = None) -> Actor:
    """The actor in the named organization, else in the credential's; Forbidden for strangers."""
    if organization is None:
        place = identity.places.get(identity.organization_id or 0)
    else:
        place = identity.find_place(organization)
    if place is None:
        raise Forbidden("You are not a member of this organization.")
    return Actor(
        organization_id=place.organization_id,
        role=place.role,
        name=identity.name,
        user_id=identity.user_id,
        key_id=identity.key_id,
        scopes=identity.scopes,
    )


async def _told_in_body(request: Request) -> str | None:
    """Whatever else is wrong with the body its own validation says."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        return None
    told = body.get("organizationId") if isinstance(body, dict) else None
    is_name = isinstance(told, str | int) and not isinstance(told, bool)
    return str(told).strip() or None if is_name else None


def _is_same(identity: Identity, one: str, other: str) -> bool:
    """An organization may be named by its id here and by its uuid there."""
    if one.lower() == other.lower():
        return True
    place = identity.find_place(one)
    return place is not None and place == identity.find_place(other)


def _check_scope(actor: Actor, scope: str | None) -> None:
    if scope is None:
        raise Forbidden("This key is limited to some scopes, and this route is in none of them.")
    actor.require_scope(scope)
