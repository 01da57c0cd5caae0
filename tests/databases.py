"""Fresh databases for tests: a template is built once per worker, then copied."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Protocol

from tests.postgres import PostgresServer


class Databases(Protocol):
    """Where tests get their databases from; URLs are what a person would put into DATABASE_URL."""

    def create(self) -> str:
        """A new, empty database."""
        ...

    def create_from(self, template: str, build: Callable[[str], None]) -> str:
        """A copy of the named template, which `build` fills once and leaves without connections."""
        ...

    def drop(self, url: str) -> None:
        """Remove it, whoever is still connected."""
        ...


class PostgresDatabases:
    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._templates: dict[str, str] = {}

    def create(self) -> str:
        return self._server.create_database()

    def create_from(self, template: str, build: Callable[[str], None]) -> str:
        if template not in self._templates:
            url = self.create()
            build(url)
            self._templates[template] = url
        return self._server.create_database(self._templates[template])

    def drop(self, url: str) -> None:
        self._server.drop_database(url)


class SqliteDatabases:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = (f"test_{number}.db" for number in count(1))
        self._templates: dict[str, Path] = {}

    def create(self) -> str:
        return _sqlite_url(self._folder / next(self._names))

    def create_from(self, template: str, build: Callable[[str], None]) -> str:
        if template not in self._templates:
            source = self._folder / f"template_{template}.db"
            build(_sqlite_url(source))
            self._templates[template] = source
        target = self._folder / next(self._names)
        copyfile(self._templates[template], target)
        return _sqlite_url(target)

    def drop(self, url: str) -> None:
        path = sqlite_path(url)
        for leftover in path.parent.glob(f"{path.name}*"):  # the file, its -wal and its -shm
            leftover.unlink()


def sqlite_path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"
