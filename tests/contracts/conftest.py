"""One program for all tests of the published API; SQLite only, as it is about the edge."""

from collections.abc import Iterator

import pytest

from tests.conftest import build_migrated, make_settings
from tests.contracts.served import Served
from tests.databases import SqliteDatabases


@pytest.fixture(scope="module")
def served(
    sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    url = sqlite_databases.create_from("migrated", build_migrated)
    settings = make_settings(url, tmp_path_factory.mktemp("contracts"))
    changed = {
        "rate_limit_per_hour": 0,
        "rate_limit_sync_per_minute": 0,
        "rate_limit_print_per_minute": 0,
        "rate_limit_public_per_minute": 0,
        "rate_limit_kiosk_misses": 0,
    }
    with Served(settings.model_copy(update=changed)) as running:
        yield running
