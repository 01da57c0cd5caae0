"""Trying the way to a printer that is not saved yet, over HTTP; agents tell what they found."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from shopwright.accounts.access import MemberCtx, PrintLimited
from shopwright.accounts.schemas import Message
from shopwright.fleet.agents import service as agents
from shopwright.fleet.agents.service import NoAgent
from shopwright.fleet.port import DiagnosisStep, Finding
from shopwright.fleet.schemas import PrinterCreate
from shopwright.fleet.setup import connection_tests
from shopwright.fleet.setup.connection_tests import NotDrivenHere, Told
from shopwright.fleet.setup.diagnosis_schemas import DiagnosisRead
from shopwright.kernel.edge import BodyRef, Now, ProcessDep, SettingsDep, Write, problems
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["printers"], route_class=RepeatableRoute)

MOST_STEPS = 30


class ConnectionTry(PrinterCreate):
    """A printer as it would be added; ``agent_id`` where an agent is to drive it."""

    name: Annotated[str, Field(max_length=100)] = "New printer"
    agent_id: BodyRef | None = None


class ToldStep(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    finding: Finding
    sentence: Annotated[str, Field(max_length=500)]


class TestedBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    test: Annotated[int, Field(ge=1, le=2**62)]
    steps: Annotated[list[ToldStep], Field(min_length=1, max_length=MOST_STEPS)]
    serial: Annotated[str | None, Field(max_length=64)] = None
    fingerprint: Annotated[str | None, Field(max_length=64)] = None

    def told(self) -> Told:
        steps = [DiagnosisStep(step.name, step.finding, step.sentence) for step in self.steps]
        return Told(steps, self.serial, self.fingerprint)


@router.post(
    "/printers/test-connection",
    dependencies=[PrintLimited],
    responses=problems(Invalid, NotFound, NotDrivenHere),
)
async def test_connection(
    body: ConnectionTry, ctx: MemberCtx, process: ProcessDep, settings: SettingsDep
) -> DiagnosisRead:
    """Try each part of the way to a printer before it is saved, and say what is the matter."""
    draft = body.draft(settings.bambu_access_code)
    return DiagnosisRead.of(await connection_tests.try_draft(process, ctx, draft, body.agent_id))


@router.post("/agents/me/tested", responses=problems(NoAgent, Invalid, NotFound))
async def take_answer(ctx: MemberCtx, session: Write, now: Now, body: TestedBody) -> Message:
    """What an agent found on the way to a printer that it was asked to try."""
    agent = await agents.get_own(session, ctx)
    await connection_tests.take_answer(
        session, ctx, agent, test_id=body.test, told=body.told(), now=now
    )
    return Message(message="The answer is taken.")
