"""Who belongs to an organization: invite, accept, change role, remove. There is always an owner."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit, queries
from shopwright.accounts.events import MemberInvited
from shopwright.accounts.identities import forget_after_commit
from shopwright.accounts.models import Invitation, Membership, User
from shopwright.kernel import events, ids
from shopwright.kernel.actor import RANK, Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Forbidden, Gone, NotFound
from shopwright.kernel.secrets import token_hash

INVITATION_LASTS = timedelta(days=7)


class LastOwner(Conflict):
    code = "last-owner"
    title = "An organization needs an owner"


class AlreadyMember(Conflict):
    code = "already-member"
    title = "Already a member"


class InvitationOver(Gone):
    code = "invitation-over"
    title = "This invitation is over"


@dataclass(frozen=True, slots=True)
class Invited:
    """``token`` is shown in this one answer only."""

    invitation: Invitation
    token: str


async def get_member(session: AsyncSession, ctx: Actor, ref: Ref) -> queries.MemberRow:
    """By the membership's id or uuid; raises NotFound."""
    member = await queries.find_member(session, ctx.organization_id, ref)
    if member is None:
        raise NotFound("There is no such member.")
    return member


async def invite(
    session: WriteSession, ctx: Actor, *, email: str, role: Role, now: datetime
) -> Invited:
    """A link for a new member; an older open invitation of the same address is replaced."""
    _check_may_give(ctx, role)
    address = email.strip().lower()
    if await queries.has_member(session, ctx.organization_id, address):
        raise AlreadyMember(f"{address} is a member already.")
    await queries.revoke_invitations_to(session, ctx.organization_id, address, now)
    token = ids.new_token()
    invitation = Invitation(
        organization_id=ctx.organization_id,
        email=address,
        role=role,
        token_hash=token_hash(token),
        invited_by=ctx.name[:120],
        expires_at=now + INVITATION_LASTS,
    )
    session.add(invitation)
    await session.flush()
    audit.record(session, ctx, "member.invited", invitation.id, email=address, role=role)
    await events.publish(
        session,
        MemberInvited(ctx.organization_id, invitation.id, address, role, ctx.name, token),
    )
    return Invited(invitation, token)


async def revoke_invitation(session: WriteSession, ctx: Actor, ref: Ref, now: datetime) -> None:
    invitation_id = await queries.revoke_invitation(session, ctx.organization_id, ref, now)
    if invitation_id is None:
        raise NotFound("There is no such open invitation.")
    audit.record(session, ctx, "member.invitation_revoked", invitation_id)


async def get_open_invitation(session: AsyncSession, token: str, now: datetime) -> Invitation:
    """Raises NotFound for a token nobody made, InvitationOver when used, revoked or too old."""
    invitation = await queries.find_invitation(session, token_hash(token))
    if invitation is None:
        raise NotFound("There is no such invitation.")
    if invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= now:
        raise InvitationOver("This invitation was used, revoked, or is too old. Ask for a new one.")
    return invitation


async def join(session: WriteSession, user: User, token: str, now: datetime) -> Membership:
    """Make ``user`` a member as invited; the invitation works once."""
    invitation = await queries.accept_invitation(session, token_hash(token), now)
    if invitation is None:
        raise InvitationOver("This invitation was used, revoked, or is too old. Ask for a new one.")
    if await queries.has_member(session, invitation.organization_id, user.email):
        raise AlreadyMember(f"{user.email} is a member already.")
    membership = Membership(
        organization_id=invitation.organization_id, user_id=user.id, role=invitation.role
    )
    session.add(membership)
    await session.flush()
    user.last_organization_id = invitation.organization_id
    actor = Actor(
        invitation.organization_id, invitation.role, user.first_name or user.username, user.id
    )
    audit.record(session, actor, "member.joined", membership.id, invited_by=invitation.invited_by)
    forget_after_commit(session)
    return membership


async def change_role(session: WriteSession, ctx: Actor, ref: Ref, role: Role) -> None:
    """Only owners make or unmake owners; the last owner stays one."""
    await queries.lock_organization(session, ctx.organization_id)
    member = await get_member(session, ctx, ref)
    _check_may_give(ctx, role)
    _check_may_give(ctx, member.role)
    if member.role is Role.OWNER and role is not Role.OWNER:
        await _check_other_owner(session, ctx, member)
    await queries.set_role(session, ctx.organization_id, member.id, role)
    audit.record(session, ctx, "member.role_changed", member.id, before=member.role, after=role)
    forget_after_commit(session)


async def remove(session: WriteSession, ctx: Actor, ref: Ref) -> None:
    """Take somebody out, with their keys; anybody but the last owner may leave by themselves."""
    await queries.lock_organization(session, ctx.organization_id)
    member = await get_member(session, ctx, ref)
    if member.user_id != ctx.user_id:
        ctx.require(Role.ADMIN)
        _check_may_give(ctx, member.role)
    if member.role is Role.OWNER:
        await _check_other_owner(session, ctx, member)
    await queries.delete_member(session, ctx.organization_id, member.id)
    audit.record(session, ctx, "member.removed", member.id, email=member.email)
    forget_after_commit(session)


def _check_may_give(ctx: Actor, role: Role) -> None:
    if RANK[role] > RANK[ctx.role]:
        raise Forbidden(f"You are {ctx.role} here and cannot decide over the role {role}.")


async def _check_other_owner(session: WriteSession, ctx: Actor, member: queries.MemberRow) -> None:
    if not await queries.has_owner_besides(session, ctx.organization_id, member.id):
        raise LastOwner(f"{member.email} is the last owner. Make somebody else owner first.")
