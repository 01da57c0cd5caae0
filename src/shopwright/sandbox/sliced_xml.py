"""The two XML members of a sliced file, with the attribute names that slicers write."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from xml.sax.saxutils import quoteattr

MG_PER_METRE = 2982  # PLA, 1.75 mm


class Filament(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def color(self) -> str: ...
    @property
    def tray_info_idx(self) -> str: ...


class Plate(Protocol):
    @property
    def index(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def prediction_s(self) -> int: ...
    @property
    def layers(self) -> int: ...
    @property
    def used_mg(self) -> Mapping[int, int]: ...
    @property
    def total_mg(self) -> int: ...
    @property
    def objects(self) -> tuple[tuple[int, str], ...]: ...


def slice_info(
    model_code: str, nozzle: float, filaments: Sequence[Filament], plates: Sequence[Plate]
) -> bytes:
    """``Metadata/slice_info.config``; without plates it says the project was never sliced."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<config>",
        "  <header>",
        '    <header_item key="X-BBL-Client-Type" value="slicer"/>',
        '    <header_item key="X-BBL-Client-Version" value="02.02.01.60"/>',
        "  </header>",
    ]
    for plate in plates:
        lines += _plate(model_code, nozzle, filaments, plate)
    lines.append("</config>")
    return ("\n".join(lines) + "\n").encode()


def model_settings(plates: Sequence[Plate]) -> bytes:
    """``Metadata/model_settings.config``: the plates and the members that belong to each."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<config>"]
    for plate in plates:
        number = plate.index
        entries = {
            "plater_id": str(number),
            "plater_name": plate.name,
            "gcode_file": f"Metadata/plate_{number}.gcode",
            "thumbnail_file": f"Metadata/plate_{number}.png",
            "top_file": f"Metadata/top_{number}.png",
            "pick_file": f"Metadata/pick_{number}.png",
            "pattern_bbox_file": f"Metadata/plate_{number}.json",
        }
        lines += ["  <plate>", *_metadata(entries), "  </plate>"]
    lines.append("</config>")
    return ("\n".join(lines) + "\n").encode()


def _plate(
    model_code: str, nozzle: float, filaments: Sequence[Filament], plate: Plate
) -> list[str]:
    entries = {
        "index": str(plate.index),
        "extruder_type": "0",
        "nozzle_volume_type": "0",
        "printer_model_id": model_code,
        "nozzle_diameters": f"{nozzle:g}",
        "timelapse_type": "0",
        "prediction": str(plate.prediction_s),
        "weight": f"{plate.total_mg / 1000:.2f}",
        "first_layer_time": "90.0",
        "outside": "false",
        "support_used": "false",
        "label_object_enabled": "true",
        "filament_maps": " ".join("1" for _ in filaments),
    }
    return ["  <plate>", *_metadata(entries), *_contents(filaments, plate), "  </plate>"]


def _contents(filaments: Sequence[Filament], plate: Plate) -> list[str]:
    lines = [
        f'    <object identify_id="{identify_id}" name={quoteattr(name)} skipped="false"/>'
        for identify_id, name in plate.objects
    ]
    for number, milligrams in sorted(plate.used_mg.items()):
        filament = filaments[number - 1]
        lines.append(
            f'    <filament id="{number}" tray_info_idx={quoteattr(filament.tray_info_idx)}'
            f" type={quoteattr(filament.type)} color={quoteattr(filament.color)}"
            f' used_m="{milligrams / MG_PER_METRE:.2f}" used_g="{milligrams / 1000:.2f}"'
            ' group_id="0" nozzle_diameter="0.40"'
            ' used_for_object="true" used_for_support="false"/>'
        )
    members = " ".join(str(number - 1) for number in sorted(plate.used_mg))
    lines += [
        "    <layer_filament_lists>",
        (
            f'      <layer_filament_list filament_list="{members}"'
            f' layer_ranges="0 {max(plate.layers - 1, 0)}"/>'
        ),
        "    </layer_filament_lists>",
    ]
    return lines


def _metadata(entries: Mapping[str, str]) -> list[str]:
    return [
        f"    <metadata key={quoteattr(key)} value={quoteattr(value)}/>"
        for key, value in entries.items()
    ]
