"""The last merged picture of one printer, for pages and reports. Knows printers by id only."""

from datetime import datetime

import msgspec


class SlotView(msgspec.Struct, frozen=True):
    number: int
    is_loaded: bool
    material: str | None = None
    color: str | None = None  # RRGGBB
    remaining_percent: int | None = None


class Snapshot(msgspec.Struct, frozen=True):
    """Units: °C, seconds, percent."""

    organization_id: int
    printer_id: int
    at: datetime
    connection: str
    activity: str
    percent: float | None = None
    layer: int | None = None
    layers: int | None = None
    remaining_s: int | None = None
    stage: str | None = None
    nozzle: float | None = None
    nozzle_target: float | None = None
    bed: float | None = None
    bed_target: float | None = None
    chamber: float | None = None
    slots: tuple[SlotView, ...] = ()
    faults: tuple[str, ...] = ()
    job_name: str | None = None
    device_job_id: str | None = None
    wifi_dbm: int | None = None
    is_light_on: bool | None = None
    native: str | None = None


class LatestSnapshots:
    """What each printer said last, in this process's memory; never older than its link."""

    def __init__(self) -> None:
        self._latest: dict[int, Snapshot] = {}

    def put(self, snapshot: Snapshot) -> None:
        self._latest[snapshot.printer_id] = snapshot

    def get(self, printer_id: int) -> Snapshot | None:
        return self._latest.get(printer_id)

    def forget(self, printer_id: int) -> None:
        self._latest.pop(printer_id, None)
