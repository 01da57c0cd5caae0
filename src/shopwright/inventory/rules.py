"""Grams and colours at the edge, and how an amount is taken from rolls that may hold less."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

MG_PER_G = 1000
MICROS = 1_000_000
MAX_GRAMS = 1_000_000  # a ton; more is a typing error
HEX_COLOR = re.compile(r"#?([0-9A-Fa-f]{6})(?:[0-9A-Fa-f]{2})?")  # some tools append the opacity

# What people call their rolls, as a colour that can be compared with what a device reports.
COLOR_NAMES = {
    "black": "000000", "white": "FFFFFF", "gray": "808080", "grey": "808080", "silver": "C0C0C0",
    "red": "FF0000", "orange": "FFA500", "yellow": "FFFF00", "gold": "FFD700", "green": "008000",
    "lime": "00FF00", "cyan": "00FFFF", "teal": "008080", "blue": "0000FF", "navy": "000080",
    "purple": "800080", "violet": "EE82EE", "magenta": "FF00FF", "pink": "FFC0CB",
    "brown": "A52A2A", "beige": "F5F5DC", "ivory": "FFFFF0", "bronze": "CD7F32", "copper": "B87333",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draw:
    """What each roll gives, and how much none of them had."""

    taken: dict[int, int]
    short: int


def draw(rolls: Iterable[tuple[int, int]], amount: int) -> Draw:
    """Take ``amount`` from ``(id, remaining)`` in order, none below zero."""
    taken: dict[int, int] = {}
    for roll, remaining in rolls:
        part = min(remaining, amount)
        if part > 0:
            taken[roll] = part
            amount -= part
    return Draw(taken, amount)


def to_mg(grams: Decimal) -> int:
    return int((grams * MG_PER_G).to_integral_value(ROUND_HALF_EVEN))


def to_grams(mg: int) -> int | float:
    """A whole number where it is one, as the reference prints it."""
    return mg // MG_PER_G if mg % MG_PER_G == 0 else mg / MG_PER_G


def to_micros(price: Decimal) -> int:
    return int((price * MICROS).to_integral_value(ROUND_HALF_EVEN))


def hex_of(color: str) -> str | None:
    """RRGGBB of a colour's name or code; None when nobody can know."""
    match = HEX_COLOR.fullmatch(color.strip())
    return match[1].upper() if match else COLOR_NAMES.get(color.strip().lower())


def is_tag(tag: str | None) -> bool:
    """Devices report a roll without a chip as zeros."""
    return bool(tag and tag.strip("0"))
