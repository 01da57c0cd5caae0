"""Printers that nothing here drives: a program of somebody else polls our commands and reports."""

from shopwright.fleet.drivers import load_driver
from shopwright.fleet.models import Printer
from shopwright.fleet.states import DrivenBy


def is_external(printer: Printer) -> bool:
    """What a client says of such a printer is the report (reference decision 29)."""
    if printer.driven_by is DrivenBy.SERVER:
        return load_driver(printer.driver) is None
    return printer.driven_by is DrivenBy.EXTERNAL


def is_told(printer: Printer) -> bool:
    """Nobody here drives it, so what others tell of it is the report: its own program, or the
    printer backend that has it."""
    return is_external(printer) or printer.driven_by is DrivenBy.PRINTER_BACKEND
