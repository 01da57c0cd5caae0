"""What crosses between an agent's journal and the server: facts as JSON, by kind. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shopwright.fleet.events import CommandSettled, DeviceJobReported, DeviceShowsJob, StartPhase
from shopwright.fleet.models import Printer, PrinterSlot
from shopwright.fleet.port import Slot
from shopwright.fleet.states import (
    Activity,
    CommandStatus,
    ConnectionState,
    ControlAccess,
    Outcome,
    StartResult,
)


class DeviceState(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a printer that its link owner writes, and its slots."""

    connection: ConnectionState
    activity: Activity
    outcome: Outcome
    control: ControlAccess
    device_job_id: str | None
    device_job_name: str | None
    firmware: str | None
    model: str | None
    serial: str | None
    fingerprint: str | None
    has_storage: bool | None
    nozzle_um: int
    trouble: str | None
    faults: list[Any]
    last_seen_at: datetime | None
    updated_at: datetime
    slots: tuple[Slot, ...] = ()


class StartEnded(msgspec.Struct, frozen=True):
    """How a start ended: its command's status tells a refusal from what was never sent."""

    command_id: int
    status: CommandStatus
    result: StartResult
    sentence: str
    settled_at: datetime


Fact = DeviceState | StartEnded | StartPhase | DeviceJobReported | DeviceShowsJob | CommandSettled

KINDS: dict[str, type[Fact]] = {
    "printer.state": DeviceState,
    "start.ended": StartEnded,
    "start.phase": StartPhase,
    "job.reported": DeviceJobReported,
    "job.shown": DeviceShowsJob,
    "command.settled": CommandSettled,
}
NAMES = {kind: name for name, kind in KINDS.items()}
TIMES = ("last_seen_at", "updated_at", "settled_at", "observed_at")
LEARNED = frozenset({"model", "serial", "fingerprint", "firmware"})  # never unlearned


@dataclass(frozen=True, slots=True)
class Told:
    """One fact as it crosses."""

    sequence: int
    printer_id: int
    fact: Fact


def encode(fact: Fact) -> tuple[str, str]:
    """Its kind and its content."""
    return NAMES[type(fact)], msgspec.json.encode(fact).decode()


def decode(kind: str, content: Any) -> Fact:
    """From a JSON value. Raises ValueError for a kind or a content that nobody here knows."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of event")
    fact: Fact = msgspec.convert(content, KINDS[kind], strict=False)
    moments = [getattr(fact, name, None) for name in TIMES]
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        raise ValueError("a moment has no time zone")
    return fact


def shifted(fact: Fact, by: timedelta) -> Fact:
    """Its moments on another clock."""
    changes = {
        name: getattr(fact, name) + by for name in TIMES if getattr(fact, name, None) is not None
    }
    if not changes:
        return fact
    if isinstance(fact, msgspec.Struct):
        return msgspec.structs.replace(fact, **changes)
    return replace(fact, **changes)


def state_of(printer: Printer, slots: list[PrinterSlot]) -> DeviceState:
    columns = {
        name: getattr(printer, name) for name in DeviceState.__struct_fields__ if name != "slots"
    }
    return DeviceState(**columns, slots=tuple(_slot_of(slot) for slot in slots))


def copy_state(state: DeviceState, printer: Printer) -> None:
    """Into a row; what was learned of the printer before stays."""
    for name in DeviceState.__struct_fields__:
        if name == "slots":
            continue
        value = getattr(state, name)
        if name in LEARNED:
            value = (
                (value or printer.firmware)
                if name == "firmware"
                else (getattr(printer, name) or value)
            )
        setattr(printer, name, value)


def slot_rows(state: DeviceState, organization_id: int, printer_id: int) -> list[dict[str, Any]]:
    return [
        {
            "organization_id": organization_id,
            "printer_id": printer_id,
            "synced_at": state.updated_at,
            **{name: getattr(slot, name) for name in SLOT_FIELDS},
        }
        for slot in state.slots
    ]


SLOT_FIELDS = tuple(Slot.__dataclass_fields__)


def _slot_of(slot: PrinterSlot) -> Slot:
    return Slot(**{name: getattr(slot, name) for name in SLOT_FIELDS})
