"""Printers and what they are told. Nothing here talks to a device: the link owner does, after the
commit."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shopwright.accounts import audit
from shopwright.fleet import drivers, queries
from shopwright.fleet.addresses import CLOUD, LAN
from shopwright.fleet.events import PrinterChanged, PrinterPutBack, PrinterRemoved
from shopwright.fleet.models import HarvestPolicy, Printer, PrinterCommand, PrinterSlot
from shopwright.fleet.states import CommandStatus, ConnectionState, DrivenBy, Gate
from shopwright.kernel import effects, events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch

START_EFFECT = "start_print"
COMMAND_LIFE_S = 60.0  # reference decision 32; a late command does more harm than none
SETTLED_LATE = "settled afterwards"
START_LIFE_S = 900.0  # a start waits for its upload, which may be slow


class PrinterExists(Conflict):
    code = "printer-exists"
    title = "This printer is set up already"


@dataclass(frozen=True, slots=True)
class PrintSource:
    """What to print: the stored file, its plate, and the slot for each project filament."""

    sha256: str
    size_bytes: int
    plate: int
    slots: tuple[int | None, ...]
    job_name: str
    is_3mf: bool = True


@dataclass(frozen=True, slots=True)
class PrinterDraft:
    name: str
    host: str
    access_code: str
    serial: str | None = None
    model: str | None = None
    brand: str = "Bambu Lab"
    driver: str = "bambu_lan"
    ports: dict[str, int] | None = None
    nozzle_um: int = 400
    location: str = ""
    harvest_policy: HarvestPolicy = HarvestPolicy.ASK
    maintenance_interval_days: int = 30
    details: dict[str, Any] = field(default_factory=dict)


async def register_printer(
    session: WriteSession, ctx: Actor, *, draft: PrinterDraft, now: datetime
) -> Printer:
    """Save a printer, reachable or not; a serial that was deleted before comes back to life.

    Raises PrinterExists when a living printer has the serial.
    """
    printer = await queries.find_by_serial(session, ctx, draft.serial) if draft.serial else None
    if printer is not None and printer.is_active:
        raise PrinterExists(f"{printer.name} has the serial {draft.serial}.", printer_id=printer.id)
    if printer is None:
        printer = Printer(organization_id=ctx.organization_id)
        session.add(printer)
    printer.host = draft.host or _known_host(printer, draft)
    printer.name, printer.serial = draft.name, draft.serial
    printer.brand, printer.driver, printer.model = draft.brand, draft.driver, draft.model
    printer.access_code = session.context.vault.encrypt(draft.access_code)
    printer.ports = dict(draft.ports or {})
    printer.nozzle_um, printer.location = draft.nozzle_um, draft.location
    printer.harvest_policy = draft.harvest_policy
    printer.maintenance_interval_days = draft.maintenance_interval_days
    printer.details = dict(draft.details)
    printer.driven_by, printer.agent_id = drivers.usual_owner(draft.driver), None
    printer.is_active, printer.fingerprint = True, None
    printer.connection, printer.trouble = ConnectionState.OFFLINE, "It has not been reached yet."
    printer.updated_at = now
    await session.flush()
    audit.record(session, ctx, "printer.registered", printer.id, host=draft.host)
    await set_up(session, printer)
    return printer


def _known_host(printer: Printer, draft: PrinterDraft) -> str:
    """A cloud printer that comes back prints at the address it had (reference decision 22)."""
    return (printer.host or "") if draft.driver == CLOUD else ""


@dataclass(frozen=True, slots=True)
class PrinterChange:
    """Only what is not None changes."""

    name: str | None = None
    host: str | None = None
    access_code: str | None = field(default=None, repr=False)
    serial: str | None = None
    model: str | None = None
    brand: str | None = None
    ports: dict[str, int] | None = None
    nozzle_um: int | None = None
    location: str | None = None
    harvest_policy: HarvestPolicy | None = None
    driver: str | None = None
    last_maintenance_at: datetime | None = None
    maintenance_interval_days: int | None = None
    firmware: str | None = None  # kept where the printer does not tell it itself
    is_active: bool | None = None
    details: dict[str, Any] = field(default_factory=dict)


PLAIN_CHANGES = (
    "name", "host", "model", "brand", "driver", "nozzle_um", "location", "harvest_policy",
    "last_maintenance_at", "maintenance_interval_days", "firmware",
)  # fmt: skip


async def update_printer(
    session: WriteSession, ctx: Actor, *, ref: Ref, change: PrinterChange, now: datetime
) -> Printer:
    """Its link is made anew when the way to it changed; another serial is another certificate.

    Raises PrinterExists when a living printer has the serial, and Invalid when its stored key
    would go to another address.
    """
    printer = await get_printer(session, ctx, ref)
    if not printer.is_active and not change.is_active:
        raise NotFound(f"There is no printer {ref}.")
    _check_key_stays(printer, change)
    printer.is_active = True
    if change.serial is not None and change.serial != printer.serial:
        await _give_serial(session, ctx, printer, change.serial)
    for name in PLAIN_CHANGES:
        value = getattr(change, name)
        if value is not None:
            setattr(printer, name, value)
    if change.ports is not None:
        printer.ports = dict(change.ports)
    if change.access_code is not None:
        printer.access_code = session.context.vault.encrypt(change.access_code)
    printer.details = {**printer.details, **change.details}
    if change.driver is not None and printer.driven_by is not DrivenBy.AGENT:
        printer.driven_by = drivers.usual_owner(printer.driver)
    _check_reachable(printer)
    printer.updated_at = now
    await session.flush()
    audit.record(session, ctx, "printer.updated", printer.id, host=printer.host)
    await set_up(session, printer)
    return printer


def _check_key_stays(printer: Printer, change: PrinterChange) -> None:
    """Whoever may change an address may not know the key. A Bambu printer proves by its
    certificate who it is before it is told its code; the others are only believed."""
    is_elsewhere = change.host is not None and change.host != printer.host
    is_proven = {printer.driver, change.driver or LAN} <= {LAN, CLOUD}
    if is_elsewhere and printer.access_code and change.access_code is None and not is_proven:
        raise Invalid("Type the printer's key again: it is not sent to a new address unasked.")


def _check_reachable(printer: Printer) -> None:
    if printer.driver == LAN and not printer.host:
        raise Invalid("A printer on the LAN needs its address: send api_url or ip_address.")


async def _give_serial(session: WriteSession, ctx: Actor, printer: Printer, serial: str) -> None:
    """A serial that only a deleted printer has is taken from it."""
    other = await queries.find_by_serial(session, ctx, serial)
    if other is not None and other.is_active:
        raise PrinterExists(f"{other.name} has the serial {serial}.", printer_id=other.id)
    if other is not None:
        other.serial = None
        await session.flush()
    printer.serial, printer.fingerprint = serial, None


async def get_living_printer(session: ReadSession | WriteSession, ctx: Actor, ref: Ref) -> Printer:
    """Raises NotFound, also for a deleted one."""
    printer = await get_printer(session, ctx, ref)
    if not printer.is_active:
        raise NotFound(f"There is no printer {ref}.")
    return printer


async def get_printer(session: ReadSession | WriteSession, ctx: Actor, ref: Ref | int) -> Printer:
    """Raises NotFound, also for another organization's printer."""
    wanted = Ref(ref, None) if isinstance(ref, int) else ref
    printer = await queries.find_printer(session, ctx, wanted)
    if printer is None:
        raise NotFound(f"There is no printer {wanted}.")
    return printer


async def list_printers(session: ReadSession | WriteSession, ctx: Actor) -> list[Printer]:
    return await queries.list_printers(session, ctx)


async def list_slots(
    session: ReadSession | WriteSession, ctx: Actor, printer_ids: Collection[int]
) -> dict[int, list[PrinterSlot]]:
    return await queries.list_slots(session, ctx, printer_ids)


async def remove_printer(session: WriteSession, ctx: Actor, *, printer_id: int) -> None:
    """Hide it and let its link go; its history stays."""
    printer = await get_living_printer(session, ctx, Ref(printer_id, None))
    printer.is_active = False
    await session.flush()
    audit.record(session, ctx, "printer.removed", printer.id)
    await events.publish(session, PrinterRemoved(ctx.organization_id, printer.id))
    await set_up(session, printer)


async def command_start(
    session: WriteSession,
    ctx: Actor,
    *,
    printer_id: int,
    source: PrintSource,
    attempt_id: int,
    device_job_id: str,
    now: datetime,
) -> PrinterCommand:
    """A command row and an effect row; the link owner uploads and starts after the commit."""
    effect = await effects.intend(
        session,
        ctx.organization_id,
        kind=START_EFFECT,
        key=device_job_id,
        subject_id=attempt_id,
        request={"printer_id": printer_id, **asdict(source)},
    )
    return await _add_command(
        session,
        ctx,
        PrinterCommand(
            organization_id=ctx.organization_id,
            printer_id=printer_id,
            kind=START_EFFECT,
            arguments={**asdict(source), "slots": list(source.slots)},
            effect_id=effect.id,
            device_job_id=device_job_id,
            by=ctx.name,
            expires_at=now + timedelta(seconds=START_LIFE_S),
        ),
    )


async def settle_start(
    session: WriteSession, ctx: Actor, *, device_job_id: str, was_started: bool, now: datetime
) -> None:
    """What was unknown is known: a late report proved it, or a person looked."""
    effect = await effects.find_effect(session, ctx.organization_id, START_EFFECT, device_job_id)
    if effect is None:
        return
    status = EffectStatus.DONE if was_started else EffectStatus.FAILED
    await effects.settle(session, ctx.organization_id, effect.id, status, SETTLED_LATE, now)
    ended = CommandStatus.COMPLETED if was_started else CommandStatus.FAILED
    await queries.settle_start_command(session, ctx, device_job_id, ended, SETTLED_LATE, now)


async def withdraw_start(
    session: WriteSession, ctx: Actor, *, device_job_id: str, reason: str, now: datetime
) -> bool:
    """Nobody will send this start; False when it is on its way to the printer, or has ended."""
    effect = await effects.find_effect(session, ctx.organization_id, START_EFFECT, device_job_id)
    if effect is None:
        return False
    if not await effects.withdraw(session, ctx.organization_id, effect.id, reason, now):
        return False
    await queries.settle_start_command(
        session, ctx, device_job_id, CommandStatus.FAILED, reason, now
    )
    return True


async def send_command(
    session: WriteSession,
    ctx: Actor,
    *,
    printer_id: int,
    kind: str,
    arguments: dict[str, object],
    now: datetime,
) -> PrinterCommand:
    """Queue one device command; it expires rather than arriving late."""
    printer = await get_printer(session, ctx, printer_id)
    command = await _add_command(
        session,
        ctx,
        PrinterCommand(
            organization_id=ctx.organization_id,
            printer_id=printer.id,
            kind=kind,
            arguments=arguments,
            by=ctx.name,
            expires_at=now + timedelta(seconds=COMMAND_LIFE_S),
        ),
    )
    audit.record(session, ctx, "printer.commanded", printer.id, kind=kind)
    return command


async def require_clearing(
    session: WriteSession, ctx: Actor, *, printer_id: int, reason: str
) -> None:
    """Nothing is sent to the printer until somebody says its bed is clear."""
    printer = await queries.set_gate(
        session, ctx, printer_id, Gate.NEEDS_CLEARING, reason, [Gate.READY, Gate.NEEDS_CLEARING]
    )
    if printer:
        await changed(session, printer)


async def clear_plate(session: WriteSession, ctx: Actor, *, printer_id: int) -> None:
    """The bed is clear. A printer in maintenance stays there."""
    printer = await queries.set_gate(
        session, ctx, printer_id, Gate.READY, None, [Gate.NEEDS_CLEARING]
    )
    if printer:
        audit.record(session, ctx, "printer.cleared", printer_id)
        await changed(session, printer)


async def take_out_of_work(
    session: WriteSession, ctx: Actor, *, printer_id: int, reason: str
) -> None:
    printer = await queries.set_gate(session, ctx, printer_id, Gate.MAINTENANCE, reason)
    if printer:
        audit.record(session, ctx, "printer.taken_out", printer_id, reason=reason)
        await changed(session, printer)


async def put_back_to_work(session: WriteSession, ctx: Actor, *, printer_id: int) -> None:
    """Only ends maintenance; a plate that waits on the bed is cleared in its own way."""
    printer = await queries.set_gate(session, ctx, printer_id, Gate.READY, None, [Gate.MAINTENANCE])
    if printer:
        audit.record(session, ctx, "printer.put_back", printer_id)
        await events.publish(session, PrinterPutBack(ctx.organization_id, printer_id))
        await changed(session, printer)


async def set_up(session: WriteSession, printer: Printer) -> None:
    """How to reach the printer changed: its link owner connects anew."""
    touch(session, printer.organization_id, "printer_setup", printer.id)
    await changed(session, printer)


async def changed(session: WriteSession, printer: Printer) -> None:
    """Tell pages, the dispatcher and the link owner."""
    touch(session, printer.organization_id, "printer", printer.id)
    await events.publish(session, PrinterChanged(printer.organization_id, printer.id))


async def _add_command(
    session: WriteSession, ctx: Actor, command: PrinterCommand
) -> PrinterCommand:
    session.add(command)
    await session.flush()
    touch(session, ctx.organization_id, "command", command.printer_id)
    return command
