"""Sensors and switches of a merged snapshot, in the port's units."""

from collections.abc import Mapping

from shopwright.drivers.bambu.models import Model
from shopwright.drivers.bambu.values import as_float, as_int, as_mask, as_object, as_objects, within
from shopwright.fleet.port import Temperatures

State = Mapping[str, object]
Reading = tuple[float | None, float | None]  # current, target

NO_SENSOR_C = 5.0  # what P1 and A1 report for a chamber without sensor
STORAGE_PRESENT, STORAGE_ABNORMAL = 0x100, 0x200  # in ``home_flag``
HALF_WORD = 0xFFFF
WEAKEST_DBM = -150
COLDEST_C, HOTTEST_C = -50.0, 600.0  # beyond them a sensor is broken
LEFT_NIBBLE = 4


def read_temperatures(state: State, model: Model | None) -> Temperatures | None:
    """Newer firmware packs current and target into one number; it wins where present."""
    device = as_object(state.get("device"))
    nozzle = _packed(_active_extruder(device).get("temp")) or _plain(state, "nozzle")
    bed = _packed(_value(device, "bed", "temp")) or _plain(state, "bed")
    chamber = _packed(_value(device, "ctc", "temp")) or _chamber(state, model)
    if all(reading is None for reading in (*nozzle, *bed, *chamber)):
        return None
    return Temperatures(*nozzle, *bed, *chamber)


def nozzle_diameter(state: State) -> float | None:
    plain = as_float(state.get("nozzle_diameter"))
    if plain:
        return plain
    device = as_object(state.get("device"))
    nozzles = as_objects(as_object(device.get("nozzle")).get("info"))
    active = _active_extruder(device).get("id")
    chosen = [nozzle for nozzle in nozzles if nozzle.get("id") == active] or nozzles
    return as_float(chosen[0].get("diameter")) if chosen else None


def wifi_dbm(state: State) -> int | None:
    signal = state.get("wifi_signal")
    number = signal.removesuffix("dBm") if isinstance(signal, str) else signal
    return within(as_int(number), WEAKEST_DBM, 0)


def is_light_on(state: State) -> bool | None:
    for light in as_objects(state.get("lights_report")):
        if light.get("node") == "chamber_light":
            return light.get("mode") in ("on", "flashing")  # a list: the mode may be anything
    return None


def has_storage(state: State) -> bool | None:
    """Older firmware says ``sdcard``; newer P1 and A1 use bits of ``home_flag`` instead."""
    flag = as_int(state.get("home_flag"))
    if flag is not None and flag & STORAGE_ABNORMAL:
        return False
    if flag is not None and flag & STORAGE_PRESENT:
        return True
    card = state.get("sdcard")
    return card if isinstance(card, bool) else None


def is_recording(state: State) -> bool | None:
    mode = as_object(state.get("ipcam")).get("ipcam_record")
    return mode == "enable" if isinstance(mode, str) else None


def speed_level(state: State) -> int | None:
    return as_int(state.get("spd_lvl"))


def function_bits(state: State) -> int | None:
    """``fun``; P1 and A1 do not send it."""
    return as_mask(state.get("fun"))


def loaded_tray(state: State) -> int | None:
    return as_int(as_object(state.get("ams")).get("tray_now"))


def _plain(state: State, part: str) -> Reading:
    return _celsius(state.get(f"{part}_temper")), _celsius(state.get(f"{part}_target_temper"))


def _chamber(state: State, model: Model | None) -> Reading:
    if model and not model.has_chamber_sensor:
        return None, None
    current = _celsius(state.get("chamber_temper"))
    if model is None and current == NO_SENSOR_C:
        return None, None
    return current, None


def _packed(value: object) -> Reading | None:
    number = as_int(value)
    if number is None or number < 0:
        return None
    return _celsius(number & HALF_WORD), _celsius(number >> 16 & HALF_WORD)


def _celsius(value: object) -> float | None:
    number = as_float(value)
    return number if number is not None and COLDEST_C <= number <= HOTTEST_C else None


def _value(device: State, part: str, key: str) -> object:
    return as_object(as_object(device.get(part)).get("info")).get(key)


def _active_extruder(device: State) -> State:
    extruder = as_object(device.get("extruder"))
    extruders = as_objects(extruder.get("info"))
    active = (as_int(extruder.get("state")) or 0) >> LEFT_NIBBLE & 0xF
    chosen = [each for each in extruders if as_int(each.get("id")) == active] or extruders
    return chosen[0] if chosen else {}
