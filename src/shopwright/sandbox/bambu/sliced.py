"""What a printer reads from a file on its card: bounded, and safe against hostile content."""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException, ElementTree

MAX_SLICE_INFO_BYTES = 4 * 1024 * 1024
MAX_MEMBERS = 10_000
HEADER_BYTES = 64 * 1024  # time, layers and grams stand at the top
UNKNOWN_PREDICTION_S = 600  # a plain gcode without a header still prints

_DURATION = re.compile(rb"total estimated time: ([0-9dhms ]+)")
_LAYERS = re.compile(rb"; total layer number: (\d+)")
_WEIGHTS = re.compile(rb"; total filament weight \[g\] : ([0-9.,]+)")
_UNREADABLE = (
    *(OSError, zipfile.BadZipFile, zlib.error, EOFError),
    *(KeyError, ValueError, RuntimeError, ArithmeticError),
)
_UNIT_S = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


class Unreadable(Exception):
    """No such file, no such plate, or not a sliced file."""


@dataclass(frozen=True, slots=True)
class PlateFacts:
    """What one plate needs. ``used_mg`` is milligrams by project filament id, counted from 1."""

    prediction_s: int
    layers: int
    used_mg: dict[int, int]
    object_ids: tuple[int, ...] = ()


def read_plate(path: Path, plate: int) -> PlateFacts:
    """Plate ``plate`` of a ``.gcode.3mf``; raises Unreadable."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_plate(archive, plate)
    except _UNREADABLE as err:
        raise Unreadable(f"{path.name} cannot be printed: {err}") from err


def read_gcode(path: Path) -> PlateFacts:
    """A plain gcode file, by its header; raises Unreadable."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
    except OSError as err:
        raise Unreadable(f"{path.name} cannot be read: {err}") from err
    weights = _WEIGHTS.search(header)
    grams = weights.group(1).decode().split(",") if weights else []
    used_mg = {number: _milligrams(text) for number, text in enumerate(grams, 1) if text}
    return PlateFacts(_duration_s(header), _layers(header), used_mg)


def _read_plate(archive: zipfile.ZipFile, plate: int) -> PlateFacts:
    if len(archive.infolist()) > MAX_MEMBERS:
        raise ValueError("too many members")
    with archive.open(f"Metadata/plate_{plate}.gcode") as gcode:
        header = gcode.read(HEADER_BYTES)
    element = _plate_element(archive, plate)
    facts = {m.get("key", ""): m.get("value", "") for m in element.findall("metadata")}
    used_mg = {
        int(f.get("id", "")): _milligrams(f.get("used_g", "0")) for f in element.findall("filament")
    }
    objects = tuple(int(o.get("identify_id", "0")) for o in element.findall("object"))
    prediction_s = int(facts.get("prediction") or _duration_s(header))
    return PlateFacts(prediction_s, _layers(header), used_mg, objects)


def _plate_element(archive: zipfile.ZipFile, plate: int) -> Element:
    with archive.open("Metadata/slice_info.config") as member:
        root = _parse(member)
    for element in root.findall("plate"):
        index = element.find("metadata[@key='index']")
        if index is not None and index.get("value") == str(plate):
            return element
    raise ValueError(f"plate {plate} is not in it")


def _parse(member: IO[bytes]) -> Element:
    content = member.read(MAX_SLICE_INFO_BYTES + 1)
    if len(content) > MAX_SLICE_INFO_BYTES:
        raise ValueError("slice_info is too large")
    try:
        root: Element = ElementTree.fromstring(content)
    except (ElementTree.ParseError, DefusedXmlException) as err:
        raise ValueError("slice_info is not XML") from err
    return root


def _duration_s(header: bytes) -> int:
    found = _DURATION.search(header)
    if not found:
        return UNKNOWN_PREDICTION_S
    parts = re.findall(r"(\d+)([dhms])", found.group(1).decode())
    return sum(int(count) * _UNIT_S[unit] for count, unit in parts)


def _layers(header: bytes) -> int:
    found = _LAYERS.search(header)
    return int(found.group(1)) if found else 0


def _milligrams(grams: str) -> int:
    return round(float(grams) * 1000)
