"""Machines: registered by people or by the manufacturer, each with one key of its own."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shopwright.accounts import audit, keys
from shopwright.kernel import events
from shopwright.kernel.actor import Actor, Role, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.kiosk import rules
from shopwright.kiosk.events import MachineHeard, MachineSilent
from shopwright.kiosk.machines import queries
from shopwright.kiosk.machines.queries import AnySession
from shopwright.kiosk.models import Machine
from shopwright.kiosk.states import MoneyPath

KIOSK = "kiosk"  # the scope of a machine's key
SILENT_AFTER = timedelta(minutes=5)
TOPIC = "machines"


class MachineExists(Conflict):
    code = "machine-exists"
    title = "There is a machine with this id already"


class MachineOff(Conflict):
    code = "machine-off"
    title = "This machine is switched off"


class NotTheMachine(Forbidden):
    code = "not-the-machine"
    title = "This is for the machine alone"


@dataclass(frozen=True, slots=True)
class NewMachineKey:
    """``secret`` is shown in this one answer only."""

    machine: Machine
    secret: str


async def get_machine(session: AnySession, ctx: Actor, ref: Ref) -> Machine:
    """Raises NotFound."""
    found = await queries.find_machine(session, ctx, ref)
    if found is None:
        raise NotFound(f"There is no machine {ref}.")
    return found


async def get_by_code(session: AnySession, ctx: Actor, code: str) -> Machine:
    """By the id that stands on it and in its QR codes; raises NotFound."""
    found = await queries.find_by_code(session, ctx, code.strip())
    if found is None:
        raise NotFound(f"There is no machine {code[:50]!r}.")
    return found


async def get_caller(session: AnySession, ctx: Actor) -> Machine:
    """The machine that calls, also one that is switched off. Raises NotTheMachine for people and
    other keys."""
    found = await queries.find_by_key(session, ctx) if ctx.key_id is not None else None
    if found is None:
        raise NotTheMachine("Only a machine may ask this, with the key that was made for it.")
    return found


async def get_own(session: AnySession, ctx: Actor) -> Machine:
    """The same; raises MachineOff as well."""
    found = await get_caller(session, ctx)
    if not found.is_active:
        raise MachineOff(f"{found.name} is switched off. Switch it on at its page first.")
    return found


async def get_named(session: AnySession, ctx: Actor, code: str | None) -> Machine:
    """The calling machine, which must be the named one: a key speaks for its machine alone."""
    named = await get_by_code(session, ctx, code) if code is not None else None
    own = await get_own(session, ctx)
    if named is not None and named.id != own.id:
        raise NotTheMachine(f"This key is of {own.code}, not of {named.code}.")
    return own


async def register_machine(
    session: WriteSession,
    ctx: Actor,
    *,
    code: str,
    name: str = "",
    location: str = "",
    qr_config: dict[str, Any] | None = None,
    is_active: bool = True,
    money_path: MoneyPath = MoneyPath.MANUFACTURER,
    now: datetime,
) -> Machine:
    """Without a key; it needs one before it can open sessions. Raises Invalid, MachineExists."""
    code = rules.check_machine_code(code)
    if await queries.find_by_code(session, ctx, code) is not None:
        raise MachineExists(f"There is a machine {code} already.", machine_id=code)
    machine = Machine(
        organization_id=ctx.organization_id,
        code=code,
        name=rules.clean_text(name, 200) or code,
        location=rules.clean_text(location, 200),
        qr_config=rules.check_qr_config(qr_config or {}),
        is_active=is_active,
        money_path=money_path,
        updated_at=now,
    )
    session.add(machine)
    await session.flush()
    audit.record(session, ctx, "machine.registered", machine.id, code=code)
    touch(session, ctx.organization_id, TOPIC, machine.id)
    return machine


async def update_machine(
    session: WriteSession,
    ctx: Actor,
    machine: Machine,
    *,
    name: str | None = None,
    location: str | None = None,
    qr_config: dict[str, Any] | None = None,
    is_active: bool | None = None,
    money_path: MoneyPath | None = None,
    now: datetime,
) -> Machine:
    """None leaves a member as it is. Switched off, it opens no sessions; those it has go on."""
    if name is not None:
        machine.name = rules.clean_text(name, 200) or machine.code
    if location is not None:
        machine.location = rules.clean_text(location, 200)
    if qr_config is not None:
        machine.qr_config = rules.check_qr_config(qr_config)
    if is_active is not None:
        machine.is_active = is_active
    if money_path is not None:
        machine.money_path = money_path
    machine.updated_at = now
    await session.flush()
    audit.record(session, ctx, "machine.changed", machine.id, is_active=machine.is_active)
    touch(session, ctx.organization_id, TOPIC, machine.id)
    return machine


async def issue_key(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> NewMachineKey:
    """A new key; the one before ends at once. The key is the machine's and not its maker's: it
    goes on when that person leaves."""
    if ctx.key_id is not None:
        raise Forbidden("Keys are made by people, not by keys.")
    ctx.require(Role.ADMIN)
    machine = await get_machine(session, ctx, ref)
    await _end_key(session, ctx, machine, now)
    made = await keys.create_key(
        session,
        system_actor(ctx.organization_id, ctx.name),
        name=f"Machine {machine.code}",
        role=Role.MEMBER,
        scopes=[KIOSK],
        expires_at=None,
    )
    machine.key_id = made.key.id
    await session.flush()
    audit.record(session, ctx, "machine.key_made", machine.id, key_id=made.key.id)
    touch(session, ctx.organization_id, TOPIC, machine.id)
    return NewMachineKey(machine, made.secret)


async def revoke_key(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> Machine:
    """The machine and its screen can do nothing more; raises Invalid when it has no key."""
    machine = await get_machine(session, ctx, ref)
    if machine.key_id is None:
        raise Invalid(f"{machine.name} has no key.")
    await _end_key(session, ctx, machine, now)
    await session.flush()
    touch(session, ctx.organization_id, TOPIC, machine.id)
    return machine


async def _end_key(session: WriteSession, ctx: Actor, machine: Machine, now: datetime) -> None:
    if machine.key_id is None:
        return
    with suppress(NotFound):  # somebody ended the key alone before
        await keys.revoke_key(session, ctx, Ref(machine.key_id, None), now)
    audit.record(session, ctx, "machine.key_ended", machine.id, key_id=machine.key_id)
    machine.key_id = None


async def record_heartbeat(
    session: WriteSession, ctx: Actor, machine: Machine, now: datetime
) -> None:
    """It is there; told to others only when it was thought silent."""
    was_unheard = machine.last_heartbeat_at is None
    back = await queries.set_heard(session, ctx, machine.id, now)
    if back is not None:
        heard = MachineHeard(ctx.organization_id, back.id, back.name, back.location)
        await events.publish(session, heard)
    if back is not None or was_unheard:
        touch(session, ctx.organization_id, TOPIC, machine.id)


async def record_silence(session: WriteSession, ctx: Actor, machine_id: int, now: datetime) -> bool:
    """Say once that nothing is heard of it; False when it was heard after all."""
    silent = await queries.set_silent(session, ctx, machine_id, now - SILENT_AFTER)
    if silent is None or silent.last_heartbeat_at is None:
        return False
    event = MachineSilent(
        ctx.organization_id, silent.id, silent.name, silent.location, silent.last_heartbeat_at
    )
    await events.publish(session, event)
    touch(session, ctx.organization_id, TOPIC, machine_id)
    return True


def is_online(machine: Machine, now: datetime) -> bool:
    """Whether it was heard lately."""
    heard = machine.last_heartbeat_at
    return machine.is_active and heard is not None and now - heard < SILENT_AFTER
