"""What is kept of a snapshot over time: readings in the ring, states in intervals."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from shopwright.telemetry.latest import Snapshot

ONLINE = "online"


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of a snapshot that is worth a curve; units as there."""

    connection: str
    activity: str
    percent: float | None = None
    layer: int | None = None
    remaining_s: int | None = None
    nozzle: float | None = None
    nozzle_target: float | None = None
    bed: float | None = None
    bed_target: float | None = None
    chamber: float | None = None
    device_job_id: str | None = None
    layers: int | None = None
    told: dict[str, Any] | None = None  # by a client, in its own words
    is_hearsay: bool = False  # told of a printer whose own reports are at hand


@dataclass(frozen=True, slots=True)
class Sample:
    """``seq`` counts a printer's samples from 1 for ever."""

    seq: int
    at: datetime
    reading: Reading


@dataclass(frozen=True, slots=True)
class NewSample:
    at: datetime
    reading: Reading


@dataclass(frozen=True, slots=True)
class StateChange:
    """``is_first`` since this process looks: nobody watched between the last report and ``at``."""

    state: str
    at: datetime
    is_first: bool


@dataclass(frozen=True, slots=True)
class Interval:
    state: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class WrittenInterval:
    """Ids of one printer grow; ``last_report_at`` is the printer's last, of whichever interval."""

    id: int
    printer_id: int
    state: str
    started_at: datetime
    ended_at: datetime | None
    last_report_at: datetime | None


def reading_of(snapshot: Snapshot) -> Reading:
    return Reading(
        connection=snapshot.connection,
        activity=snapshot.activity,
        percent=snapshot.percent,
        layer=snapshot.layer,
        remaining_s=snapshot.remaining_s,
        nozzle=snapshot.nozzle,
        nozzle_target=snapshot.nozzle_target,
        bed=snapshot.bed,
        bed_target=snapshot.bed_target,
        chamber=snapshot.chamber,
        device_job_id=snapshot.device_job_id,
        layers=snapshot.layers,
    )


def state_of(snapshot: Snapshot) -> str:
    """One word: what the printer does while it is online, else what its link is."""
    return snapshot.activity if snapshot.connection == ONLINE else snapshot.connection
