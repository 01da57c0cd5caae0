"""What a shop writes down of a machine narrows its model's limits and never widens them."""

import pytest

from shopwright.fleet.rules import FARTHEST_MM, limits_of


@pytest.mark.parametrize(
    ("model", "told", "x"),
    [
        ("P1S", {}, 256.0),
        ("P1S", {"max_build_volume_x": 100_000}, 256.0),
        ("P1S", {"max_build_volume_x": 120}, 120.0),
        ("Home-made", {"max_build_volume_x": 220}, 220.0),
        ("Home-made", {}, FARTHEST_MM),
        (None, {"max_build_volume_x": 0}, FARTHEST_MM),
    ],
)
def test_no_axis_travels_farther_than_its_model(
    model: str | None, told: dict[str, float], x: float
) -> None:
    assert limits_of(model, told).travel["x"] == x


def test_no_heater_gets_hotter_than_its_model() -> None:
    told = {"max_nozzle_temp": 500, "max_bed_temp": 60}
    assert (limits_of("P1S", told).heat.nozzle, limits_of("P1S", told).heat.bed) == (300, 60)
