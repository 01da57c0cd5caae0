"""The databases that other tests stand on: fresh, and apart from each other."""

import sqlite3
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.databases import Databases, sqlite_path
from tests.postgres import PostgresServer


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    if urlsplit(url).scheme == "sqlite":
        return _run_on_sqlite(url, statement)
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _run_on_sqlite(url: str, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(sqlite_path(url))
    try:
        rows = connection.execute(statement).fetchall()
        connection.commit()
    finally:
        connection.close()
    return rows


def build_spools(url: str) -> None:
    run(url, "CREATE TABLE spools (grams INTEGER)")
    run(url, "INSERT INTO spools VALUES (1000)")


@pytest.mark.parametrize("round_number", [1, 2])
def test_every_test_gets_an_empty_database(database_url: str, round_number: int) -> None:
    build_spools(database_url)
    assert run(database_url, "SELECT grams FROM spools") == [(1000,)]


def test_copies_of_a_template_share_nothing_but_its_rows(databases: Databases) -> None:
    first = databases.create_from("spools", build_spools)
    second = databases.create_from("spools", build_spools)
    run(first, "UPDATE spools SET grams = 1")
    assert run(second, "SELECT grams FROM spools") == [(1000,)]
    databases.drop(first)
    databases.drop(second)


def test_dropped_database_is_gone_although_somebody_is_connected(postgres: PostgresServer) -> None:
    url = postgres.create_database()
    with psycopg.connect(url) as connection:
        postgres.drop_database(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)
