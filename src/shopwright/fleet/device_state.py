"""Writes what a printer reports into its row, its slots and the events higher slices hear."""

from dataclasses import asdict
from datetime import datetime

from shopwright.fleet import queries, service
from shopwright.fleet.events import DeviceJobReported
from shopwright.fleet.models import Printer
from shopwright.fleet.port import DeviceReport, Fault, Severity
from shopwright.fleet.states import Activity, ConnectionState, Outcome
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession

GRAVE = frozenset({Severity.FATAL, Severity.SERIOUS})


async def record_report(
    session: WriteSession,
    ctx: Actor,
    *,
    printer_id: int,
    report: DeviceReport,
    percent: int,
    fingerprint: str | None,
) -> None:
    """Store a full report that says something new. ``percent`` is the most seen for its job."""
    printer = await service.get_printer(session, ctx, printer_id)
    _copy(printer, report, fingerprint)
    await session.flush()
    await queries.upsert_slots(session, ctx, printer_id, _slot_rows(ctx, printer_id, report))
    if report.device_job_id:
        await events.publish(
            session,
            DeviceJobReported(
                organization_id=ctx.organization_id,
                printer_id=printer_id,
                device_job_id=report.device_job_id,
                activity=report.activity,
                outcome=report.outcome,
                percent=percent,
                reason=describe(report.faults),
                observed_at=report.observed_at,
            ),
        )
    await service.changed(session, printer)


async def record_loss(
    session: WriteSession,
    ctx: Actor,
    *,
    printer_id: int,
    connection: ConnectionState,
    sentence: str,
    now: datetime,
) -> None:
    """The link is gone. What the printer does now is unknown; nothing failed by that."""
    printer = await service.get_printer(session, ctx, printer_id)
    if (printer.connection, printer.trouble) == (connection, sentence):
        return
    printer.connection, printer.trouble = connection, sentence[:500]
    printer.activity, printer.outcome = Activity.UNKNOWN, Outcome.NONE
    printer.updated_at = now
    await session.flush()
    await service.changed(session, printer)


def describe(faults: tuple[Fault, ...]) -> str | None:
    """The faults in words, the gravest first; None when there are none."""
    if not faults:
        return None
    ranked = sorted(faults, key=lambda fault: list(Severity).index(fault.severity))
    return "; ".join(f"{fault.sentence} ({fault.code})" for fault in ranked[:3])


def _copy(printer: Printer, report: DeviceReport, fingerprint: str | None) -> None:
    printer.connection = ConnectionState.ONLINE
    printer.activity, printer.outcome = report.activity, report.outcome
    printer.control, printer.device_job_id = report.control, report.device_job_id
    printer.firmware = report.firmware or printer.firmware
    printer.model = printer.model or report.model
    printer.serial = printer.serial or report.serial
    printer.fingerprint = printer.fingerprint or fingerprint
    printer.has_storage = report.has_storage
    if report.nozzle_mm:
        printer.nozzle_um = round(report.nozzle_mm * 1000)
    grave = tuple(fault for fault in report.faults if fault.severity in GRAVE)
    printer.trouble = describe(grave)
    printer.faults = [
        [f.code, f.severity.value, f.sentence, list(f.actions)] for f in report.faults
    ]
    printer.last_seen_at = printer.updated_at = report.observed_at


def _slot_rows(ctx: Actor, printer_id: int, report: DeviceReport) -> list[dict[str, object]]:
    return [
        {
            "organization_id": ctx.organization_id,
            "printer_id": printer_id,
            "synced_at": report.observed_at,
            **asdict(slot),
        }
        for slot in report.slots
    ]
