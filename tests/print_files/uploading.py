"""Uploads for tests, and what is stored in the database and on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient, Response
from sqlalchemy import func, select

from shopwright.files.models import StoredFile
from shopwright.kernel.edge import Process
from shopwright.print_files.models import Plate, PlateFilament, PrintFile
from tests.print_files.factories import members, zip_bytes

URL = "/api/print-files"
NAME = "bracket.gcode.3mf"
TABLES = (StoredFile, PrintFile, Plate, PlateFilament)


@dataclass(frozen=True)
class Stored:
    """How many rows of each table, and how many files, those still arriving included."""

    stored_files: int
    print_files: int
    plates: int
    filaments: int
    on_disk: int


NOTHING = Stored(0, 0, 0, 0, 0)


def sliced(changes: Mapping[str, str | bytes | None] | None = None) -> bytes:
    return zip_bytes(members(changes))


async def upload(
    client: AsyncClient, content: bytes, name: str = NAME, content_type: str | None = None
) -> Response:
    part: Any = (name, content, content_type) if content_type else (name, content)
    return await client.post(URL, files={"file": part})


async def what_is_stored(process: Process) -> Stored:
    async with process.database.read() as session:
        files, print_files, plates, filaments = [
            await session.scalar(
                select(func.count()).select_from(table), execution_options={"cross_tenant": True}
            )
            or 0
            for table in TABLES
        ]
    folder = process.settings.data_dir / "files"
    on_disk = sum(path.is_file() for path in folder.rglob("*"))
    return Stored(files, print_files, plates, filaments, on_disk)
