"""Loads every slice's tables, so that metadata is complete for migrations and checks."""

import importlib
from importlib import resources

KERNEL_TABLES = (
    "shopwright.kernel.db",
    "shopwright.kernel.durable",
    "shopwright.kernel.effects",
    "shopwright.kernel.idempotency",
    "shopwright.kernel.inbox",
)


def import_all_models() -> None:
    """Import ``models.py`` of every slice that has one."""
    for module in KERNEL_TABLES:
        importlib.import_module(module)
    for package in resources.files("shopwright").iterdir():
        if package.is_dir() and package.joinpath("models.py").is_file():
            importlib.import_module(f"shopwright.{package.name}.models")
