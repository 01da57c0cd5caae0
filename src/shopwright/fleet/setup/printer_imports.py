"""A spreadsheet of printers: looked at first, then taken in as a whole, in one transaction."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import SecretStr
from sqlalchemy import delete, select

from shopwright.accounts import audit
from shopwright.fleet import queries, service
from shopwright.fleet.addresses import WEB, url_of
from shopwright.fleet.agents import queries as agent_queries
from shopwright.fleet.agents import service as agents
from shopwright.fleet.models import Agent, Printer
from shopwright.fleet.queries import AnySession
from shopwright.fleet.service import PrinterChange, PrinterDraft
from shopwright.fleet.setup import printer_csv
from shopwright.fleet.setup.models import PrinterImport
from shopwright.fleet.setup.printer_csv import Reading, Refusal, SheetPrinter
from shopwright.kernel.actor import RANK, Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.secrets import KeyUnusable, Vault
from shopwright.kernel.tenancy import CROSS_TENANT

LISTED = 20  # imports that a page shows
# Column → member of a printer's row that it changes.
CHANGING: Mapping[str, str] = {
    "name": "name",
    "kind": "driver",
    "address": "host",
    "model": "model",
    "nozzle_mm": "nozzle_um",
    "location": "location",
    "harvest_policy": "harvest_policy",
    "maintenance_days": "maintenance_interval_days",
}


class PrinterImportOutdated(Conflict):
    code = "printer-import-outdated"
    title = "The shop has changed since the preview"


class PrinterImportRefused(Conflict):
    code = "printer-import-refused"
    title = "Some lines are refused"


class PrinterImportDone(Conflict):
    code = "printer-import-done"
    title = "This file is taken in already"


class Action(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of one line; ``changes`` are the columns that differ."""

    sheet: SheetPrinter
    action: Action
    printer: Printer | None
    agent: Agent | None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    planned: Sequence[Planned]
    refusals: Sequence[Refusal]

    def of(self, action: Action) -> list[Planned]:
        return [one for one in self.planned if one.action is action]

    @property
    def summary(self) -> dict[str, Any]:
        """For people and for programs; no code is in it."""
        counts = {action.value: len(self.of(action)) for action in Action}
        return {
            "counts": counts | {"refused": len({one.line for one in self.refusals})},
            "printers": [_shown(one) for one in self.planned],
            "refused": [
                {"line": one.line, "column": one.column, "reason": one.sentence}
                for one in self.refusals
            ],
        }

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(self.summary, sort_keys=True).encode()).hexdigest()


async def preview(
    process: Process, session: WriteSession, ctx: Actor, *, name: str, content: bytes
) -> PrinterImport:
    """Keep the file, encrypted, and what it would do. Raises SheetTooLarge or Invalid."""
    text = printer_csv.decode(content, name)
    plan = await _plan(session, ctx, await _read(text, process.settings.bambu_access_code))
    row = PrinterImport(
        organization_id=ctx.organization_id,
        name=name[:255],
        content=session.context.vault.encrypt(text),
        summary=plan.summary,
        fingerprint=plan.fingerprint,
        by=ctx.name[:120],
        created_at=process.clock.now(),
    )
    session.add(row)
    await session.flush()
    audit.record(session, ctx, "printer_import.previewed", row.id, printers=len(plan.planned))
    return row


async def get_import(
    session: AnySession, ctx: Actor, ref: Ref, *, locked: bool = False
) -> PrinterImport:
    """``locked``: of two who take it in, the second waits for the first. Raises NotFound."""
    statement = (
        select(PrinterImport)
        .where(PrinterImport.organization_id == ctx.organization_id, ref.where(PrinterImport))
        .execution_options(populate_existing=True)
    )
    row: PrinterImport | None = await session.scalar(
        statement.with_for_update() if locked else statement
    )
    if row is None:
        raise NotFound(f"There is no import {ref}.")
    return row


async def list_imports(session: AnySession, ctx: Actor) -> list[PrinterImport]:
    """The newest first."""
    rows = await session.scalars(
        select(PrinterImport)
        .where(PrinterImport.organization_id == ctx.organization_id)
        .order_by(PrinterImport.id.desc())
        .limit(LISTED)
    )
    return list(rows)


async def drop_unused(session: WriteSession, before: datetime) -> None:
    """Previews that nobody took in: they hold printers' codes."""
    await session.execute(
        delete(PrinterImport)
        .where(PrinterImport.finished_at.is_(None), PrinterImport.created_at < before)
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )


async def remove_import(session: WriteSession, ctx: Actor, ref: Ref) -> None:
    """Forget the file; printers stay. Raises NotFound."""
    row = await get_import(session, ctx, ref)
    await session.execute(
        delete(PrinterImport).where(
            PrinterImport.id == row.id, PrinterImport.organization_id == ctx.organization_id
        )
    )


async def take_in(
    process: Process, session: WriteSession, ctx: Actor, *, ref: Ref, skip_refused: bool
) -> PrinterImport:
    """All of it, or nothing. Raises NotFound, PrinterImportDone, PrinterImportRefused when lines
    are refused and not to be skipped, or PrinterImportOutdated."""
    row = await get_import(session, ctx, ref, locked=True)
    if row.finished_at is not None:
        raise PrinterImportDone(f"{row.name} was taken in already.")
    text = session.context.vault.decrypt(row.content)
    plan = await _plan(session, ctx, await _read(text, process.settings.bambu_access_code))
    if plan.fingerprint != row.fingerprint:
        raise PrinterImportOutdated(
            "Printers have changed since you looked. Choose the file again and look at it anew."
        )
    if plan.refusals and not skip_refused:
        raise PrinterImportRefused(
            f"{plan.summary['counts']['refused']} lines are refused, so nothing was taken in. Mend "
            "the file, or skip them."
        )
    now = process.clock.now()
    for one in plan.planned:
        await _apply(session, ctx, one, now)
    row.new_count, row.changed_count = len(plan.of(Action.NEW)), len(plan.of(Action.CHANGED))
    row.content, row.finished_at = "", now
    await session.flush()
    audit.record(
        session, ctx, "printer_import.done", row.id, new=row.new_count, changed=row.changed_count
    )
    return row


async def _read(text: str, common_code: SecretStr | None) -> Reading:
    return await asyncio.to_thread(printer_csv.read, text, common_code)


async def _plan(session: WriteSession, ctx: Actor, reading: Reading) -> Plan:
    known = await queries.list_printers(session, ctx)
    by_name = {agent.name: agent for agent in await agent_queries.list_agents(session, ctx)}
    planned: list[Planned] = []
    refusals = list(reading.refusals)
    for sheet in reading.printers:
        agent = by_name.get(sheet.agent)
        refusal = _refuse_agent(ctx, sheet, agent, by_name)
        if refusal is not None:
            refusals.append(refusal)
            continue
        printer = _find(sheet, known)
        changes = _changes(sheet, printer, agent, session.context.vault) if printer else ()
        action = Action.CHANGED if changes else Action.UNCHANGED
        planned.append(
            Planned(sheet, action if printer else Action.NEW, printer, agent, tuple(changes))
        )
    return Plan(planned, sorted(refusals))


def _refuse_agent(
    ctx: Actor, sheet: SheetPrinter, agent: Agent | None, by_name: Mapping[str, Agent]
) -> Refusal | None:
    if not sheet.agent:
        return None
    if RANK[ctx.role] < RANK[Role.ADMIN]:
        sentence = "Only administrators give printers to agents."
        return Refusal(sheet.line, "agent", sentence)
    if agent is None:
        names = ", ".join(by_name) or "none"
        sentence = f"There is no agent {sheet.agent[:40]!r}; there are: {names}."
        return Refusal(sheet.line, "agent", sentence)
    return None


def _find(sheet: SheetPrinter, known: Sequence[Printer]) -> Printer | None:
    """Of the same serial; without one, at the same address."""
    draft = sheet.draft
    for printer in known:
        if draft.serial:
            if printer.serial == draft.serial:
                return printer
        elif draft.host:
            same_way = (printer.driver, printer.ports) == (draft.driver, draft.ports or {})
            if printer.host == draft.host and same_way:
                return printer
        elif printer.name == draft.name and printer.driver == draft.driver:
            return printer
    return None


def _changes(sheet: SheetPrinter, printer: Printer, agent: Agent | None, vault: Vault) -> list[str]:
    """The filled columns that say something else than what is known."""
    draft = sheet.draft
    changed = [
        column
        for column, member in CHANGING.items()
        if column in sheet.said and getattr(draft, member) != getattr(printer, member)
    ]
    if "address" in sheet.said and "address" not in changed and _other_ports(draft, printer):
        changed.append("address")
    if "access_code" in sheet.said and draft.access_code != _code_of(printer, vault):
        changed.append("access_code")
    if agent is not None and printer.agent_id != agent.id:
        changed.append("agent")
    return changed


def _code_of(printer: Printer, vault: Vault) -> str | None:
    """None for one that nobody can read any more: the file brings a new one."""
    try:
        return vault.decrypt(printer.access_code)
    except KeyUnusable:
        return None


def _other_ports(draft: PrinterDraft, printer: Printer) -> bool:
    """Ports that stand in no address are not the file's to take away."""
    told = draft.ports or {}
    return any(printer.ports.get(name) != port for name, port in told.items())


async def _apply(session: WriteSession, ctx: Actor, one: Planned, now: datetime) -> None:
    if one.action is Action.UNCHANGED:
        return
    if one.printer is None:
        printer = await service.register_printer(session, ctx, draft=one.sheet.draft, now=now)
    else:
        printer = await service.update_printer(
            session,
            ctx,
            ref=Ref(one.printer.id, None),
            change=_change(one, one.printer),
            now=now,
        )
    if one.agent is not None and printer.agent_id != one.agent.id:
        await _give(session, ctx, printer, one.agent, now)


async def _give(
    session: WriteSession, ctx: Actor, printer: Printer, agent: Agent, now: datetime
) -> None:
    own = Ref(printer.id, None)
    if printer.agent_id is not None:
        holder = Ref(printer.agent_id, None)
        await agents.release_printer(session, ctx, ref=holder, printer_ref=own, now=now)
    await agents.assign_printer(session, ctx, ref=Ref(agent.id, None), printer_ref=own, now=now)


def _change(one: Planned, printer: Printer) -> PrinterChange:
    draft = one.sheet.draft
    values = {CHANGING[c]: getattr(draft, CHANGING[c]) for c in one.changes if c in CHANGING}
    change = PrinterChange(**values)
    if "address" in one.changes:
        change = replace(change, ports={**printer.ports, **(draft.ports or {})})
    if "access_code" in one.changes:
        change = replace(change, access_code=draft.access_code)
    return change


def _address(draft: PrinterDraft) -> str:
    """With the port that stood in it."""
    ports = draft.ports or {}
    return url_of(draft.host, ports) or "" if ports.keys() & WEB else draft.host


def _shown(one: Planned) -> dict[str, Any]:
    draft = one.sheet.draft
    return {
        "line": one.sheet.line,
        "action": one.action.value,
        "name": draft.name,
        "kind": draft.driver,
        "address": _address(draft),
        "serial": draft.serial,
        "model": draft.model,
        "agent": one.agent.name if one.agent else None,
        "printer_id": one.printer.id if one.printer else None,
        "changes": list(one.changes),
    }
