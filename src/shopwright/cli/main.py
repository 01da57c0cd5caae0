"""The ``shopwright`` program: commands, and what a failed one says and returns."""

import logging
import sys
from typing import Annotated

import structlog
import typer

from shopwright import __version__
from shopwright.cli import (
    agents,
    api,
    backups,
    config,
    databases,
    doctor,
    effects,
    exchange,
    keys,
    people,
    rollups,
    sandbox,
)
from shopwright.cli.opening import DataDir, load_settings
from shopwright.kernel.errors import Conflict, Invalid, NotFound, ShopError, Unavailable
from shopwright.server.running import Roles
from shopwright.server.serve import serve
from shopwright.server.work import work

USAGE, NOT_FOUND, CONFLICT, UNAVAILABLE, OTHER = 2, 3, 4, 5, 1

app = typer.Typer(
    name="shopwright",
    help="Runs a shop that makes what it sells.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(agents.app, name="agent")
app.add_typer(databases.app, name="db")
app.add_typer(people.organizations, name="org")
app.add_typer(people.users, name="user")
app.add_typer(people.tokens, name="token")
app.add_typer(keys.app, name="key")
app.add_typer(config.app, name="config")
app.add_typer(effects.app, name="effects")
app.add_typer(rollups.app, name="analytics")
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("export")(exchange.export)
app.command("import")(exchange.import_file)
app.command("api")(api.api)
app.command("doctor")(doctor.doctor)
app.command("sandbox")(sandbox.sandbox)


def main() -> None:
    """The entry point: errors become one sentence on stderr and an exit code."""
    try:
        app(standalone_mode=True)
    except ShopError as error:
        typer.echo(error.detail, err=True)
        sys.exit(exit_code(error))


def exit_code(error: ShopError) -> int:
    match error:
        case Invalid():
            return USAGE
        case NotFound():
            return NOT_FOUND
        case Conflict():
            return CONFLICT
        case Unavailable():
            return UNAVAILABLE
        case _:
            return OTHER


@app.callback(invoke_without_command=True)
def common(
    version: Annotated[bool, typer.Option("--version", help="Say which version.")] = False,
) -> None:
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if version:
        typer.echo(f"shopwright {__version__}")
        raise typer.Exit


@app.command("serve")
def serve_command(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Else 8000.")] = None,
    data_dir: DataDir = None,
    worker: Annotated[bool, typer.Option(help="Also do the durable work.")] = True,
    fleet: Annotated[bool, typer.Option(help="Also drive the printers of this network.")] = True,
    demo: Annotated[bool, typer.Option("--demo", help="A shop of its own, made afresh.")] = False,
) -> None:
    """HTTP API, pages and live events; with the worker and the printers in the same process."""
    settings, roles = load_settings(data_dir, host=host, port=port), Roles(fleet, worker)
    if demo:
        from shopwright.server.demo.run import run_demo  # noqa: PLC0415  a shop needs none of it

        run_demo(settings, roles)
    else:
        people.ask_first_owner(data_dir, settings)
        serve(settings, roles)


@app.command("worker")
def worker_command(data_dir: DataDir = None) -> None:
    """Durable work and dispatch, without HTTP and printers; beside `serve --no-worker` on
    PostgreSQL."""
    work(load_settings(data_dir))
