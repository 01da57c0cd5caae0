"""Filament use as the comments of plain G-code state it: grams, or millimetres, or volume."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shopwright.print_files.gcode_comments import GcodeComments
from shopwright.print_files.sliced_file import PlateFilament, UnreadablePrintFile
from shopwright.print_files.slicer_values import (
    DIAMETER_MM,
    MAX_FILAMENTS,
    MAX_USED_MG,
    clean_name,
    density_of,
    read_color,
    read_count,
    read_density,
    read_diameter,
    read_metres,
    read_milligrams,
    read_millimetres,
    read_number,
    strand_mg,
)

GRAMS = ("total filament weight [g]", "filament used [g]", "Plastic weight")
MILLIMETRES = ("total filament length [mm]", "filament used [mm]", "Filament length")
MATERIALS = ("filament_type", "printMaterial")
DENSITIES = ("filament_density", "filamentDensities")
DIAMETERS = ("filament_diameter", "filamentDiameters")
CURA_USED = "Filament used"  # "4.09221m, 0m", or "12034mm3" where the flavour is volumetric
WORD_MARKS = ";|"  # between words; Simplify3D separates everything by the second
NUMBER_MARKS = ",|"
_UNIT = re.compile(r"\s*(?:mm3|mm|m|g)\b.*$")


@dataclass(frozen=True, slots=True)
class Usage:
    filaments: tuple[PlateFilament, ...]
    project_filament_count: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Amount:
    """Of one filament; None where the slicer does not say."""

    mg: int | None
    mm: int | None
    mm3: float | None = None


def read_usage(comments: GcodeComments) -> Usage:
    """Raises UnreadablePrintFile when there is neither weight, length nor volume."""
    amounts = _amounts(comments)
    materials = _words(comments, *MATERIALS)
    indexes = _indexes(comments, len(amounts), len(materials))
    filaments = tuple(
        _filament(comments, index, amount)
        for index, amount in zip(indexes, amounts, strict=True)
        if amount.mg or amount.mm or amount.mm3
    )
    if not filaments:
        raise UnreadablePrintFile("By its comments this G-code uses no filament.")
    is_estimate = any(amount.mg is None for amount in amounts)
    return Usage(
        filaments=filaments,
        project_filament_count=max(len(materials), len(amounts), *indexes),
        warnings=(_estimate_warning(filaments),) if is_estimate else (),
    )


def _amounts(comments: GcodeComments) -> list[_Amount]:
    if CURA_USED in comments.values:
        return list(_cura_amounts(comments.values[CURA_USED]))
    grams = [read_milligrams(g, what="grams of filament") for g in _numbers(comments, *GRAMS)]
    lengths = [
        read_millimetres(m, what="filament length") for m in _numbers(comments, *MILLIMETRES)
    ]
    if not grams and not lengths:
        raise UnreadablePrintFile(
            "The G-code does not say how much filament it uses. "
            "Export it again from the slicer, unchanged."
        )
    if not any(grams) and any(lengths):  # a profile without density writes 0 g
        return [_Amount(None, mm) for mm in lengths]
    matching = lengths if len(lengths) == len(grams) else [None] * len(grams)
    return [_Amount(mg, mm) for mg, mm in zip(grams, matching, strict=True)]


def _cura_amounts(text: str) -> Iterator[_Amount]:
    for part in _split(text, ","):
        number = _UNIT.sub("", part)
        if part.endswith("mm3"):
            mm3 = read_number(number, what="filament volume", most=MAX_USED_MG)
            yield _Amount(None, None, float(mm3))
        else:
            yield _Amount(None, read_metres(number, what="filament length"))


def _indexes(comments: GcodeComments, amounts: int, materials: int) -> list[int]:
    """Bambu Studio lists only the filaments used and says in ``filament`` which those are."""
    used = _split(comments.first("filament") or "", ",")
    if amounts != materials and len(used) == amounts:
        return [read_count(text, what="filament id", most=MAX_FILAMENTS) for text in used]
    return list(range(1, amounts + 1))


def _filament(comments: GcodeComments, index: int, amount: _Amount) -> PlateFilament:
    material = _word(comments, index, *MATERIALS)
    return PlateFilament(
        project_index=index,
        material=material,
        color=read_color(_word(comments, index, "filament_colour") or ""),
        used_mg=amount.mg if amount.mg is not None else _weighed(comments, index, amount, material),
        used_mm=amount.mm,
        product=_word(comments, index, "filament_ids"),
        name=_word(comments, index, "filament_settings_id"),
    )


def _weighed(comments: GcodeComments, index: int, amount: _Amount, material: str | None) -> int:
    text = _word(comments, index, *DENSITIES, marks=NUMBER_MARKS)
    density = (read_density(text) if text else None) or density_of(material)
    if amount.mm3 is not None:
        return round(amount.mm3 * density)  # mm³ times g/cm³ is milligrams
    text = _word(comments, index, *DIAMETERS, marks=NUMBER_MARKS)
    return strand_mg(amount.mm or 0, density, read_diameter(text) if text else DIAMETER_MM)


def _estimate_warning(filaments: tuple[PlateFilament, ...]) -> str:
    grams = sum(filament.used_mg for filament in filaments) / 1000
    material = filaments[0].material or "PLA"
    return f"The slicer gives no weight; {grams:.2f} g is reckoned as {material}."


def _numbers(comments: GcodeComments, *keys: str) -> list[str]:
    return [_UNIT.sub("", part) for part in _split(comments.first(*keys) or "", ",")]


def _word(comments: GcodeComments, index: int, *keys: str, marks: str = WORD_MARKS) -> str | None:
    words = _words(comments, *keys, marks=marks)
    return (words[index - 1] or None) if index <= len(words) else None


def _words(comments: GcodeComments, *keys: str, marks: str = WORD_MARKS) -> list[str]:
    text = comments.first(*keys) or ""
    separator = next((mark for mark in marks if mark in text), marks[0])
    return [clean_name(part.strip('"')) for part in _split(text, separator)]


def _split(text: str, separator: str) -> list[str]:
    parts = [part.strip() for part in text.split(separator)] if text else []
    if len(parts) > MAX_FILAMENTS:
        raise UnreadablePrintFile(
            f"The G-code lists {len(parts):,} filaments; printers have at most {MAX_FILAMENTS}."
        )
    return parts
