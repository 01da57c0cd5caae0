"""Agents: who drives printers on other networks, how they are, and which printers are theirs."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx
from shopwright.fleet.agents import service
from shopwright.kernel.edge import Now, Read, Ref, SettingsDep, Write, parse_ref, path_ref
from shopwright.kernel.errors import Invalid
from shopwright.web.page import PageCtx, done, fragment, is_htmx
from shopwright.web.reads import agents

router = APIRouter(include_in_schema=False)

AgentRef = Annotated[Ref, path_ref("agent")]
PrinterRef = Annotated[Ref, path_ref("printer")]
HERE = "/agents"


@router.get(HERE)
async def show_agents(page: PageCtx, session: Read) -> Response:
    return page.render(
        "agents.html",
        active="agents",
        topics="agents printers",
        agents=await agents.list_cards(session, page.actor, page.now),
        free=await agents.list_free(session, page.actor),
    )


@router.post("/agents/codes")
async def create_code(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    settings: SettingsDep,
    now: Now,
    name: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """The code is in this answer only."""
    if not name.strip():
        raise Invalid("Give the agent a name: where its machine stands.")
    made = await service.create_code(session, ctx, name=name.strip(), now=now)
    template = "parts/shown_once.html" if is_htmx(request) else "agent_code.html"
    return fragment(
        request,
        template,
        {
            "title": f"Type this on the machine of {made.enrolment.name}",
            "text": "It is shown only now, works once and for an hour. Then type “shopwright "
            "agent run” there.",
            "secret": f"shopwright agent enrol {settings.base_url} {made.code}",
        },
    )


@router.post("/agents/{agent}/rename")
async def rename_agent(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    agent: AgentRef,
    name: Annotated[str, Form(min_length=1, max_length=100)],
) -> Response:
    named = await service.rename_agent(session, ctx, ref=agent, name=name.strip())
    return done(request, f"The agent is called {named.name} now.", to=HERE)


@router.post("/agents/{agent}/revoke")
async def revoke_agent(
    request: Request, ctx: AdminCtx, session: Write, now: Now, agent: AgentRef
) -> Response:
    revoked = await service.revoke_agent(session, ctx, ref=agent, now=now)
    text = f"{revoked.name} is revoked. Its printers are this server's again."
    return done(request, text, to=HERE)


@router.post("/agents/{agent}/printers")
async def assign_printer(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    agent: AgentRef,
    printer: Annotated[str, Form(max_length=40)],
) -> Response:
    known = await service.get_agent(session, ctx, agent)
    given = await service.assign_printer(
        session, ctx, ref=agent, printer_ref=parse_ref(printer), now=now
    )
    return done(request, f"{known.name} drives {given.name} from now on.", to=HERE)


@router.post("/agents/{agent}/printers/{printer}/release")
async def release_printer(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    agent: AgentRef,
    printer: PrinterRef,
) -> Response:
    freed = await service.release_printer(session, ctx, ref=agent, printer_ref=printer, now=now)
    return done(request, f"This server drives {freed.name} again.", to=HERE)
