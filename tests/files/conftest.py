"""Each kind of store, with eyes that see what really lies there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import obstore
import pytest
from obstore.store import S3Store

from shopwright.files.access import open_files
from shopwright.files.disk import INCOMING
from shopwright.files.s3 import open_bucket
from shopwright.files.storage import FileStore
from shopwright.kernel.settings import Settings
from tests.conftest import TestSettings
from tests.s3 import S3Server

BUCKET = "shop-files"


class Place(Protocol):
    """What a test knows of a store beside its port."""

    store: FileStore
    settings: Settings

    def names(self) -> list[str]:
        """Everything that lies there, with what is on its way."""

    def write(self, name: str, content: bytes) -> None:
        """Behind the store's back."""

    def unfinished(self) -> list[str]:
        """Uploads that nobody ended."""


@dataclass
class Folder:
    store: FileStore
    settings: Settings

    @property
    def root(self) -> Path:
        return self.settings.data_dir / "files"

    def names(self) -> list[str]:
        return sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file())

    def write(self, name: str, content: bytes) -> None:
        path = self.root / name
        if path.exists():
            path.chmod(0o600)
        path.write_bytes(content)

    def unfinished(self) -> list[str]:
        return [name for name in self.names() if name.startswith(INCOMING)]


@dataclass
class Bucket:
    store: FileStore
    settings: Settings
    server: S3Server
    bucket: S3Store

    def names(self) -> list[str]:
        there = [found["path"] for page in obstore.list(self.bucket) for found in page]
        return sorted([*there, *self.unfinished()])

    def write(self, name: str, content: bytes) -> None:
        obstore.put(self.bucket, name, content)

    def unfinished(self) -> list[str]:
        here = (self.settings.data_dir / "files" / INCOMING).iterdir()
        prefix = f"{self.settings.s3_prefix}/"
        parts = self.server.list_uploads(self.settings.s3_bucket)
        return [p.name for p in here] + [p for p in parts if p.startswith(prefix)]


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture
def s3_settings(s3: S3Server, tmp_path: Path) -> Settings:
    """A prefix of this test's own in the one bucket."""
    return TestSettings(data_dir=tmp_path, **s3.settings(BUCKET, uuid4().hex))


@pytest.fixture(params=["disk", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "disk":
        settings: Settings = TestSettings(data_dir=tmp_path)
        return Folder(open_files(settings), settings)
    settings = request.getfixturevalue("s3_settings")
    server: S3Server = request.getfixturevalue("s3")
    return Bucket(open_files(settings), settings, server, open_bucket(settings))


@pytest.fixture
def store(place: Place) -> FileStore:
    return place.store
