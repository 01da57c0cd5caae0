"""A backup of a working shop becomes the shop again, and it runs on."""

import asyncio
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from shopwright.accounts import people, queries, sign_in
from shopwright.accounts.passwords import Passwords
from shopwright.accounts.people import NewPerson
from shopwright.cli.opening import load_settings
from shopwright.kernel import effects
from shopwright.kernel.actor import Role, system_actor
from shopwright.kernel.db import Installation
from shopwright.kernel.edge import Process
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.kernel.settings import Settings
from shopwright.server import backup
from shopwright.server.process import lock_data_folder, open_process
from shopwright.server.restore import restore
from tests.cli.conftest import Shopwright
from tests.clock import START, FixedClock
from tests.databases import Databases
from tests.postgres import programs_folder

PASSWORD = "correct horse battery"
HASH = "ab" * 32


@pytest.fixture(autouse=True)
def matching_tools(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the test server's version."""
    monkeypatch.setenv("PATH", f"{programs_folder()}{os.pathsep}{os.environ['PATH']}")


async def found_shop(settings: Settings) -> None:
    async with open_process(settings, FixedClock()) as process:
        hashed = await process.context.keep(Passwords).hash(PASSWORD)
        async with process.database.write() as session:
            organization = await people.create_organization(
                session, name="Shop", currency="EUR", time_zone="UTC", now=START
            )
            person = NewPerson("boss@shop.test", "Boss", hashed, is_email_verified=True)
            user = await people.create_user(session, person, START)
            ctx = system_actor(organization.id)
            await people.add_member(session, ctx, organization, user, Role.OWNER)
            await effects.intend(
                session, organization.id, kind="tracking", key="1", subject_id=1, request={}
            )
    stored = settings.data_dir / "files" / HASH[:2] / HASH
    stored.parent.mkdir(parents=True)
    stored.write_bytes(b"G28\n")


async def send_one(process: Process) -> effects.Effect | None:
    async with process.database.write() as session:
        organization = await queries.find_default_organization(session, "")
        assert organization is not None
        found = await effects.find_effect(session, organization.id, "tracking", "1")
        assert found is not None
        return await effects.begin_sending(session, organization.id, found.id, START)


async def test_a_restored_shop_runs_on(
    shopwright: Shopwright, shop_env: Path, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings()
    await found_shop(settings)
    made = await asyncio.to_thread(shopwright, "backup")
    assert made.code == 0
    folder = Path(made.out.strip())
    assert backup.read_manifest(folder).files == 1

    url = databases.create()
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SHOPWRIGHT_DATA_DIR", str(shop_env / "elsewhere"))
    restored = await asyncio.to_thread(shopwright, "restore", str(folder))
    assert restored.out == "The shop is restored. Outside effects are held.\n"
    elsewhere = load_settings()
    assert (elsewhere.data_dir / "files" / HASH[:2] / HASH).read_bytes() == b"G28\n"
    async with open_process(elsewhere, FixedClock()) as process:
        signed_in = await sign_in.sign_in(process, "boss@shop.test", PASSWORD)
        assert signed_in.organization is not None
        assert await send_one(process) is None

    assert (await asyncio.to_thread(shopwright, "effects", "list")).out == (
        "held\n1\ttracking\tintended\n"
    )
    assert (await asyncio.to_thread(shopwright, "effects", "release")).code == 0
    assert (await asyncio.to_thread(shopwright, "effects", "release")).code == 4
    async with open_process(elsewhere, FixedClock()) as process:
        sent = await send_one(process)
        assert sent is not None
        assert sent.status is EffectStatus.SENDING
    databases.drop(url)


async def test_a_shop_that_is_there_is_moved_aside_only_when_asked(
    shop_env: Path, settings_of_env: Settings
) -> None:
    await found_shop(settings_of_env)
    folder = await asyncio.to_thread(backup.make_backup, settings_of_env, shop_env, START)
    with pytest.raises(Conflict, match="Say --replace"):
        await asyncio.to_thread(restore, settings_of_env, folder, START, replace=False)
    await asyncio.to_thread(restore, settings_of_env, folder, START, replace=True)
    aside = settings_of_env.data_dir / "before-restore-20260302-090000"
    assert len(list(aside.iterdir())) >= 1
    async with open_process(settings_of_env, FixedClock()) as process:
        await sign_in.sign_in(process, "boss@shop.test", PASSWORD)


@pytest.fixture
def settings_of_env(shop_env: Path) -> Settings:
    return load_settings()


async def test_a_restore_begins_a_new_epoch(shop_env: Path, settings_of_env: Settings) -> None:
    await found_shop(settings_of_env)
    before = await epoch_of(settings_of_env)
    folder = await asyncio.to_thread(backup.make_backup, settings_of_env, shop_env, START)
    await asyncio.to_thread(restore, settings_of_env, folder, START, replace=True)
    assert await epoch_of(settings_of_env) != before


async def epoch_of(settings: Settings) -> str:
    async with open_process(settings) as process, process.database.read() as session:
        epoch: str | None = await session.scalar(select(Installation.epoch))
        assert epoch is not None
        return epoch


async def test_nothing_is_restored_under_a_working_server(
    shop_env: Path, settings_of_env: Settings
) -> None:
    await found_shop(settings_of_env)
    folder = await asyncio.to_thread(backup.make_backup, settings_of_env, shop_env, START)
    with (
        closing(lock_data_folder(settings_of_env.data_dir)),
        pytest.raises(Conflict, match="Another server"),
    ):
        await asyncio.to_thread(restore, settings_of_env, folder, START, replace=True)


def test_a_folder_that_is_no_backup_is_refused(shop_env: Path, settings_of_env: Settings) -> None:
    with pytest.raises(Invalid, match="is not a backup made by"):
        restore(settings_of_env, shop_env, START, replace=False)


def test_a_missing_tool_is_named(
    settings_of_env: Settings, shop_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if settings_of_env.is_sqlite:
        return
    monkeypatch.setenv("PATH", str(shop_env))
    with pytest.raises(backup.ToolMissing, match="pg_dump is not installed here"):
        backup.make_backup(settings_of_env, shop_env, START)
    assert list(shop_env.glob("shopwright-*")) == []


def test_a_copy_made_while_others_write_is_whole(tmp_path: Path) -> None:
    """The writer is in the middle of something; the copy is of the moment before."""
    source, target = tmp_path / "a.db", tmp_path / "b.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE t (a INTEGER, b INTEGER)")
        writer.execute("BEGIN IMMEDIATE")
        writer.executemany("INSERT INTO t VALUES (?, ?)", [(n, n) for n in range(5000)])
        writer.execute("COMMIT")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE t SET a = a + 1")
        backup.copy_sqlite(source, target)
        writer.execute("UPDATE t SET b = b + 1")
        writer.execute("COMMIT")
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*) FROM t WHERE a <> b").fetchone() == (0,)
        assert copy.execute("SELECT count(*) FROM t").fetchone() == (5000,)


def test_the_newest_backup_is_found(tmp_path: Path) -> None:
    for day in (1, 2):
        name = f"shopwright-{START + timedelta(days=day):%Y%m%d-%H%M%S}"
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
    (tmp_path / "shopwright-20990101-000000.partial").mkdir()
    newest = backup.find_newest(tmp_path)
    assert newest is not None
    assert newest.name == "shopwright-20260304-090000"
