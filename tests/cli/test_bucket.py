"""Backup, restore and `doctor` of a shop whose files are in a bucket."""

import asyncio
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from shopwright.cli import doctor
from shopwright.cli.opening import load_settings
from shopwright.files.access import open_files
from shopwright.files.service import NewFile, record_files
from shopwright.files.storage import StoredFileDamaged
from shopwright.kernel.actor import system_actor
from shopwright.kernel.errors import Invalid
from shopwright.kernel.settings import Settings
from shopwright.server import backup
from shopwright.server.process import open_process
from shopwright.server.restore import restore
from tests import factories
from tests.cli.conftest import Shopwright
from tests.clock import START
from tests.s3 import S3Server

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")

CONTENTS = [b"G28\n", b"G1 X1\n" * 2_000_000]  # one upload of one part, one of two
HASHES = sorted(hashlib.sha256(content).hexdigest() for content in CONTENTS)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        server.make_bucket("here")
        server.make_bucket("there")
        yield server


@pytest.fixture
def in_bucket(s3: S3Server, shop_env: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The shop of the environment keeps its files in a place of this test's own."""
    for name, value in s3.environment("here", uuid4().hex).items():
        monkeypatch.setenv(name, value)
    return load_settings()


async def found_shop(settings: Settings) -> None:
    """With a row for each file."""
    store = open_files(settings)
    async with open_process(settings) as process, process.database.write() as session:
        organization = await factories.make_organization(session)
        ctx = system_actor(organization.id)
        for content in CONTENTS:
            stored = await store.put(io.BytesIO(content), max_bytes=len(content))
            await record_files(session, ctx, [NewFile(stored, "part.gcode", "text/plain")])


async def hashes_of(settings: Settings) -> list[str]:
    return sorted([sha256 async for sha256 in open_files(settings).list_hashes()])


def replaced(settings: Settings, folder: Path) -> None:
    restore(settings, folder, START, replace=True)


async def test_a_backup_has_the_files_of_the_bucket_and_fills_another_one(
    in_bucket: Settings, shop_env: Path
) -> None:
    await found_shop(in_bucket)
    folder = await asyncio.to_thread(backup.make_backup, in_bucket, shop_env, START)
    elsewhere = in_bucket.model_copy(update={"s3_bucket": "there"})
    await asyncio.to_thread(replaced, elsewhere, folder)

    assert backup.read_manifest(folder).files == 2
    assert sorted(path.name for path in folder.glob("files/??/*")) == HASHES
    assert await hashes_of(elsewhere) == HASHES
    assert await open_files(elsewhere).read(HASHES[0], max_bytes=10**8) in CONTENTS


async def test_a_shop_moves_from_a_folder_into_a_bucket_with_its_backup(
    in_bucket: Settings, shop_env: Path
) -> None:
    on_disk = in_bucket.model_copy(update={"s3_bucket": ""})
    await found_shop(on_disk)
    folder = await asyncio.to_thread(backup.make_backup, on_disk, shop_env, START)
    await asyncio.to_thread(replaced, in_bucket, folder)

    assert await hashes_of(in_bucket) == HASHES


async def test_files_stay_in_the_bucket_when_asked(
    in_bucket: Settings, shopwright: Shopwright
) -> None:
    await found_shop(in_bucket)
    made = await asyncio.to_thread(shopwright, "backup", "--without-files")
    manifest = backup.read_manifest(Path(made.out.strip()))
    await asyncio.to_thread(replaced, in_bucket, Path(made.out.strip()))

    assert (manifest.files, manifest.has_files) == (0, False)
    assert await hashes_of(in_bucket) == HASHES


def test_files_on_this_machine_cannot_be_left_out(in_bucket: Settings, shop_env: Path) -> None:
    on_disk = in_bucket.model_copy(update={"s3_bucket": ""})
    with pytest.raises(Invalid, match="belong into the backup"):
        backup.make_backup(on_disk, shop_env, START, with_files=False)
    assert list(shop_env.glob("shopwright-*")) == []


async def test_a_damaged_file_of_a_backup_is_not_stored_as_another(
    in_bucket: Settings, shop_env: Path
) -> None:
    await found_shop(in_bucket)
    folder = await asyncio.to_thread(backup.make_backup, in_bucket, shop_env, START)
    (folder / "files" / HASHES[0][:2] / HASHES[0]).write_bytes(b"M112\n")
    elsewhere = in_bucket.model_copy(update={"s3_prefix": "damaged"})

    with pytest.raises(StoredFileDamaged, match="the copy is not whole"):
        await asyncio.to_thread(replaced, elsewhere, folder)


async def test_doctor_counts_what_the_bucket_lacks(in_bucket: Settings) -> None:
    await found_shop(in_bucket)
    whole = await files_by_doctor(in_bucket)
    await open_files(in_bucket).delete(HASHES[0])
    lacking = await files_by_doctor(in_bucket)

    assert whole == ("ok", "2 stored in the bucket here")
    assert lacking == ("problem", "1 of 2 are missing; restore a backup.")


async def test_doctor_says_that_the_bucket_is_missing(in_bucket: Settings) -> None:
    missing = in_bucket.model_copy(update={"s3_bucket": "never-made"})
    grade, sentence = await files_by_doctor(missing)
    assert grade == "problem"
    assert sentence.startswith("The bucket of the file storage does not exist. Make it")


async def files_by_doctor(settings: Settings) -> tuple[str, str]:
    async with open_process(settings) as process:
        found = await doctor._files(process)
    return found.grade, found.sentence
