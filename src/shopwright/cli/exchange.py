"""``export`` and ``import``: the shop's tables as files, and orders from a spreadsheet."""

import csv
import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Annotated

import typer

from shopwright.cli import exports
from shopwright.cli.exports import COLUMNS, Cell, ExportName, Row
from shopwright.cli.opening import DataDir, OrganizationName, get_organization, run
from shopwright.kernel import sheets
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Invalid
from shopwright.kernel.times import zulu
from shopwright.orders.csv_import import forms as csv_forms
from shopwright.orders.csv_import import service as csv_import
from shopwright.orders.csv_import.plan import Action
from shopwright.orders.csv_import.service import Examined

CLI = "command line"


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


class ImportName(StrEnum):
    ORDERS = "orders"


def export(
    name: ExportName,
    to: Annotated[Path | None, typer.Option("--to", help="A file; else stdout.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.CSV,
    org: OrganizationName = "",
    data_dir: DataDir = None,
) -> None:
    """Write a table, the oldest row first. A file is there whole or not at all."""

    async def work(process: Process, write: Callable[[list[Row]], None]) -> int:
        count = 0
        async with process.database.read() as session:
            organization = await get_organization(session, org)
            ctx = system_actor(organization.id, CLI)
            async for page in exports.list_pages(session, ctx, name):
                write(page)
                count += len(page)
        return count

    with whole_file(to) as stream, WRITERS[form](stream, COLUMNS[name]) as write:
        count = run(data_dir, lambda process: work(process, write))
    if to is not None:
        typer.echo(f"{to} has {count} rows.", err=True)


def import_file(
    name: ImportName,  # noqa: ARG001  orders are all that comes in so
    file: Path,
    check: Annotated[
        bool, typer.Option("--check", help="Say what would happen; write nothing.")
    ] = False,
    skip_refused: Annotated[
        bool, typer.Option("--skip-refused", help="Leave wrong lines out and import the others.")
    ] = False,
    org: OrganizationName = "",
    data_dir: DataDir = None,
) -> None:
    """Read orders from a CSV file, ours or Etsy's: nothing when a line is wrong, else in batches;
    what broke off goes on when the file is read again."""
    text = _read(file)

    async def work(process: Process) -> Examined:
        async with process.database.read() as session:
            organization = await get_organization(session, org)
        ctx = system_actor(organization.id, CLI)
        examined = await csv_import.examine(process.database, ctx, text, process.clock.now())
        _refuse(examined, skip_refused=skip_refused)
        if not check:
            await _take_in(process, ctx, file.name, text, examined)
        return examined

    _tell(run(data_dir, work), "would be imported" if check else "imported")


async def _take_in(process: Process, ctx: Actor, name: str, text: str, examined: Examined) -> None:
    """Raises Invalid when an order cannot be stored; those before it are."""
    database, now = process.database, process.clock.now()
    async with database.write() as session:
        row = await csv_import.add_preview(
            session, ctx, name=name, text=text, examined=examined, now=now
        )
        await csv_import.start_import(session, ctx, row.id, now)
    await csv_import.run_import(
        database, organization_id=ctx.organization_id, import_id=row.id, now=now, seconds=math.inf
    )
    async with database.read() as reading:
        done = await csv_import.get_import(reading, ctx, Ref(row.id, None))
    if done.failure:
        raise Invalid(f"{done.failure} {done.position} of {done.total} orders were imported.")


def _refuse(examined: Examined, *, skip_refused: bool) -> None:
    """Raises Invalid with one sentence per wrong line, unless those are left out."""
    if not examined.refused:
        return
    told = [f"line {number}: {sentence}" for number, sentence in examined.refused]
    if not skip_refused:
        raise Invalid("\n".join([*told, "Nothing was imported."]))
    typer.echo("\n".join([*told, "These lines are left out."]), err=True)


def _tell(examined: Examined, verb: str) -> None:
    new, changed = examined.of(Action.NEW), examined.of(Action.CHANGED)
    items = sum(len(outcome.draft.items) for outcome in new)
    known = len(examined.of(Action.UNCHANGED, Action.CHANGED))
    typer.echo(f"{len(new)} orders with {items} items {verb}; {known} known.")
    if changed:
        typer.echo(f"{len(changed)} of the known ones have changed.")
    for code in examined.strange_codes:
        typer.echo(f"No product has the SKU {code!r}: its items wait in the inbox.", err=True)


def _read(file: Path) -> str:
    """Raises Invalid for what is no readable text."""
    try:
        return csv_forms.decode(file.read_bytes(), str(file))
    except OSError as err:
        raise Invalid(f"{file} cannot be read: {err.strerror}.") from err


@contextmanager
def whole_file(path: Path | None) -> Iterator[IO[str]]:
    """A file beside the wanted one takes its place when everything is on the disk."""
    if path is None:
        yield sys.stdout
        return
    try:
        stream = NamedTemporaryFile(  # noqa: SIM115  closed below, before it is renamed
            "w",
            dir=path.parent,
            prefix=f".{path.name}.",
            delete=False,
            encoding="utf-8",
            newline="",
        )
    except OSError as err:
        raise Invalid(f"{path} cannot be written: {err.strerror}.") from err
    temporary = Path(stream.name)
    try:
        with stream:
            yield stream.file
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _write_csv(stream: IO[str], columns: list[str]) -> Iterator[Callable[[list[Row]], None]]:
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    yield lambda page: writer.writerows(
        {name: _csv_cell(cell) for name, cell in row.items()} for row in page
    )


def _csv_cell(cell: Cell) -> str | int:
    if isinstance(cell, str):
        return sheets.escape(cell)
    plain = _json_cell(cell)
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    return "" if plain is None else plain


@contextmanager
def _write_json(stream: IO[str], columns: list[str]) -> Iterator[Callable[[list[Row]], None]]:
    """One array, a row a line."""
    is_first = True

    def write(page: list[Row]) -> None:
        nonlocal is_first
        for row in page:
            cells = {name: _json_cell(row[name]) for name in columns}
            stream.write("\n" if is_first else ",\n")
            stream.write(json.dumps(cells, ensure_ascii=False))
            is_first = False

    stream.write("[")
    yield write
    stream.write("\n]\n")


def _json_cell(cell: Cell) -> str | int | None:
    """Decimals as text: a JSON number would become binary in most readers."""
    match cell:
        case Decimal():
            return f"{cell:f}"
        case datetime():
            return zulu(cell)
        case date():
            return cell.isoformat()
        case _:
            return cell


WRITERS = {Format.CSV: _write_csv, Format.JSON: _write_json}
