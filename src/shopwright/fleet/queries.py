"""All SQL of the fleet. Leases, gates and command states are written here only."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, tuple_, update

from shopwright.fleet.models import Printer, PrinterCommand, PrinterLease, PrinterSlot
from shopwright.fleet.slot_changes import HeldSlot
from shopwright.fleet.states import OPEN_COMMANDS, CommandStatus, DrivenBy, Gate
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession, insert_for
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT

AnySession = ReadSession | WriteSession


async def find_printer(session: AnySession, ctx: Actor, ref: Ref) -> Printer | None:
    printer: Printer | None = await session.scalar(
        select(Printer)
        .where(Printer.organization_id == ctx.organization_id, ref.where(Printer))
        .execution_options(populate_existing=True)
    )
    return printer


async def find_by_serial(session: AnySession, ctx: Actor, serial: str) -> Printer | None:
    printer: Printer | None = await session.scalar(
        select(Printer).where(
            Printer.organization_id == ctx.organization_id, Printer.serial == serial
        )
    )
    return printer


async def list_printers(
    session: AnySession, ctx: Actor, *, with_inactive: bool = False
) -> list[Printer]:
    statement = (
        select(Printer)
        .where(Printer.organization_id == ctx.organization_id)
        .order_by(Printer.name, Printer.id)
    )
    if not with_inactive:
        statement = statement.where(Printer.is_active)
    return list(await session.scalars(statement))


async def list_driven_printers(session: AnySession) -> list[Printer]:
    """Every organization's printers that a process with this database drives, for the runner."""
    statement = (
        select(Printer)
        .where(Printer.is_active, Printer.driven_by == DrivenBy.SERVER)
        .order_by(Printer.id)
    )
    return list(await session.scalars(statement.execution_options(**CROSS_TENANT)))


async def list_slots(
    session: AnySession, ctx: Actor, printer_ids: Collection[int]
) -> dict[int, list[PrinterSlot]]:
    rows = await session.scalars(
        select(PrinterSlot)
        .where(PrinterSlot.organization_id == ctx.organization_id)
        .where(PrinterSlot.printer_id.in_(printer_ids))
        .order_by(PrinterSlot.printer_id, PrinterSlot.number)
    )
    found: dict[int, list[PrinterSlot]] = {}
    for slot in rows:
        found.setdefault(slot.printer_id, []).append(slot)
    return found


async def upsert_slots(
    session: WriteSession, ctx: Actor, printer_id: int, rows: Sequence[dict[str, Any]]
) -> dict[int, HeldSlot]:
    """What the device says now; slots it no longer names are gone. Returns what was known
    before."""
    numbers = {row["number"] for row in rows}
    known = (await list_slots(session, ctx, [printer_id])).get(printer_id, [])
    held = {
        slot.number: HeldSlot(slot.is_loaded, slot.material, slot.color, slot.tag) for slot in known
    }
    for slot in known:
        if slot.number not in numbers:
            await session.delete(slot)
    if rows:
        await _put_slots(session, rows)
    return held


async def _put_slots(session: WriteSession, rows: Sequence[dict[str, Any]]) -> None:
    insert = insert_for(session, PrinterSlot)
    changing = [name for name in rows[0] if name not in {"organization_id", "printer_id", "number"}]
    await session.execute(
        insert.on_conflict_do_update(
            index_elements=["printer_id", "number"],
            set_={name: insert.excluded[name] for name in changing},
        ),
        list(rows),
    )


async def set_gate(
    session: WriteSession,
    ctx: Actor,
    printer_id: int,
    gate: Gate,
    reason: str | None,
    sources: Collection[Gate] = tuple(Gate),
) -> Printer | None:
    printer: Printer | None = await session.scalar(
        update(Printer)
        .where(Printer.id == printer_id, Printer.organization_id == ctx.organization_id)
        .where(Printer.gate.in_(sources))
        .values(gate=gate, gate_reason=reason)
        .returning(Printer)
        .execution_options(populate_existing=True)
    )
    return printer


async def take_lease(
    session: WriteSession, printer_id: int, owner: str, now: datetime, ttl_s: float
) -> int | None:
    """Become or stay the owner; returns the epoch, None while somebody else's lease runs.

    A new owner gets a new epoch, also when it takes over its own lease after a restart.
    """
    insert = insert_for(session, PrinterLease).values(
        printer_id=printer_id, owner=owner, epoch=1, expires_at=now + timedelta(seconds=ttl_s)
    )
    taken: int | None = await session.scalar(
        insert.on_conflict_do_update(
            index_elements=["printer_id"],
            set_={
                "owner": owner,
                "epoch": PrinterLease.epoch + 1,
                "expires_at": now + timedelta(seconds=ttl_s),
            },
            where=or_(PrinterLease.owner == owner, PrinterLease.expires_at < now),
        ).returning(PrinterLease.epoch)
    )
    return taken


async def list_held(
    session: AnySession, printer_ids: Collection[int], owner: str, now: datetime
) -> set[int]:
    """Those that somebody else has now."""
    rows = await session.scalars(
        select(PrinterLease.printer_id)
        .where(PrinterLease.printer_id.in_(printer_ids))
        .where(PrinterLease.owner != owner, PrinterLease.expires_at >= now)
    )
    return set(rows)


async def renew_leases(
    session: WriteSession, owner: str, epochs: dict[int, int], now: datetime, ttl_s: float
) -> set[int]:
    """Push the expiry of leases still held in the epoch known; the printers lost are missing."""
    if not epochs:
        return set()
    kept = await session.scalars(
        update(PrinterLease)
        .where(PrinterLease.owner == owner)
        .where(tuple_(PrinterLease.printer_id, PrinterLease.epoch).in_(list(epochs.items())))
        .values(expires_at=now + timedelta(seconds=ttl_s))
        .returning(PrinterLease.printer_id)
        .execution_options(synchronize_session=False)
    )
    return set(kept)


async def holds_lease(session: WriteSession, printer_id: int, epoch: int) -> bool:
    """Whether nobody else became the owner since; the row is locked until the commit."""
    held = await session.scalar(
        select(PrinterLease.printer_id)
        .where(PrinterLease.printer_id == printer_id, PrinterLease.epoch == epoch)
        .with_for_update()
    )
    return held is not None


async def release_leases(session: WriteSession, owner: str, now: datetime) -> None:
    await session.execute(
        update(PrinterLease).where(PrinterLease.owner == owner).values(expires_at=now)
    )


async def list_commands(
    session: AnySession, ctx: Actor, printer_id: int, limit: int = 100
) -> list[PrinterCommand]:
    """The latest first."""
    rows = await session.scalars(
        select(PrinterCommand)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.printer_id == printer_id)
        .order_by(PrinterCommand.id.desc())
        .limit(limit)
    )
    return list(rows)


async def list_open_commands(session: AnySession, printer_id: int) -> list[PrinterCommand]:
    """For the link owner: what is not settled yet, oldest first."""
    rows = await session.scalars(
        select(PrinterCommand)
        .where(PrinterCommand.printer_id == printer_id, PrinterCommand.status.in_(OPEN_COMMANDS))
        .order_by(PrinterCommand.id)
        .execution_options(populate_existing=True, **CROSS_TENANT)
    )
    return list(rows)


async def list_unsettled(session: AnySession, printer_ids: Collection[int]) -> list[PrinterCommand]:
    """The same of many printers at once, for the runner."""
    rows = await session.scalars(
        select(PrinterCommand)
        .where(PrinterCommand.printer_id.in_(printer_ids))
        .where(PrinterCommand.status.in_(OPEN_COMMANDS))
        .order_by(PrinterCommand.id)
        .execution_options(populate_existing=True, **CROSS_TENANT)
    )
    return list(rows)


async def send_command(
    session: WriteSession,
    command_id: int,
    organization_id: int,
    printer_id: int,
    epoch: int,
    now: datetime,
) -> PrinterCommand | None:
    """Claim a pending command for sending; None when it expired, was taken, or our lease is
    older."""
    lease = (
        select(PrinterLease.printer_id)
        .where(PrinterLease.printer_id == printer_id, PrinterLease.epoch == epoch)
        .exists()
    )
    command: PrinterCommand | None = await session.scalar(
        update(PrinterCommand)
        .where(PrinterCommand.id == command_id, PrinterCommand.organization_id == organization_id)
        .where(
            PrinterCommand.status == CommandStatus.PENDING, PrinterCommand.expires_at > now, lease
        )
        .values(status=CommandStatus.SENT, epoch=epoch, sent_at=now)
        .returning(PrinterCommand)
        .execution_options(populate_existing=True)
    )
    return command


async def find_start(
    session: AnySession, ctx: Actor, printer_id: int, device_job_id: str
) -> PrinterCommand | None:
    """The command that started this job on this printer; None when it was not sent from here."""
    command: PrinterCommand | None = await session.scalar(
        select(PrinterCommand)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.printer_id == printer_id)
        .where(PrinterCommand.device_job_id == device_job_id)
    )
    return command


async def list_job_names(
    session: AnySession, ctx: Actor, device_job_ids: Collection[str]
) -> dict[str, str]:
    """What we called the jobs that we started, by the id that the device reports."""
    if not device_job_ids:
        return {}
    rows = await session.execute(
        select(PrinterCommand.device_job_id, PrinterCommand.arguments)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.device_job_id.in_(device_job_ids))
    )
    return {str(device_job_id): str(told.get("job_name", "")) for device_job_id, told in rows}


async def settle_start_command(
    session: WriteSession,
    ctx: Actor,
    device_job_id: str,
    status: CommandStatus,
    detail: str,
    now: datetime,
) -> None:
    """End the start of one job from outside its link; nothing when it had ended before."""
    await session.execute(
        update(PrinterCommand)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.device_job_id == device_job_id)
        .where(PrinterCommand.status.in_(OPEN_COMMANDS))
        .values(status=status, detail=detail[:500], completed_at=now)
        .execution_options(synchronize_session=False)
    )


async def settle_command(
    session: WriteSession,
    organization_id: int,
    command_id: int,
    status: CommandStatus,
    detail: str | None,
    now: datetime,
) -> PrinterCommand | None:
    """End a command; None when it had ended before."""
    command: PrinterCommand | None = await session.scalar(
        update(PrinterCommand)
        .where(PrinterCommand.id == command_id, PrinterCommand.organization_id == organization_id)
        .where(PrinterCommand.status.in_(OPEN_COMMANDS))
        .values(status=status, detail=detail[:500] if detail else None, completed_at=now)
        .returning(PrinterCommand)
        .execution_options(populate_existing=True)
    )
    return command
