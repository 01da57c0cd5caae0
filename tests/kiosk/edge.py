"""For tests of the edge alone, which is the same on both databases."""

import pytest

from tests.databases import Databases, SqliteDatabases


@pytest.fixture(scope="session")
def databases(sqlite_databases: SqliteDatabases) -> Databases:
    return sqlite_databases
