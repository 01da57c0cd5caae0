"""Looking for printers that announce themselves, over HTTP; agents tell what they heard."""

from fastapi import APIRouter, Response

from shopwright.accounts.access import MemberCtx, SyncLimited, ViewerCtx
from shopwright.fleet.agents import service as agents
from shopwright.fleet.agents.service import NoAgent
from shopwright.fleet.discovery import service
from shopwright.fleet.discovery.schemas import FindingsRead, FoundBody, FoundTaken, SearchCreate
from shopwright.fleet.discovery.service import NobodySearches
from shopwright.kernel.edge import Now, Read, SettingsDep, Write, problems
from shopwright.kernel.errors import Invalid
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["printers"], route_class=RepeatableRoute)

LIVE = {"cache-control": "no-store"}


@router.post(
    "/printers/discover",
    dependencies=[SyncLimited],
    responses=problems(Invalid, NobodySearches),
)
async def start_search(
    *,
    ctx: MemberCtx,
    session: Write,
    settings: SettingsDep,
    now: Now,
    body: SearchCreate | None = None,
) -> FindingsRead:
    """Look for printers for some seconds: this server on its own networks, every connected agent on
    its own. The answer comes at once; ask the same address again for what was found."""
    seconds = (body or SearchCreate()).seconds
    await service.start_search(session, ctx, settings, seconds=seconds, now=now)
    return FindingsRead.of(await service.read_findings(session, ctx, settings, now))


@router.get("/printers/discover")
async def read_findings(
    response: Response, ctx: ViewerCtx, session: Read, settings: SettingsDep, now: Now
) -> FindingsRead:
    """The printers found within the last hour, and whether a search still runs."""
    response.headers.update(LIVE)
    return FindingsRead.of(await service.read_findings(session, ctx, settings, now))


@router.post("/agents/me/found", responses=problems(NoAgent, Invalid))
async def take_found(ctx: MemberCtx, session: Write, now: Now, body: FoundBody) -> FoundTaken:
    """What an agent heard on its network while a search runs."""
    agent = await agents.get_own(session, ctx)
    heard = [one.announced() for one in body.printers]
    taken = await service.record_found(session, ctx.organization_id, heard, agent, now)
    who = f"the agent {agent.name}"
    await service.record_troubles(session, ctx, who, body.troubles)
    return FoundTaken(taken=taken)
