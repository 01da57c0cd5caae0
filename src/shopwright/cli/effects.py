"""``effects``: what is to be done outside; held after a restore until the owner releases it."""

from collections import Counter

import typer
from sqlalchemy import select, update

from shopwright.cli.opening import DataDir, run
from shopwright.kernel.db import Installation
from shopwright.kernel.edge import Process
from shopwright.kernel.effects import OPEN_EFFECTS, Effect
from shopwright.kernel.errors import Conflict
from shopwright.kernel.tenancy import CROSS_TENANT

app = typer.Typer(help="What is to be done outside the shop.", no_args_is_help=True)


@app.command("list")
def list_effects(data_dir: DataDir = None) -> None:
    """Effects that are not settled, by kind and status."""

    async def work(process: Process) -> tuple[bool, Counter[tuple[str, str]]]:
        async with process.database.read() as session:
            held = await session.scalar(select(Installation.are_effects_held))
            rows = await session.execute(
                select(Effect.kind, Effect.status).where(Effect.status.in_(OPEN_EFFECTS)),
                execution_options=CROSS_TENANT,
            )
            return bool(held), Counter((kind, str(status)) for kind, status in rows)

    held, counts = run(data_dir, work)
    typer.echo("held" if held else "not held")
    for (kind, status), count in sorted(counts.items()):
        typer.echo(f"{count}\t{kind}\t{status}")


@app.command("release")
def release(data_dir: DataDir = None) -> None:
    """Let effects go out again."""

    async def work(process: Process) -> bool:
        async with process.database.write() as session:
            released = await session.scalar(
                update(Installation)
                .where(Installation.are_effects_held)
                .values(are_effects_held=False)
                .returning(Installation.id)
            )
            return released is not None

    if not run(data_dir, work):
        raise Conflict("Effects are not held.")
    typer.echo("Effects go out again.")
