"""Alembic scripts of the telemetry tables: their own file on SQLite, their own version table."""

from pathlib import Path

SCRIPTS = Path(__file__).parent
VERSION_TABLE = "telemetry_alembic_version"
