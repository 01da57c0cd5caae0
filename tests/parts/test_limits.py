"""A file that is too much for this machine."""

import pytest

from shopwright.kernel.settings import Settings
from tests.parts.conftest import PLATE, Bench


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Not enough to load the reader."""
    return settings.model_copy(update={"cad_memory_mb": 128})


async def test_conversion_beyond_its_memory_is_told_and_the_upload_kept(bench: Bench) -> None:
    part = await bench.part()
    told = (await bench.upload(part))["conversion"]
    assert (told["success"], told["error"], told["status"]) == (
        False, "conversion failed: memory limit", "failed",
    )  # fmt: skip
    assert (await bench.get(f"{part}/download")).content == PLATE
    read = (await bench.get(str(part))).json()
    assert (read["file"], read["model"]["error"]) == (
        "plate.step", "conversion failed: memory limit",
    )  # fmt: skip
