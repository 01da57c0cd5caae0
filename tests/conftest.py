"""Fixtures that every test may use."""

from collections.abc import Iterator

import pytest

from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.postgres import PostgresServer


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
