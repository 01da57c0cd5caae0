"""``org``, ``user`` and ``token``: who there is, made by whoever may log in to the machine."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import delete

from shopwright.accounts import bootstrap, people, queries, sessions
from shopwright.accounts.identities import forget_after_commit
from shopwright.accounts.models import Organization, User
from shopwright.accounts.passwords import Passwords
from shopwright.accounts.people import NewPerson
from shopwright.cli.opening import DataDir, OrganizationName, get_organization, run
from shopwright.kernel.actor import Role, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.settings import Settings

organizations = typer.Typer(help="Organizations.", no_args_is_help=True)
users = typer.Typer(help="People who sign in.", no_args_is_help=True)
tokens = typer.Typer(help="Access tokens.", no_args_is_help=True)

PASSWORD_HELP = "SHOPWRIGHT_PASSWORD or a prompt; never an argument, which everybody could read."
CLI = "command line"


@organizations.command("create")
def create_organization(
    name: str,
    currency: Annotated[str, typer.Option(help="ISO 4217; else SHOPWRIGHT_CURRENCY.")] = "",
    time_zone: Annotated[
        str, typer.Option(help="e.g. Europe/Berlin; else SHOPWRIGHT_TIME_ZONE.")
    ] = "",
    data_dir: DataDir = None,
) -> None:
    """A new organization without members."""

    async def work(process: Process) -> str:
        settings = process.settings
        async with process.database.write() as session:
            made = await people.create_organization(
                session,
                name=name,
                currency=currency or settings.currency,
                time_zone=time_zone or settings.time_zone,
                now=process.clock.now(),
            )
            return made.slug

    typer.echo(run(data_dir, work))


@organizations.command("list")
def list_organizations(data_dir: DataDir = None) -> None:
    """Slug, uuid and name of each."""

    async def work(process: Process) -> list[Organization]:
        async with process.database.read() as session:
            return await queries.list_organizations(session)

    for found in run(data_dir, work):
        typer.echo(f"{found.slug}\t{found.uuid}\t{found.name}")


@organizations.command("delete")
def delete_organization(
    slug: str,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
) -> None:
    """An organization with everything it has. There is no way back but a backup."""
    if not yes and typer.prompt(f"Type {slug} to delete it") != slug:
        raise Conflict("Nothing was deleted.")

    async def work(process: Process) -> None:
        async with process.database.write() as session:
            found = await get_organization(session, slug)
            await session.execute(delete(Organization).where(Organization.id == found.id))
            forget_after_commit(session)

    run(data_dir, work)
    typer.echo(f"{slug} is deleted.")


@users.command("create")
def create_user(
    email: str,
    role: Annotated[Role, typer.Option(help="Role in the organization.")] = Role.MEMBER,
    org: OrganizationName = "",
    first_name: Annotated[str, typer.Option(help="How the pages greet them.")] = "",
    data_dir: DataDir = None,
) -> None:
    """A user with a password; the first organization is made if there is none."""
    password = ask_password()

    async def work(process: Process) -> None:
        hashed = await process.context.keep(Passwords).hash(password)
        async with process.database.write() as session:
            organization = await _organization_to_join(session, process, org)
            person = NewPerson(email, first_name, hashed, is_email_verified=True)
            user = await people.create_user(session, person, process.clock.now())
            ctx = system_actor(organization.id, CLI)
            await people.add_member(session, ctx, organization, user, role)

    run(data_dir, work)
    typer.echo(f"{email.lower()} can sign in as {role}.")


@users.command("list")
def list_users(data_dir: DataDir = None) -> None:
    """Everybody, with whether they may sign in."""

    async def work(process: Process) -> list[User]:
        async with process.database.read() as session:
            return await queries.list_users(session)

    for user in run(data_dir, work):
        typer.echo(f"{user.email}\t{user.uuid}\t{'active' if user.is_active else 'inactive'}")


@users.command("password", help=f"Set a new password and end every sign-in. {PASSWORD_HELP}")
def set_password(email: str, data_dir: DataDir = None) -> None:
    password = ask_password()

    async def work(process: Process) -> None:
        hashed = await process.context.keep(Passwords).hash(password)
        async with process.database.write() as session:
            user = await _get_user(session, email)
            await queries.set_password(session, user.id, hashed)
            await queries.revoke_sessions_of_user(session, user.id, process.clock.now())

    run(data_dir, work)
    typer.echo("The password is set; every sign-in has ended.")


@users.command("deactivate")
def deactivate(email: str, data_dir: DataDir = None) -> None:
    """Keep somebody out, everywhere, at once."""

    async def work(process: Process) -> None:
        async with process.database.write() as session:
            user = await _get_user(session, email)
            user.is_active = False
            await queries.revoke_sessions_of_user(session, user.id, process.clock.now())

    run(data_dir, work)
    typer.echo(f"{email} cannot sign in any more.")


@tokens.command("create")
def create_token(email: str, data_dir: DataDir = None) -> None:
    """An access token for somebody, on stdout and nowhere else."""

    async def work(process: Process) -> sessions.SignedIn:
        async with process.database.write() as session:
            user = await _get_user(session, email)
            return await sessions.open_session(session, process, user, process.clock.now())

    made = run(data_dir, work)
    typer.echo(made.token)
    typer.echo(f"It ends in {timedelta(seconds=made.expires_in_s)}.", err=True)


def ask_first_owner(data_dir: Path | None, settings: Settings) -> None:
    """At the very first start, when a person sits there and the environment names no owner."""
    if settings.owner_email or not sys.stdin.isatty():
        return
    if run(data_dir, bootstrap.has_users):
        return
    typer.echo("Nobody can sign in yet. Who owns this shop?", err=True)
    email: str = typer.prompt("E-mail address")
    password = ask_password()
    run(data_dir, lambda process: bootstrap.found(process, email=email, password=password))


def ask_password() -> str:
    """From SHOPWRIGHT_PASSWORD, a prompt, or one line of stdin when nobody is there to ask."""
    given = os.environ.get("SHOPWRIGHT_PASSWORD")
    if given:
        return given
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\n")


async def _get_user(session: WriteSession, email: str) -> User:
    user = await queries.find_user_by_email(session, email.strip().lower())
    if user is None:
        raise NotFound(f"There is no user {email}.")
    return user


async def _organization_to_join(session: WriteSession, process: Process, name: str) -> Organization:
    if name or await queries.list_organizations(session):
        return await get_organization(session, name)
    settings = process.settings
    return await people.create_organization(
        session,
        name=settings.organization_name,
        currency=settings.currency,
        time_zone=settings.time_zone,
        now=process.clock.now(),
    )
