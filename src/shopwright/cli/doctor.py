"""``doctor``: looks at everything a shop stands on and says what to do."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import typer
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from shopwright.accounts import queries
from shopwright.accounts.models import Organization
from shopwright.analytics import checks, printer_time
from shopwright.analytics.states import RollupSubject
from shopwright.cli.opening import DataDir, load_settings
from shopwright.files.access import files_of
from shopwright.files.models import StoredFile
from shopwright.fleet.models import Printer
from shopwright.kernel import migrations
from shopwright.kernel.db import Base, Installation
from shopwright.kernel.edge import Process
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import ShopError, Unavailable
from shopwright.kernel.migrations import sync_url
from shopwright.kernel.settings import Environment, Settings, async_database_url
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.server import backup
from shopwright.server.process import make_vault, open_process
from shopwright.server.tables import import_all_models
from shopwright.telemetry.access import storage_of

FREE_BYTES = 1_000_000_000
BACKUP_AGE = timedelta(days=2)
MIN_SECRET = 32
GOOD, WARNING, BAD = "ok", "warning", "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    grade: str
    sentence: str


def doctor(data_dir: DataDir = None) -> None:
    """Check configuration, database, files, printers and backup; exit code 1 for a problem."""
    findings = examine(load_settings(data_dir))
    for found in findings:
        typer.echo(f"{found.grade:8} {found.subject:14} {found.sentence}")
    if any(found.grade == BAD for found in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> list[Finding]:
    """Everything that can be looked at; what needs the database only when it answers."""
    findings = [*_configuration(settings), *_folder(settings), _database(settings)]
    if findings[-1].grade != BAD:
        findings += asyncio.run(_inside(settings))
    return [*findings, _backup(settings)]


def _configuration(settings: Settings) -> Iterator[Finding]:
    yield Finding("configuration", GOOD, f"environment {settings.environment}")
    for name, secret in (("JWT_SECRET", settings.jwt_secret), ("SECRET_KEY", settings.secret_key)):
        if secret is not None and 0 < len(secret.get_secret_value()) < MIN_SECRET:
            yield Finding(
                name, WARNING, f"is shorter than {MIN_SECRET} characters; take a longer one."
            )
    if settings.environment is Environment.PRODUCTION and not settings.public_url:
        yield Finding(
            "links", WARNING, "Set SHOPWRIGHT_PUBLIC_URL, or invitations name this machine."
        )
    try:
        make_vault(settings)
    except ShopError as error:
        yield Finding("master key", BAD, error.detail)
    else:
        where = "from the environment" if settings.master_key else "in the data folder"
        yield Finding("master key", GOOD, where)


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.resolve()
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        yield Finding(
            "data folder", BAD, f"{folder} cannot be written to; make it or change its owner."
        )
        return
    free = shutil.disk_usage(folder).free
    grade = GOOD if free >= FREE_BYTES else WARNING
    yield Finding("data folder", grade, f"{folder}, {free / 1e9:.1f} GB free")


def _database(settings: Settings) -> Finding:
    url = async_database_url(settings)
    engine = create_engine(sync_url(url))
    try:
        with engine.connect() as connection:
            if settings.is_sqlite:
                found = connection.scalar(text("PRAGMA quick_check"))
                if found != "ok":
                    return Finding("database", BAD, f"is damaged ({found}); restore a backup.")
    except SQLAlchemyError as err:
        reason = str(getattr(err, "orig", err)).strip().splitlines()[0]
        return Finding("database", BAD, f"does not answer: {reason}")
    finally:
        engine.dispose()
    return _tables(url)


def _tables(url: str) -> Finding:
    revision = migrations.current_revision(url)
    if revision is None:
        return Finding("database", WARNING, "is empty; `serve` or `db upgrade` makes the tables.")
    import_all_models()
    if migrations.differences(url, Base.metadata):
        return Finding("database", BAD, "has other tables than the program; see `db check`.")
    return Finding("database", GOOD, f"revision {revision}")


async def _inside(settings: Settings) -> list[Finding]:
    async with open_process(settings) as process:
        return [
            await _people(process),
            await _effects(process),
            await _files(process),
            await _printers(process),
            await _reports(process),
        ]


async def _people(process: Process) -> Finding:
    async with process.database.read() as session:
        if await queries.has_users(session):
            return Finding("people", GOOD, "somebody can sign in")
    return Finding("people", WARNING, "nobody can sign in; run `user create EMAIL --role owner`.")


async def _effects(process: Process) -> Finding:
    async with process.database.read() as session:
        if await session.scalar(select(Installation.are_effects_held)):
            return Finding("effects", WARNING, "are held after a restore; see `effects release`.")
        unknown = await session.scalar(
            select(func.count(Effect.id)).where(Effect.status == EffectStatus.UNKNOWN),
            execution_options=CROSS_TENANT,
        )
    if unknown:
        return Finding("effects", WARNING, f"{unknown} have an unknown outcome; a person decides.")
    return Finding("effects", GOOD, "none of unknown outcome")


async def _files(process: Process) -> Finding:
    async with process.database.read() as session:
        hashes = set(
            await session.scalars(select(StoredFile.sha256), execution_options=CROSS_TENANT)
        )
    store = files_of(process)
    try:
        await store.check()
        there = {sha256 async for sha256 in store.list_hashes()}
    except Unavailable as error:
        return Finding("files", BAD, error.detail)
    missing = len(hashes - there)
    if missing:
        return Finding("files", BAD, f"{missing} of {len(hashes)} are missing; restore a backup.")
    where = f"the bucket {process.settings.s3_bucket}" if process.settings.s3_bucket else "a folder"
    return Finding("files", GOOD, f"{len(hashes)} stored in {where}")


async def _printers(process: Process) -> Finding:
    async with process.database.read() as session:
        rows = await session.scalars(
            select(Printer.connection).where(Printer.is_active),
            execution_options=CROSS_TENANT,
        )
        states = [str(state) for state in rows]
    away = sum(state != "online" for state in states)
    if away:
        return Finding(
            "printers", WARNING, f"{away} of {len(states)} were not online when last seen."
        )
    return Finding("printers", GOOD, f"{len(states)}, all online")


async def _reports(process: Process) -> Finding:
    wrong: set[str] = set()
    async with process.database.read() as session:
        owners = list(await session.scalars(select(Organization.id)))
        for organization_id in owners:
            wrong.update(await checks.list_wrong(session, organization_id))
    for organization_id in owners:
        if await printer_time.is_wrong(process.database, storage_of(process), organization_id):
            wrong.add(RollupSubject.PRINTER_TIME)
    if wrong:
        words = ", ".join(sorted(wrong))
        return Finding("reports", BAD, f"{words} are counted wrong; run `analytics rebuild`.")
    return Finding("reports", GOOD, "say what counting the rows says")


def _backup(settings: Settings) -> Finding:
    newest = backup.find_newest(settings.data_dir / "backups")
    if newest is None:
        return Finding("backup", WARNING, "none in the data folder; run `backup` every night.")
    made = datetime.fromisoformat(backup.read_manifest(newest).created_at)
    grade = GOOD if datetime.now(UTC) - made < BACKUP_AGE else WARNING
    return Finding("backup", grade, f"the newest is of {made:%Y-%m-%d %H:%M} UTC")
