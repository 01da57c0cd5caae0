"""Loads every slice's tables, so that metadata is complete for migrations and checks."""

import importlib
from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable

KERNEL_TABLES = (
    "shopwright.kernel.db",
    "shopwright.kernel.durable",
    "shopwright.kernel.effects",
    "shopwright.kernel.idempotency",
    "shopwright.kernel.inbox",
)


def import_all_models() -> None:
    """Import ``models.py`` of every slice, and of a slice's part, that has one."""
    for module in KERNEL_TABLES:
        importlib.import_module(module)
    for package in resources.files("shopwright").iterdir():
        if package.is_dir() and package.joinpath("models.py").is_file():
            importlib.import_module(f"shopwright.{package.name}.models")
            _import_models_below(package.name, package.iterdir())


def _import_models_below(slice_name: str, inside: Iterable[Traversable]) -> None:
    for package in inside:
        if package.is_dir() and package.joinpath("models.py").is_file():
            importlib.import_module(f"shopwright.{slice_name}.{package.name}.models")
