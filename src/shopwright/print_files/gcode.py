"""Plain G-code (``.gcode``), one plate per file.

What each slicer writes into its comments: printer-protocols section 2.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from shopwright.print_files.gcode_comments import GcodeComments, detect_slicer, read_comments
from shopwright.print_files.gcode_usage import read_usage
from shopwright.print_files.printer_models import (
    OTHER_MODEL,
    find_printer_model,
    get_printer_model,
    is_generic,
)
from shopwright.print_files.sliced_file import (
    FileKind,
    SlicedFile,
    SlicedPlate,
    Slicer,
    UnreadablePrintFile,
)
from shopwright.print_files.slicer_values import (
    MAX_LAYERS,
    clean_name,
    read_count,
    read_duration,
    read_nozzle,
    read_seconds,
)
from shopwright.print_files.thumbnails import find_gcode_thumbnail

TOTAL_TIME = re.compile(r"total estimated time:\s*([^;]+)")  # Bambu's line gives two times
_MOVE = re.compile(r"^G[0123] ?[XYZEF]", re.MULTILINE)


def read_gcode(path: Path, *, name: str) -> SlicedFile:
    """Raises UnreadablePrintFile; reads at most 1.5 MB whatever the size of the file."""
    comments = read_comments(path)
    signature = detect_slicer(comments)
    if signature is None:
        raise _unsigned(comments)
    slicer, version = signature
    usage = read_usage(comments)
    return SlicedFile(
        kind=FileKind.GCODE,
        slicer=slicer,
        slicer_version=version,
        printer_model=_printer_model(comments, slicer),
        nozzle_mm=_nozzle(comments),
        project_filament_count=usage.project_filament_count,
        plates=(
            SlicedPlate(
                number=1,
                name=name,
                time_s=read_time(comments),
                used_mg=sum(filament.used_mg for filament in usage.filaments),
                filaments=usage.filaments,
                layers=read_layers(comments),
                bed_type=clean_name(comments.first("curr_bed_type") or "") or None,
                objects=(),
                thumbnail=find_gcode_thumbnail(comments.head),
                warnings=usage.warnings,
            ),
        ),
    )


def read_time(comments: GcodeComments) -> int:
    """Seconds; raises UnreadablePrintFile when no slicer's line is there."""
    for key, read in _TIMES:
        if text := comments.first(key):
            return read(text)
    raise UnreadablePrintFile(
        "The G-code does not say how long it prints. Export it again from the slicer, unchanged."
    )


def read_layers(comments: GcodeComments) -> int | None:
    text = comments.first("total layer number", "total layers count", "LAYER_COUNT")
    return read_count(text, what="number of layers", most=MAX_LAYERS) if text else None


def _total_time(text: str) -> int:
    match = TOTAL_TIME.search(text)
    return _duration(match.group(1) if match else text)


def _duration(text: str) -> int:
    return read_duration(text, what="printing time")


def _cura_seconds(text: str) -> int:
    return read_seconds(text, what="printing time")


_TIMES: Sequence[tuple[str, Callable[[str], int]]] = (
    ("model printing time", _total_time),
    ("estimated printing time (normal mode)", _duration),
    ("TIME", _cura_seconds),
    ("Build time", _duration),
    ("Build Time", _duration),
)


def _unsigned(comments: GcodeComments) -> UnreadablePrintFile:
    if not _MOVE.search(comments.head):
        return UnreadablePrintFile("This is no G-code: there is no move in it.")
    return UnreadablePrintFile(
        "This G-code does not say which slicer made it, so its time and filament are not known. "
        "Export it from Bambu Studio, OrcaSlicer, PrusaSlicer, SuperSlicer, Cura or Simplify3D."
    )


def _printer_model(comments: GcodeComments, slicer: Slicer) -> str:
    words = clean_name(comments.first("printer_model") or "")
    if words and not is_generic(words):
        return get_printer_model(words).display
    if slicer is Slicer.CURA:  # names the machine definition, which people rename freely
        model = find_printer_model(comments.first("TARGET_MACHINE.NAME") or "")
        return model.display if model else OTHER_MODEL
    return OTHER_MODEL


def _nozzle(comments: GcodeComments) -> float | None:
    text = comments.first("nozzle_diameter", "EXTRUDER_TRAIN.0.NOZZLE.DIAMETER", "extruderDiameter")
    return read_nozzle(re.split(r"[,|]", text)[0]) if text else None
