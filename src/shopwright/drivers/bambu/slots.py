"""The AMS in our words: slots from 1, the external spool 0. Tray numbers of the wire stay here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shopwright.drivers.bambu.values import as_int, as_mask, as_object, as_objects, as_text, within
from shopwright.fleet.port import Slot

EXTERNAL = 0
TRAYS_PER_UNIT = 4
MOST_UNITS = 4
FIRST_HT_UNIT = 128
LAST_HT_UNIT = 135
FIRST_HT_SLOT = MOST_UNITS * TRAYS_PER_UNIT + 1
LAST_SLOT = FIRST_HT_SLOT + LAST_HT_UNIT - FIRST_HT_UNIT
UNUSED = 255
NO_COLOR = "00000000"


@dataclass(frozen=True, slots=True)
class Tray:
    """Where a slot sits on the wire."""

    unit: int
    position: int

    @property
    def number(self) -> int:
        """The global tray number of ``ams_mapping``, ``target`` and ``tray_now``."""
        if self.unit >= FIRST_HT_UNIT:
            return self.unit
        return self.unit * TRAYS_PER_UNIT + self.position


@dataclass(frozen=True, slots=True)
class Mapping2:
    """The fields of ``project_file`` that say which tray feeds which filament."""

    use_ams: bool
    ams_mapping: list[int]
    ams_mapping2: list[dict[str, int]]


def slot_number(unit: int, position: int) -> int | None:
    """None for a unit or tray that does not exist."""
    if 0 <= unit < MOST_UNITS and 0 <= position < TRAYS_PER_UNIT:
        return unit * TRAYS_PER_UNIT + position + 1
    if FIRST_HT_UNIT <= unit <= LAST_HT_UNIT and position == 0:
        return FIRST_HT_SLOT + unit - FIRST_HT_UNIT
    return None


def tray_of(slot: int) -> Tray:
    """The wire's place of an AMS slot from 1 to 24."""
    if slot >= FIRST_HT_SLOT:
        return Tray(FIRST_HT_UNIT + slot - FIRST_HT_SLOT, 0)
    return Tray(*divmod(slot - 1, TRAYS_PER_UNIT))


def map_filaments(slots: Sequence[int | None]) -> Mapping2:
    """Left-aligned: entry i is project filament i+1 (notes 1.6). External is -1 plus unit 255."""
    return Mapping2(
        use_ams=any(slots),
        ams_mapping=[tray_of(slot).number if slot else -1 for slot in slots],
        ams_mapping2=[_place(slot) for slot in slots],
    )


def read_slots(state: Mapping[str, object]) -> tuple[Slot, ...]:
    """All slots of a merged snapshot, ordered by number."""
    ams = as_object(state.get("ams"))
    present = spool_bits(ams)
    found = {slot.number: slot for slot in _ams_slots(ams, present)}
    external = _external(state)
    if external:
        found[EXTERNAL] = external
    return tuple(found[number] for number in sorted(found))


def spool_bits(ams: Mapping[str, object]) -> int | None:
    """``tray_exist_bits``, the authority on empty slots; None when it says nothing."""
    bits = as_mask(ams.get("tray_exist_bits"))
    if bits == 0 and ams.get("power_on_flag") is False:
        return None
    return bits


def is_cleared(bits: int, unit: object, position: object) -> bool:
    number = slot_number(_whole(unit), _whole(position))
    return number is not None and not bits >> (number - 1) & 1


def _place(slot: int | None) -> dict[str, int]:
    if slot is None:
        return {"ams_id": UNUSED, "slot_id": UNUSED}
    if slot == EXTERNAL:
        return {"ams_id": UNUSED, "slot_id": 0}
    tray = tray_of(slot)
    return {"ams_id": tray.unit, "slot_id": tray.position}


def _ams_slots(ams: Mapping[str, object], present: int | None) -> Iterator[Slot]:
    for unit in as_objects(ams.get("ams")):
        humidity = within(as_int(unit.get("humidity")), 1, 5)
        for tray in as_objects(unit.get("tray")):
            number = slot_number(_whole(unit.get("id")), _whole(tray.get("id")))
            if number is not None:
                yield _slot(number, tray, present, humidity)


def _whole(value: object) -> int:
    number = as_int(value)
    return -1 if number is None else number


def _slot(
    number: int, tray: Mapping[str, object], present: int | None, humidity: int | None
) -> Slot:
    material = as_text(tray.get("tray_type"))
    is_loaded = material is not None if present is None else bool(present >> (number - 1) & 1)
    if not is_loaded:
        return Slot(number, is_external=False, is_loaded=False, humidity=humidity)
    return _loaded(number, tray, humidity)


def _loaded(number: int, tray: Mapping[str, object], humidity: int | None) -> Slot:
    tag = _tag(tray)
    return Slot(
        number=number,
        is_external=number == EXTERNAL,
        is_loaded=True,
        material=as_text(tray.get("tray_type")),
        color=_color(tray.get("tray_color")),
        # Only a spool with a tag is measured; others show a meaningless figure.
        remaining_percent=within(as_int(tray.get("remain")), 0, 100) if tag else None,
        tag=tag,
        product=as_text(tray.get("tray_sub_brands")) or as_text(tray.get("tray_info_idx")),
        humidity=humidity,
    )


def _tag(tray: Mapping[str, object]) -> str | None:
    for key in ("tray_uuid", "tag_uid"):
        tag = as_text(tray.get(key))
        if tag and tag.strip("0"):
            return tag
    return None


def _color(value: object) -> str | None:
    text = (as_text(value) or "").upper()
    is_color = len(text) == len(NO_COLOR) and not text.strip("0123456789ABCDEF")
    return text[:6] if is_color and text != NO_COLOR else None


def _external(state: Mapping[str, object]) -> Slot | None:
    """The external spool has no sensor: loaded means that somebody said what it is."""
    holders = as_objects(state.get("vir_slot")) or as_objects([state.get("vt_tray")])
    if not holders:
        return None
    named = [tray for tray in holders if as_text(tray.get("tray_type"))]
    if named:
        return _loaded(EXTERNAL, named[-1], None)
    return Slot(EXTERNAL, is_external=True, is_loaded=False)
