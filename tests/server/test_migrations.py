"""Migrations: what Alembic makes is what the models say, on both databases."""

from shopwright.kernel import migrations
from shopwright.kernel.db import Base
from shopwright.migrations import SCRIPTS


def test_models_and_migrated_tables_agree(migrated_url: str) -> None:
    assert migrations.differences(migrated_url, Base.metadata) == []


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    migrations.upgrade_now(database_url, SCRIPTS)
    first = migrations.current_revision(database_url)
    migrations.upgrade_now(database_url, SCRIPTS)
    assert first is not None
    assert migrations.current_revision(database_url) == first
