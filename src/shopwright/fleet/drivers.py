"""Drivers by name, found by entry point and loaded on first use, and how to reach a printer."""

from collections.abc import Mapping
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


@cache
def installed_drivers() -> frozenset[str]:
    """The names of all drivers that somebody brings."""
    return frozenset(entry_points(group=GROUP).names)


def usual_owner(name: str) -> DrivenBy:
    """Who drives a printer of this driver unless somebody says otherwise."""
    if name == DrivenBy.PRINTER_BACKEND:
        return DrivenBy.PRINTER_BACKEND
    return DrivenBy.SERVER if load_driver(name) is not None else DrivenBy.EXTERNAL


def endpoint_of(printer: Printer, vault: Vault) -> Endpoint:
    return make_endpoint(
        printer.host,
        vault.decrypt(printer.access_code),
        printer.ports,
        serial=printer.serial,
        fingerprint=printer.fingerprint,
        model=printer.model,
    )


def make_endpoint(
    host: str,
    access_code: str,
    ports: Mapping[str, int],
    *,
    serial: str | None,
    fingerprint: str | None,
    model: str | None,
) -> Endpoint:
    """``ports`` by name, where they are not the usual ones."""
    https_port = ports.get("https")
    return Endpoint(
        host=host,
        serial=serial,
        access_code=access_code,
        mqtt_port=ports.get("mqtt"),
        ftps_port=ports.get("ftps"),
        camera_port=ports.get("camera"),
        http_port=https_port or ports.get("http"),
        pinned_fingerprint=fingerprint,
        options={"model": model or "", "scheme": "https" if https_port else "http"},
    )
