"""Pictures between agents and the server: what is wanted, and what was seen."""

import asyncio
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from shopwright.accounts.access import MemberCtx
from shopwright.fleet import service
from shopwright.fleet.agents import queries as agent_queries
from shopwright.fleet.agents import service as agents
from shopwright.fleet.agents.service import NoAgent
from shopwright.fleet.cameras import agents as camera_agents
from shopwright.fleet.cameras import queries
from shopwright.fleet.cameras.agents import ASKED, AWAITED, Shot
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, ProcessDep, Ref, Write, path_ref, problems
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.signals import Signal

router = APIRouter(prefix="/api/agents/me/pictures", tags=["agents"])

PrinterRef = Annotated[Ref, path_ref("printer")]
LIVE = {"cache-control": "no-store"}
MAX_TEXT = 1_900_000  # of base64: 1.4 MB of picture, below the limit of a body
JPEG = b"\xff\xd8"
KNOWN = r"^(\d{1,18}:\d{1,18}(,\d{1,18}:\d{1,18})*)?$"


class WantedPicture(BaseModel):
    printer_id: int
    number: int


class WantedRead(BaseModel):
    wanted: list[WantedPicture]


class PictureBody(BaseModel):
    """`picture` is a JPEG in base64; without one `trouble` says why, and `is_missing` that there
    will be none."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[int, Field(ge=1, le=2**62)]
    picture: Annotated[str | None, Field(max_length=MAX_TEXT)] = None
    trouble: Annotated[str | None, Field(max_length=500)] = None
    is_missing: bool = False

    def shot(self) -> Shot:
        """Raises Invalid for what is no JPEG."""
        jpeg = None if self.picture is None else _read_jpeg(self.picture)
        return Shot(self.number, jpeg, self.trouble, self.is_missing)


class TakenRead(BaseModel):
    is_wanted: bool


@router.get("/wanted", responses=problems(Invalid, NoAgent))
async def fetch_wanted(
    ctx: MemberCtx,
    process: ProcessDep,
    answer: Response,
    known: Annotated[
        str, Query(max_length=5000, pattern=KNOWN, description="printer:number, with commas")
    ] = "",
    wait_s: Annotated[float, Query(ge=0, le=25)] = 0,
) -> WantedRead:
    """Which pictures are wanted that the agent does not know of, as soon as there are any."""
    answer.headers.update(LIVE)
    async with process.database.read() as session:
        await agents.get_own(session, ctx)
    taken = dict(_read_pairs(known))
    changed = asyncio.Event()

    def hear(signal: Signal) -> None:
        if signal.topic == ASKED:
            changed.set()

    leave = process.context.hub.listen(ctx.organization_id, hear)
    try:
        return await _await_wanted(process, ctx, taken, wait_s, changed)
    finally:
        leave()


@router.put("/{printer}", responses=problems(Invalid, NotFound, NoAgent))
async def take_picture(
    printer: PrinterRef, body: PictureBody, ctx: MemberCtx, session: Write
) -> TakenRead:
    """What the camera of one of the agent's printers shows, or why it shows nothing."""
    found = await service.get_living_printer(session, ctx, printer)
    agent = await agents.get_own(session, ctx)
    if found.agent_id != agent.id:
        raise NotFound(f"This agent does not drive {found.name}.")
    is_wanted = await camera_agents.record_shot(session, ctx, printer_id=found.id, shot=body.shot())
    return TakenRead(is_wanted=is_wanted)


async def _await_wanted(
    process: Process, ctx: Actor, taken: dict[int, int], wait_s: float, changed: asyncio.Event
) -> WantedRead:
    """No session stays open while nothing happens."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_s
    while True:
        changed.clear()
        wanted = await _list_wanted(process, ctx)
        news = [(key, number) for key, number in wanted.items() if taken.get(key, 0) < number]
        if news or loop.time() >= deadline:
            return WantedRead(
                wanted=[WantedPicture(printer_id=key, number=number) for key, number in news]
            )
        try:
            async with asyncio.timeout_at(deadline):
                await changed.wait()
        except TimeoutError:
            continue


async def _list_wanted(process: Process, ctx: Actor) -> dict[int, int]:
    async with process.database.read() as session:
        agent = await agents.get_own(session, ctx)
        ids = await agent_queries.list_printer_ids(session, ctx, agent.id)
        since = process.clock.now() - AWAITED
        return await queries.list_wanted(session, ctx, ids, since)


def _read_pairs(text: str) -> list[tuple[int, int]]:
    pairs = [pair.split(":") for pair in text.split(",") if pair]
    return [(int(printer_id), int(number)) for printer_id, number in pairs]


def _read_jpeg(text: str) -> bytes:
    try:
        content = b64decode(text, validate=True)
    except (NotBase64, ValueError) as err:
        raise Invalid("picture must be a JPEG in base64.") from err
    if not content.startswith(JPEG):
        raise Invalid("picture must be a JPEG in base64.")
    return content
