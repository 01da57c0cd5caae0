"""What is installed is pinned by hash, and no lock file says where it is downloaded from."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINNED = re.compile(r"^[a-z0-9.\-]+(\[[a-z,]+\])?==\S+( ; [^\\]+)? \\$")
PYTHON_LOCKS = ["requirements.lock", "deploy/requirements.lock", "deploy/build.lock"]


def read_requirements(lock: str) -> list[str]:
    lines = (ROOT / lock).read_text().splitlines()
    return [line for line in lines if line and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("lock", PYTHON_LOCKS)
def test_every_python_package_is_pinned_with_hashes(lock: str) -> None:
    packages = [line for line in read_requirements(lock) if not line.startswith(" ")]
    assert [line for line in packages if not PINNED.match(line)] == []


@pytest.mark.parametrize("lock", PYTHON_LOCKS)
def test_python_lock_names_neither_index_nor_address(lock: str) -> None:
    others = [line for line in read_requirements(lock) if line.startswith("-") or "://" in line]
    assert others == []


def test_container_image_runs_the_versions_that_were_tested() -> None:
    tested = {line for line in read_requirements("requirements.lock") if "==" in line}
    shipped = {line for line in read_requirements("deploy/requirements.lock") if "==" in line}
    assert shipped - tested == set()


def test_page_asset_lock_pins_every_package_without_its_address() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
