"""Bodies of the routes that look for printers."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shopwright.fleet.addresses import url_of
from shopwright.fleet.discovery.port import Announced
from shopwright.fleet.discovery.service import (
    FEWEST_S,
    LONGEST_TROUBLE,
    MOST_S,
    SECONDS,
    Findings,
    Seen,
)
from shopwright.kernel.times import MillisTime

Port = Annotated[int, Field(ge=1, le=65535)]
MAX_BATCH = 200
Trouble = Annotated[str, Field(max_length=LONGEST_TROUBLE)]


class SearchCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seconds: Annotated[int, Field(ge=FEWEST_S, le=MOST_S)] = SECONDS


class FoundRead(BaseModel):
    """What a printer says of itself; ``printer_id`` where the shop has it already. The connection
    type is what ``POST /api/printers`` takes."""

    id: int
    connection_type: str
    name: str
    model: str | None
    serial_number: str | None
    ip_address: str
    api_url: str | None
    ports: dict[str, Any]
    firmware_version: str | None
    is_in_cloud: bool
    found_by: str
    agent_id: int | None
    seen_at: MillisTime
    printer_id: int | None
    printer_name: str | None

    @classmethod
    def of(cls, seen: Seen) -> "FoundRead":
        found, printer = seen.found, seen.printer
        same = ("id", "name", "model", "ports", "is_in_cloud", "agent_id", "seen_at")
        return cls(
            **{name: getattr(found, name) for name in same},
            connection_type=found.driver,
            serial_number=found.serial,
            ip_address=found.host,
            api_url=url_of(found.host, found.ports),
            firmware_version=found.firmware,
            found_by=f"the agent {seen.agent.name}" if seen.agent else "this server",
            printer_id=printer.id if printer else None,
            printer_name=printer.name if printer else None,
        )


class FindingsRead(BaseModel):
    """``searchers`` are who looks around; ``troubles`` why one of them could not."""

    is_running: bool
    seconds_left: int
    started_at: MillisTime | None
    searchers: list[str]
    troubles: dict[str, str]
    printers: list[FoundRead]

    @classmethod
    def of(cls, findings: Findings) -> "FindingsRead":
        search = findings.search
        return cls(
            is_running=findings.seconds_left > 0,
            seconds_left=findings.seconds_left,
            started_at=search.started_at if search else None,
            searchers=findings.searchers,
            troubles=dict(search.troubles) if search else {},
            printers=[FoundRead.of(seen) for seen in findings.printers],
        )


class AnnouncedBody(BaseModel):
    """One printer as an agent heard it."""

    model_config = ConfigDict(extra="forbid")

    driver: Annotated[str, Field(min_length=1, max_length=40)]
    host: Annotated[str, Field(min_length=1, max_length=255)]
    name: Annotated[str, Field(max_length=300)] = ""
    ports: Annotated[dict[Annotated[str, Field(max_length=20)], Port], Field(max_length=8)] = {}
    serial: Annotated[str | None, Field(max_length=64)] = None
    model: Annotated[str | None, Field(max_length=100)] = None
    firmware: Annotated[str | None, Field(max_length=100)] = None
    is_in_cloud: bool = False

    def announced(self) -> Announced:
        return Announced(**self.model_dump())


class FoundBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    printers: Annotated[list[AnnouncedBody], Field(max_length=MAX_BATCH)] = []
    troubles: Annotated[list[Trouble], Field(max_length=10)] = []


class FoundTaken(BaseModel):
    taken: int
