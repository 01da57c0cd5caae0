"""What a person does at a machine, by name and with JSON arguments, for the control API."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from shopwright.sandbox.bambu.announcer import Announcing
from shopwright.sandbox.bambu.knobs import Knobs
from shopwright.sandbox.bambu.printer import PrinterConfig, VirtualPrinter
from shopwright.sandbox.bambu.spools import Spool

Arguments = Mapping[str, Any]


class UnknownAction(ValueError):
    """There is no such action."""


def perform(printer: VirtualPrinter, name: str, arguments: Arguments) -> None:
    """Do it; raises ValueError, KeyError or TypeError when the arguments do not fit."""
    action = _ACTIONS.get(name)
    if action is None:
        raise UnknownAction(f"There is no action {name!r}. Known: {', '.join(sorted(_ACTIONS))}.")
    action(printer, arguments)


def configure(values: Arguments) -> PrinterConfig:
    """A printer from its entry in a farm file; raises ValueError or TypeError."""
    fields = dict(values)
    knobs = Knobs.of(fields.pop("knobs", {}))
    if "speed" in fields:
        knobs.turn({"speed": fields.pop("speed")})
    for name in ("trays", "external"):
        if name in fields:
            fields[name] = _spools(fields[name])
    if fields.get("announces") is not None:
        fields["announces"] = Announcing.of(fields["announces"])
    return PrinterConfig(knobs=knobs, **fields)


def describe(printer: VirtualPrinter) -> dict[str, Any]:
    """Everything a test may want to compare, as JSON values."""
    machine = printer.machine
    return {
        "name": printer.name,
        "serial": printer.serial,
        "access_code": printer.access_code,
        "model": machine.model.name,
        "host": printer.host,
        "mqtt_port": printer.mqtt_port,
        "ftps_port": printer.ftps_port,
        "camera_port": printer.camera_port,
        "fingerprint": printer.fingerprint,
        "state": machine.state.value,
        "percent": round(machine.job.percent, 3) if machine.job else 0.0,
        "print_error": machine.print_error,
        "is_plate_clear": machine.is_plate_clear,
        "consumed_mg": printer.consumed_mg,
        "prints": [asdict(record) | {"total_mg": record.total_mg} for record in printer.prints],
        "light": machine.light,
        "is_recording": machine.is_recording,
        "fans": dict(machine.fans),
        "flow_percent": machine.flow_percent,
        "position": dict(machine.motion.position),
        "extruded_mm": machine.motion.extruded,
        "calibrations": list(machine.calibrations),
        "refusals": [{"subtask_id": key, "print_error": error} for key, error in machine.refusals],
        "trays": {number: spool and asdict(spool) for number, spool in machine.ams.trays.items()},
        "external": machine.ams.external and asdict(machine.ams.external),
        "files": sorted(p.name for p in printer.folder.glob("*.3mf")),
        "knobs": asdict(printer.knobs),
    }


def _spools(value: Any) -> Any:
    if isinstance(value, list):
        return [_spools(entry) for entry in value]
    return None if value is None else Spool(**value)


def _put_spool(printer: VirtualPrinter, arguments: Arguments) -> None:
    printer.put_spool(int(arguments["tray"]), _spools(arguments.get("spool")))


_ACTIONS: Mapping[str, Callable[[VirtualPrinter, Arguments], object]] = {
    "drop": lambda printer, _: printer.drop(),
    "user_cancel": lambda printer, _: printer.user_cancel(),
    "user_pause": lambda printer, _: printer.user_pause(),
    "user_resume": lambda printer, _: printer.user_resume(),
    "clear_plate": lambda printer, _: printer.clear_plate(),
    "power_off": lambda printer, _: printer.power_off(),
    "power_on": lambda printer, _: printer.power_on(),
    "reboot": lambda printer, arguments: printer.reboot(float(arguments.get("seconds", 0))),
    "fail": lambda printer, arguments: printer.fail(int(arguments["error"])),
    "put_spool": _put_spool,
    "start_at_screen": lambda printer, arguments: printer.start_at_screen(**arguments),
    "skip_ahead": lambda printer, arguments: printer.skip_ahead(float(arguments["seconds"])),
    "change_access_code": lambda printer, arguments: printer.change_access_code(
        str(arguments["access_code"])
    ),
}
