"""Which of our printers somebody outside means."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func

from shopwright.fleet.models import Printer
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import parse_ref
from shopwright.kernel.errors import NotFound
from shopwright.print_jobs.backend import role_queries as queries
from shopwright.print_jobs.queries import AnySession


class TargetUnknown(NotFound):
    code = "backend-printer-unknown"
    title = "None of our printers is meant"


@dataclass(frozen=True, slots=True)
class Target:
    """As a sender names it: by its serial, by our id, by name, by address. A sender's own ids are
    not ours, so whatever else is told may not contradict."""

    printer_id: str | None = None
    serial: str | None = None
    name: str | None = None
    address: str | None = None

    @property
    def is_named(self) -> bool:
        return any((self.printer_id, self.serial, self.name, self.address))

    def __str__(self) -> str:
        told = {
            "id": self.printer_id, "serial": self.serial, "name": self.name,
            "address": self.address,
        }  # fmt: skip
        return ", ".join(f"{what} {value!r}" for what, value in told.items() if value)


async def get_target(session: AnySession, ctx: Actor, target: Target) -> Printer:
    """Raises TargetUnknown: a job meant for one printer is never printed on another."""
    for condition in _conditions(target):
        found = await queries.find_target(session, ctx, condition)
        if found is not None and not _contradicts(target, found):
            return found
    raise TargetUnknown(f"None of our printers has the {target}, or more than one has it.")


def _contradicts(target: Target, printer: Printer) -> bool:
    if target.serial and printer.serial:
        return target.serial != printer.serial
    is_number = (target.printer_id or "").isdigit()
    return bool(is_number and target.name and target.name.lower() != printer.name.lower())


def _conditions(target: Target) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if target.serial:
        found.append(Printer.serial == target.serial)
    if target.printer_id:
        try:
            found.append(parse_ref(target.printer_id).where(Printer))
        except NotFound:
            found.append(Printer.serial == target.printer_id)
    if target.name:
        found.append(func.lower(Printer.name) == target.name.lower())
    if target.address:
        found.append(Printer.host == target.address)
    return found
