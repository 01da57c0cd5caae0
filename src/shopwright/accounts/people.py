"""Organizations and users come to be: the first owner, people made by hand, people invited."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts import audit, members, queries, sessions, sign_in
from shopwright.accounts.models import Membership, Organization, User
from shopwright.accounts.passwords import Passwords
from shopwright.accounts.sessions import SignedIn
from shopwright.kernel import ids, money
from shopwright.kernel.actor import Actor, Role, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict, NotFound

MAX_SLUG = 60


class AddressTaken(Conflict):
    code = "address-taken"
    title = "Somebody has this e-mail address"


@dataclass(frozen=True, slots=True)
class NewPerson:
    """``password_hash`` None makes a user who can only come in with an account from outside."""

    email: str
    first_name: str
    password_hash: str | None
    is_email_verified: bool
    username: str = ""  # the beginning of the address
    etsy_user_id: str | None = None


async def create_organization(
    session: WriteSession, *, name: str, currency: str, time_zone: str, now: datetime
) -> Organization:
    """Raises UnknownCurrency; the slug comes from the name and is made unique."""
    slug = slug_of(name)
    if await queries.find_organization(session, slug) is not None:
        slug = f"{slug}-{ids.new_uuid()[-6:]}"
    organization = Organization(
        name=name,
        slug=slug,
        currency=money.check_currency(currency),
        time_zone=time_zone,
        created_at=now,
    )
    session.add(organization)
    await session.flush()
    audit.record(session, system_actor(organization.id), "organization.created", organization.id)
    return organization


async def set_etsy_shop(
    session: WriteSession, organization_id: int, shop_id: str, shop_name: str
) -> None:
    """What the documented ``shop_id`` and ``shop_name`` of a person say from now on."""
    organization = await session.get_one(Organization, organization_id)
    known = {"etsy_shop_id": shop_id, "etsy_shop_name": shop_name}
    organization.settings = {**organization.settings, **known}
    await session.flush()


async def create_user(session: WriteSession, person: NewPerson, now: datetime) -> User:
    """Raises AddressTaken."""
    email = person.email.strip().lower()
    if await queries.find_user_by_email(session, email) is not None:
        raise AddressTaken(f"There is a user with the address {email} already.")
    user = User(
        email=email,
        username=(person.username or email.partition("@")[0])[:100],
        etsy_user_id=person.etsy_user_id,
        first_name=person.first_name.strip()[:100],
        password_hash=person.password_hash,
        is_email_verified=person.is_email_verified,
        created_at=now,
        updated_at=now,
    )
    session.add(user)
    await session.flush()
    return user


async def add_member(
    session: WriteSession, ctx: Actor, organization: Organization, user: User, role: Role
) -> Membership:
    """Without an invitation: first start and the command line."""
    if await queries.has_member(session, organization.id, user.email):
        raise members.AlreadyMember(f"{user.email} is a member already.")
    membership = Membership(organization_id=organization.id, user_id=user.id, role=role)
    session.add(membership)
    await session.flush()
    user.last_organization_id = user.last_organization_id or organization.id
    audit.record(session, ctx, "member.added", membership.id, email=user.email, role=role)
    return membership


async def accept_invitation(
    process: Process, token: str, password: str, first_name: str
) -> SignedIn:
    """Sign in whoever was invited; somebody known here shows the password they have."""
    now = process.clock.now()
    async with process.database.read() as session:
        invitation = await members.get_open_invitation(session, token, now)
        known = await queries.find_user_by_email(session, invitation.email)
    if known is not None:
        await sign_in.check_password(process, invitation.email, password)
        password_hash = None
    else:
        password_hash = await process.context.keep(Passwords).hash(password)
    # The link was handed over by whoever invited, so it proves nothing about the address.
    person = NewPerson(invitation.email, first_name, password_hash, is_email_verified=False)
    async with process.database.write() as session:
        user = await _known_or_new(session, person, known is not None, now)
        await members.join(session, user, token, now)
        return await sessions.open_session(session, process, user, now)


async def _known_or_new(
    session: WriteSession, person: NewPerson, is_known: bool, now: datetime
) -> User:
    if not is_known:
        return await create_user(session, person, now)
    user = await queries.find_user_by_email(session, person.email)
    if user is None:
        raise NotFound("This user was removed meanwhile.")
    return user


def slug_of(name: str) -> str:
    """``Müller & Söhne`` → ``muller-sohne``."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:MAX_SLUG] or "shop"
