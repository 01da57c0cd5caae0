"""``db``: the tables and their revision."""

import typer

from shopwright.cli.opening import DataDir, load_settings
from shopwright.kernel import migrations
from shopwright.kernel.db import Base
from shopwright.kernel.errors import Conflict
from shopwright.kernel.settings import async_database_url
from shopwright.migrations import SCRIPTS
from shopwright.server.tables import import_all_models

app = typer.Typer(help="Tables and their revision.", no_args_is_help=True)


@app.command()
def upgrade(data_dir: DataDir = None) -> None:
    """Bring the database to the newest revision; `serve` does that by itself."""
    settings = load_settings(data_dir)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade_now(async_database_url(settings), SCRIPTS)
    current(data_dir)


@app.command()
def current(data_dir: DataDir = None) -> None:
    """The revision the database is at."""
    revision = migrations.current_revision(async_database_url(load_settings(data_dir)))
    typer.echo(revision or "empty")


@app.command()
def check(data_dir: DataDir = None) -> None:
    """Whether tables and program agree; exit code 4 when they do not."""
    import_all_models()
    found = migrations.differences(async_database_url(load_settings(data_dir)), Base.metadata)
    if found:
        lines = "\n".join(f"  {difference}" for difference in found)
        raise Conflict(f"The tables differ from what the program expects:\n{lines}")
    typer.echo("The tables are as the program expects them.")
