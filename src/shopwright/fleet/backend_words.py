"""Commands in the words of the printer backend of reference (b), both ways. Pure."""

from collections.abc import Mapping
from typing import Any

from shopwright.fleet.rules import CommandUnsupported
from shopwright.kernel.errors import Invalid

# Ours → theirs, where the name is all there is to translate.
NAMES: Mapping[str, str] = {
    "start_print": "start_print",
    "pause_print": "pause",
    "resume_print": "resume",
    "stop_print": "stop",
    "cancel_print": "cancel",
    "set_print_speed": "speed",
    "set_fan_speed": "fan",
    "light_on": "light_on",
    "light_off": "light_off",
    "camera_on": "camera_on",
    "camera_off": "camera_off",
    "load_filament": "load_filament",
    "unload_filament": "unload_filament",
    "jog": "jog",
    "custom_gcode": "sendGcode",
}
HEATERS = {
    "set_nozzle_temp": "nozzleTemp",
    "set_bed_temp": "bedTemp",
    "set_chamber_temp": "chamberTemp",
}
HOMING = {"home_all": "all", "home_x": "x", "home_y": "y", "home_z": "z"}
OTHER_SPELLINGS: Mapping[str, str] = {
    "setheat": "heat",
    "cooldown": "cool",
    "set_speed": "speed",
    "set_fan": "fan",
    "move": "jog",
    "sendgcode": "sendGcode",
}
KINDS = {theirs: ours for ours, theirs in NAMES.items()}
TYPES = (*KINDS, "heat", "cool", "camera", "home")


def to_backend(kind: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """``commandType`` and ``metadata``; raises CommandUnsupported where the backend has no word."""
    if kind in HEATERS:
        return "heat", {HEATERS[kind]: arguments.get("target")}
    if kind in HOMING:
        return "home", {"axis": HOMING[kind]}
    if kind not in NAMES:
        raise CommandUnsupported(f"The printer backend knows no command like {kind}.")
    return NAMES[kind], dict(arguments)


def from_backend(command_type: str, metadata: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Our kind and arguments, unchecked; raises Invalid for words that there are not."""
    word = command_type.strip()
    word = OTHER_SPELLINGS.get(word.lower(), word if word in KINDS else word.lower())
    if word in {"heat", "cool"}:
        return _heat(metadata, is_cooling=word == "cool")
    if word == "home":
        return _home(metadata)
    if word == "camera":
        is_off = str(metadata.get("state", metadata.get("on", "on"))).lower() in {"off", "false"}
        return ("camera_off" if is_off else "camera_on"), {}
    if word in {"speed", "fan"}:
        return KINDS[word], _with_target(metadata)
    kind = KINDS.get(word) or (word if word in NAMES else None)
    if kind is None:
        raise Invalid(f"commandType must be one of {', '.join(TYPES)}, not {command_type[:40]!r}.")
    return kind, dict(metadata)


def _heat(metadata: Mapping[str, Any], *, is_cooling: bool) -> tuple[str, dict[str, Any]]:
    """One heater at a time: our commands are each proven alone."""
    told = {
        kind: metadata[name] for kind, name in HEATERS.items() if metadata.get(name) is not None
    }
    if is_cooling:
        told = dict.fromkeys(told, 0) or {"set_nozzle_temp": 0}
    if len(told) != 1:
        raise Invalid("Name one of nozzleTemp, bedTemp and chamberTemp in metadata at a time.")
    ((kind, target),) = told.items()
    return kind, {"target": target}


def _home(metadata: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    axis = str(metadata.get("axis", metadata.get("axes", "all")) or "all").lower()
    kinds = {axis: kind for kind, axis in HOMING.items()}
    if axis not in kinds:
        raise Invalid(f"axis must be one of {', '.join(kinds)}, not {axis[:20]!r}.")
    return kinds[axis], {}


def _with_target(metadata: Mapping[str, Any]) -> dict[str, Any]:
    if "target" in metadata:
        return dict(metadata)
    for name in ("speed", "percent", "value"):
        if metadata.get(name) is not None:
            return {**metadata, "target": metadata[name]}
    return dict(metadata)
