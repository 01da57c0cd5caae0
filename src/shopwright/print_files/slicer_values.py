"""The values slicers write as text: numbers, durations, colours, names; none taken on trust."""

import math
import re
from decimal import ROUND_HALF_UP, Decimal

from shopwright.print_files.sliced_file import UnreadablePrintFile

MAX_TIME_S = 100 * 86_400  # no print runs for a hundred days
MAX_USED_MG = 50_000_000  # 50 kg of one filament on one plate
MAX_USED_MM = 20_000_000  # 50 kg of a 1.75 mm strand are under 17 km
MAX_LAYERS = 100_000
MAX_FILAMENTS = 64  # sixteen units of four slots
MAX_DURATION = 60  # characters
MAX_NAME = 200  # characters kept of a name written by a stranger
NOZZLES_MM = (0.1, 2.0)  # smallest and largest that are sold
MAX_DENSITY_G_CM3 = 25  # tungsten-filled filament has 8
MAX_DIAMETER_MM = 5  # 2.85 is the largest that is sold
DIAMETER_MM = 1.75  # what every printer of our list takes
DENSITY_G_CM3 = {
    "PLA": 1.24,
    "PETG": 1.27,
    "ABS": 1.04,
    "ASA": 1.07,
    "TPU": 1.21,
    "PC": 1.20,
    "PA": 1.12,
    "PET": 1.38,
    "PVA": 1.23,
    "HIPS": 1.03,
    "PP": 0.90,
}
DEFAULT_DENSITY_G_CM3 = DENSITY_G_CM3["PLA"]

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{0,20})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_DURATION = re.compile(
    r"(?:(\d{1,6})\s*d[a-z]*)?[\s,]*(?:(\d{1,6})\s*h[a-z]*)?[\s,]*"
    r"(?:(\d{1,6})\s*m[a-z]*)?[\s,]*(?:(\d{1,8})\s*s[a-z]*)?",
    re.ASCII | re.IGNORECASE,
)
_COLOR = re.compile(r"#?([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?")


def read_number(text: str, *, what: str, most: float) -> Decimal:
    """A number from 0 to ``most``; NaN, negative and absurd ones raise UnreadablePrintFile."""
    if not _NUMBER.fullmatch(text.strip()):
        raise UnreadablePrintFile(f"The file says “{clean_name(text)[:40]}” as {what}: no number.")
    number = Decimal(text.strip())
    if number < 0:
        raise UnreadablePrintFile(f"The file says {number} as {what}: it cannot be negative.")
    if number > Decimal(most):
        raise UnreadablePrintFile(
            f"The file says {number} as {what}: more than {most:,} is absurd."
        )
    return number


def read_count(text: str, *, what: str, most: int, least: int = 1) -> int:
    number = read_number(text, what=what, most=most)
    if number != int(number) or number < least:
        raise UnreadablePrintFile(
            f"The file says {number} as {what}: not a whole number from {least}."
        )
    return int(number)


def read_seconds(text: str, *, what: str) -> int:
    return _rounded(read_number(text, what=what, most=MAX_TIME_S))


def read_milligrams(text: str, *, what: str) -> int:
    return _rounded(read_number(text, what=what, most=MAX_USED_MG // 1000) * 1000)


def read_millimetres(text: str, *, what: str) -> int:
    return _rounded(read_number(text, what=what, most=MAX_USED_MM))


def read_metres(text: str, *, what: str) -> int:
    """Millimetres, of a length written in metres."""
    return _rounded(read_number(text, what=what, most=MAX_USED_MM // 1000) * 1000)


def read_nozzle(text: str) -> float:
    smallest, largest = NOZZLES_MM
    nozzle = float(read_number(text, what="nozzle diameter", most=largest))
    if nozzle < smallest:
        raise UnreadablePrintFile(f"The file says a nozzle of {nozzle:g} mm, which does not exist.")
    return nozzle


def read_density(text: str) -> float | None:
    """g/cm³; None for the 0 of a profile that does not know it."""
    return float(read_number(text, what="filament density", most=MAX_DENSITY_G_CM3)) or None


def read_diameter(text: str) -> float:
    """Millimetres; the usual 1.75 for a 0."""
    return float(read_number(text, what="filament diameter", most=MAX_DIAMETER_MM)) or DIAMETER_MM


def read_duration(text: str, *, what: str) -> int:
    """Seconds, of ``1d 2h 3m 4s`` or ``1 hours 5 minutes``."""
    match = _DURATION.fullmatch(text[:MAX_DURATION].strip())
    if match is None or not any(match.groups()):
        raise UnreadablePrintFile(
            f"The file says “{clean_name(text)[:40]}” as {what}: no duration."
        )
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return read_seconds(str(total), what=what)


def read_color(text: str) -> str | None:
    """``RRGGBB`` in upper case; None when it is no colour, which hurts nobody."""
    match = _COLOR.fullmatch(text.strip())
    return match.group(1).upper() if match else None


def clean_name(text: str) -> str:
    """Printable, on one line, of bearable length."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 2 * MAX_NAME])
    return " ".join(printable.split())[:MAX_NAME]


def density_of(material: str | None) -> float:
    """By the first word: ``PLA-CF`` and ``PLA Silk`` weigh nearly what PLA weighs."""
    family = re.split(r"[^A-Z]", (material or "").upper(), maxsplit=1)[0]
    return DENSITY_G_CM3.get(family, DEFAULT_DENSITY_G_CM3)


def strand_mg(length_mm: float, density_g_cm3: float, diameter_mm: float = DIAMETER_MM) -> int:
    """Mass of a strand of filament; mm³ times g/cm³ is milligrams."""
    return round(length_mm * math.pi / 4 * diameter_mm**2 * density_g_cm3)


def _rounded(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_HALF_UP))
