"""A backup becomes the shop again: a new database epoch, and outside effects held until released.

What happened after the backup was made is not in it: a parcel announced, a printer started. So
nothing is sent out again before a person has looked (`shopwright effects release`).
"""

import shutil
from datetime import datetime
from pathlib import Path

from sqlalchemy import create_engine, make_url, text, update
from sqlalchemy.engine import URL

from shopwright.files import copies
from shopwright.kernel import ids, migrations
from shopwright.kernel.db import Installation
from shopwright.kernel.errors import Conflict
from shopwright.kernel.migrations import sync_url
from shopwright.kernel.settings import Settings, async_database_url, telemetry_database_url
from shopwright.migrations import SCRIPTS
from shopwright.server import backup
from shopwright.server.process import lock_data_folder


def restore(settings: Settings, folder: Path, now: datetime, *, replace: bool) -> None:
    """Raises Conflict while a server works here, or when there is a shop and ``replace`` is False.

    What is replaced is moved aside in the data folder; a PostgreSQL database is dumped there.
    """
    manifest = backup.read_manifest(folder)
    expected = "sqlite" if settings.is_sqlite else "postgresql"
    if manifest.database != expected:
        raise Conflict(f"This backup is of {manifest.database}, the settings say {expected}.")
    lock = lock_data_folder(settings.data_dir)
    try:
        aside = settings.data_dir / f"before-restore-{now:%Y%m%d-%H%M%S}"
        if settings.is_sqlite:
            _restore_sqlite(settings, folder, aside, replace=replace)
        else:
            _restore_postgresql(settings, folder, aside, replace=replace)
        _restore_files(settings, folder)
        _restore_key(settings.data_dir, folder)
        migrations.upgrade_now(async_database_url(settings), SCRIPTS)
        begin_epoch(async_database_url(settings))
    finally:
        lock.close()


def begin_epoch(url: str) -> None:
    """Nothing that was cached of the old database counts, and nothing goes out."""
    engine = create_engine(sync_url(url))
    with engine.begin() as connection:
        connection.execute(update(Installation).values(epoch=ids.new_uuid(), are_effects_held=True))
    engine.dispose()


def _restore_sqlite(settings: Settings, folder: Path, aside: Path, *, replace: bool) -> None:
    target = backup.sqlite_file(make_url(async_database_url(settings)))
    telemetry = backup.sqlite_file(make_url(telemetry_database_url(settings)))
    if target.exists() and not replace:
        raise Conflict(f"There is a shop at {target}. Say --replace to move it aside.")
    target.parent.mkdir(parents=True, exist_ok=True)
    for path in (target, telemetry):
        _move_aside(path, aside)
    backup.copy_sqlite(folder / backup.SQLITE_COPY, target)
    if (folder / backup.TELEMETRY_COPY).exists():
        backup.copy_sqlite(folder / backup.TELEMETRY_COPY, telemetry)


def _move_aside(path: Path, aside: Path) -> None:
    for found in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        if found.exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            found.rename(aside / found.name)


def _restore_postgresql(settings: Settings, folder: Path, aside: Path, *, replace: bool) -> None:
    url = make_url(async_database_url(settings))
    _check_alone(url)
    if migrations.current_revision(async_database_url(settings)) is not None:
        if not replace:
            raise Conflict(f"There is a shop in {url.database}. Say --replace to dump it first.")
        aside.mkdir(mode=0o700)
        dump = aside / backup.POSTGRESQL_COPY
        backup.run_postgresql("pg_dump", url, "--format=custom", f"--file={dump}")
        _empty(url)
    backup.run_postgresql(
        "pg_restore", url, "--no-owner", "--no-privileges", "--single-transaction",
        "--exit-on-error", str(folder / backup.POSTGRESQL_COPY),
    )  # fmt: skip


def _check_alone(url: URL) -> None:
    engine = create_engine(sync_url(url.render_as_string(hide_password=False)))
    with engine.connect() as connection:
        others = connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()
    if others:
        raise Conflict(f"{others} connections use {url.database}. Stop every server and worker.")


def _empty(url: URL) -> None:
    engine = create_engine(sync_url(url.render_as_string(hide_password=False)))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS dbos CASCADE"))
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def _restore_files(settings: Settings, folder: Path) -> None:
    """Files are named by their content, so those already there are the same."""
    source = folder / backup.FILES
    if settings.s3_bucket:
        copies.copy_in(settings, source)
    elif source.is_dir():
        shutil.copytree(source, settings.data_dir / backup.FILES, dirs_exist_ok=True)


def _restore_key(data_dir: Path, folder: Path) -> None:
    key, kept = folder / backup.KEY_FILE, data_dir / backup.KEY_FILE
    if key.exists() and not (kept.exists() and kept.read_bytes() == key.read_bytes()):
        if kept.exists():
            kept.rename(kept.with_suffix(f".replaced-{ids.new_uuid()[-6:]}"))
        shutil.copy2(key, kept)
