"""Bodies of the agents' routes: what administrators and agents send and get."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shopwright.fleet.agents import service
from shopwright.fleet.agents.work import Assigned, Task, Work
from shopwright.fleet.models import Agent
from shopwright.kernel.edge import BodyRef
from shopwright.kernel.times import MillisTime

MAX_BATCH = 500  # events
MAX_SAMPLES = 2000
Name = Annotated[str, Field(min_length=1, max_length=100)]
Sequence64 = Annotated[int, Field(ge=1, le=2**62)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EnrolmentCreate(_Strict):
    name: Name


class EnrolmentRead(BaseModel):
    """``secret`` is the code, shown only now: ``shopwright agent enrol URL CODE``."""

    name: str
    secret: str
    expires_at: MillisTime


class EnrolBody(_Strict):
    code: Annotated[str, Field(min_length=4, max_length=60)]
    version: Annotated[str, Field(max_length=40)] = ""
    machine: Annotated[str, Field(max_length=120)] = ""


class EnrolledRead(BaseModel):
    """``key`` is the agent's API key, shown only now."""

    agent_id: int
    uuid: str
    name: str
    key: str


class AgentUpdate(_Strict):
    name: Name


class AgentPrinterAdd(_Strict):
    printer_id: BodyRef


class AgentPrinter(BaseModel):
    id: int
    name: str


class AgentRead(BaseModel):
    id: int
    uuid: str
    name: str
    is_connected: bool
    last_seen_at: MillisTime | None
    version: str
    machine: str
    waiting_events: int
    clock_skew_ms: int
    created_at: MillisTime
    printers: list[AgentPrinter]

    @classmethod
    def of(cls, agent: Agent, printers: list[AgentPrinter], now: datetime) -> "AgentRead":
        same = ("id", "uuid", "name", "last_seen_at", "version", "machine", "waiting_events",
                "clock_skew_ms", "created_at")  # fmt: skip
        return cls(
            **{name: getattr(agent, name) for name in same},
            is_connected=service.is_connected(agent, now),
            printers=printers,
        )


class WorkAsk(_Strict):
    """``cursor`` is that of the last answer: with the same, the request waits ``wait_s``."""

    run: Annotated[str, Field(min_length=8, max_length=36)]
    journal: Annotated[str, Field(min_length=8, max_length=36)]
    sent_at: AwareDatetime
    version: Annotated[str, Field(max_length=40)] = ""
    machine: Annotated[str, Field(max_length=120)] = ""
    waiting_events: Annotated[int, Field(ge=0, le=2**62)] = 0
    cursor: Annotated[str, Field(max_length=64)] = ""
    wait_s: Annotated[float, Field(ge=0, le=25)] = 0


class WorkPrinter(BaseModel):
    id: int
    uuid: str
    name: str
    brand: str
    model: str | None
    driver: str
    serial: str | None
    host: str
    ports: dict[str, Any]
    access_code: str
    fingerprint: str | None
    nozzle_um: int
    epoch: int
    state: dict[str, Any]  # what is known of the device, for a journal that is new

    @classmethod
    def of(cls, one: Assigned) -> "WorkPrinter":
        own = ("epoch", "access_code", "state")
        names = [name for name in cls.model_fields if name not in own]
        return cls(
            **{name: getattr(one.printer, name) for name in names},
            epoch=one.epoch,
            access_code=one.access_code,
            state=msgspec.to_builtins(one.state),
        )


class WorkEffect(BaseModel):
    id: int
    uuid: str
    key: str
    subject_id: int
    status: str


class WorkCommand(BaseModel):
    """``expires_in_s`` counts from the answer: the agent's clock may be another one."""

    id: int
    uuid: str
    printer_id: int
    kind: str
    arguments: dict[str, Any]
    device_job_id: str | None
    by: str
    expires_in_s: float
    effect: WorkEffect | None

    @classmethod
    def of(cls, task: Task, now: datetime) -> "WorkCommand":
        command, effect = task.command, task.effect
        same = ("id", "uuid", "printer_id", "kind", "arguments", "device_job_id", "by")
        return cls(
            **{name: getattr(command, name) for name in same},
            expires_in_s=(command.expires_at - now).total_seconds(),
            effect=WorkEffect(
                id=effect.id,
                uuid=effect.uuid,
                key=effect.key,
                subject_id=effect.subject_id,
                status=effect.status.value,
            )
            if effect
            else None,
        )


class WorkHeld(BaseModel):
    printer_id: int
    reason: str


class WorkSearch(BaseModel):
    """Tell ``/api/agents/me/found`` which printers announce themselves, for so many seconds."""

    number: int
    seconds: float


class WorkTest(BaseModel):
    """Try this way, and tell ``/api/agents/me/tested`` what came of it."""

    id: int
    trial: dict[str, Any]


class WorkRead(BaseModel):
    cursor: str
    organization_id: int
    agent_id: int
    name: str
    printers: list[WorkPrinter]
    commands: list[WorkCommand]
    held: list[WorkHeld]
    search: WorkSearch | None
    tests: list[WorkTest]

    @classmethod
    def of(cls, agent: Agent, work: Work, now: datetime) -> "WorkRead":
        return cls(
            cursor=work.cursor,
            organization_id=agent.organization_id,
            agent_id=agent.id,
            name=agent.name,
            printers=[WorkPrinter.of(one) for one in work.printers],
            commands=[WorkCommand.of(task, now) for task in work.tasks],
            held=[WorkHeld(printer_id=key, reason=why) for key, why in work.held.items()],
            search=WorkSearch(number=work.search.number, seconds=work.search.seconds)
            if work.search
            else None,
            tests=[
                WorkTest(id=test.id, trial=msgspec.to_builtins(test.trial)) for test in work.tests
            ],
        )


class StartAsk(_Strict):
    command: Sequence64
    epoch: Annotated[int, Field(ge=1, le=2**62)]


class Permission(BaseModel):
    permitted: bool = True


class EventBody(_Strict):
    sequence: Sequence64
    printer_id: Sequence64
    kind: Annotated[str, Field(max_length=40)]
    content: dict[str, Any]


class EventsBody(_Strict):
    """In order, without gaps; ``is_oldest`` when the agent has nothing older than the first."""

    journal: Annotated[str, Field(min_length=8, max_length=36)]
    is_oldest: bool = False
    events: Annotated[list[EventBody], Field(max_length=MAX_BATCH)]


class RefusedEvent(BaseModel):
    sequence: int
    sentence: str


class EventsRead(BaseModel):
    """Everything up to ``last_sequence`` is kept here; ``refused`` ones are not sent again."""

    last_sequence: int
    refused: list[RefusedEvent]


class SamplesBody(_Strict):
    """Snapshots as ``telemetry`` has them: ``samples`` oldest first, for the curves; ``latest`` one
    per printer, for what is shown now."""

    sent_at: AwareDatetime
    samples: Annotated[list[dict[str, Any]], Field(max_length=MAX_SAMPLES)] = []
    latest: Annotated[list[dict[str, Any]], Field(max_length=MAX_SAMPLES)] = []


class SamplesRead(BaseModel):
    taken: int


class FileLinkRead(BaseModel):
    """``url`` answers ranges, and ends with ``expires_at``."""

    url: str
    size: int
    sha256: str
    expires_at: MillisTime
