"""What stands on a label, and on which paper. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shopwright.kernel.errors import Invalid
from shopwright.parts.models import Part

MOST_LABELS = 200
LONG_WORD = re.compile(r"\S{13,}")
ZERO_WIDTH_SPACE = "\u200b"
MAX_TEXT = 80  # characters of a line; a label has room for fewer


class UnknownPaper(Invalid):
    code = "label-size-unknown"
    title = "There are no labels of this size"


@dataclass(frozen=True, slots=True)
class Paper:
    """One label's size; ``columns`` and ``rows`` on a sheet of A4, 0 for a roll."""

    name: str
    words: str
    width_mm: float
    height_mm: float
    inset_mm: float = 1.5
    columns: int = 0
    rows: int = 0


PAPERS = (
    Paper("62x29", "62 × 29 mm, roll", 62, 29),
    Paper("50x30", "50 × 30 mm, roll", 50, 30),
    # The outermost millimetres of a sheet are out of reach of most office printers.
    Paper("a4", "24 on A4, 70 × 37 mm", 70, 297 / 8, inset_mm=5, columns=3, rows=8),
)


def get_paper(name: str) -> Paper:
    """Raises UnknownPaper with the sizes there are."""
    wanted = name.strip().lower().replace("×", "x")
    for paper in PAPERS:
        if paper.name == wanted:
            return paper
    known = ", ".join(paper.name for paper in PAPERS)
    raise UnknownPaper(f"There are no labels of the size {name[:20]!r}. Sizes: {known}.")


def check_skipped(paper: Paper, skipped: int) -> None:
    """Places at the start of a sheet that are used already; raises Invalid."""
    most = max(paper.columns * paper.rows - 1, 0)
    if not 0 <= skipped <= most:
        raise Invalid(f"On this paper 0 to {most} labels can be left free, not {skipped}.")


def content_of(parts: Sequence[Part], paper: Paper, base_url: str, skipped: int) -> dict[str, Any]:
    """For the template; ``url`` becomes a QR code in the child."""
    return {
        "title": "Labels" if len(parts) > 1 else parts[0].name,
        "width_mm": paper.width_mm,
        "height_mm": paper.height_mm,
        "inset_mm": paper.inset_mm,
        "columns": paper.columns,
        "skipped": skipped,
        "labels": [
            {
                "url": link_of(base_url, part),
                "name": _breakable(part.name),
                "code": part.code,
                "lines": _lines(part),
            }
            for part in parts
        ],
    }


def link_of(base_url: str, part: Part) -> str:
    """Short, so that the code's squares stay large."""
    return f"{base_url}/parts/{part.id}"


def _lines(part: Part) -> list[str]:
    made_of = ", ".join(filter(None, (part.material, part.material_thickness)))
    number = f"{part.amount} pieces" if part.amount > 1 else ""
    return [_breakable(line) for line in (made_of, part.subsystem or "", number) if line]


def _breakable(text: str) -> str:
    """A long word may break anywhere, so that it stays on the label."""
    return LONG_WORD.sub(lambda found: ZERO_WIDTH_SPACE.join(found[0]), text[:MAX_TEXT])
