"""A copy of everything a shop is, made while it works: database first, then telemetry, then files.

The order matters: rows name files, never the other way round, and files are never changed in place,
so every file that a copied row names is among those copied after it.
"""

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.engine import URL

from shopwright import __version__
from shopwright.files import copies
from shopwright.kernel import migrations
from shopwright.kernel.errors import Conflict, Invalid, ShopError, Unavailable
from shopwright.kernel.settings import Settings, async_database_url, telemetry_database_url
from shopwright.kernel.times import zulu

MANIFEST = "manifest.json"
SQLITE_COPY = "shopwright.db"
POSTGRESQL_COPY = "database.dump"
TELEMETRY_COPY = "telemetry.db"
KEY_FILE = "master.key"
FILES = "files"
HASH_LENGTH = 64
PAGES_AT_ONCE = 2000  # between two portions the shop's own writer gets its turn


class ToolMissing(Unavailable):
    code = "tool-missing"
    title = "A program is not installed"


class CopyFailed(ShopError):
    code = "copy-failed"
    title = "The copy failed"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself; ``revision`` is the database's migration.

    ``files`` are those in it; when they were left in the bucket, ``has_files`` says so.
    """

    version: str
    created_at: str
    database: str
    revision: str
    files: int
    has_files: bool = True


def make_backup(
    settings: Settings, parent: Path, now: datetime, *, with_files: bool = True
) -> Path:
    """A folder with everything in it; it has its name only once it is complete.

    Files may be left out only when they are in a bucket, which keeps versions or a copy of its own.
    """
    if not with_files and not settings.s3_bucket:
        raise Invalid("The files are on this machine and belong into the backup; copy them, too.")
    target = parent / f"shopwright-{now:%Y%m%d-%H%M%S}"
    if target.exists():
        raise Conflict(f"{target} exists already.")
    partial = target.with_name(target.name + ".partial")
    partial.mkdir(mode=0o700, parents=True)
    try:
        manifest = _copy_all(settings, partial, now, with_files=with_files)
        (partial / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n")
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return target


def read_manifest(folder: Path) -> Manifest:
    """Raises Invalid when this folder is no backup of ours."""
    try:
        return Manifest(**json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as err:
        raise Invalid(f"{folder} is not a backup made by `shopwright backup`.") from err


def find_newest(parent: Path) -> Path | None:
    """The newest complete backup below ``parent``."""
    found = sorted(path.parent for path in parent.glob(f"shopwright-*/{MANIFEST}"))
    return found[-1] if found else None


def _copy_all(settings: Settings, folder: Path, now: datetime, *, with_files: bool) -> Manifest:
    url = make_url(async_database_url(settings))
    if settings.is_sqlite:
        copy_sqlite(sqlite_file(url), folder / SQLITE_COPY)
        telemetry = sqlite_file(make_url(telemetry_database_url(settings)))
        if telemetry.exists():
            copy_sqlite(telemetry, folder / TELEMETRY_COPY)
    else:
        _dump_postgresql(url, folder / POSTGRESQL_COPY)
    copied = _copy_files(settings, folder / FILES) if with_files else 0
    key = settings.data_dir / KEY_FILE
    if key.exists():
        shutil.copy2(key, folder / KEY_FILE)
    return Manifest(
        version=__version__,
        created_at=zulu(now),
        database="sqlite" if settings.is_sqlite else "postgresql",
        revision=migrations.current_revision(async_database_url(settings)) or "",
        files=copied,
        has_files=with_files,
    )


def sqlite_file(url: URL) -> Path:
    return Path(url.database or "")


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy while others write, checked before it counts."""
    if not source.exists():
        raise Conflict(f"There is no database at {source} yet.")
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        there.execute("PRAGMA synchronous=OFF")  # a copy that a power cut breaks has no manifest
        here.backup(there, pages=PAGES_AT_ONCE)
        found = there.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise CopyFailed(f"The copy of {source.name} is damaged: {found}")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _dump_postgresql(url: URL, target: Path) -> None:
    run_postgresql("pg_dump", url, "--format=custom", f"--file={target}")


def run_postgresql(program: str, url: URL, *arguments: str) -> None:
    """The password goes by the environment: the process list is everybody's to read."""
    path = shutil.which(program)
    if path is None:
        raise ToolMissing(
            f"{program} is not installed here. Install the PostgreSQL client of your server."
        )
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    done = subprocess.run(  # noqa: S603  our own arguments
        [path, f"--dbname={plain}", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CopyFailed(f"{program} failed: {done.stderr.strip()[-500:]}")


def _copy_files(settings: Settings, target: Path) -> int:
    """Finished files only, named by their hash; no row names what is still being uploaded."""
    if settings.s3_bucket:
        return copies.copy_out(settings, target)
    source = settings.data_dir / FILES
    target.mkdir()
    copied = 0
    for path in sorted(source.rglob("*")):
        if path.is_file() and len(path.name) == HASH_LENGTH:
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)
            copied += 1
    return copied
