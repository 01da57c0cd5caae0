"""The JSON members of a sliced 3MF. Only the wanted keys are built; the rest is skipped unread."""

from typing import TypeVar

import msgspec

from shopwright.print_files.sliced_file import UnreadablePrintFile
from shopwright.print_files.slicer_values import MAX_FILAMENTS, clean_name

MAX_JSON_BYTES = 4_000_000  # 50 KB are usual; a hostile list of this size still costs only 50 MB

# Every value is a string or a list of strings today; single numbers are taken as well.
Words = str | float | list[str | float | None] | None
Member = TypeVar("Member", bound=msgspec.Struct)


class ProjectSettings(msgspec.Struct, frozen=True):
    """``Metadata/project_settings.config``."""

    printer_model: Words = None
    nozzle_diameter: Words = None
    filament_type: Words = None
    filament_colour: Words = None
    filament_ids: Words = None
    filament_settings_id: Words = None
    filament_density: Words = None
    filament_diameter: Words = None
    curr_bed_type: Words = None


class PlateSummary(msgspec.Struct, frozen=True):
    """``Metadata/plate_N.json``."""

    bed_type: Words = None


def read_json_member(content: bytes, kind: type[Member], *, name: str) -> Member:
    """Raises UnreadablePrintFile when it is not JSON of that shape."""
    try:
        content.decode("utf-8")  # the decoder does not look into what it skips
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
        raise UnreadablePrintFile(
            f"{name} is not the JSON that slicers write: {clean_name(str(err))}."
        ) from err


def words_of(value: Words) -> tuple[str, ...]:
    """One string per filament or nozzle; raises UnreadablePrintFile beyond what machines have."""
    entries = value if isinstance(value, list) else [value]
    if len(entries) > MAX_FILAMENTS:
        raise UnreadablePrintFile(
            f"The file lists {len(entries):,} filaments; printers have at most {MAX_FILAMENTS}."
        )
    if entries == [None]:
        return ()
    return tuple("" if entry is None else clean_name(str(entry)) for entry in entries)


def word_at(words: tuple[str, ...], index: int) -> str | None:
    """The entry of project filament ``index`` (from 1), None where there is none or it is empty."""
    return (words[index - 1] or None) if index <= len(words) else None
