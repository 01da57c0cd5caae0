"""Alembic revisions of the business database, applied at start."""

from pathlib import Path

SCRIPTS = Path(__file__).parent
