"""Machines with their health in words, their sessions and the money they took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts.models import ApiKey
from shopwright.kernel.actor import Actor
from shopwright.kiosk import queries as sessions
from shopwright.kiosk.machines import queries, service
from shopwright.kiosk.machines.queries import AnySession
from shopwright.kiosk.models import KioskSession, Machine, MachineTaking
from shopwright.kiosk.states import OPEN, SessionStatus, TakingOutcome
from shopwright.orders.models import Order
from shopwright.web.pips import Pip

ONLINE = Pip("online", "green", "circle-check")
SILENT = Pip("not heard of", "red", "plug-connected-x")
NEW = Pip("never heard of", "grey", "clock")
OFF = Pip("switched off", "grey", "ban")

SESSIONS: Mapping[SessionStatus, Pip] = {
    SessionStatus.ACTIVE: Pip("open", "blue", "qrcode"),
    SessionStatus.DESIGNING: Pip("designing", "blue", "palette"),
    SessionStatus.PAYMENT_PENDING: Pip("waits for the money", "amber", "credit-card"),
    SessionStatus.PAYMENT_COMPLETED: Pip("paid", "green", "circle-check"),
    SessionStatus.COMPLETED: Pip("done", "green", "check"),
    SessionStatus.PAYMENT_FAILED: Pip("not paid", "red", "alert-triangle"),
    SessionStatus.EXPIRED: Pip("over", "grey", "clock"),
    SessionStatus.CANCELLED: Pip("ended", "grey", "x"),
}
OUTCOMES: Mapping[TakingOutcome, Pip] = {
    TakingOutcome.ACCEPTED: Pip("taken", "green", "check"),
    TakingOutcome.WRONG_AMOUNT: Pip("another amount", "red", "alert-triangle"),
    TakingOutcome.PAID_ALREADY: Pip("paid before", "red", "alert-triangle"),
    TakingOutcome.NOTHING_TO_PAY: Pip("nothing to pay", "red", "alert-triangle"),
    TakingOutcome.NOT_POSSIBLE: Pip("order stopped", "red", "alert-triangle"),
}


@dataclass(frozen=True, slots=True)
class MachineRow:
    machine: Machine
    key: ApiKey | None
    live: int
    is_online: bool

    @property
    def pip(self) -> Pip:
        if not self.machine.is_active:
            return OFF
        if self.machine.last_heartbeat_at is None:
            return NEW
        return ONLINE if self.is_online else SILENT


@dataclass(frozen=True, slots=True)
class SessionRow:
    row: KioskSession
    order: Order | None
    is_open: bool

    @property
    def pip(self) -> Pip:
        return SESSIONS[self.row.status]


@dataclass(frozen=True, slots=True)
class TakingRow:
    taking: MachineTaking

    @property
    def pip(self) -> Pip:
        return OUTCOMES[self.taking.outcome]


async def list_machines(session: AnySession, ctx: Actor, now: datetime) -> list[MachineRow]:
    return await _rows(session, ctx, await queries.list_machines(session, ctx), now)


async def read_machine(
    session: AnySession, ctx: Actor, machine: Machine, now: datetime
) -> MachineRow:
    (row,) = await _rows(session, ctx, [machine], now)
    return row


async def list_takings(session: AnySession, ctx: Actor, machine_id: int) -> list[TakingRow]:
    return [TakingRow(row) for row in await sessions.list_takings(session, ctx, machine_id, 50)]


def session_rows(
    found: Sequence[tuple[KioskSession, Order | None]], now: datetime
) -> list[SessionRow]:
    return [
        SessionRow(row, order, row.status in OPEN and row.expires_at > now) for row, order in found
    ]


async def _rows(
    session: AnySession, ctx: Actor, found: Sequence[Machine], now: datetime
) -> list[MachineRow]:
    keys = await queries.find_keys(session, ctx, [m.key_id for m in found if m.key_id is not None])
    live = await queries.count_live(session, ctx, [m.id for m in found], now)
    return [
        MachineRow(
            machine,
            keys.get(machine.key_id or 0),
            live.get(machine.id, 0),
            service.is_online(machine, now),
        )
        for machine in found
    ]
