"""The layers of the house hold, and the contracts would notice a package they do not know."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "src" / "shopwright"


def read_contracts() -> list[dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return contracts


def test_packages_import_only_what_lies_below_them() -> None:
    lint = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    result = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_every_package_has_its_place_in_the_layers() -> None:
    layers = next(contract for contract in read_contracts() if contract["type"] == "layers")
    placed = {name.strip(" ()") for layer in layers["layers"] for name in layer.split("|")}
    existing = {folder.parent.name for folder in PACKAGES.glob("*/__init__.py")}
    assert existing - placed == set()
