"""What only a bucket has: a way to it that may break, and a server that may refuse."""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError

from shopwright.files import health
from shopwright.files.access import files_of, open_files
from shopwright.files.disk import INCOMING
from shopwright.files.s3 import S3FileStore, open_bucket
from shopwright.files.storage import (
    FileStore,
    StorageAway,
    StorageMisconfigured,
    StoredFileDamaged,
    StoredFileMissing,
)
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from tests.conftest import NOBODY, ClientAs, TestSettings
from tests.files.conftest import BUCKET, Bucket
from tests.s3 import S3Server

CONTENT = b"G28\n" * 1_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SECRETS = ("shopwright", "a secret")


@pytest.fixture
def bucket(s3: S3Server, s3_settings: Settings) -> Bucket:
    return Bucket(open_files(s3_settings), s3_settings, s3, open_bucket(s3_settings))


@pytest.fixture
def store(bucket: Bucket) -> FileStore:
    return bucket.store


def elsewhere(settings: Settings, **changes: object) -> FileStore:
    return open_files(settings.model_copy(update=changes))


async def everything_refuses(store: FileStore, kind: type[Exception], sentence: str) -> None:
    for call in (
        store.put(io.BytesIO(CONTENT), max_bytes=10_000),
        store.read(SHA256, max_bytes=10_000),
        store.size(SHA256),
        anext(aiter(store.stream(SHA256))),
        anext(aiter(store.list_hashes())),
        store.check(),
    ):
        with pytest.raises(kind, match=sentence):
            await call
    with pytest.raises(kind, match=sentence):
        async with store.local_copy(SHA256):
            pytest.fail("there is nothing to lend")


async def test_a_bucket_that_is_missing_is_not_taken_for_a_missing_file(
    s3_settings: Settings,
) -> None:
    store = elsewhere(s3_settings, s3_bucket="never-made")
    await everything_refuses(
        store, StorageMisconfigured, "The bucket of the file storage does not exist. Make it"
    )


async def test_a_wrong_key_is_said_in_words(s3: S3Server, store: FileStore) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=10_000)
    s3.check_keys(on=True)
    try:
        await everything_refuses(store, StorageMisconfigured, "refuses the key. Check the access")
        with pytest.raises(StorageMisconfigured):
            await store.exists(SHA256)
        with pytest.raises(StorageMisconfigured):
            await store.delete(SHA256)
    finally:
        s3.check_keys(on=False)
    assert await store.exists(SHA256)


async def test_an_address_where_nobody_answers_is_said_in_words(s3_settings: Settings) -> None:
    store = elsewhere(s3_settings, s3_endpoint=NOBODY)
    for call in (store.exists(SHA256), store.read(SHA256, max_bytes=10), store.check()):
        with pytest.raises(StorageAway, match="does not answer"):
            await call


async def test_no_sentence_names_the_host_or_the_key(s3_settings: Settings) -> None:
    store = elsewhere(s3_settings, s3_endpoint=NOBODY)
    with pytest.raises(StorageAway) as raised:
        await store.check()
    assert not any(word in raised.value.detail for word in (*SECRETS, "127.0.0.1"))


async def test_a_way_that_breaks_twice_is_tried_again(s3: S3Server, s3_settings: Settings) -> None:
    async with breaking_way(s3, failures=2) as way:
        store = elsewhere(s3_settings, s3_endpoint=way.url)
        await store.put(io.BytesIO(CONTENT), max_bytes=10_000)
    assert await open_files(s3_settings).read(SHA256, max_bytes=10_000) == CONTENT
    assert way.failures == 0


async def test_an_upload_that_fails_at_its_last_part_leaves_nothing(
    bucket: Bucket, tmp_path: Path
) -> None:
    """Not even hidden parts that somebody pays for."""
    path = tmp_path / "large"
    path.write_bytes(os.urandom(20_000_000))
    store = bucket.store
    assert isinstance(store, S3FileStore)
    with pytest.raises(StoredFileDamaged, match="changed while it was being stored"):
        await store._upload(path, type("Stored", (), {"sha256": SHA256, "size": 20_000_000}))  # type: ignore[arg-type]  # a hash that another content has
    assert bucket.names() == []


async def test_many_borrowers_share_one_download_that_then_goes(
    bucket: Bucket, store: FileStore
) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=10_000)
    incoming = bucket.settings.data_dir / "files" / INCOMING
    all_in = asyncio.Barrier(5)

    async def borrow() -> Path:
        async with store.local_copy(SHA256) as path:
            await all_in.wait()
            assert path.read_bytes() == CONTENT
            return path

    assert len(set(await asyncio.gather(*(borrow() for _ in range(5))))) == 1
    assert list(incoming.iterdir()) == []


async def test_a_damaged_object_is_never_lent(bucket: Bucket, store: FileStore) -> None:
    bucket.write(f"{SHA256[:2]}/{SHA256}", b"G28\nM112\n")
    with pytest.raises(StoredFileDamaged, match="other content than its name says"):
        async with store.local_copy(SHA256):
            pytest.fail("this would move a machine")
    assert bucket.unfinished() == []


async def test_two_shops_in_one_bucket_do_not_see_each_other(s3_settings: Settings) -> None:
    one, two = (elsewhere(s3_settings, s3_prefix=f"{s3_settings.s3_prefix}/{n}") for n in "ab")
    await one.put(io.BytesIO(CONTENT), max_bytes=10_000)

    assert [key async for key in two.list_hashes()] == []
    with pytest.raises(StoredFileMissing):
        await two.read(SHA256, max_bytes=10_000)


async def test_a_server_does_not_start_on_a_bucket_that_is_missing(
    process: Process, s3_settings: Settings
) -> None:
    use(process, s3_settings, s3_bucket="never-made")
    with pytest.raises(StorageMisconfigured):
        await health.check_at_start(process)


async def test_the_health_page_says_that_the_storage_is_away(
    process: Process, client_as: ClientAs, s3_settings: Settings
) -> None:
    use(process, s3_settings, s3_endpoint=NOBODY)
    client = await client_as(None)

    await health.check_at_start(process)
    away = (await client.get("/health")).json()
    process.context.keep(health.StorageHealth).note(None)
    back = (await client.get("/health")).json()

    assert away["storage"] == {"kind": "s3", "healthy": False, "error": "storage-away"}
    assert away["status"] == "healthy"
    assert back["storage"] == {"kind": "s3", "healthy": True, "error": None}


def use(process: Process, settings: Settings, **changes: object) -> None:
    names = [name for name in Settings.model_fields if name.startswith("s3_")]
    bucket = {name: getattr(settings, name) for name in names} | changes
    process.settings = process.settings.model_copy(update=bucket)
    assert isinstance(files_of(process), S3FileStore)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"s3_bucket": BUCKET}, "needs SHOPWRIGHT_S3_ACCESS_KEY_ID and"),
        ({"s3_access_key_id": "key"}, "A key for S3 or R2 is set, but no bucket"),
        (
            {"s3_bucket": BUCKET, "s3_access_key_id": "k", "s3_secret_access_key": "s"},
            "Say where the bucket shop-files is",
        ),
        ({"s3_endpoint": "minio:9000"}, "must begin with https:// or http://"),
    ],
)
def test_half_of_the_settings_is_refused(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        TestSettings.model_validate(given)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"r2_account_id": "abc"}, "https://abc.r2.cloudflarestorage.com"),
        ({"s3_region": "eu-west-3"}, "https://s3.eu-west-3.amazonaws.com"),
        ({"s3_endpoint": "http://minio:9000/"}, "http://minio:9000"),
    ],
)
def test_the_place_of_a_bucket_follows_from_few_settings(given: dict[str, str], url: str) -> None:
    key = {"s3_bucket": BUCKET, "s3_access_key_id": "k", "s3_secret_access_key": "s"}
    assert TestSettings.model_validate(key | given).s3_url == url


@dataclass
class BreakingWay:
    """Hangs up on the first callers, then carries everything."""

    url: str
    failures: int


@asynccontextmanager
async def breaking_way(s3: S3Server, failures: int) -> AsyncIterator[BreakingWay]:
    target = urlsplit(s3.url)
    way = BreakingWay("", failures)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if way.failures:
            way.failures -= 1
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(target.hostname, target.port)
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    async with await asyncio.start_server(carry, "127.0.0.1") as server:
        way.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield way


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65_536):
        writer.write(chunk)
        await writer.drain()
    writer.close()
