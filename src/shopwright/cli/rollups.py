"""``analytics``: the roll-ups that reports read."""

import typer

from shopwright.analytics import checks, printer_time, rollups
from shopwright.analytics.states import RollupSubject
from shopwright.cli.opening import DataDir, OrganizationName, get_organization, run
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict
from shopwright.telemetry.access import storage_of

app = typer.Typer(help="What the reports count from.", no_args_is_help=True)


@app.command()
def rebuild(org: OrganizationName = "", data_dir: DataDir = None) -> None:
    """Count orders, prints, filament and printer time anew; the shop may go on meanwhile."""

    async def work(process: Process) -> str:
        async with process.database.read() as session:
            organization = await get_organization(session, org)
        await rollups.rebuild(process.database, organization.id)
        await printer_time.rebuild(process.database, storage_of(process), organization.id)
        return organization.name

    typer.echo(f"The reports of {run(data_dir, work)} are counted anew.")


@app.command()
def check(org: OrganizationName = "", data_dir: DataDir = None) -> None:
    """Whether they say what counting the rows says; exit code 4 when they do not."""

    async def work(process: Process) -> list[str]:
        async with process.database.read() as session:
            organization = await get_organization(session, org)
            wrong = await checks.list_wrong(session, organization.id)
        if await printer_time.is_wrong(process.database, storage_of(process), organization.id):
            wrong.append(RollupSubject.PRINTER_TIME)
        return [subject.value for subject in wrong]

    wrong = run(data_dir, work)
    if wrong:
        raise Conflict(f"Wrong: {', '.join(wrong)}. Run `shopwright analytics rebuild`.")
    typer.echo("The reports say what counting the rows says.")
