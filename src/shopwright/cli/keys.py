"""``key``: API keys."""

from typing import Annotated

import typer

from shopwright.accounts import keys, queries
from shopwright.accounts.models import ApiKey
from shopwright.cli.opening import DataDir, OrganizationName, get_organization, run
from shopwright.kernel.actor import Role, system_actor
from shopwright.kernel.edge import Process, parse_ref

app = typer.Typer(help="API keys.", no_args_is_help=True)


@app.command("create")
def create(
    name: str,
    role: Annotated[Role, typer.Option(help="The most it may do.")] = Role.MEMBER,
    scope: Annotated[
        list[str] | None, typer.Option(help="Limit it; may be given several times.")
    ] = None,
    org: OrganizationName = "",
    data_dir: DataDir = None,
) -> None:
    """A key, on stdout and nowhere else."""

    async def work(process: Process) -> str:
        async with process.database.write() as session:
            organization = await get_organization(session, org)
            ctx = system_actor(organization.id, "command line")
            made = await keys.create_key(
                session, ctx, name=name, role=role, scopes=scope or None, expires_at=None
            )
            return made.secret

    typer.echo(run(data_dir, work))


@app.command("list")
def list_keys(org: OrganizationName = "", data_dir: DataDir = None) -> None:
    """Keys that were not revoked."""

    async def work(process: Process) -> list[ApiKey]:
        async with process.database.write() as session:
            organization = await get_organization(session, org)
            return await queries.list_keys(session, organization.id)

    for key in run(data_dir, work):
        scopes = ",".join(key.scopes) if key.scopes is not None else "everything"
        typer.echo(f"{key.id}\t{key.shown_prefix}…\t{key.role}\t{scopes}\t{key.name}")


@app.command("revoke")
def revoke(key: str, org: OrganizationName = "", data_dir: DataDir = None) -> None:
    """End a key, by its id."""

    async def work(process: Process) -> None:
        async with process.database.write() as session:
            organization = await get_organization(session, org)
            ctx = system_actor(organization.id, "command line")
            await keys.revoke_key(session, ctx, parse_ref(key), process.clock.now())

    run(data_dir, work)
    typer.echo("The key is revoked.")
