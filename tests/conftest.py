"""Fixtures that every test may use."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import structlog
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from hypothesis import settings as hypothesis_settings
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from shopwright.accounts import access_tokens
from shopwright.accounts.models import Organization, User
from shopwright.files.disk import DiskFileStore
from shopwright.kernel import durable, migrations
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Environment, Settings
from shopwright.migrations import SCRIPTS
from shopwright.server.app import create_app
from shopwright.server.process import open_process
from shopwright.telemetry.latest import LatestSnapshots
from tests import factories
from tests.clock import FixedClock
from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.places import use_memory
from tests.postgres import PostgresServer

use_memory()

# The same examples in every `make test`; fresh and more of them in `make test-long`.
hypothesis_settings.register_profile("short", deadline=None, derandomize=True)
hypothesis_settings.register_profile("long", deadline=None, max_examples=500)
hypothesis_settings.load_profile("short")

NOBODY = "http://127.0.0.1:1"  # where nobody listens
ClientAs = Callable[[Actor | None], Awaitable[AsyncClient]]


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """A command run in this process sends the logs to its own captured stream, which then
    closes."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server per worker, started by the first test that needs it; its failure is the test's."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_databases(postgres: PostgresServer) -> PostgresDatabases:
    return PostgresDatabases(postgres)


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Both kinds in turn: whatever uses this runs once on each."""
    if request.param == "sqlite":
        sqlite: SqliteDatabases = request.getfixturevalue("sqlite_databases")
        return sqlite
    postgres: PostgresDatabases = request.getfixturevalue("postgres_databases")
    return postgres


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A fresh, empty database of this test's own."""
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture
def clock() -> FixedClock:
    """Monday, 2 March 2026, 09:00 UTC; `clock.advance(minutes=5)` moves it."""
    return FixedClock()


@pytest.fixture
def migrated_url(databases: Databases) -> Iterator[str]:
    """A fresh database with every table, copied from one that Alembic migrated once."""
    url = databases.create_from("migrated", build_migrated)
    yield url
    databases.drop(url)


@pytest.fixture
def settings(migrated_url: str, tmp_path: Path) -> Settings:
    return make_settings(migrated_url, tmp_path)


@pytest.fixture
async def process(settings: Settings, clock: FixedClock) -> AsyncIterator[Process]:
    """Wired slices on a database of this test's own, on SQLite and on PostgreSQL; no loops."""
    async with open_process(settings, clock) as running:
        running.is_ready = True
        yield running


@pytest.fixture
def database(process: Process) -> Database:
    return process.database


@pytest.fixture
async def organization(database: Database) -> Organization:
    async with database.write() as session:
        return await factories.make_organization(session)


@pytest.fixture
async def owner(database: Database, organization: Organization) -> Actor:
    async with database.write() as session:
        return await factories.make_member(session, organization, Role.OWNER)


@pytest.fixture
async def admin(database: Database, organization: Organization) -> Actor:
    async with database.write() as session:
        return await factories.make_member(session, organization, Role.ADMIN)


@pytest.fixture
async def member(database: Database, organization: Organization) -> Actor:
    async with database.write() as session:
        return await factories.make_member(session, organization, Role.MEMBER)


@pytest.fixture
async def viewer(database: Database, organization: Organization) -> Actor:
    async with database.write() as session:
        return await factories.make_member(session, organization, Role.VIEWER)


@pytest.fixture
async def other_organization(database: Database) -> Organization:
    """Somebody else's shop in the same database; its rows must stay out of reach."""
    async with database.write() as session:
        return await factories.make_organization(session, "Other shop")


@pytest.fixture
async def stranger(database: Database, other_organization: Organization) -> Actor:
    """The owner of the other shop."""
    async with database.write() as session:
        return await factories.make_member(session, other_organization, Role.OWNER, "stranger")


@pytest.fixture(scope="session")
def application() -> FastAPI:
    """The routes, built once, which costs more than most tests; each hangs its process on it."""
    return create_app(make_settings("sqlite:///unused.db", Path()), unopened)


@pytest.fixture
def files(tmp_path: Path) -> DiskFileStore:
    return DiskFileStore(tmp_path / "files")


@pytest.fixture
def telemetry() -> LatestSnapshots:
    return LatestSnapshots()


@pytest.fixture
def app(
    application: FastAPI, process: Process, files: DiskFileStore, telemetry: LatestSnapshots
) -> Iterator[FastAPI]:
    """What `server.serve` hangs on the application, without its loops."""
    application.state.process = process
    application.state.files = files
    application.state.telemetry = telemetry
    yield application
    del application.state.process, application.state.files, application.state.telemetry


@pytest.fixture
async def client_as(app: FastAPI, process: Process) -> AsyncIterator[ClientAs]:
    """`await client_as(member)`: an HTTP client with that actor's access token; None is nobody."""
    async with AsyncExitStack() as stack:

        async def open_client(actor: Actor | None) -> AsyncClient:
            headers = await bearer(process, actor) if actor else {}
            transport = ASGITransport(app, client=("127.0.0.1", 50000))
            client = AsyncClient(transport=transport, base_url="http://shop.test", headers=headers)
            return await stack.enter_async_context(client)

        yield open_client


@pytest.fixture
async def client(client_as: ClientAs, owner: Actor) -> AsyncClient:
    """The owner's."""
    return await client_as(owner)


@pytest.fixture
async def anonymous(client_as: ClientAs) -> AsyncClient:
    return await client_as(None)


def build_migrated(url: str) -> None:
    migrations.upgrade_now(url, SCRIPTS)
    durable.prepare(url)


def make_settings(url: str, folder: Path) -> Settings:
    """Nothing of this machine's environment, `.env` or `config.json` comes in."""
    return TestSettings(
        environment=Environment.TESTING,
        database_url=url,
        data_dir=folder,
        master_key=SecretStr("a master key for tests of 40 characters"),
        bambu_cloud_api_url=NOBODY,
        bambu_cloud_site_url=NOBODY,
        onshape_url=NOBODY,
        onshape_oauth_url=NOBODY,
    )


class TestSettings(Settings):
    __test__ = False
    model_config = SettingsConfigDict(env_file=None, json_file=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


async def bearer(process: Process, actor: Actor) -> dict[str, str]:
    """The header of a fresh sign-in of this actor, without the cost of a password."""
    async with process.database.write() as session:
        login = await factories.make_login_session(session, actor)
        user = await session.get_one(User, actor.user_id)
        organization = await session.get_one(Organization, actor.organization_id)
    token = access_tokens.mint(
        access_tokens.signing_key(process.settings, process.context.vault),
        user_uuid=user.uuid,
        session_uuid=login.uuid,
        organization_uuid=organization.uuid,
        now=process.clock.now(),
        minutes=process.settings.access_token_minutes,
    )
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def unopened(_app: FastAPI) -> AsyncIterator[None]:
    """Tests hang their own process on the application; its lifespan does not run."""
    yield
