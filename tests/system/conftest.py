"""Processes for the system tests, ended whatever happens."""

import os
import random
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.system import harness
from tests.system.eyes import Eyes
from tests.system.harness import Farm

KILL_PRINTERS = 12  # 0-8 for kills and servers, 10 and 11 for agents: none is used twice


@pytest.fixture
def seed() -> int:
    """Printed with the failure; ``SEED=7 pytest …`` repeats a run."""
    number = int(os.environ.get("SEED", "0")) or random.randrange(1, 1_000_000)
    print(f"SEED={number}")
    return number


@pytest.fixture
def rng(seed: int) -> random.Random:
    return random.Random(seed)


@pytest.fixture
def eyes(migrated_url: str) -> Iterator[Eyes]:
    seeing = Eyes(migrated_url)
    yield seeing
    seeing.close()


@pytest.fixture(scope="session")
async def kill_farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Farm]:
    """Printers for tests that need one each; starting them is slower than most tests."""
    printers = [printer(f"Kill {number}", 100 + number) for number in range(KILL_PRINTERS)]
    async with harness.farm(tmp_path_factory.mktemp("farm"), printers) as farm:
        yield farm


def printer(name: str, number: int, **knobs: object) -> dict[str, object]:
    """A fast P1S with four colours loaded."""
    usual = {"speed": 1000.0, "report_interval_s": 0.2}
    return {
        "name": name,
        "serial": f"01P00A{number:09}",
        "access_code": "12345678",
        "model": "P1S",
        "knobs": usual | knobs,
    }
