"""Realistic sliced files (``.gcode.3mf``) for demo and tests: same input, same bytes.

    plate = SlicedPlate(index=1, name="bracket", prediction_s=5025, layers=164, used_mg={1: 22_460})
    content = make_gcode_3mf(Path("bracket.gcode.3mf"), plates=[plate])

No plates makes an unsliced project, which a printer cannot print.
"""

import hashlib
import io
import json
import random
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw

from shopwright.sandbox.sliced_xml import model_settings, slice_info

MODEL_CODES: Mapping[str, str] = {
    "X1C": "BL-P001",
    "X1": "BL-P002",
    "X1E": "C13",
    "P1P": "C11",
    "P1S": "C12",
    "P2S": "N7",
    "A1 mini": "N1",
    "A1": "N2S",
    "H2D": "O1D",
}
FULL_NAMES: Mapping[str, str] = {"X1C": "Bambu Lab X1 Carbon", "X1": "Bambu Lab X1"}
LAYER_HEIGHT_MM = 0.2
DENSITY_G_CM3: Mapping[str, float] = {"PLA": 1.24, "PETG": 1.27, "ABS": 1.04, "TPU": 1.21}
FILAMENT_AREA_MM2 = 2.405  # a 1.75 mm strand
ZIP_DATE = (2024, 1, 1, 0, 0, 0)  # fixed, so that the same input gives the same bytes
MARGIN_S = 60  # heating and levelling, which the total time holds and the model time does not


@dataclass(frozen=True, slots=True)
class SlicedFilament:
    """One filament of the project; its id is its place in the list, counted from 1."""

    type: str = "PLA"
    color: str = "#0A2CA5"
    tray_info_idx: str = "GFA00"


@dataclass(frozen=True, slots=True)
class SlicedPlate:
    """One sliced plate. ``used_mg`` is milligrams by filament id; slicers write whole 10 mg.

    ``picture`` is a PNG of 512 × 512 points; without one, plain squares are drawn.
    """

    index: int = 1
    name: str = "plate"
    prediction_s: int = 3600
    layers: int = 100
    used_mg: Mapping[int, int] = field(default_factory=lambda: {1: 20_000})
    copies: int = 1
    picture: bytes | None = None

    def __post_init__(self) -> None:
        if any(mg % 10 for mg in self.used_mg.values()):
            raise ValueError("Slicers write grams with two decimals; give whole 10 mg.")

    @property
    def objects(self) -> tuple[tuple[int, str], ...]:
        """(identify_id, name) of each copy on the plate."""
        base = 100 * self.index
        return tuple((base + number, f"{self.name}.stl") for number in range(1, self.copies + 1))

    @property
    def total_mg(self) -> int:
        return sum(self.used_mg.values())


def make_gcode_3mf(
    target: Path | None = None,
    *,
    plates: Sequence[SlicedPlate] = (SlicedPlate(),),
    printer_model: str = "P1S",
    nozzle: float = 0.4,
    filaments: Sequence[SlicedFilament] = (SlicedFilament(),),
    padding_bytes: int = 0,
) -> bytes:
    """The file's bytes, also written to ``target`` when given.

    ``padding_bytes`` adds that much incompressible content, to make uploads take time.
    """
    project = _Project(printer_model, nozzle, tuple(filaments), tuple(plates))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in _members(project):
            _write(archive, name, content, zipfile.ZIP_DEFLATED)
        if padding_bytes:
            padding = random.Random(0).randbytes(padding_bytes)  # noqa: S311 - filler, not a secret
            _write(archive, "Auxiliaries/padding.bin", padding, zipfile.ZIP_STORED)
    if target is not None:
        target.write_bytes(buffer.getvalue())
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class _Project:
    model: str
    nozzle: float
    filaments: tuple[SlicedFilament, ...]
    plates: tuple[SlicedPlate, ...]

    @property
    def printer_name(self) -> str:
        return FULL_NAMES.get(self.model, f"Bambu Lab {self.model}")


def _members(project: _Project) -> Iterator[tuple[str, bytes]]:
    yield "[Content_Types].xml", _CONTENT_TYPES
    yield "_rels/.rels", _RELATIONS
    yield "3D/3dmodel.model", _MODEL
    yield "Metadata/project_settings.config", _json(_project_settings(project))
    yield "Metadata/model_settings.config", model_settings(project.plates)
    code = MODEL_CODES.get(project.model, "")
    yield (
        "Metadata/slice_info.config",
        slice_info(code, project.nozzle, project.filaments, project.plates),
    )
    for plate in project.plates:
        yield from _plate_members(project, plate)


def _plate_members(project: _Project, plate: SlicedPlate) -> Iterator[tuple[str, bytes]]:
    stem = f"Metadata/plate_{plate.index}"
    gcode = _gcode(project, plate)
    digest = hashlib.md5(gcode, usedforsecurity=False).hexdigest().upper()
    yield f"{stem}.gcode", gcode
    yield f"{stem}.gcode.md5", digest.encode()
    yield f"{stem}.json", _json(_plate_summary(project, plate))
    picture = _draw_plate(project, plate)
    yield f"{stem}.png", _png(picture)
    yield f"{stem}_small.png", _png(picture.resize((128, 128)))
    yield f"Metadata/plate_no_light_{plate.index}.png", _png(picture)
    yield f"Metadata/top_{plate.index}.png", _png(picture)
    yield f"Metadata/pick_{plate.index}.png", _png(_draw_pick(plate))


def _project_settings(project: _Project) -> dict[str, str | list[str]]:
    filaments = project.filaments
    variant = f"{project.nozzle:g}"
    return {
        "printer_model": project.printer_name,
        "printer_settings_id": f"{project.printer_name} {variant} nozzle",
        "printer_variant": variant,
        "nozzle_diameter": [variant],
        "layer_height": f"{LAYER_HEIGHT_MM:g}",
        "curr_bed_type": "Textured PEI Plate",
        "filament_type": [f.type for f in filaments],
        "filament_colour": [f.color for f in filaments],
        "filament_ids": [f.tray_info_idx for f in filaments],
        "filament_settings_id": [f"Generic {f.type} @base" for f in filaments],
        "filament_vendor": ["Generic" for _ in filaments],
        "filament_density": [f"{DENSITY_G_CM3.get(f.type, 1.24):g}" for f in filaments],
        "version": "02.02.01.60",
    }


def _plate_summary(project: _Project, plate: SlicedPlate) -> dict[str, object]:
    used = [project.filaments[number - 1] for number in sorted(plate.used_mg)]
    return {
        "bbox_all": _bbox(0, plate.copies),
        "bbox_objects": [
            {
                "id": identify_id,
                "name": name,
                "area": 900.0,
                "bbox": _bbox(place, 1),
                "layer_height": LAYER_HEIGHT_MM,
            }
            for place, (identify_id, name) in enumerate(plate.objects)
        ],
        "bed_type": "textured_plate",
        "filament_colors": [f.color for f in used],
        "filament_ids": [number - 1 for number in sorted(plate.used_mg)],
        "first_extruder": min(plate.used_mg, default=1) - 1,
        "first_layer_time": 90.0,
        "is_seq_print": False,
        "nozzle_diameter": project.nozzle,
        "version": 2,
    }


def _bbox(place: int, count: int) -> list[float]:
    left = 20.0 + 35.0 * (place % 6)
    top = 20.0 + 35.0 * (place // 6)
    return [left, top, left + 35.0 * min(count, 6) - 5.0, top + 30.0]


def _gcode(project: _Project, plate: SlicedPlate) -> bytes:
    lines = [*_gcode_header(project, plate), *_gcode_config(project), *_gcode_moves(plate)]
    return ("\n".join(lines) + "\n").encode()


def _gcode_header(project: _Project, plate: SlicedPlate) -> Iterator[str]:
    model_s = max(plate.prediction_s - MARGIN_S, 0)
    weights = ",".join(f"{mg / 1000:.2f}" for _, mg in sorted(plate.used_mg.items()))
    lengths = ",".join(
        f"{used_metres(mg, project.filaments[number - 1].type) * 1000:.2f}"
        for number, mg in sorted(plate.used_mg.items())
    )
    yield "; HEADER_BLOCK_START"
    yield "; BambuStudio 02.02.01.60"
    yield (
        f"; model printing time: {_duration(model_s)}; "
        f"total estimated time: {_duration(plate.prediction_s)}"
    )
    yield f"; total layer number: {plate.layers}"
    yield f"; total filament length [mm] : {lengths}"
    yield f"; total filament weight [g] : {weights}"
    yield f"; max_z_height: {plate.layers * LAYER_HEIGHT_MM:.2f}"
    yield "; HEADER_BLOCK_END"
    yield ""


def _gcode_config(project: _Project) -> Iterator[str]:
    yield "; CONFIG_BLOCK_START"
    yield "; curr_bed_type = Textured PEI Plate"
    yield f"; filament_colour = {';'.join(f.color for f in project.filaments)}"
    yield f"; filament_type = {';'.join(f.type for f in project.filaments)}"
    yield f"; layer_height = {LAYER_HEIGHT_MM:g}"
    yield f"; nozzle_diameter = {project.nozzle:g}"
    yield f"; printer_model = {project.printer_name}"
    yield "; CONFIG_BLOCK_END"
    yield ""


def _gcode_moves(plate: SlicedPlate) -> Iterator[str]:
    yield from ("; EXECUTABLE_BLOCK_START", "G90", "M83", "G28", "M104 S220", "M140 S55")
    for layer in range(1, plate.layers + 1):
        percent = layer * 100 // plate.layers
        left_min = plate.prediction_s * (plate.layers - layer) // plate.layers // 60
        yield "; CHANGE_LAYER"
        yield f"; Z_HEIGHT: {layer * LAYER_HEIGHT_MM:.2f}"
        yield f"M73 L{layer}"
        yield f"M73 P{percent} R{left_min}"
        yield f"G1 Z{layer * LAYER_HEIGHT_MM:.2f} F1200"
        yield "G1 X50 Y20 E1.2 F6000"
        yield "G1 X50 Y50 E1.2"
        yield "G1 X20 Y20 E1.6"
    yield from ("M104 S0", "M140 S0", "M84", "; EXECUTABLE_BLOCK_END")


def used_metres(milligrams: int, material: str) -> float:
    """Length of a 1.75 mm strand of that mass."""
    return milligrams / (DENSITY_G_CM3.get(material, 1.24) * FILAMENT_AREA_MM2) / 1000


def _duration(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    parts = [(hours // 24, "d"), (hours % 24, "h"), (minute, "m"), (second, "s")]
    return " ".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def _draw_plate(project: _Project, plate: SlicedPlate) -> Image.Image:
    if plate.picture is not None:
        return Image.open(io.BytesIO(plate.picture))
    picture = Image.new("RGB", (512, 512), "#E8EAED")
    draw = ImageDraw.Draw(picture)
    colors = [project.filaments[number - 1].color[:7] for number in sorted(plate.used_mg)]
    for place in range(min(plate.copies, 36)):
        left, top, right, bottom = (int(2 * edge) for edge in _bbox(place, 1))
        color = colors[place % len(colors)] if colors else "#888888"
        draw.rounded_rectangle((left, top, right, bottom), 8, fill=color, outline="#333333")
    draw.text((20, 480), f"{plate.name}  plate {plate.index}", fill="#202124", font_size=20)
    return picture


def _draw_pick(plate: SlicedPlate) -> Image.Image:
    """Each object in the colour that spells its identify_id, as slicers do."""
    picture = Image.new("RGB", (512, 512), "black")
    draw = ImageDraw.Draw(picture)
    for place, (identify_id, _) in enumerate(plate.objects[:36]):
        left, top, right, bottom = (int(2 * edge) for edge in _bbox(place, 1))
        draw.rectangle((left, top, right, bottom), fill=f"#{identify_id:06X}")
    return picture


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, indent=4).encode()


def _write(archive: zipfile.ZipFile, name: str, content: bytes, compression: int) -> None:
    member = zipfile.ZipInfo(name, ZIP_DATE)
    member.compress_type = compression
    member.external_attr = 0o644 << 16
    archive.writestr(member, content)


_CONTENT_TYPES = b"""<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
 <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
 <Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>
 <Default Extension="png" ContentType="image/png"/>
 <Default Extension="gcode" ContentType="text/x.gcode"/>
</Types>
"""
_RELATIONS = b"""<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
 <Relationship Target="/3D/3dmodel.model" Id="rel-1"
  Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>
</Relationships>
"""
_MODEL = b"""<?xml version="1.0" encoding="UTF-8"?>
<model unit="millimeter" xml:lang="en-US"
 xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">
 <metadata name="Application">BambuStudio-02.02.01.60</metadata>
 <resources/>
 <build/>
</model>
"""
