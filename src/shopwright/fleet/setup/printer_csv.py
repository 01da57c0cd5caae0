"""Printers in a spreadsheet: one line each, judged by the API's own bodies. Pure reading."""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr, ValidationError

from shopwright.fleet.addresses import CONNECTIONS, LAN
from shopwright.fleet.schemas import PrinterCreate
from shopwright.fleet.service import PrinterDraft
from shopwright.kernel import sheets
from shopwright.kernel.errors import Invalid, TooLarge
from shopwright.kernel.sheets import Line, Problems

MAX_BYTES = 1_000_000
MAX_PRINTERS = 500
SHOWN = 40  # characters of a wrong value
MAX_CELL = 300

# Column → member of a printer's body.
MEMBERS: Mapping[str, str] = {
    "name": "name",
    "kind": "connection_type",
    "address": "host",
    "serial": "serial",
    "access_code": "access_code",
    "model": "model",
    "nozzle_mm": "nozzle_mm",
    "location": "location",
    "harvest_policy": "harvest_policy",
    "maintenance_days": "maintenance_interval_days",
}
COLUMNS = (*MEMBERS, "agent")
COLUMN_OF = {member: column for column, member in MEMBERS.items()}
KINDS = ", ".join(CONNECTIONS)
SENTENCES = {
    "name": "A printer's name has 1 to 100 characters.",
    "kind": f"{{value!r}} is no kind of printer. Known are {KINDS}.",
    "address": "{value!r} is no address. Write a name or numbers, like 192.168.1.20.",
    "serial": "{value!r} is no serial number: it has letters and digits only, at most 64.",
    "access_code": "A key or an access code has at most 100 characters.",
    "model": "A model has at most 60 characters.",
    "nozzle_mm": "{value!r} is no nozzle. Write its width in mm, like 0.4; at most 2.",
    "location": "A place has at most 100 characters.",
    "harvest_policy": "Plates are cleared by a person (ask) or by the printer (automatic).",
    "maintenance_days": "{value!r} is no number of days from 1 to 3650.",
}
EXAMPLE = (
    COLUMNS,
    ("Shelf 1 left", "bambu_lan", "192.168.1.21", "01P00A123400001", "12345678", "P1S", "0.4",
     "Shelf 1", "ask", "30", ""),
    ("Workhorse", "octoprint", "http://192.168.1.40:5000", "", "octoprint-application-key", "MK4",
     "0.6", "Bench", "ask", "60", ""),
    ("Voron", "moonraker", "192.168.1.41", "", "", "Voron 2.4 300", "0.4", "Bench", "ask", "60",
     "Attic"),
)  # fmt: skip


class SheetTooLarge(TooLarge):
    code = "printer-sheet-too-large"
    title = "This file has too much"


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """What is wrong with a line; ``column`` is empty where it is the line as a whole."""

    line: int
    column: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SheetPrinter:
    """One line. ``said`` are the columns that are filled in; of a printer that is known the others
    stay as they are. ``agent`` is a name, empty where the server drives it."""

    line: int
    draft: PrinterDraft
    said: frozenset[str]
    agent: str

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from the other lines: its serial, else the way to it."""
        draft = self.draft
        if draft.serial:
            return ("serial", draft.serial)
        ports = sorted((draft.ports or {}).items())
        return (draft.driver, draft.host, str(ports)) if draft.host else ("name", draft.name)


@dataclass(slots=True)
class Reading:
    printers: list[SheetPrinter] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def example() -> str:
    """The file that people download and fill in."""
    return "".join(",".join(sheets.escape(cell) for cell in row) + "\r\n" for row in EXAMPLE)


def decode(content: bytes, name: str) -> str:
    """Raises SheetTooLarge, and Invalid for what is no UTF-8 text."""
    if len(content) > MAX_BYTES:
        raise SheetTooLarge(f"{name} has more than {MAX_BYTES // 1_000_000} MB. Split it.")
    return sheets.decode(content, name)


def read(text: str, common_code: SecretStr | None) -> Reading:
    """``common_code`` is that of all Bambu printers. Raises SheetTooLarge."""
    reading = Reading()
    problems: Problems = []
    lines = list(sheets.read_lines(io.StringIO(text, newline=""), problems, _heading_problems))
    if len(lines) > MAX_PRINTERS:
        raise SheetTooLarge(
            f"The file has {len(lines)} printers; at most {MAX_PRINTERS} are taken in at once."
        )
    reading.refusals += [Refusal(number, "", sentence) for number, sentence in problems]
    for line in lines:
        _read_line(line, reading, common_code)
    _refuse_doubles(reading)
    reading.refusals.sort()
    return reading


def _heading_problems(columns: Sequence[str]) -> Iterator[str]:
    for column in dict.fromkeys(columns):
        if column not in COLUMNS:
            yield f"The column {column!r} is not known; known are {', '.join(COLUMNS)}."
        elif columns.count(column) > 1:
            yield f"The column {column!r} is there {columns.count(column)} times."
    if "name" not in columns:
        yield "A column name must say what each printer is called."


def _read_line(line: Line, reading: Reading, common_code: SecretStr | None) -> None:
    """Into ``printers``, or each wrong cell into ``refusals``."""
    cells = {column: text for column, text in line.cells.items() if text}
    wrong = list(_wrong_cells(line.number, cells))
    body = _judged(line.number, cells, wrong)
    if body is None or wrong:
        reading.refusals += wrong
        return
    try:
        draft = body.draft(common_code)
    except Invalid as err:
        reading.refusals.append(Refusal(line.number, _column_of(err, cells), err.detail))
        return
    agent = cells.get("agent", "")
    reading.printers.append(SheetPrinter(line.number, draft, frozenset(cells), agent))


def _wrong_cells(number: int, cells: Mapping[str, str]) -> Iterator[Refusal]:
    for column, text in cells.items():
        if len(text) > MAX_CELL:
            yield Refusal(number, column, f"It has {len(text)} characters; at most {MAX_CELL}.")
        elif not text.isprintable():
            yield Refusal(number, column, "It contains a character that cannot be printed.")
    if "name" not in cells:
        yield Refusal(number, "name", "A printer needs a name.")


def _judged(number: int, cells: Mapping[str, str], wrong: list[Refusal]) -> PrinterCreate | None:
    typed: dict[str, Any] = {MEMBERS[c]: text for c, text in cells.items() if c in MEMBERS}
    typed.setdefault("connection_type", LAN)
    typed.setdefault("name", "?")
    if "nozzle_mm" in typed:
        typed["nozzle_mm"] = typed["nozzle_mm"].replace(",", ".")
    try:
        return PrinterCreate.model_validate(typed)
    except ValidationError as err:
        found = err.errors(include_url=False, include_context=False, include_input=False)
        columns = dict.fromkeys(_column(one["loc"]) for one in found)
        known = {refusal.column for refusal in wrong}
        wrong += [_refusal(number, c, cells.get(c, "")) for c in columns if c not in known]
        return None


def _column(location: Sequence[str | int]) -> str:
    return COLUMN_OF.get(str(location[0]), "") if location else ""


def _refusal(number: int, column: str, value: str) -> Refusal:
    """A code is never repeated: its sentence has no value in it."""
    sentence = SENTENCES.get(column, "It cannot be read.").format(value=value[:SHOWN])
    if column == "address" and "@" in value:  # not to be repeated
        sentence = "An address carries no name and no password; use access_code."
    return Refusal(number, column, sentence)


def _column_of(err: Invalid, cells: Mapping[str, str]) -> str:
    """Which cell a refusal of the whole printer is about, by the word it begins with."""
    words = {"access_code": "access_code", "api_url": "address", "serial_number": "serial"}
    first = err.detail.split(" ", 1)[0]
    return words.get(first) or ("model" if "model" in cells and "model" in err.detail else "")


def _refuse_doubles(reading: Reading) -> None:
    """Two lines that mean the same printer: which one counts is not ours to choose."""
    counted = Counter(printer.key for printer in reading.printers)
    first: dict[tuple[str, ...], int] = {}
    for printer in list(reading.printers):
        if counted[printer.key] == 1:
            continue
        above = first.setdefault(printer.key, printer.line)
        if above != printer.line:
            column = {"serial": "serial", "name": "name"}.get(printer.key[0], "address")
            sentence = f"It is the same printer as in line {above}."
            reading.refusals.append(Refusal(printer.line, column, sentence))
            reading.printers.remove(printer)
