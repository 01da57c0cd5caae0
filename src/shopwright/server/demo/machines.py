"""The six printers of the demo shop: what they are, what is loaded, and how they behave."""

from dataclasses import dataclass
from typing import Any

from shopwright.fleet.models import HarvestPolicy
from shopwright.server.demo.goods import (
    BLACK,
    OAK,
    OCEAN,
    STONE,
    SUN,
    TERRACOTTA,
    WALNUT,
    WHITE,
    Color,
)

SPEED = 60.0  # a 20-minute print takes 20 s
ON_THE_ROLL_MG = 50_000_000  # nobody changes a virtual roll; the shop's own stock is what runs low
FULL_MG = 1_000_000


@dataclass(frozen=True, slots=True)
class Machine:
    """``slots`` by number from 1: what is loaded, and the milligrams left of it."""

    name: str
    model: str
    serial: str
    location: str
    slots: tuple[tuple[Color, int], ...]
    harvest: HarvestPolicy = HarvestPolicy.AUTOMATIC
    fails_every: int = 0  # so many prints; 0 is never


MACHINES = (
    Machine(
        "Atlas",
        "P1S",
        "01P00A0DEMO0001",
        "Workshop",
        ((WALNUT, 820_000), (OAK, 640_000), (WHITE, FULL_MG), (BLACK, 450_000)),
    ),
    Machine(
        "Bolt",
        "P1S",
        "01P00A0DEMO0002",
        "Workshop",
        ((WHITE, 730_000), (BLACK, FULL_MG), (OAK, 310_000), (WALNUT, FULL_MG)),
        harvest=HarvestPolicy.ASK,
    ),
    Machine("Cedar", "X1C", "00M00A0DEMO0003", "Workshop", ((TERRACOTTA, FULL_MG), (OAK, 90_000))),
    Machine("Dot", "A1 mini", "03000A0DEMO0004", "Shelf", ((BLACK, 560_000), (SUN, FULL_MG))),
    Machine(
        "Echo",
        "A1 mini",
        "03000A0DEMO0005",
        "Shelf",
        ((SUN, 480_000), (BLACK, FULL_MG), (OCEAN, 200_000)),
        fails_every=4,
    ),
    Machine("Fern", "A1", "03900A0DEMO0006", "Shelf", ((STONE, FULL_MG), (OCEAN, 930_000))),
)


def farm(access_codes: dict[str, str], folder: str) -> dict[str, Any]:
    """The farm file of the virtual printers; ``access_codes`` by serial."""
    return {
        "folder": folder,
        "announces": {"interval_s": 2},  # on this machine only
        "printers": [
            {
                "name": machine.name,
                "serial": machine.serial,
                "access_code": access_codes[machine.serial],
                "model": machine.model,
                "speed": SPEED,
                "trays": [_tray(color) for color, _ in machine.slots],
            }
            for machine in MACHINES
        ],
    }


def _tray(color: Color) -> dict[str, Any]:
    """Without a chip: the shop knows what is left, the printer does not."""
    return {
        "type": color.material,
        "color": f"{color.hex}FF",
        "remaining_mg": ON_THE_ROLL_MG,
        "capacity_mg": ON_THE_ROLL_MG,
        "has_tag": False,
    }
