"""``backup`` and ``restore``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shopwright.cli.opening import DataDir, load_settings
from shopwright.server import backup as copies
from shopwright.server.restore import restore as restore_shop


def backup(
    folder: Annotated[
        Path | None, typer.Argument(help="Where to; else `backups` in the data folder.")
    ] = None,
    without_files: Annotated[
        bool,
        typer.Option("--without-files", help="Leave them in the bucket, which has its own copy."),
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Copy the shop while it works: database, telemetry, files and the master key made here."""
    settings = load_settings(data_dir)
    parent = folder or settings.data_dir / "backups"
    made = copies.make_backup(settings, parent, datetime.now(UTC), with_files=not without_files)
    typer.echo(str(made))
    if (made / copies.KEY_FILE).exists():
        typer.echo("It holds the master key. Keep it where nobody else reads.", err=True)
    else:
        typer.echo("It does not hold the master key. Keep SHOPWRIGHT_MASTER_KEY safe.", err=True)


def restore(
    folder: Path,
    replace: Annotated[
        bool, typer.Option("--replace", help="Move the shop that is there aside.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Make the shop what it was. Nothing goes out to printers or channels before you release it."""
    settings = load_settings(data_dir)
    restore_shop(settings, folder, datetime.now(UTC), replace=replace)
    typer.echo("The shop is restored. Outside effects are held.")
    typer.echo("Look at `shopwright effects list`, then `shopwright effects release`.", err=True)
