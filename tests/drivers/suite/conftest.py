"""A rig by its name, and a file for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shopwright.fleet.port import PrinterDriver
from tests.drivers.suite.acts import name_of, seen
from tests.drivers.suite.rigs import RIGS, Rig


@pytest.fixture
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    made = RIGS[request.param]()
    async with made.on_bench():
        yield made


@pytest.fixture
async def driver(rig: Rig) -> AsyncIterator[PrinterDriver]:
    async with rig.driver() as connected:
        await seen(connected, lambda report: report.is_full)
        yield connected


@pytest.fixture
def sliced(rig: Rig, tmp_path: Path) -> Path:
    file = tmp_path / name_of(rig.suffix)
    rig.make_file(file)
    return file
