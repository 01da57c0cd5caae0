"""Sliced files written by hand for the tests: every member can be replaced or left out."""

import base64
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from PIL import Image

from shopwright.print_files.parsing import read_sliced_file
from shopwright.print_files.sliced_file import SlicedFile

SLICE_INFO = "Metadata/slice_info.config"
PROJECT_SETTINGS = "Metadata/project_settings.config"
MODEL_SETTINGS = "Metadata/model_settings.config"
GCODE = "Metadata/plate_1.gcode"

FILAMENT_1 = (
    '<filament id="1" tray_info_idx="GFA00" type="PLA" color="#161616" used_m="7.53" '
    'used_g="22.46" used_for_object="true"/>'
)
FILAMENT_3 = (
    '<filament id="3" tray_info_idx="GFG99" type="PETG" color="#f2f2f2FF" used_m="0.33" '
    'used_g="0.99"/>'
)
METADATA = {
    "index": "1",
    "printer_model_id": "C12",
    "nozzle_diameters": "0.4",
    "prediction": "5025",
    "weight": "23.45",
    "outside": "false",
    "filament_maps": "1 1 1",
}
SETTINGS: Mapping[str, object] = {
    "printer_model": "Bambu Lab P1S",
    "nozzle_diameter": ["0.4"],
    "filament_type": ["PLA", "PLA", "PETG"],
    "filament_colour": ["#161616", "#FFFFFF", "#F2F2F2"],
    "filament_ids": ["GFA00", "GFA00", "GFG99"],
    "filament_settings_id": ["Bambu PLA Basic", "Bambu PLA Basic", "Generic PETG"],
    "filament_density": ["1.26", "1.26", "1.27"],
    "curr_bed_type": "Textured PEI Plate",
    "layer_height": "0.2",
}
BAMBU_HEAD = """; HEADER_BLOCK_START
; BambuStudio 02.03.00.70
; model printing time: 1h 20m 0s; total estimated time: 1h 23m 45s
; total layer number: 164
; total filament length [mm] : 7530.00,330.00
; total filament weight [g] : 22.46,0.99
; max_z_height: 32.80
; HEADER_BLOCK_END
G28
G1 X10 Y10 E1
"""


def slice_info(
    *,
    filaments: str = FILAMENT_1 + FILAMENT_3,
    extra: str = "",
    client_version: str = "02.03.00.70",
    **metadata: str | None,
) -> str:
    """One plate; a metadata value None leaves the key out."""
    return slice_info_of(plate(filaments=filaments, extra=extra, **metadata), client_version)


def plate(
    *, filaments: str = FILAMENT_1 + FILAMENT_3, extra: str = "", **metadata: str | None
) -> str:
    entries = {k: v for k, v in {**METADATA, **metadata}.items() if v is not None}
    lines = "".join(f'<metadata key="{k}" value="{v}"/>' for k, v in entries.items())
    thing = '<object identify_id="101" name="bracket.stl" skipped="false"/>'
    return f"<plate>{lines}{thing}{filaments}{extra}</plate>"


def slice_info_of(plates: str, client_version: str = "02.03.00.70") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><config><header>'
        '<header_item key="X-BBL-Client-Type" value="slicer"/>'
        f'<header_item key="X-BBL-Client-Version" value="{client_version}"/>'
        f"</header>{plates}</config>"
    )


def settings(**changes: object) -> str:
    """None leaves a key out."""
    return json.dumps({k: v for k, v in {**SETTINGS, **changes}.items() if v is not None})


def model_settings(name: str) -> str:
    """Plate 1 has that name."""
    return (
        '<config><plate><metadata key="plater_id" value="1"/>'
        f'<metadata key="plater_name" value="{name}"/></plate></config>'
    )


def members(changes: Mapping[str, str | bytes | None] | None = None) -> dict[str, str | bytes]:
    """A good sliced file of one plate, with members replaced, added or (None) left out."""
    every: dict[str, str | bytes | None] = {
        "[Content_Types].xml": "<Types/>",
        "3D/3dmodel.model": "<model/>",
        SLICE_INFO: slice_info(),
        PROJECT_SETTINGS: settings(),
        MODEL_SETTINGS: model_settings("bracket"),
        GCODE: BAMBU_HEAD,
        "Metadata/plate_1.json": '{"bed_type": "cool_plate", "version": 2}',
        "Metadata/plate_1.png": picture(),
        **(changes or {}),
    }
    return {name: content for name, content in every.items() if content is not None}


def zip_bytes(entries: Mapping[str, str | bytes] | Iterable[tuple[str, str | bytes]]) -> bytes:
    pairs = entries.items() if isinstance(entries, Mapping) else entries
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in pairs:
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content, 8)
    return target.getvalue()


def picture(width: int = 512, height: int = 512, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), "#204060").save(target, kind)
    return target.getvalue()


def thumbnail_comments(content: bytes, size: str = "220x124") -> str:
    text = base64.b64encode(content).decode()
    lines = "".join(f"; {text[i : i + 78]}\n" for i in range(0, len(text), 78))
    return f"; thumbnail begin {size} {len(text)}\n{lines}; thumbnail end\n"


def read_3mf(folder: Path, changes: Mapping[str, str | bytes | None] | None = None) -> SlicedFile:
    return read_bytes(folder, zip_bytes(members(changes)), "bracket.gcode.3mf")


def read_bytes(folder: Path, content: bytes, name: str) -> SlicedFile:
    path = folder / "upload"
    path.write_bytes(content)
    return read_sliced_file(path, filename=name)
