"""Signing in with an outside account: what proves it, and who may come in (reference decision 15).

Members come in, whoever holds an invitation joins, the very first person founds the shop, and with
``ALLOW_SIGNUP`` a stranger founds one of their own. An e-mail address never proves anything here:
the outside service may not have checked it.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit, members, outside_queries, people, queries
from shopwright.accounts.identities import forget_after_commit
from shopwright.accounts.models import User
from shopwright.accounts.people import AddressTaken, NewPerson
from shopwright.accounts.port import OutsidePerson
from shopwright.kernel.actor import Actor, Role, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import BrokenUpstream, Conflict, Forbidden, Invalid
from shopwright.kernel.settings import Settings

VERIFIER_BYTES = 48  # 64 characters; PKCE asks for 43 to 128


class NotInvited(Forbidden):
    code = "not-invited"
    title = "Nobody invited this account"


class CodeRefused(Invalid):
    code = "code-refused"
    title = "This code does not sign anybody in"


class ProviderNotSetUp(Conflict):
    code = "provider-not-set-up"
    title = "This way to sign in is not set up here"


class ProviderDown(BrokenUpstream):
    code = "provider-down"
    title = "The service that knows you does not answer"


class LinkedElsewhere(Conflict):
    code = "linked-elsewhere"
    title = "This account belongs to somebody else here"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody whom the provider has proven; ``invitation`` is the token of a link they hold."""

    person: OutsidePerson
    invitation: str | None = None


def new_verifier() -> str:
    return secrets.token_urlsafe(VERIFIER_BYTES)


async def check_welcome(
    session: AsyncSession, settings: Settings, outside_id: str, invitation: str | None
) -> bool:
    """Whether somebody is known here; raises NotInvited, so that strangers cost no more calls."""
    user = await outside_queries.find_user(session, outside_id)
    if user is not None:
        return True
    if not invitation and not settings.allow_signup and await queries.has_users(session):
        _turn_away()
    return False


async def admit(session: WriteSession, process: Process, arrival: Arrival, now: datetime) -> User:
    """The user, known or new, as a member of something.

    Raises NotInvited, AddressTaken, or what joining by an invitation raises.
    """
    user = await outside_queries.find_user(session, arrival.person.user_id)
    if user is None:
        return await _admit_newcomer(session, process, arrival, now)
    if not user.is_active:
        raise Forbidden("This user was deactivated here. Ask the owner of the shop.")
    if arrival.invitation:
        await members.join(session, user, arrival.invitation, now)
    elif await queries.find_home(session, user) is None:
        await _found(session, process, user, arrival.person, now)
    return user


async def link(session: WriteSession, ctx: Actor, person: OutsidePerson, now: datetime) -> User:
    """From now on the account signs this person in; raises LinkedElsewhere."""
    holder = await outside_queries.find_user(session, person.user_id)
    if holder is not None and holder.id != ctx.user_id:
        raise LinkedElsewhere("This Etsy account signs in somebody else here. Sign in as them.")
    user = await session.get_one(User, ctx.user_id)
    user.etsy_user_id, user.updated_at = person.user_id, now
    await session.flush()
    audit.record(session, ctx, "user.account_linked", user.id, account=person.user_id)
    return user


async def unlink(session: WriteSession, ctx: Actor, now: datetime) -> User:
    """The account signs nobody in any more; raises Conflict where there is no other way in."""
    user = await session.get_one(User, ctx.user_id)
    if user.password_hash is None:
        raise Conflict("You have no password here, so this is your only way in.")
    account, user.etsy_user_id, user.updated_at = user.etsy_user_id, None, now
    await session.flush()
    audit.record(session, ctx, "user.account_unlinked", user.id, account=account)
    return user


async def _admit_newcomer(
    session: WriteSession, process: Process, arrival: Arrival, now: datetime
) -> User:
    person = arrival.person
    if not arrival.invitation:
        user = await _create(session, person, person.email or _no_address(person), now)
        await _found(session, process, user, person, now)
        return user
    invitation = await members.get_open_invitation(session, arrival.invitation, now)
    user = await _create(session, person, invitation.email, now)
    await members.join(session, user, arrival.invitation, now)
    return user


async def _create(session: WriteSession, person: OutsidePerson, email: str, now: datetime) -> User:
    newcomer = NewPerson(email, person.first_name, None, is_email_verified=False)
    newcomer = replace(newcomer, username=person.shop_name or "", etsy_user_id=person.user_id)
    try:
        return await people.create_user(session, newcomer, now)
    except AddressTaken as err:
        raise AddressTaken(
            f"There is a user with the address {email} already. Sign in with its password and "
            "link the Etsy account on the page of your account."
        ) from err


async def _found(
    session: WriteSession, process: Process, user: User, person: OutsidePerson, now: datetime
) -> None:
    """The first person owns the installation's shop; with ALLOW_SIGNUP others found their own."""
    settings = process.settings
    await outside_queries.lock_founding(session)
    is_first = not await outside_queries.has_users_besides(session, user.id)
    if not is_first and not settings.allow_signup:
        _turn_away()
    own_name = person.shop_name or f"Shop of {user.first_name or user.username}"
    organization = await people.create_organization(
        session,
        name=(person.shop_name or settings.organization_name) if is_first else own_name,
        currency=settings.currency,
        time_zone=settings.time_zone,
        now=now,
    )
    await people.add_member(session, system_actor(organization.id), organization, user, Role.OWNER)
    user.last_organization_id = organization.id
    forget_after_commit(session)


def _no_address(person: OutsidePerson) -> str:
    """Reserved for names that lead nowhere (RFC 2606); people may give a real one later."""
    return f"etsy-{person.user_id}@account.invalid"


def _turn_away() -> NoReturn:
    raise NotInvited(
        "This Etsy account belongs to nobody here. Ask the owner of the shop for an invitation; "
        "if you have a password here, sign in with it and link the account."
    )
