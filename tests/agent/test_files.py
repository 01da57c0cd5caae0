"""Print files come whole, or not at all; what broke off goes on where it was."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from shopwright.agent import files
from shopwright.agent.client import Client, Contact, CutOff
from shopwright.agent.files import AgentFiles
from shopwright.files.disk import INCOMING
from shopwright.files.storage import StoredFileDamaged, StoredFileMissing

CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class _Broken(httpx.AsyncByteStream):
    """Some bytes, then the line is dead."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
        raise httpx.ReadError("the connection broke")


class Server(httpx.AsyncBaseTransport):
    """Sends ``chunk`` bytes per answer and breaks off, until everything has come."""

    def __init__(self, content: bytes = CONTENT, *, chunk: int = 4000) -> None:
        self._content = content
        self._chunk = chunk
        self.ranges: list[str | None] = []
        self.status = 200

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.status != 200:
            return httpx.Response(self.status, json={"detail": "There is no such file."})
        if request.url.path == "/api/agents/me/file":
            link = {"url": "/files/token", "size": len(CONTENT), "sha256": SHA256}
            return httpx.Response(200, json=link)
        asked = request.headers.get("range")
        self.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        rest = self._content[start:]
        status = 206 if start else 200
        if len(rest) > self._chunk:
            return httpx.Response(status, stream=_Broken(rest[: self._chunk]))
        return httpx.Response(status, content=rest)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RETRY_S", 0)


def store(folder: Path, server: Server, **settings: int) -> AgentFiles:
    return AgentFiles(folder, Client("http://shop.test", "", Contact(), server), **settings)


async def test_a_download_that_breaks_off_goes_on_where_it_was(tmp_path: Path) -> None:
    server = Server()
    kept = store(tmp_path, server)
    async with kept.local_copy(SHA256) as path:
        assert path.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=4000-", "bytes=8000-"]
    async with kept.local_copy(SHA256):
        assert len(server.ranges) == 3  # it is here already


async def test_a_download_goes_on_after_the_agent_was_killed(tmp_path: Path) -> None:
    part = tmp_path / INCOMING / f"{SHA256}.part"
    kept = store(tmp_path, server := Server())
    part.write_bytes(CONTENT[:10_000])
    async with kept.local_copy(SHA256) as path:
        assert path.read_bytes() == CONTENT
    assert server.ranges == ["bytes=10000-"]
    assert not part.exists()


async def test_a_file_with_another_hash_is_refused_and_not_kept(tmp_path: Path) -> None:
    kept = store(tmp_path, Server(b"x" * len(CONTENT), chunk=1_000_000))
    with pytest.raises(StoredFileDamaged, match="other content than its hash"):
        async with kept.local_copy(SHA256):
            pass
    assert files_in(tmp_path) == []


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_file_the_server_does_not_give_is_missing(tmp_path: Path) -> None:
    server = Server()
    server.status = 404
    with pytest.raises(StoredFileMissing, match="no such file"):
        async with store(tmp_path, server).local_copy(SHA256):
            pass


async def test_a_server_that_stays_away_leaves_what_has_come(tmp_path: Path) -> None:
    with pytest.raises(CutOff):
        async with store(tmp_path, Server(chunk=100)).local_copy(SHA256):
            pass
    part = tmp_path / INCOMING / f"{SHA256}.part"
    assert part.stat().st_size == files.TRIES * 100


async def test_files_not_used_for_longest_go_when_there_are_too_many(tmp_path: Path) -> None:
    kept = store(tmp_path, Server(chunk=1_000_000), kept_bytes=len(CONTENT))
    old = tmp_path / "old"
    old.write_bytes(b"old")
    first = await kept.put(old, max_bytes=10)
    async with kept.local_copy(SHA256) as path:
        assert path.read_bytes() == CONTENT
    assert (await kept.exists(first.sha256), await kept.exists(SHA256)) == (False, True)
