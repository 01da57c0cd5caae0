"""Sliced 3MF archives (``.gcode.3mf``) of Bambu Studio and OrcaSlicer.

Members and their fields: printer-protocols section 2. Times and grams come from slice_info.config;
of the G-code only the beginning is read, for the slicer and the layers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shopwright.print_files.archive import PrintArchive
from shopwright.print_files.gcode import read_layers, read_time
from shopwright.print_files.gcode_comments import (
    GcodeComments,
    detect_slicer,
    parse_comments,
    whole_lines,
)
from shopwright.print_files.printer_models import find_printer_model, get_printer_model
from shopwright.print_files.project_filaments import ProjectFilaments, read_plate_filaments
from shopwright.print_files.project_settings import (
    MAX_JSON_BYTES,
    PlateSummary,
    ProjectSettings,
    read_json_member,
    word_at,
    words_of,
)
from shopwright.print_files.slice_info import (
    MAX_XML_BYTES,
    PlateElement,
    PlateList,
    read_plate_list,
)
from shopwright.print_files.sliced_file import (
    FileKind,
    SlicedFile,
    SlicedPlate,
    Slicer,
    UnreadablePrintFile,
    UnslicedProject,
)
from shopwright.print_files.slicer_values import (
    MAX_FILAMENTS,
    clean_name,
    read_milligrams,
    read_nozzle,
    read_seconds,
)
from shopwright.print_files.thumbnails import MAX_SOURCE_BYTES, redraw_thumbnail

SLICE_INFO = "Metadata/slice_info.config"
PROJECT_SETTINGS = "Metadata/project_settings.config"
MODEL_SETTINGS = "Metadata/model_settings.config"
MODEL = "3D/3dmodel.model"
GCODE_HEAD_BYTES = 65_536  # header and settings of one plate
WEIGHT_TOLERANCE_MG = 500  # filaments are rounded to 10 mg each
_PLATE_GCODE = re.compile(r"Metadata/plate_\d{1,3}\.gcode", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Project:
    """What all plates share."""

    slice_info: PlateList
    settings: ProjectSettings
    filaments: ProjectFilaments
    plate_names: dict[int, str]


def read_gcode_3mf(path: Path) -> SlicedFile:
    """Raises UnreadablePrintFile; reads a few hundred kilobytes whatever the size of the file."""
    with PrintArchive(path) as archive:
        project = _read_project(archive)
        elements = _printable_plates(archive, project.slice_info)
        heads = [_gcode_head(archive, number) for number, _ in elements]
        plates = tuple(
            _read_plate(archive, project, number, element, head)
            for (number, element), head in zip(elements, heads, strict=True)
        )
    slicer, version = detect_slicer(heads[0]) or (Slicer.BAMBU_STUDIO, None)
    return SlicedFile(
        kind=FileKind.GCODE_3MF,
        slicer=slicer,
        slicer_version=version or project.slice_info.header.get("X-BBL-Client-Version"),
        printer_model=_printer_model(project, elements),
        nozzle_mm=_nozzle(project.settings, elements),
        project_filament_count=_project_filament_count(project, elements, plates),
        plates=plates,
    )


def _read_project(archive: PrintArchive) -> _Project:
    if SLICE_INFO not in archive:
        if MODEL in archive:
            raise _unsliced()
        raise UnreadablePrintFile(
            "This is a ZIP archive, but not a sliced 3MF. In the slicer choose "
            "“Export plate sliced file” and upload the .gcode.3mf."
        )
    settings = _read_settings(archive)
    return _Project(
        slice_info=read_plate_list(
            archive.stream(SLICE_INFO, limit=MAX_XML_BYTES), name=SLICE_INFO
        ),
        settings=settings,
        filaments=ProjectFilaments.of(settings),
        plate_names=_read_plate_names(archive),
    )


def _read_settings(archive: PrintArchive) -> ProjectSettings:
    if PROJECT_SETTINGS not in archive:
        return ProjectSettings()
    content = archive.read(PROJECT_SETTINGS, limit=MAX_JSON_BYTES)
    return read_json_member(content, ProjectSettings, name=PROJECT_SETTINGS)


def _read_plate_names(archive: PrintArchive) -> dict[int, str]:
    if MODEL_SETTINGS not in archive:
        return {}
    chunks = archive.stream(MODEL_SETTINGS, limit=MAX_XML_BYTES)
    plates = read_plate_list(chunks, name=MODEL_SETTINGS).plates
    return {
        plate.number: clean_name(plate.metadata.get("plater_name", ""))
        for plate in plates
        if plate.number is not None
    }


def _printable_plates(
    archive: PrintArchive, slice_info: PlateList
) -> list[tuple[int, PlateElement]]:
    """The plates with G-code, by number. A project saved after slicing lists others as well."""
    found: dict[int, PlateElement] = {}
    for element in slice_info.plates:
        number = element.number
        if number is None:
            raise UnreadablePrintFile(f"{SLICE_INFO} has a plate without a number.")
        if found.setdefault(number, element) is not element:
            raise UnreadablePrintFile(f"{SLICE_INFO} describes plate {number} twice.")
    printable = [(n, found[n]) for n in sorted(found) if _gcode_name(n) in archive]
    if not printable:
        raise _nothing_printable(archive)
    return printable


def _nothing_printable(archive: PrintArchive) -> UnreadablePrintFile:
    if any(_PLATE_GCODE.fullmatch(name) for name in archive.names()):
        return UnreadablePrintFile(
            f"{SLICE_INFO} does not describe the plates that are in the file. "
            "Slice and export it again."
        )
    return _unsliced()


def _unsliced() -> UnslicedProject:
    return UnslicedProject(
        "This file is a project, not a sliced plate. Slice it, then choose "
        "“Export plate sliced file” in the slicer and upload the .gcode.3mf."
    )


def _gcode_name(number: int) -> str:
    return f"Metadata/plate_{number}.gcode"


def _gcode_head(archive: PrintArchive, number: int) -> GcodeComments:
    head = archive.read_head(_gcode_name(number), GCODE_HEAD_BYTES)
    if not head.strip():
        raise UnreadablePrintFile(
            f"The G-code of plate {number} is empty. Slice and export it again."
        )
    is_cut = len(head) == GCODE_HEAD_BYTES
    return parse_comments(whole_lines(head) if is_cut else head, b"")


def _read_plate(
    archive: PrintArchive,
    project: _Project,
    number: int,
    element: PlateElement,
    head: GcodeComments,
) -> SlicedPlate:
    filaments = read_plate_filaments(element.filaments, project.filaments, plate=number)
    used_mg = sum(filament.used_mg for filament in filaments)
    picture = _thumbnail(archive, number)
    return SlicedPlate(
        number=number,
        name=project.plate_names.get(number, ""),
        time_s=_time_s(element, head),
        used_mg=used_mg,
        filaments=filaments,
        layers=read_layers(head),
        bed_type=_bed_type(archive, project.settings, number),
        objects=tuple(element.objects),
        thumbnail=picture,
        warnings=tuple(_warnings(archive, element, number, used_mg, picture)),
    )


def _time_s(element: PlateElement, head: GcodeComments) -> int:
    prediction = element.metadata.get("prediction")
    return read_seconds(prediction, what="printing time") if prediction else read_time(head)


def _bed_type(archive: PrintArchive, settings: ProjectSettings, number: int) -> str | None:
    if words := words_of(settings.curr_bed_type):
        return words[0] or None
    name = f"Metadata/plate_{number}.json"
    if name not in archive:
        return None
    summary = read_json_member(archive.read(name, limit=MAX_JSON_BYTES), PlateSummary, name=name)
    return word_at(words_of(summary.bed_type), 1)


def _thumbnail(archive: PrintArchive, number: int) -> bytes | None:
    name = f"Metadata/plate_{number}.png"
    if name not in archive:
        return None
    return redraw_thumbnail(archive.read_head(name, MAX_SOURCE_BYTES + 1))


def _warnings(
    archive: PrintArchive,
    element: PlateElement,
    number: int,
    used_mg: int,
    picture: bytes | None,
) -> list[str]:
    warnings = [warning for warning in element.warnings if warning]
    if element.metadata.get("outside") == "true":
        warnings.append("An object lies outside of the plate.")
    if picture is None and f"Metadata/plate_{number}.png" in archive:
        warnings.append("The thumbnail is broken or too large and is not shown.")
    stated = element.metadata.get("weight")
    stated_mg = read_milligrams(stated, what="weight of the plate") if stated else used_mg
    if abs(stated_mg - used_mg) > max(WEIGHT_TOLERANCE_MG, used_mg // 20):
        warnings.append(
            f"The slicer says {stated_mg / 1000:.2f} g for the plate, but its filaments add up to "
            f"{used_mg / 1000:.2f} g, which is what counts here."
        )
    return warnings


def _printer_model(project: _Project, elements: Sequence[tuple[int, PlateElement]]) -> str:
    """The settings' words, then the plates' code: published tables of the codes disagree."""
    words = word_at(words_of(project.settings.printer_model), 1)
    if words and (model := find_printer_model(words)):
        return model.display
    codes = {e.metadata.get("printer_model_id", "").strip() for _, e in elements} - {""}
    if len(codes) > 1:
        raise UnreadablePrintFile(
            "The plates of this file are sliced for different printers "
            f"({', '.join(sorted(clean_name(code) for code in codes))}). Export them one by one."
        )
    if not codes and not words:
        raise UnreadablePrintFile("The file does not say for which printer it was sliced.")
    return get_printer_model(clean_name(codes.pop() if codes else words or "")).display


def _nozzle(settings: ProjectSettings, elements: Sequence[tuple[int, PlateElement]]) -> float:
    """Of the first nozzle; the two of a dual-nozzle printer are nearly always alike."""
    stated = elements[0][1].metadata.get("nozzle_diameters", "").split(",")[0]
    text = stated or word_at(words_of(settings.nozzle_diameter), 1)
    if not text:
        raise UnreadablePrintFile("The file does not say for which nozzle it was sliced.")
    return read_nozzle(text)


def _project_filament_count(
    project: _Project,
    elements: Sequence[tuple[int, PlateElement]],
    plates: Sequence[SlicedPlate],
) -> int:
    """``filament_maps`` has one value per project filament, else the settings list the colours."""
    mapped = max(len(e.metadata.get("filament_maps", "").split()) for _, e in elements)
    highest = max(f.project_index for plate in plates for f in plate.filaments)
    count = max(mapped or len(project.filaments.colors), highest)
    if count > MAX_FILAMENTS:
        raise UnreadablePrintFile(
            f"The project has {count:,} filaments; printers have at most {MAX_FILAMENTS}."
        )
    return count
