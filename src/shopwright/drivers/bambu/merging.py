"""Merging status pushes into one snapshot. X1 pushes everything; P1 and A1 send deltas."""

from collections.abc import Mapping

from shopwright.drivers.bambu.slots import is_cleared, spool_bits
from shopwright.drivers.bambu.values import as_object, as_objects

KEYED_LISTS = frozenset({"ams", "tray"})  # by id; every other list is replaced whole
MOST_LEVELS = 12  # real pushes nest 6 deep

Fields = dict[str, object]


def merge_push(state: Fields, fields: Mapping[str, object], *, is_full: bool) -> None:
    """Merge a push into ``state`` in place. A missing key keeps its value."""
    _merge(state, fields, is_full, MOST_LEVELS)
    _forget_removed_spools(as_object(state.get("ams")))


def _merge(state: Fields, change: Mapping[str, object], is_full: bool, levels: int) -> None:
    for key, value in change.items():
        known = state.get(key)
        if levels and isinstance(value, dict) and isinstance(known, dict):
            _merge(known, value, is_full, levels - 1)
        elif levels and key in KEYED_LISTS and isinstance(value, list) and isinstance(known, list):
            state[key] = _merge_keyed(known, value, is_full, levels - 1)
        else:
            state[key] = value


def _merge_keyed(
    known: list[object], change: list[object], is_full: bool, levels: int
) -> list[Fields]:
    """A full push lists every unit and tray, so what it leaves out is gone."""
    before = {str(entry.get("id")): entry for entry in as_objects(known)}
    merged: dict[str, Fields] = {} if is_full else dict(before)
    for entry in as_objects(change):
        identity = str(entry.get("id"))
        old = before.get(identity)
        if old is None or _is_bare(entry, is_full):
            merged[identity] = entry
        else:
            _merge(old, entry, is_full, levels)
            merged[identity] = old
    return list(merged.values())


def _is_bare(entry: Mapping[str, object], is_full: bool) -> bool:
    """An emptied tray comes as its id alone, in a full push perhaps with its state."""
    return entry.keys() <= ({"id", "state"} if is_full else {"id"})


def _forget_removed_spools(ams: Mapping[str, object]) -> None:
    """A spool put in later must not inherit what the one before it was."""
    bits = spool_bits(ams)
    if bits is None:
        return
    for unit in as_objects(ams.get("ams")):
        for tray in as_objects(unit.get("tray")):
            if is_cleared(bits, unit.get("id"), tray.get("id")):
                identity = tray.get("id")
                tray.clear()
                tray["id"] = identity
