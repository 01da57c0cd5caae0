"""The first start: one organization and its owner, from the environment or from answers."""

from dataclasses import dataclass

import structlog

from shopwright.accounts import people, queries
from shopwright.accounts.models import Organization, User
from shopwright.accounts.passwords import Passwords
from shopwright.accounts.people import NewPerson
from shopwright.kernel.actor import Role, system_actor
from shopwright.kernel.db import take_turns
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict

log = structlog.get_logger()


class AlreadyFounded(Conflict):
    code = "already-founded"
    title = "There is an owner already"


@dataclass(frozen=True, slots=True)
class Founded:
    organization: Organization
    owner: User


async def has_users(process: Process) -> bool:
    async with process.database.read() as session:
        return await queries.has_users(session)


async def found(process: Process, *, email: str, password: str, first_name: str = "") -> Founded:
    """The settings' organization with its first owner; AlreadyFounded when there is a user."""
    password_hash = await process.context.keep(Passwords).hash(password)
    settings, now = process.settings, process.clock.now()
    async with process.database.write() as session:
        await take_turns(session, "founding")
        if await queries.has_users(session):
            raise AlreadyFounded(
                "This installation has users already; add more with `user create`."
            )
        organization = await people.create_organization(
            session,
            name=settings.organization_name,
            currency=settings.currency,
            time_zone=settings.time_zone,
            now=now,
        )
        owner = await people.create_user(
            session, NewPerson(email, first_name, password_hash, is_email_verified=True), now
        )
        ctx = system_actor(organization.id)
        await people.add_member(session, ctx, organization, owner, Role.OWNER)
    return Founded(organization, owner)


async def found_from_settings(process: Process) -> Founded | None:
    """Once, when ``SHOPWRIGHT_OWNER_EMAIL`` and ``_PASSWORD`` are set and nobody is there yet."""
    settings = process.settings
    if not settings.owner_email or settings.owner_password is None or await has_users(process):
        return None
    password = settings.owner_password.get_secret_value()
    try:
        founded = await found(process, email=settings.owner_email, password=password)
    except AlreadyFounded:
        return None  # by another server that started at the same moment
    log.info("first owner made", email=founded.owner.email, organization=founded.organization.name)
    return founded
