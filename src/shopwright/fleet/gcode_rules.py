"""G-code that a person may send to a printer: what harms is refused, however it is spelled. Pure.

A line is judged as a printer reads it: without its comment, line number, checksum and blanks, in
upper case. What cannot be read that way is refused as well, since printers differ in what they make
of it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shopwright.kernel.errors import Invalid

MAX_GCODE = 2000  # characters; longer than that is a print, not a command
MAX_LINES = 100

HEATERS: Mapping[str, str] = {
    "M104": "nozzle", "M109": "nozzle", "M140": "bed", "M190": "bed", "M141": "chamber",
    "M191": "chamber", "M568": "nozzle",
}  # fmt: skip
MATERIAL_PRESET = "M145"  # S is a material there, H the nozzle and B the bed
PRESET_PARTS = {"H": "nozzle", "B": "bed", "C": "chamber"}
TEMPERATURE_WORDS = frozenset("SRBH")
SPRINGS = frozenset({"G10"})  # tool offsets on some firmware: R and S are temperatures

FORBIDDEN: Mapping[str, str] = {
    "M3": "switches a laser or a spindle on",
    "M4": "switches a laser or a spindle on",
    "M28": "writes a file to its card",
    "M29": "writes a file to its card",
    "M30": "deletes a file from its card",
    "M32": "starts a print from its card",
    "M23": "chooses a file to print from its card",
    "M24": "starts a print from its card",
    "M42": "switches a pin of its board, past every limit",
    "M43": "tries the pins of its board",
    "M81": "switches it off",
    "M92": "changes the steps of its motors",
    "M98": "runs a file on its card",
    "M112": "stops it until somebody switches it off and on",
    "M143": "changes up to where its heaters are watched",
    "M303": "heats up to find out how its heaters are controlled",
    "M301": "changes how its heaters are controlled",
    "M302": "lets it extrude while it is cold",
    "M304": "changes how its heaters are controlled",
    "M305": "changes how its temperatures are measured",
    "M306": "changes how its heaters are controlled",
    "M307": "changes how its heaters are controlled",
    "M308": "changes how its temperatures are measured",
    "M309": "changes how its heaters are controlled",
    "M500": "writes its settings memory",
    "M501": "reads its settings memory back over what is set",
    "M502": "resets its settings",
    "M503": "reads out its settings memory",
    "M504": "checks its settings memory",
    "M510": "locks it",
    "M511": "unlocks it",
    "M512": "changes its password",
    "M540": "changes its network address",
    "M551": "changes its password",
    "M552": "changes its network address",
    "M553": "changes its network address",
    "M554": "changes its network address",
    "M559": "writes a file to its card",
    "M560": "writes a file to its card",
    "M562": "takes back that one of its heaters failed",
    "M570": "changes when one of its heaters counts as broken",
    "M587": "stores a password of its network",
    "M588": "forgets a password of its network",
    "M589": "stores a password of its network",
    "M928": "writes a file to its card",
    "M950": "gives a pin of its board something else to do",
    "M997": "replaces its firmware",
    "M999": "restarts it after a stop",
}

COMMENTS = re.compile(r"\([^()]*\)")
NUMBER = re.compile(r"^\s*N\s*\d+\s*", re.IGNORECASE)
WORD = re.compile(r"([A-Z])\s*([+-]?\s*(?:\d+\.?\d*|\.\d+))?")
BEGINNING = re.compile(r"[GMT]\s*\d")  # Klipper's own commands are words and can do anything
POWER_OF_TEN = re.compile(r"[SRBHC]\s*[+-]?[\d.]+E")  # some firmware reads S1E3 as 1000
PLAIN_LINE = re.compile(r"[A-Z0-9 .,+\-:_=/\"#?&]*")
ESCAPES = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class HeatLimits:
    """°C."""

    nozzle: float = 300
    bed: float = 120
    chamber: float = 0  # 0: there is no heater


def check_gcode(text: str, limits: HeatLimits) -> str:
    """The lines as they may be sent; raises Invalid for what harms, with the line and the reason.

    Comments, line numbers and checksums are taken out, so that what was judged is what is sent.
    """
    if not text.strip() or len(text) > MAX_GCODE:
        raise Invalid(f"gcode has 1 to {MAX_GCODE} characters.")
    lines = [line for line in (_tidy(raw) for raw in _split(text)) if line]
    if not lines or len(lines) > MAX_LINES:
        raise Invalid(f"gcode has 1 to {MAX_LINES} lines, comments not counted.")
    for line in lines:
        _check_line(line, limits)
    return "\n".join(lines)


def _split(text: str) -> list[str]:
    """Firmware ends lines at more characters than it should; some take a literal backslash n."""
    if ESCAPES.search(text):
        raise Invalid("gcode has a character that no printer should be sent.")
    return re.split(r"\r\n|\\r|\\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029|]", text)


def _tidy(raw: str) -> str:
    line = COMMENTS.sub(" ", raw.partition(";")[0])
    line = NUMBER.sub("", line.partition("*")[0])  # N12 M104 S200*37
    return " ".join(line.split())


def _check_line(line: str, limits: HeatLimits) -> None:
    upper = line.upper()
    if not line.isascii() or not PLAIN_LINE.fullmatch(upper):  # of some signs only the upper is
        raise Invalid(f"{line[:60]!r} is not plain G-code.")
    if not BEGINNING.match(upper):
        raise Invalid(f"{line[:60]!r} does not begin with G, M or T and a number.")
    if re.search(r"\d", WORD.sub(" ", upper)):
        raise Invalid(f"{line[:60]!r} has a number without a letter.")
    for code, words in _commands(upper):
        if code in FORBIDDEN:
            raise Invalid(f"{code} is refused: it {FORBIDDEN[code]}.")
        _check_heat(code, words, limits)
        is_heat = code in HEATERS or code in SPRINGS or code == MATERIAL_PRESET
        if is_heat and POWER_OF_TEN.search(upper):
            raise Invalid(f"{line[:60]!r} is not plain G-code.")


def _commands(line: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A line may hold several commands: each code with the words up to the next one."""
    code, words = "", list[tuple[str, str]]()
    for letter, value in WORD.findall(line):
        number = value.replace(" ", "")
        if letter in "GM" and number:
            if code:
                yield code, words
            code, words = f"{letter}{int(float(number))}", []
        else:
            words.append((letter, number))
    if code:
        yield code, words


def _check_heat(code: str, words: list[tuple[str, str]], limits: HeatLimits) -> None:
    for letter, number in words:
        part = _part_of(code, letter)
        if part is not None and number:
            check_heat(part, float(number), limits)


def _part_of(code: str, letter: str) -> str | None:
    """Which heater the word of a command sets."""
    if code == MATERIAL_PRESET:
        return PRESET_PARTS.get(letter)
    if code in SPRINGS and letter in "RS":
        return "nozzle"
    if code not in HEATERS or letter not in TEMPERATURE_WORDS:
        return None
    return HEATERS[code]


def check_heat(part: str, value: float, limits: HeatLimits) -> float:
    """Raises Invalid beyond the limit of that heater."""
    highest = getattr(limits, part)
    if highest == 0:
        raise Invalid("This printer has no chamber heater.")
    if not 0 <= value <= highest:
        raise Invalid(f"The {part} of this printer goes from 0 to {highest:g} °C, not {value:g}.")
    return value
