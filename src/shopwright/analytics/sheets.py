"""Reports as CSV, for spreadsheets."""

import csv
import io
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pydantic import BaseModel
from starlette.responses import StreamingResponse

from shopwright.kernel import sheets


class CsvResponse(StreamingResponse):
    media_type = "text/csv"


@dataclass(frozen=True, slots=True)
class Sheet:
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, model: type[BaseModel], rows: Sequence[BaseModel], **same: Any) -> "Sheet":
        """One row of each; every row also has what is the ``same`` in all."""
        found = [{**row.model_dump(), **same} for row in rows]
        return cls([*model.model_fields, *same], found)

    @classmethod
    def of_one(cls, row: Mapping[str, Any]) -> "Sheet":
        return cls(list(row), [row])


def to_csv(name: str, sheet: Sheet) -> CsvResponse:
    lines = (to_line(row[column] for column in sheet.columns) for row in sheet.rows)
    return download(name, chain([to_line(sheet.columns)], lines))


def download(name: str, lines: Iterable[str] | AsyncIterable[str]) -> CsvResponse:
    """Sent as they come, so that nobody holds a long table in memory."""
    return CsvResponse(lines, headers={"content-disposition": f'attachment; filename="{name}.csv"'})


def to_line(cells: Iterable[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(_cell(cell) for cell in cells)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return sheets.escape(value)
    return "" if value is None else value
