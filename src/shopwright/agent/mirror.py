"""Writes what the server hands out into the journal, under the server's own ids, so that the same
runner finds there what it would find on the server."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import select, update

from shopwright.accounts.models import Organization
from shopwright.fleet import queries
from shopwright.fleet.agents import codec as agent_codec
from shopwright.fleet.agents.codec import DeviceState
from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.service import START_EFFECT
from shopwright.fleet.states import CommandStatus
from shopwright.kernel.actor import system_actor
from shopwright.kernel.db import Database, Installation, WriteSession, insert_for
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.live import touch

PLAIN = ("name", "brand", "driver", "host", "nozzle_um")  # the server's word counts
LEARNED = ("model", "serial")  # the device's, until somebody on the server says otherwise


async def keep_work(
    database: Database,
    work: dict[str, Any],
    now: datetime,
    kept: Mapping[int, dict[str, Any]] = MappingProxyType({}),
) -> None:
    """Printers as they are now, and commands never seen before; one seen before is never run
    again, whatever became of it. ``kept`` are printers as they were told and kept last."""
    organization_id = int(work["organization_id"])
    async with database.write() as session:
        await _keep_organization(session, organization_id, now)
        for told in work["printers"]:
            if not _is_kept(told, kept.get(told["id"])):
                await _keep_printer(session, organization_id, told, now)
        await _drop_others(session, organization_id, {told["id"] for told in work["printers"]})
        for told in work["commands"]:
            await _keep_command(session, organization_id, told, now)


def _is_kept(told: dict[str, Any], before: dict[str, Any] | None) -> bool:
    """What the server knows of its state is told for a new one only."""
    return before is not None and {**told, "state": None} == {**before, "state": None}


async def _keep_organization(session: WriteSession, organization_id: int, now: datetime) -> None:
    if await session.get(Organization, organization_id) is None:
        mirrored = Organization(
            id=organization_id, name="mirror", slug="mirror", currency="EUR", created_at=now
        )
        session.add_all([mirrored, Installation(epoch="agent", created_at=now)])
        await session.flush()


async def _keep_printer(
    session: WriteSession, organization_id: int, told: dict[str, Any], now: datetime
) -> None:
    printer = await session.scalar(
        select(Printer)
        .where(Printer.id == told["id"], Printer.organization_id == organization_id)
        .execution_options(populate_existing=True)
    )
    if printer is None:
        printer = await _add_printer(session, organization_id, told, now)
        is_other = True
    else:
        is_other = _follow(session, printer, told)
    if is_other:
        await session.flush()
        touch(session, organization_id, "printer_setup", printer.id)


async def _add_printer(
    session: WriteSession, organization_id: int, told: dict[str, Any], now: datetime
) -> Printer:
    """With what the server knows of the device: the first report is compared with it."""
    state = msgspec.convert(told["state"], DeviceState, strict=False)
    printer = Printer(
        id=told["id"],
        uuid=told["uuid"],
        organization_id=organization_id,
        ports=told["ports"],
        access_code=session.context.vault.encrypt(told["access_code"]),
        updated_at=now,
        **{name: told[name] for name in (*PLAIN, *LEARNED, "fingerprint")},
    )
    agent_codec.copy_state(state, printer)
    session.add(printer)
    await session.flush()
    rows = agent_codec.slot_rows(state, organization_id, printer.id)
    ctx = system_actor(organization_id, "agent")
    await queries.upsert_slots(session, ctx, printer.id, rows)
    return printer


def _follow(session: WriteSession, printer: Printer, told: dict[str, Any]) -> bool:
    """Whether anything is other than before."""
    vault = session.context.vault
    changes = {name: told[name] for name in PLAIN} | {"ports": told["ports"], "is_active": True}
    changes |= {name: told[name] for name in LEARNED if told[name] is not None}
    if told["serial"] is not None and told["serial"] != printer.serial:
        changes["fingerprint"] = told["fingerprint"]
    different = {k: v for k, v in changes.items() if getattr(printer, k) != v}
    for name, value in different.items():
        setattr(printer, name, value)
    if vault.decrypt(printer.access_code) != told["access_code"]:
        printer.access_code = vault.encrypt(told["access_code"])
        return True
    return bool(different)


async def _drop_others(
    session: WriteSession, organization_id: int, printer_ids: Collection[int]
) -> None:
    """Printers that are another's now: their links close."""
    dropped = await session.scalars(
        update(Printer)
        .where(Printer.organization_id == organization_id, Printer.is_active)
        .where(Printer.id.not_in(printer_ids))
        .values(is_active=False)
        .returning(Printer.id)
    )
    for printer_id in list(dropped):
        touch(session, organization_id, "printer_setup", printer_id)


async def _keep_command(
    session: WriteSession, organization_id: int, told: dict[str, Any], now: datetime
) -> None:
    known = await session.scalar(
        select(PrinterCommand.id)
        .where(PrinterCommand.id == told["id"])
        .where(PrinterCommand.organization_id == organization_id)
    )
    if known is not None:
        return
    effect = told["effect"]
    is_sending = effect is not None and effect["status"] == EffectStatus.SENDING
    if effect is not None:
        await _keep_effect(session, organization_id, effect)
    session.add(
        PrinterCommand(
            id=told["id"],
            uuid=told["uuid"],
            organization_id=organization_id,
            printer_id=told["printer_id"],
            kind=told["kind"],
            arguments=told["arguments"],
            status=CommandStatus.SENT if is_sending else CommandStatus.PENDING,
            effect_id=effect["id"] if effect else None,
            device_job_id=told["device_job_id"],
            by=told["by"],
            expires_at=now + timedelta(seconds=told["expires_in_s"]),
        )
    )
    await session.flush()
    touch(session, organization_id, "command", told["printer_id"])


async def _keep_effect(session: WriteSession, organization_id: int, told: dict[str, Any]) -> None:
    """One that was being sent before this journal began may be printing: it is asked after, and
    never sent."""
    await session.execute(
        insert_for(session, Effect)
        .values(
            id=told["id"],
            uuid=told["uuid"],
            organization_id=organization_id,
            kind=START_EFFECT,
            key=told["key"],
            subject_id=told["subject_id"],
            status=EffectStatus(told["status"]),
            request={},
        )
        .on_conflict_do_nothing(index_elements=["id"])
    )
