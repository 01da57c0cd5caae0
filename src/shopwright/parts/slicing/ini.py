"""Profiles as PrusaSlicer exports them: what of an ini is used, and what may never be.

Only the keys in allowed_keys.txt reach the slicer. They say how plastic is laid down; none of them
names a program, a host, a file or a secret.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from shopwright.kernel.errors import Invalid

MAX_BYTES = 300_000
MAX_VALUE = 60_000  # start G-code of many lines
MICRONS_PER_MM = 1000
MAX_BED_MM = 2000.0
MAX_NUMBER = 1_000_000  # more is no setting, and not to be reckoned with
KEY = re.compile(r"[a-z][a-z0-9_]{0,80}")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
RUNS_PROGRAMS = re.compile(r"post_process|script|command|plugin|executable")
TECHNOLOGY = "printer_technology"
FILAMENT_PRINTING = "FFF"

ALLOWED = frozenset(
    files("shopwright.parts.slicing").joinpath("allowed_keys.txt").read_text().split()
)


class NotAProfile(Invalid):
    code = "slice-profile-unreadable"
    title = "This is no profile for slicing"


@dataclass(frozen=True, slots=True)
class Bed:
    """What fits: width, depth and height in millimetres."""

    x_mm: float
    y_mm: float
    z_mm: float


@dataclass(frozen=True, slots=True)
class CheckedProfile:
    """``settings`` are the allowed keys in order of the alphabet; ``left_out`` were named, too."""

    settings: str
    left_out: list[str]
    bed: Bed
    layer_um: int

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.settings.encode()).hexdigest()


def read_profile(
    content: bytes, *, printer_model: str, material: str, density: float, bed: Bed | None
) -> CheckedProfile:
    """Raises NotAProfile with what is wrong. ``bed`` and ``density`` are what is known of printer
    and material; what the profile itself says goes before."""
    named = _parse(content)
    _check_harmless(named)
    settings = {key: value for key, value in named.items() if key in ALLOWED}
    if not settings:
        raise NotAProfile("The file has no setting of PrusaSlicer. Use its “Export Config”.")
    settings |= {"printer_model": printer_model, "filament_type": material}
    if not _first_number(settings.get("filament_density")):
        settings["filament_density"] = f"{density:g}"
    found = _bed_of(settings) or bed
    if found is None:
        raise NotAProfile("The profile does not say how large the bed is: bed_shape is missing.")
    settings |= {"bed_shape": settings.get("bed_shape") or _rectangle(found)}
    settings.setdefault("max_print_height", f"{found.z_mm:g}")
    text = "".join(f"{key} = {settings[key]}\n" for key in sorted(settings))
    left_out = sorted(key for key in named if key not in settings)
    return CheckedProfile(text, left_out, found, _layer_um(settings))


def settings_of(text: str) -> Mapping[str, str]:
    """Of a checked profile."""
    pairs = (line.partition(" = ") for line in text.splitlines())
    return {key: value for key, _, value in pairs}


def first_number(settings: Mapping[str, str], key: str) -> float | None:
    """Of a list the first extruder's; None where there is no plain number (a percentage, say)."""
    return _first_number(settings.get(key))


def _parse(content: bytes) -> dict[str, str]:
    if len(content) > MAX_BYTES:
        raise NotAProfile(f"The profile has more than {MAX_BYTES // 1000} kB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise NotAProfile("The profile is no text. Export it from PrusaSlicer as .ini.") from err
    named: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith(("#", ";")):
            key, value = _pair(number, stripped)
            named[key] = value
    return named


def _pair(number: int, line: str) -> tuple[str, str]:
    if line.startswith("["):
        raise NotAProfile(
            "This is a bundle of several profiles. Choose printer, filament and print settings in "
            "PrusaSlicer and export them by File → Export → Export Config."
        )
    key, equals, value = (word.strip() for word in line.partition("="))
    if not equals or not KEY.fullmatch(key):
        raise NotAProfile(f"Line {number} is no setting: {line[:60]!r}.")
    if len(value) > MAX_VALUE or not value.isprintable():
        raise NotAProfile(f"Line {number}: {key} is too long, or has control characters.")
    return key, value


def _check_harmless(named: Mapping[str, str]) -> None:
    """What is empty does nothing; PrusaSlicer exports every key it knows."""
    for key, value in named.items():
        if key not in ALLOWED and RUNS_PROGRAMS.search(key) and value.strip("\"' ;"):
            raise NotAProfile(
                f"The profile names a program to run ({key}). Remove it in the slicer and export "
                "the profile again: nothing from a profile is run here."
            )
    if named.get(TECHNOLOGY, FILAMENT_PRINTING).upper() != FILAMENT_PRINTING:
        raise NotAProfile("The profile is for resin. Only filament printing is sliced here.")


def _bed_of(settings: Mapping[str, str]) -> Bed | None:
    if not settings.get("bed_shape"):
        return None
    points = [point.split("x") for point in settings["bed_shape"].split(",")]
    try:
        xs, ys = zip(*((float(x), float(y)) for x, y in points), strict=True)
    except ValueError as err:
        raise NotAProfile("bed_shape is no list of corners like 0x0,250x0,250x210,0x210.") from err
    height = _first_number(settings.get("max_print_height")) or 200.0  # PrusaSlicer's own default
    bed = Bed(max(xs) - min(xs), max(ys) - min(ys), height)
    if not all(0 < side <= MAX_BED_MM for side in (bed.x_mm, bed.y_mm, bed.z_mm)):
        raise NotAProfile("bed_shape or max_print_height is impossible.")
    return bed


def _rectangle(bed: Bed) -> str:
    x, y = f"{bed.x_mm:g}", f"{bed.y_mm:g}"
    return f"0x0,{x}x0,{x}x{y},0x{y}"


def _layer_um(settings: Mapping[str, str]) -> int:
    layer = _first_number(settings.get("layer_height", "0.3"))
    if layer is None or not 0 < layer <= 10:  # noqa: PLR2004  millimetres
        raise NotAProfile("layer_height is no height of a layer in millimetres.")
    return round(layer * MICRONS_PER_MM)


def _first_number(value: str | None) -> float | None:
    first = (value or "").split(",")[0].strip()
    number = float(first) if NUMBER.fullmatch(first) else None
    return number if number is not None and abs(number) <= MAX_NUMBER else None
