"""Signing in, members, keys and the audit log over HTTP."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from shopwright.accounts import (
    credentials,
    keys,
    members,
    people,
    profile,
    queries,
    sessions,
    sign_in,
)
from shopwright.accounts.access import AdminCtx, IdentityCtx, ViewerCtx, actor_of
from shopwright.accounts.models import Organization, User
from shopwright.accounts.schemas import (
    AuditRead,
    InvitationAccept,
    InvitationCreate,
    InvitationMade,
    InvitationRead,
    KeyCreate,
    KeyMade,
    KeyRead,
    MemberRead,
    MemberUpdate,
    Message,
    PasswordChange,
    PlaceRead,
    ProfileUpdate,
    RefreshBody,
    SignedInRead,
    SignInBody,
    SwitchBody,
    UserWithTimes,
)
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
    writing,
)
from shopwright.kernel.errors import Forbidden, NotFound
from shopwright.kernel.limits import PublicLimited
from shopwright.kernel.repeatable import RepeatableRoute

auth = APIRouter(prefix="/api/auth", tags=["sign-in"], route_class=RepeatableRoute)
router = APIRouter(prefix="/api", tags=["account"], route_class=RepeatableRoute)

MemberRef = Annotated[Ref, path_ref("member")]
InvitationRef = Annotated[Ref, path_ref("invitation")]
KeyRef = Annotated[Ref, path_ref("key")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
AuditPaging = Annotated[Paging, page_of(100)]


@auth.post(
    "/login",
    dependencies=[PublicLimited],
    responses=problems(sign_in.SignInRefused, sign_in.SignInPaused),
)
async def log_in(body: SignInBody, process: ProcessDep) -> SignedInRead:
    """Sign in with e-mail address and password."""
    password = body.password.get_secret_value()
    return SignedInRead.of(await sign_in.sign_in(process, body.email, password))


@auth.post("/refresh", dependencies=[PublicLimited], responses=problems(sessions.SessionOver))
async def refresh(body: RefreshBody, process: ProcessDep) -> SignedInRead:
    """A new access token and a new refresh token; the old refresh token is used up."""
    return SignedInRead.of(await sessions.refresh(process, body.refresh_token))


@auth.post("/logout")
async def log_out(
    request: Request, response: Response, identity: IdentityCtx, session: Write, now: Now
) -> Message:
    """End this sign-in with all its tokens."""
    await sessions.log_out(session, identity, credentials.find_credential(request), now)
    credentials.clear_cookie(response, request)
    return Message(message="Logged out successfully")


@auth.get("/user")
async def read_user(identity: IdentityCtx, session: Read) -> UserWithTimes:
    """Who is signed in, and the shop of the token."""
    if identity.user_id is None:
        raise Forbidden("A key is not a person.")
    user = await session.get_one(User, identity.user_id)
    place = identity.places.get(identity.organization_id or 0)
    organization = await session.get(Organization, place.organization_id) if place else None
    return UserWithTimes.with_role(user, organization, place.role if place else None)


@auth.put(
    "/user",
    responses=problems(people.AddressTaken, sign_in.SignInRefused, sign_in.SignInPaused),
)
async def update_user(
    body: ProfileUpdate, request: Request, identity: IdentityCtx, process: ProcessDep, now: Now
) -> UserWithTimes:
    """Change your names, or your e-mail address with your password."""
    ctx = actor_of(identity)
    await profile.prove_password(process, ctx, body.email, body.current_password.get_secret_value())
    async with writing(request) as session:
        user = await profile.update_profile(
            session,
            ctx,
            first_name=body.first_name,
            username=body.username,
            email=body.email,
            now=now,
        )
        organization = await session.get(Organization, ctx.organization_id)
        return UserWithTimes.with_role(user, organization, ctx.role)


@auth.post("/switch")
async def switch(
    body: SwitchBody, identity: IdentityCtx, session: Write, process: ProcessDep, now: Now
) -> SignedInRead:
    """A token for another organization you belong to."""
    return SignedInRead.of(
        await sessions.switch(session, process, identity, body.organization, now)
    )


@auth.post("/password", responses=problems(sign_in.SignInRefused, sign_in.SignInPaused))
async def change_password(
    body: PasswordChange, identity: IdentityCtx, process: ProcessDep
) -> Message:
    """Set a new password; every other sign-in of yours ends."""
    current, new = body.current_password, body.new_password
    await sign_in.change_password(
        process,
        actor_of(identity),
        identity.session_id,
        current.get_secret_value(),
        new.get_secret_value(),
    )
    return Message(message="Password changed")


@auth.post(
    "/invitations/accept",
    status_code=201,
    dependencies=[PublicLimited],
    responses=problems(NotFound, members.InvitationOver, members.AlreadyMember),
)
async def accept_invitation(body: InvitationAccept, process: ProcessDep) -> SignedInRead:
    """Become a member; somebody who has an account here gives its password."""
    password = body.password.get_secret_value()
    return SignedInRead.of(
        await people.accept_invitation(process, body.token, password, body.first_name)
    )


@router.get("/organizations")
async def list_organizations(
    identity: IdentityCtx, session: Read, paging: EveryRow
) -> JSONResponse:
    """The organizations you may switch to, with your role in each."""
    if identity.user_id is None:
        raise Forbidden("A key belongs to one organization.")
    rows = await queries.list_places(session, identity.user_id)
    return _listed("organizations", [PlaceRead.of(*row) for row in rows], paging)


@router.get("/members")
async def list_members(ctx: ViewerCtx, session: Read, paging: EveryRow) -> JSONResponse:
    """Everybody who belongs to the organization."""
    rows = await queries.list_members(session, ctx.organization_id)
    return _listed("members", [MemberRead.of(row) for row in rows], paging)


@router.post("/members/invitations", status_code=201, responses=problems(members.AlreadyMember))
async def invite(
    body: InvitationCreate, ctx: AdminCtx, session: Write, process: ProcessDep, now: Now
) -> InvitationMade:
    """Invite somebody; the link is shown in this answer only."""
    invited = await members.invite(session, ctx, email=body.email, role=body.role, now=now)
    return InvitationMade.shown_once(invited, process.settings.base_url)


@router.get("/members/invitations")
async def list_invitations(
    ctx: AdminCtx, session: Read, paging: EveryRow, now: Now
) -> JSONResponse:
    """Invitations that can still be accepted."""
    rows = await queries.list_invitations(session, ctx.organization_id, now)
    return _listed("invitations", [InvitationRead.of(row) for row in rows], paging)


@router.delete("/members/invitations/{invitation}")
async def revoke_invitation(
    invitation: InvitationRef, ctx: AdminCtx, session: Write, now: Now
) -> Message:
    """Make an invitation's link useless."""
    await members.revoke_invitation(session, ctx, invitation, now)
    return Message(message="Invitation revoked")


@router.put("/members/{member}", responses=problems(members.LastOwner))
async def change_role(
    member: MemberRef, body: MemberUpdate, ctx: AdminCtx, session: Write
) -> MemberRead:
    """Give a member another role."""
    await members.change_role(session, ctx, member, body.role)
    return MemberRead.of(await members.get_member(session, ctx, member))


@router.delete("/members/{member}", responses=problems(members.LastOwner))
async def remove_member(member: MemberRef, ctx: ViewerCtx, session: Write) -> Message:
    """Take a member out, or leave; their keys stop working."""
    await members.remove(session, ctx, member)
    return Message(message="Member removed")


@router.get("/keys")
async def list_keys(ctx: AdminCtx, session: Read, paging: EveryRow) -> JSONResponse:
    """API keys that were not revoked; the keys themselves are never shown again."""
    rows = await queries.list_keys(session, ctx.organization_id)
    return _listed("keys", [KeyRead.of(row) for row in rows], paging)


@router.post("/keys", status_code=201)
async def create_key(body: KeyCreate, ctx: AdminCtx, session: Write) -> KeyMade:
    """Make an API key; it is shown in this answer only."""
    return KeyMade.shown_once(await keys.create_key(session, ctx, **dict(body)))


@router.delete("/keys/{key}")
async def revoke_key(key: KeyRef, ctx: AdminCtx, session: Write, now: Now) -> Message:
    """End a key."""
    await keys.revoke_key(session, ctx, key, now)
    return Message(message="Key revoked")


@router.get("/audit")
async def list_audit(
    ctx: AdminCtx,
    session: Read,
    paging: AuditPaging,
    subject: Annotated[str | None, Query(max_length=40)] = None,
    subject_id: int | None = None,
) -> JSONResponse:
    """Who changed what, newest first."""
    rows, total = await queries.list_audit(
        session, ctx.organization_id, paging, subject=subject, subject_id=subject_id
    )
    return listed("entries", [AuditRead.of(row) for row in rows], total, paging)


def _listed(name: str, rows: Sequence[BaseModel], paging: Paging) -> JSONResponse:
    """A list that is short by nature; all rows unless fewer are asked for."""
    page = rows[paging.offset : paging.offset + paging.limit]
    return listed(name, page, len(rows), paging)
