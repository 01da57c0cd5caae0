"""Agents over HTTP: administrators let them in and give them printers; agents fetch their work
and tell what came of it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.files import service as files
from shopwright.files.storage import InvalidFileKey, StoredFileMissing, check_key
from shopwright.fleet.agents import codec, events, queries, service
from shopwright.fleet.agents import samples as agent_samples
from shopwright.fleet.agents import work as agent_work
from shopwright.fleet.agents.codec import Told
from shopwright.fleet.agents.events import EventsMissing
from shopwright.fleet.agents.schemas import (
    AgentPrinter,
    AgentPrinterAdd,
    AgentRead,
    AgentUpdate,
    EnrolBody,
    EnrolledRead,
    EnrolmentCreate,
    EnrolmentRead,
    EventsBody,
    EventsRead,
    FileLinkRead,
    Permission,
    RefusedEvent,
    SamplesBody,
    SamplesRead,
    StartAsk,
    WorkAsk,
    WorkRead,
)
from shopwright.fleet.agents.service import CloudOnly, EnrolmentRefused, NoAgent, PrinterTaken
from shopwright.fleet.agents.work import AgentRunsTwice, Hello, StartForbidden, Work
from shopwright.fleet.discovery import service as discovery
from shopwright.fleet.models import Agent
from shopwright.fleet.queries import AnySession
from shopwright.fleet.setup import connection_tests
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    Now,
    Process,
    ProcessDep,
    Read,
    Ref,
    Write,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.limits import PublicLimited
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.signals import Signal

router = APIRouter(prefix="/api/agents", tags=["agents"], route_class=RepeatableRoute)

AgentRef = Annotated[Ref, path_ref("agent")]
PrinterRef = Annotated[Ref, path_ref("printer")]
LIVE = {"cache-control": "no-store"}
# What may be something new to do.
NEWS = frozenset({"command", "printer_setup", "agents", connection_tests.TOPIC, discovery.TOPIC})
GATHER_S = 0.02  # several commands of one moment are one answer


@router.get("", response_model=list[AgentRead])
async def list_agents(ctx: ViewerCtx, session: Read, now: Now, answer: Response) -> list[AgentRead]:
    """Every agent that is not revoked, with its health and its printers."""
    answer.headers.update(LIVE)
    return await _read_all(session, ctx, await queries.list_agents(session, ctx), now)


@router.post("/enrolments", status_code=201)
async def create_enrolment(
    ctx: AdminCtx, session: Write, now: Now, body: EnrolmentCreate
) -> EnrolmentRead:
    """A code for one agent, good for an hour and for one use; it is shown only in this answer."""
    made = await service.create_code(session, ctx, name=body.name.strip(), now=now)
    return EnrolmentRead(
        name=made.enrolment.name, secret=made.code, expires_at=made.enrolment.expires_at
    )


@router.post(
    "/enrol",
    status_code=201,
    dependencies=[PublicLimited],
    responses=problems(EnrolmentRefused),
)
async def enrol(session: Write, now: Now, body: EnrolBody, answer: Response) -> EnrolledRead:
    """What a new agent asks, with the code it was given; its key is shown only in this answer."""
    answer.headers.update(LIVE)
    made = await service.enrol(
        session, code=body.code, version=body.version, machine=body.machine, now=now
    )
    return EnrolledRead(
        agent_id=made.agent.id, uuid=made.agent.uuid, name=made.agent.name, key=made.secret
    )


@router.post("/me/work", responses=problems(NoAgent, AgentRunsTwice))
async def fetch_work(
    ctx: MemberCtx, process: ProcessDep, body: WorkAsk, answer: Response
) -> WorkRead:
    """The agent's printers and open commands, as soon as they differ from those of ``cursor``."""
    answer.headers.update(LIVE)
    changed = asyncio.Event()

    def hear(signal: Signal) -> None:
        if signal.topic in NEWS:
            changed.set()

    leave = process.context.hub.listen(ctx.organization_id, hear)
    try:
        agent = await _greet(process, ctx, body)
        agent, work = await _await_work(process, ctx, agent, body, changed)
    finally:
        leave()
    return WorkRead.of(agent, work, process.clock.now())


@router.post("/me/starts", responses=problems(NoAgent, StartForbidden))
async def permit_start(ctx: MemberCtx, session: Write, now: Now, body: StartAsk) -> Permission:
    """Asked right before a start is sent; whoever gets this is the only one who sends it."""
    agent = await service.get_own(session, ctx)
    await agent_work.permit_start(
        session, ctx, agent, command_id=body.command, epoch=body.epoch, now=now
    )
    return Permission()


@router.post("/me/events", responses=problems(NoAgent, EventsMissing, Invalid))
async def take_events(ctx: MemberCtx, session: Write, now: Now, body: EventsBody) -> EventsRead:
    """What happened at the agent's printers, in order; each is applied exactly once."""
    agent = await service.get_own(session, ctx)
    applied = await events.apply_batch(
        session,
        ctx,
        agent,
        journal=body.journal,
        batch=_read_batch(body),
        is_oldest=body.is_oldest,
        now=now,
    )
    refused = [RefusedEvent(sequence=r.sequence, sentence=r.sentence) for r in applied.refused]
    return EventsRead(last_sequence=applied.last_sequence, refused=refused)


@router.post("/me/samples", responses=problems(NoAgent, Invalid))
async def take_samples(
    ctx: MemberCtx, process: ProcessDep, now: Now, body: SamplesBody
) -> SamplesRead:
    """Temperatures and progress over time, stored when this answers; those that come late are for
    the curves only."""
    async with process.database.read() as session:
        agent = await service.get_own(session, ctx)
        ids = set(await queries.list_printer_ids(session, ctx, agent.id))
    skew = now - body.sent_at
    samples = agent_samples.read_snapshots(body.samples, ctx.organization_id, ids, skew)
    latest = agent_samples.read_snapshots(body.latest, ctx.organization_id, ids, skew)
    await agent_samples.take_samples(process, samples, latest)
    return SamplesRead(taken=len(samples))


@router.get("/me/file", responses=problems(NoAgent, InvalidFileKey, StoredFileMissing, NotFound))
async def link_file(
    ctx: MemberCtx,
    session: Read,
    process: ProcessDep,
    now: Now,
    answer: Response,
    sha256: Annotated[str, Query(max_length=64)],
) -> FileLinkRead:
    """A link to a file that one of the agent's printers waits for; for an hour."""
    answer.headers.update(LIVE)
    check_key(sha256)
    agent = await service.get_own(session, ctx)
    ids = await queries.list_printer_ids(session, ctx, agent.id)
    if not await queries.needs_file(session, ctx, ids, sha256):
        raise NotFound("None of this agent's printers waits for this file.")
    stored = await files.get_file(session, ctx, sha256)
    url, expires_at = files.make_link(process, stored, now=now)
    return FileLinkRead(url=url, size=stored.size_bytes, sha256=sha256, expires_at=expires_at)


@router.get("/{agent}")
async def read_agent(
    ctx: ViewerCtx, session: Read, now: Now, agent: AgentRef, answer: Response
) -> AgentRead:
    """One agent, its health and its printers."""
    answer.headers.update(LIVE)
    return await _read(session, ctx, await service.get_agent(session, ctx, agent), now)


@router.patch("/{agent}")
async def rename_agent(
    ctx: AdminCtx, session: Write, now: Now, agent: AgentRef, body: AgentUpdate
) -> AgentRead:
    """Give it another name."""
    named = await service.rename_agent(session, ctx, ref=agent, name=body.name.strip())
    return await _read(session, ctx, named, now)


@router.delete("/{agent}")
async def revoke_agent(ctx: AdminCtx, session: Write, now: Now, agent: AgentRef) -> Message:
    """End its key at once; its printers are the server's again."""
    revoked = await service.revoke_agent(session, ctx, ref=agent, now=now)
    return Message(message=f"{revoked.name} is revoked; its printers are the server's again.")


@router.post("/{agent}/printers", responses=problems(PrinterTaken, CloudOnly, Invalid))
async def assign_printer(
    ctx: AdminCtx, session: Write, now: Now, agent: AgentRef, body: AgentPrinterAdd
) -> AgentRead:
    """Let the agent drive this printer; one that another agent has is refused, naming that one."""
    await service.assign_printer(session, ctx, ref=agent, printer_ref=body.printer_id, now=now)
    return await _read(session, ctx, await service.get_agent(session, ctx, agent), now)


@router.delete("/{agent}/printers/{printer}")
async def release_printer(
    ctx: AdminCtx, session: Write, now: Now, agent: AgentRef, printer: PrinterRef
) -> AgentRead:
    """Let the server drive this printer again."""
    await service.release_printer(session, ctx, ref=agent, printer_ref=printer, now=now)
    return await _read(session, ctx, await service.get_agent(session, ctx, agent), now)


async def _read(session: AnySession, ctx: Actor, agent: Agent, now: datetime) -> AgentRead:
    (found,) = await _read_all(session, ctx, [agent], now)
    return found


async def _read_all(
    session: AnySession, ctx: Actor, found: Sequence[Agent], now: datetime
) -> list[AgentRead]:
    names = await queries.list_printer_names(session, ctx, [agent.id for agent in found])
    return [
        AgentRead.of(
            agent,
            [AgentPrinter(id=id_, name=name) for id_, name in names.get(agent.id, [])],
            now,
        )
        for agent in found
    ]


async def _greet(process: Process, ctx: Actor, body: WorkAsk) -> Agent:
    hello = Hello(
        run=body.run,
        journal=body.journal,
        version=body.version,
        machine=body.machine,
        waiting_events=body.waiting_events,
        sent_at=body.sent_at,
    )
    async with process.database.write() as session:
        agent = await service.get_own(session, ctx)
        await agent_work.greet(session, ctx, agent, hello, process.clock.now())
    return agent


async def _await_work(
    process: Process, ctx: Actor, agent: Agent, body: WorkAsk, changed: asyncio.Event
) -> tuple[Agent, Work]:
    """No session stays open while nothing happens."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + body.wait_s
    while True:
        changed.clear()
        async with process.database.write() as session:
            agent = await service.get_own(session, ctx)
            work = await agent_work.fetch(session, ctx, agent, process.clock.now())
        if work.cursor != body.cursor or loop.time() >= deadline:
            return agent, work
        try:
            async with asyncio.timeout_at(deadline):
                await changed.wait()
                await asyncio.sleep(GATHER_S)
        except TimeoutError:
            continue


def _read_batch(body: EventsBody) -> list[Told]:
    batch: list[Told] = []
    for event in body.events:
        if batch and event.sequence != batch[-1].sequence + 1:
            raise Invalid("The events of a batch are numbered one after another.")
        try:
            fact = codec.decode(event.kind, event.content)
        except (ValueError, OverflowError) as err:
            raise Invalid(f"Event {event.sequence}: {err}") from err
        batch.append(Told(event.sequence, event.printer_id, fact))
    return batch
