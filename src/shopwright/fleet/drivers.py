"""Drivers by name, found by entry point and loaded on first use, and how to reach a printer."""

from functools import cache
from importlib.metadata import entry_points

from shopwright.fleet.models import Printer
from shopwright.fleet.port import Endpoint, PrinterDriver
from shopwright.fleet.states import DrivenBy
from shopwright.kernel.secrets import Vault

GROUP = "shopwright.drivers"


@cache
def load_driver(name: str) -> type[PrinterDriver] | None:
    """None when nobody brings a driver of this name: such a printer is driven from outside."""
    for found in entry_points(group=GROUP, name=name):
        driver: type[PrinterDriver] = found.load()
        return driver
    return None


def usual_owner(name: str) -> DrivenBy:
    """Who drives a printer of this driver unless somebody says otherwise."""
    if name == DrivenBy.PRINTER_BACKEND:
        return DrivenBy.PRINTER_BACKEND
    return DrivenBy.SERVER if load_driver(name) is not None else DrivenBy.EXTERNAL


def endpoint_of(printer: Printer, vault: Vault) -> Endpoint:
    https_port = printer.ports.get("https")
    return Endpoint(
        host=printer.host,
        serial=printer.serial,
        access_code=vault.decrypt(printer.access_code),
        mqtt_port=printer.ports.get("mqtt"),
        ftps_port=printer.ports.get("ftps"),
        camera_port=printer.ports.get("camera"),
        http_port=https_port or printer.ports.get("http"),
        pinned_fingerprint=printer.fingerprint,
        options={"model": printer.model or "", "scheme": "https" if https_port else "http"},
    )
