"""The AMS with its trays and spools, and how the printer reports them (notes 1.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TRAYS_PER_UNIT = 4
EXTERNAL_TRAY = 254
NO_TRAY = 255
NO_TAG = "0" * 16
DEFAULT_TAG = "A1B2C3D400000100"


@dataclass(slots=True)
class Spool:
    """One roll. ``color`` is RRGGBBAA as the printer writes it; masses are milligrams."""

    type: str = "PLA"
    color: str = "0A2CA5FF"
    remaining_mg: int = 1_000_000
    capacity_mg: int = 1_000_000
    tray_info_idx: str = "GFA00"
    has_tag: bool = True  # without an RFID tag the printer does not know what remains
    tag_uid: str = DEFAULT_TAG

    def __post_init__(self) -> None:
        self.color = self.color.lstrip("#").upper().ljust(8, "F")

    @property
    def remain_percent(self) -> int:
        return self.remaining_mg * 100 // self.capacity_mg if self.has_tag else -1

    def tray(self, number: str) -> dict[str, Any]:
        return {
            "id": number,
            "tray_type": self.type,
            "tray_color": self.color,
            "cols": [self.color],
            "ctype": 0,
            "tray_info_idx": self.tray_info_idx,
            "tray_sub_brands": f"{self.type} Basic" if self.has_tag else "",
            "remain": self.remain_percent,
            "tag_uid": self.tag_uid if self.has_tag else NO_TAG,
            "tray_uuid": (self.tag_uid * 2) if self.has_tag else NO_TAG * 2,
            "tray_weight": str(self.capacity_mg // 1000),
            "tray_diameter": "1.75",
            "nozzle_temp_min": "190",
            "nozzle_temp_max": "230",
            "bed_temp": "0",
            "state": 11,
        }


@dataclass(slots=True)
class Ams:
    """Trays by global number (unit*4 + slot), the external spool, and which one feeds."""

    trays: dict[int, Spool | None]
    external: Spool | None = field(default_factory=Spool)
    tray_now: int = NO_TRAY
    version: int = 1

    @classmethod
    def of(cls, spools: Sequence[Spool | None], external: Spool | None) -> "Ams":
        """Whole units of four trays; no spools given means no AMS at all."""
        count = -(-len(spools) // TRAYS_PER_UNIT) * TRAYS_PER_UNIT
        trays = {
            number: spools[number] if number < len(spools) else None for number in range(count)
        }
        for number, spool in trays.items():
            if spool is not None and spool.tag_uid == DEFAULT_TAG:
                spool.tag_uid = f"A1B2C3D4{number + 1:06X}00"
        return cls(trays, external)

    @property
    def units(self) -> int:
        return len(self.trays) // TRAYS_PER_UNIT

    def spool(self, tray: int) -> Spool | None:
        return self.external if tray == EXTERNAL_TRAY else self.trays.get(tray)

    def put(self, tray: int, spool: Spool | None) -> None:
        """A person changes a spool; KeyError for a tray that is not there."""
        if tray == EXTERNAL_TRAY:
            self.external = spool
        elif tray in self.trays:
            self.trays[tray] = spool
        else:
            raise KeyError(f"There is no tray {tray}.")
        self.version += 1

    def report(self) -> dict[str, Any]:
        exist = sum(1 << number for number, spool in self.trays.items() if spool)
        tagged = sum(1 << number for number, spool in self.trays.items() if spool and spool.has_tag)
        return {
            "ams": [self._unit(unit) for unit in range(self.units)],
            "ams_exist_bits": f"{(1 << self.units) - 1:x}",
            "tray_exist_bits": f"{exist:x}",
            "tray_is_bbl_bits": f"{tagged:x}",
            "tray_read_done_bits": f"{exist:x}",
            "tray_reading_bits": "0",
            "tray_now": str(self.tray_now),
            "tray_tar": str(self.tray_now),
            "tray_pre": str(self.tray_now),
            "power_on_flag": True,
            "version": self.version,
        }

    def report_external(self) -> dict[str, Any]:
        if self.external is None:
            return {"id": "254", "tray_type": "", "tray_color": "00000000", "remain": 0}
        return {**self.external.tray("254"), "tag_uid": NO_TAG, "remain": 0}

    def _unit(self, unit: int) -> dict[str, Any]:
        first = unit * TRAYS_PER_UNIT
        trays = []
        for slot in range(TRAYS_PER_UNIT):
            spool = self.trays[first + slot]
            trays.append(spool.tray(str(slot)) if spool else {"id": str(slot)})
        return {
            "id": str(unit),
            "humidity": "4",
            "humidity_raw": "31",
            "temp": "24.5",
            "dry_time": 0,
            "tray": trays,
        }


def changed_units(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The delta P1 and A1 send for ``ams``: changed keys, and only changed trays by id."""
    delta = {key: value for key, value in new.items() if key != "ams" and old.get(key) != value}
    units = []
    for before, after in zip(old["ams"], new["ams"], strict=True):
        trays = [
            _changed(b, a) for b, a in zip(before["tray"], after["tray"], strict=True) if a != b
        ]
        if trays:
            units.append({"id": after["id"], "tray": trays})
    if units:
        delta["ams"] = units
    return delta


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    return {"id": after["id"], **changed}
