"""Which Bambu model a printer is, and what follows from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shopwright.drivers.bambu.values import as_text

BRAND = "Bambu Lab "


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    serial_prefixes: tuple[str, ...]
    has_chamber_sensor: bool = True  # P1 and A1 report a constant 5 °C instead
    has_chamber_heater: bool = False
    has_jpeg_camera: bool = False  # port 6000; the others stream RTSP
    has_two_nozzles: bool = False


MODELS = (
    Model("X1C", ("00M",)),
    Model("X1", ("00W",)),
    Model("X1E", ("03W",), has_chamber_heater=True),
    Model("P1P", ("01S",), has_chamber_sensor=False, has_jpeg_camera=True),
    Model("P1S", ("01P",), has_chamber_sensor=False, has_jpeg_camera=True),
    Model("P2S", ("22E",)),
    Model("A1 mini", ("030",), has_chamber_sensor=False, has_jpeg_camera=True),
    Model("A1", ("039",), has_chamber_sensor=False, has_jpeg_camera=True),
    Model("H2D", ("094",), has_chamber_heater=True, has_two_nozzles=True),
    Model("H2D Pro", (), has_chamber_heater=True, has_two_nozzles=True),
    Model("H2S", ("093",), has_chamber_heater=True),
    Model("H2C", (), has_chamber_heater=True),
    Model("X2D", ("20P9",), has_two_nozzles=True),
    Model("A2L", ("26A19",), has_chamber_sensor=False, has_jpeg_camera=True),
)

# What a P1, A1 or X1 module table shows when older firmware names no product.
HARDWARE = {("rv1126", "AP05"): "X1C", ("ap", "AP02"): "X1E"}


def detect(modules: Iterable[Mapping[str, object]], serial: str | None) -> Model | None:
    """By product name, then serial prefix, then hardware version; None when nothing fits."""
    listed = tuple(modules)
    return _by_product(listed) or by_serial(serial) or _by_hardware(listed)


def by_serial(serial: str | None) -> Model | None:
    for model in MODELS:
        if serial and serial.upper().startswith(model.serial_prefixes):
            return model
    return None


def by_name(name: str) -> Model | None:
    """With or without the brand before it."""
    wanted = name.strip().lower().removeprefix(BRAND.lower())
    return next((model for model in MODELS if model.name.lower() == wanted), None)


def firmware(modules: Iterable[Mapping[str, object]]) -> str | None:
    for module in modules:
        if module.get("name") == "ota":
            return as_text(module.get("sw_ver"))
    return None


def _by_product(modules: Iterable[Mapping[str, object]]) -> Model | None:
    for module in modules:
        found = by_name(as_text(module.get("product_name")) or "")
        if found:
            return found
    return None


def _by_hardware(modules: Iterable[Mapping[str, object]]) -> Model | None:
    for module in modules:
        key = (as_text(module.get("name")) or "", as_text(module.get("hw_ver")) or "")
        if key in HARDWARE:
            return next(model for model in MODELS if model.name == HARDWARE[key])
    return None
