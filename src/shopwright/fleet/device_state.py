"""Writes what a printer reports into its row, its slots and the events higher slices hear."""

from dataclasses import asdict, dataclass
from datetime import datetime

from shopwright.fleet import queries, service
from shopwright.fleet.events import (
    DeviceJobReported,
    DeviceShowsJob,
    PrinterBack,
    PrinterInTrouble,
    PrinterLost,
    SlotChange,
    SlotsChanged,
)
from shopwright.fleet.models import Printer
from shopwright.fleet.port import DeviceReport, Fault, Severity
from shopwright.fleet.slot_changes import changed_slots
from shopwright.fleet.states import BUSY, Activity, ConnectionState, Outcome
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession

GRAVE = frozenset({Severity.FATAL, Severity.SERIOUS})
OUT_OF_REACH = frozenset({ConnectionState.OFFLINE, ConnectionState.AUTH_FAILED})
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Reached:
    """How far one job came, at most: devices go back to 0 when it is cancelled."""

    device_job_id: str | None = None
    percent: int = 0
    used_ppm: int | None = None

    def after(self, report: DeviceReport) -> "Reached":
        if report.device_job_id is None or report.progress is None:
            return Reached(report.device_job_id)
        same = self if self.device_job_id == report.device_job_id else Reached()
        share = _completed_ppm(report)
        known = same.used_ppm
        return Reached(
            report.device_job_id,
            max(int(report.progress.percent or 0), same.percent),
            known if share is None else max(share, known or 0),
        )


async def record_report(
    session: WriteSession,
    ctx: Actor,
    *,
    printer_id: int,
    report: DeviceReport,
    reached: Reached,
    fingerprint: str | None,
) -> None:
    """Store a full report that says something new. ``reached`` is the most seen for its job."""
    printer = await service.get_printer(session, ctx, printer_id)
    before = (printer.connection, printer.trouble)
    has_ended_unseen = _has_ended_unseen(printer, report)
    _copy(printer, report, fingerprint)
    await session.flush()
    held = await queries.upsert_slots(session, ctx, printer_id, _slot_rows(ctx, printer_id, report))
    await _tell_job(session, ctx, printer_id, report, reached)
    await _tell_shown(session, ctx, printer_id, report, has_ended_unseen=has_ended_unseen)
    await tell_news(session, printer, before, changed_slots(held, report.slots))
    await service.changed(session, printer)


async def await_report(session: WriteSession, ctx: Actor, *, printer_id: int) -> None:
    """A new owner connects: what an earlier one saw last may long be untrue."""
    printer = await service.get_printer(session, ctx, printer_id)
    if printer.connection is not ConnectionState.ONLINE:
        return
    printer.connection, printer.activity = ConnectionState.CONNECTING, Activity.UNKNOWN
    await session.flush()
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
    is_news = connection is not printer.connection and connection in OUT_OF_REACH
    printer.connection, printer.trouble = connection, sentence[:500]
    printer.activity, printer.outcome = Activity.UNKNOWN, Outcome.NONE
    printer.updated_at = now
    await session.flush()
    if is_news:
        lost = PrinterLost(ctx.organization_id, printer_id, connection, sentence[:500])
        await events.publish(session, lost)
    await service.changed(session, printer)


@dataclass(frozen=True, slots=True)
class Word:
    """What a program outside says of a printer that nobody here drives."""

    activity: Activity
    is_within_reach: bool
    device_job_id: str | None
    job_name: str | None
    trouble: str | None


async def record_word(
    session: WriteSession, ctx: Actor, *, printer_id: int, word: Word, now: datetime
) -> None:
    """The printer is as told; what becomes of its job is said of the job."""
    if not word.is_within_reach:
        await record_loss(
            session, ctx, printer_id=printer_id, connection=ConnectionState.OFFLINE,
            sentence=word.trouble or "It is offline, says the program that drives it.", now=now,
        )  # fmt: skip
        return
    printer = await service.get_printer(session, ctx, printer_id)
    before = (printer.connection, printer.trouble)
    printer.connection, printer.activity = ConnectionState.ONLINE, word.activity
    printer.outcome, printer.trouble = Outcome.NONE, word.trouble
    printer.device_job_id, printer.device_job_name = word.device_job_id, word.job_name or ""
    printer.last_seen_at = printer.updated_at = now
    await session.flush()
    await tell_news(session, printer, before, ())
    await service.changed(session, printer)


def describe(faults: tuple[Fault, ...]) -> str | None:
    """The faults in words, the gravest first; None when there are none."""
    if not faults:
        return None
    ranked = sorted(faults, key=lambda fault: list(Severity).index(fault.severity))
    return "; ".join(f"{fault.sentence} ({fault.code})" for fault in ranked[:3])


async def tell_news(
    session: WriteSession,
    printer: Printer,
    before: tuple[ConnectionState, str | None],
    slots: tuple[SlotChange, ...],
) -> None:
    """What somebody may want to be told of. What stands there after a loss is no new trouble."""
    connection, trouble = before
    if connection in OUT_OF_REACH:
        await events.publish(session, PrinterBack(printer.organization_id, printer.id))
    if printer.trouble and (connection in OUT_OF_REACH or printer.trouble != trouble):
        await events.publish(
            session, PrinterInTrouble(printer.organization_id, printer.id, printer.trouble)
        )
    if slots:
        await events.publish(session, SlotsChanged(printer.organization_id, printer.id, slots))


async def _tell_job(
    session: WriteSession, ctx: Actor, printer_id: int, report: DeviceReport, reached: Reached
) -> None:
    if report.device_job_id:
        await events.publish(
            session,
            DeviceJobReported(
                organization_id=ctx.organization_id,
                printer_id=printer_id,
                device_job_id=report.device_job_id,
                activity=report.activity,
                outcome=report.outcome,
                percent=reached.percent,
                used_ppm=reached.used_ppm,
                reason=describe(report.faults),
                observed_at=report.observed_at,
            ),
        )


async def _tell_shown(
    session: WriteSession,
    ctx: Actor,
    printer_id: int,
    report: DeviceReport,
    *,
    has_ended_unseen: bool,
) -> None:
    is_forgotten = report.activity is Activity.IDLE and report.outcome is Outcome.NONE
    shown = None if is_forgotten else report.device_job_id
    await events.publish(
        session,
        DeviceShowsJob(ctx.organization_id, printer_id, shown, report.activity, has_ended_unseen),
    )


def _has_ended_unseen(printer: Printer, report: DeviceReport) -> bool:
    """Jobs started at a screen may have no id, so that only their name tells them apart; the same
    file printed once more cannot be told. Of a printer never heard of nothing is known."""
    if report.outcome is Outcome.NONE or report.activity in BUSY or printer.last_seen_at is None:
        return False
    is_other_name = printer.device_job_name not in {None, _name_of(report)}
    return report.device_job_id != printer.device_job_id or is_other_name


def _name_of(report: DeviceReport) -> str:
    """Empty when it has none; in the database None means that nobody kept it yet."""
    return (report.job_name or "")[:300]


def _completed_ppm(report: DeviceReport) -> int | None:
    """By layers: time percent counts heating. The layer at work is not complete."""
    progress = report.progress
    if progress is None or not progress.layers or progress.layer is None:
        return None
    if report.outcome is Outcome.FINISHED:
        return MILLION
    return max(progress.layer - 1, 0) * MILLION // progress.layers


def _copy(printer: Printer, report: DeviceReport, fingerprint: str | None) -> None:
    printer.connection = ConnectionState.ONLINE
    printer.activity, printer.outcome = report.activity, report.outcome
    printer.control, printer.device_job_id = report.control, report.device_job_id
    printer.device_job_name = _name_of(report)
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
