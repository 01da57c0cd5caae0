"""Who belongs to the shop, invitations, and keys for programs. Secrets are shown once."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.responses import Response

from shopwright.accounts import keys, members, queries
from shopwright.accounts.access import AdminCtx
from shopwright.accounts.schemas import InvitationCreate
from shopwright.accounts.scopes import SCOPES
from shopwright.kernel.actor import RANK, Role
from shopwright.kernel.edge import Now, ProcessDep, Read, Ref, Write, path_ref
from shopwright.kernel.errors import Invalid
from shopwright.notifications.telling import has_mail_server
from shopwright.web.judging import judge
from shopwright.web.page import AdminPageCtx, done, fragment, is_htmx

router = APIRouter(include_in_schema=False)

MemberRef = Annotated[Ref, path_ref("member")]
InvitationRef = Annotated[Ref, path_ref("invitation")]
KeyRef = Annotated[Ref, path_ref("key")]
HERE = "/people"
SENTENCES = {"email": "{value!r} is no e-mail address."}


class KeyForm(BaseModel):
    """No scope chosen means all."""

    name: Annotated[str, Form(max_length=100)] = ""
    role: Role = Role.MEMBER
    scopes: list[str] = []


@router.get(HERE)
async def show_people(page: AdminPageCtx, session: Read) -> Response:
    mine, rank = page.organization_id, RANK[page.actor.role]
    return page.render(
        "people.html",
        active="people",
        members=await queries.list_members(session, mine),
        invitations=await queries.list_invitations(session, mine, page.now),
        keys=await queries.list_keys(session, mine),
        roles=[role for role in reversed(Role) if RANK[role] <= rank],
        scopes=sorted(SCOPES),
        rank=rank,
        ranks=RANK,
    )


@router.post("/people/invitations")
async def invite(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    process: ProcessDep,
    now: Now,
    email: Annotated[str, Form(max_length=300)],
    role: Annotated[Role, Form()] = Role.MEMBER,
) -> Response:
    """The link is in this answer only; whoever has it may come in."""
    typed = {"email": email.strip(), "role": role}
    wanted = judge(InvitationCreate, typed, SENTENCES)
    invited = await members.invite(session, ctx, email=wanted.email, role=role, now=now)
    is_mailed = await has_mail_server(session, ctx.organization_id)
    mailed = " A mail with it is on its way." if is_mailed else ""
    return _show_once(
        request,
        title=f"Send this link to {invited.invitation.email}",
        text=f"It is shown only now, works once and for seven days.{mailed}",
        secret=f"{process.settings.pages_url}/invitation?token={invited.token}",
    )


@router.post("/people/invitations/{invitation}/revoke")
async def revoke_invitation(
    request: Request, ctx: AdminCtx, session: Write, now: Now, invitation: InvitationRef
) -> Response:
    await members.revoke_invitation(session, ctx, invitation, now)
    return done(request, "The link does not work any more.", to=HERE)


@router.post("/people/keys")
async def create_key(
    request: Request, ctx: AdminCtx, session: Write, form: Annotated[KeyForm, Form()]
) -> Response:
    """The key is in this answer only."""
    if not form.name.strip():
        raise Invalid("Say what the key is for, so that the next person knows.")
    new = await keys.create_key(
        session,
        ctx,
        name=form.name.strip(),
        role=form.role,
        scopes=form.scopes or None,
        expires_at=None,
    )
    return _show_once(
        request,
        title=f"The key for {new.key.name}",
        text="It is shown only now. Send it as X-API-Key or as a Bearer token.",
        secret=new.secret,
    )


@router.post("/people/keys/{key}/revoke")
async def revoke_key(
    request: Request, ctx: AdminCtx, session: Write, now: Now, key: KeyRef
) -> Response:
    await keys.revoke_key(session, ctx, key, now)
    return done(request, "The key does not work any more.", to=HERE)


@router.post("/people/{member}/role")
async def change_role(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    member: MemberRef,
    role: Annotated[Role, Form()],
) -> Response:
    await members.change_role(session, ctx, member, role)
    found = await members.get_member(session, ctx, member)
    return done(request, f"{found.first_name or found.email} is {role} now.", to=HERE)


@router.post("/people/{member}/remove")
async def remove_member(
    request: Request, ctx: AdminCtx, session: Write, member: MemberRef
) -> Response:
    found = await members.get_member(session, ctx, member)
    await members.remove(session, ctx, member)
    return done(request, f"{found.first_name or found.email} cannot come in any more.", to=HERE)


def _show_once(request: Request, **values: Any) -> Response:
    """Into the page with fresh lists for htmx, a page of its own without it."""
    template = "parts/shown_once.html" if is_htmx(request) else "shown_once.html"
    answer = fragment(request, template, values)
    if is_htmx(request):
        answer.headers["HX-Trigger"] = "people-changed"
    return answer
