"""What printing a part takes, from its measures alone: an estimate, and shown as one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

from shopwright.parts.slicing.ini import first_number

MM3_PER_CM3 = 1000
S_PER_HOUR = 3600
LINE_MM = 0.45  # of a 0.4 mm nozzle
PERIMETERS, SOLID_LAYERS, LAYER_MM = 2, 4, 0.2
INFILL = 0.15
CM3_PER_HOUR = 10.0  # desktop printers lay down 8 to 15
PERCENT = 100


@dataclass(frozen=True, slots=True)
class Estimate:
    grams: float
    time_s: int
    wall_mm: float
    skin_mm: float  # solid layers below and above
    infill: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Body:
    volume_mm3: float
    area_mm2: float
    footprint_mm2: float  # of its bounding box


def estimate(body: Body, *, density: float, settings: Mapping[str, str]) -> Estimate:
    """Walls around, solid layers below and above, infill between; ``settings`` of a profile, empty
    for the usual ones."""
    wall, skin = _wall_mm(settings), _skin_mm(settings)
    infill = _infill(settings)
    flat = min(2 * body.footprint_mm2, body.area_mm2)
    shell = min(flat * skin + (body.area_mm2 - flat) * wall, body.volume_mm3)
    used = (shell + (body.volume_mm3 - shell) * infill) / MM3_PER_CM3
    return Estimate(
        grams=round(used * density, 1),
        time_s=round(used / CM3_PER_HOUR * S_PER_HOUR),
        wall_mm=wall,
        skin_mm=skin,
        infill=infill,
    )


def _wall_mm(settings: Mapping[str, str]) -> float:
    perimeters = first_number(settings, "perimeters")
    nozzle = first_number(settings, "nozzle_diameter")
    line = first_number(settings, "perimeter_extrusion_width") or 0
    line = line or (nozzle * LINE_MM / 0.4 if nozzle else LINE_MM)
    return round((PERIMETERS if perimeters is None else perimeters) * line, 3)


def _skin_mm(settings: Mapping[str, str]) -> float:
    layer = first_number(settings, "layer_height") or LAYER_MM
    layers = [first_number(settings, f"{side}_solid_layers") for side in ("top", "bottom")]
    counted = [SOLID_LAYERS if count is None else count for count in layers]
    return round(sum(counted) / len(counted) * layer, 3)


def _infill(settings: Mapping[str, str]) -> float:
    """``fill_density`` is written as 15 %."""
    text = settings.get("fill_density", "").strip()
    try:
        share = float(text.rstrip("% ")) / (PERCENT if "%" in text else 1)
    except ValueError:
        return INFILL
    if isnan(share):
        return INFILL
    return min(max(share, 0.0), 1.0)
