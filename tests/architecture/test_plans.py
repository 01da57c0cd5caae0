"""On SQLite, which keeps no statistics here, what is asked by an id is found by that id: the
organization's own index would read every row of a shop."""

import sqlite3
from collections.abc import Iterator

import pytest

from tests.conftest import build_migrated
from tests.databases import SqliteDatabases, sqlite_path

BY_ONE = {
    "attachments": ("customer_id", "order_id"),
    "customer_feedback": ("customer_id", "order_id"),
    "customer_requests": ("customer_id", "order_id"),
    "customers": ("email_key", "name"),
    "filament_movements": ("filament_id", "order_id"),
    "filament_usages": ("order_id",),
    "holds": ("order_id",),
    "order_communications": ("order_id",),
    "order_items": ("order_id",),
    "order_notes": ("order_id",),
    "orders": ("customer_id", "external_id"),
    "piece_steps": ("order_item_id", "piece_id", "print_job_id"),
    "parcel_items": ("order_item_id",),
    "pieces": ("order_item_id",),
    "print_jobs": ("order_id",),
    "printer_commands": ("device_job_id",),
    "reservations": ("attempt_id",),
    "spools": ("filament_id",),
    "webhook_attempts": ("delivery_id",),
    "webhook_deliveries": ("event_id",),
    "webhook_events": ("created_at",),
}
ASKED = [(table, column) for table, columns in BY_ONE.items() for column in columns]


@pytest.fixture(scope="module")
def connection(sqlite_databases: SqliteDatabases) -> Iterator[sqlite3.Connection]:
    """To a database as the migrations leave it."""
    url = sqlite_databases.create_from("migrated", build_migrated)
    found = sqlite3.connect(sqlite_path(url))
    try:
        yield found
    finally:
        found.close()


@pytest.mark.parametrize(("table", "column"), ASKED)
def test_rows_of_one_are_found_by_their_id(
    connection: sqlite3.Connection, table: str, column: str
) -> None:
    statement = f"SELECT * FROM {table} WHERE organization_id = 1 AND {column} IN ('5')"  # noqa: S608
    plan = plan_of(connection, statement)

    assert f"{column}=?" in plan, plan


def test_customers_are_recounted_by_their_own_orders(connection: sqlite3.Connection) -> None:
    plan = plan_of(
        connection,
        "UPDATE customers SET order_count = (SELECT count(*) FROM orders WHERE organization_id = 1 "
        "AND customer_id = customers.id AND status IN ('paid', 'completed', 'shipped')) "
        "WHERE organization_id = 1 AND id IN (5, 6)",
    )

    assert "INDEX ix_orders_customer (customer_id=? AND organization_id=?)" in plan


def test_a_buyer_id_is_given_to_customers_found_by_their_address(
    connection: sqlite3.Connection,
) -> None:
    plan = plan_of(
        connection,
        "SELECT email_key, min(id) FROM customers WHERE organization_id = 1 "
        "AND email_key IN ('a@x', 'b@x', 'c@x') AND anonymised_at IS NULL "
        "AND coalesce(channel, external_id) IS NULL GROUP BY email_key",
    )

    assert "INDEX ix_customers_email_key (organization_id=? AND email_key=?)" in plan


def test_the_last_wish_about_a_listing_is_found_among_all_effects(
    connection: sqlite3.Connection,
) -> None:
    plan = plan_of(
        connection,
        "SELECT * FROM effects WHERE organization_id = 1 AND kind = 'set_listing_quantities' "
        "AND subject_id = 5 ORDER BY id DESC LIMIT 1",
    )

    assert "INDEX ix_effects_subject" in plan


def test_a_removed_file_is_looked_for_among_photos_alone(connection: sqlite3.Connection) -> None:
    whose = "SELECT EXISTS (SELECT 1 FROM orders WHERE photo_sha256 = 'a'"

    for statement in (f"{whose})", f"{whose} AND organization_id = 1)"):
        assert "INDEX ix_orders_photo (photo_sha256=?" in plan_of(connection, statement)


def plan_of(connection: sqlite3.Connection, statement: str) -> str:
    return "; ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}"))
