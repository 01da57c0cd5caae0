"""Printers with what they do now: the device's last words, the job by name, the share of the day
they printed, and when they are to be maintained."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shopwright.fleet import queries
from shopwright.fleet.addresses import BAMBU_LAB, is_bambu
from shopwright.fleet.models import Printer
from shopwright.fleet.states import BUSY, Activity, ConnectionState, Gate
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.telemetry import utilisation
from shopwright.telemetry.latest import LatestSnapshots, Snapshot

ONLINE_WORD = "online"


@dataclass(frozen=True, slots=True)
class Overview:
    """``live`` is None unless the printer is within reach; ``utilisation`` is a percentage."""

    printer: Printer
    now: datetime
    live: Snapshot | None = None
    job_name: str | None = None
    utilisation: float = 0.0

    @property
    def next_maintenance_at(self) -> datetime:
        """Counted from the day it was set up until somebody maintained it."""
        last = self.printer.last_maintenance_at or self.printer.created_at
        return last + timedelta(days=self.printer.maintenance_interval_days)

    @property
    def is_maintenance_due(self) -> bool:
        return self.next_maintenance_at <= self.now


async def read_overviews(
    process: Process, session: queries.AnySession, ctx: Actor, printers: Sequence[Printer]
) -> list[Overview]:
    """In the order given."""
    shares = await utilisation.read_shares(process, ctx) if printers else {}
    names = await queries.list_job_names(session, ctx, _device_jobs(printers))
    now = process.clock.now()
    return [
        Overview(
            printer,
            now,
            live=find_live(process, printer),
            job_name=_job_name(printer, names),
            utilisation=shares.get(printer.id, 0.0),
        )
        for printer in printers
    ]


async def read_overview(
    process: Process, session: queries.AnySession, ctx: Actor, printer: Printer
) -> Overview:
    (found,) = await read_overviews(process, session, ctx, [printer])
    return found


def find_live(process: Process, printer: Printer) -> Snapshot | None:
    """What the printer says now; what it said before its link was lost is not now."""
    if printer.connection is not ConnectionState.ONLINE:
        return None
    return process.context.keep(LatestSnapshots).get(printer.id)


def shown_status(printer: Printer) -> str:
    """One word for three axes, as reference (b) has it (reference decision 23)."""
    return shown_word(printer.connection, printer.activity)


def shown_word(connection: str, activity: str) -> str:
    """The same of what was reported at another time."""
    if connection != ConnectionState.ONLINE or activity == Activity.UNKNOWN:
        return "offline"
    return str(Activity.PRINTING if activity == Activity.PREPARING else activity)


def shop_status(printer: Printer) -> str:
    """The same as reference (a) has it: ready ones are online, the gate may say maintenance."""
    if printer.gate is Gate.MAINTENANCE:
        return Gate.MAINTENANCE.value
    word = shown_status(printer)
    return ONLINE_WORD if word == Activity.IDLE else word


def type_of(printer: Printer) -> str:
    if is_bambu(printer.driver) or printer.brand == BAMBU_LAB:
        return "bambu"
    return printer.driver


def _device_jobs(printers: Sequence[Printer]) -> list[str]:
    return [p.device_job_id for p in printers if p.device_job_id and p.activity in BUSY]


def _job_name(printer: Printer, names: dict[str, str]) -> str | None:
    """Our name of the job; the device's own for what was started at its screen."""
    if printer.activity not in BUSY:
        return None
    return names.get(printer.device_job_id or "") or printer.device_job_name
