"""Looking for printers nearby, and trying the way to one before it is saved: parts of the page of a
new printer."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx, PrintLimited, SyncLimited
from shopwright.fleet.addresses import is_bambu, url_of
from shopwright.fleet.discovery import queries as discovery_queries
from shopwright.fleet.discovery import service as discovery
from shopwright.fleet.discovery.service import Findings, Seen
from shopwright.fleet.queries import AnySession
from shopwright.fleet.service import PrinterDraft
from shopwright.fleet.setup import connection_tests
from shopwright.fleet.setup.models import FoundPrinter
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Now, ProcessDep, Read, SettingsDep, Write, parse_ref
from shopwright.web.page import fragment, go, is_htmx
from shopwright.web.printer_forms import NewPrinterForm, read_new_printer
from shopwright.web.printer_kinds import find_kind
from shopwright.web.printer_owners import SERVER, SERVER_WORD, read_agent

router = APIRouter(include_in_schema=False)


@router.get("/printers/nearby")
async def show_nearby(
    request: Request, ctx: MemberCtx, session: Read, settings: SettingsDep, now: Now
) -> Response:
    """What was found by now; asks for itself again while somebody searches."""
    if not is_htmx(request):
        return go(request, "/printers/new")
    return _nearby(request, await discovery.read_findings(session, ctx, settings, now))


@router.post("/printers/nearby", dependencies=[SyncLimited])
async def start_search(
    request: Request, ctx: MemberCtx, session: Write, settings: SettingsDep, now: Now
) -> Response:
    await discovery.start_search(session, ctx, settings, seconds=discovery.SECONDS, now=now)
    if not is_htmx(request):
        return go(request, "/printers/new")
    return _nearby(request, await discovery.read_findings(session, ctx, settings, now))


@router.post("/printers/new/test", dependencies=[PrintLimited])
async def try_connection(
    request: Request,
    ctx: MemberCtx,
    process: ProcessDep,
    settings: SettingsDep,
    form: Annotated[NewPrinterForm, Form()],
) -> Response:
    """Tries each part of the way to a printer that is not saved; nothing of the database is held
    meanwhile."""
    named = form.model_copy(update={"name": form.name.strip() or "New printer"})
    draft = read_new_printer(named, settings.bambu_access_code)
    async with process.database.read() as session:
        draft = await with_found_ports(session, ctx, draft, form.found)
    agent = read_agent(ctx, form.agent)
    chosen = None if agent == SERVER else agent
    diagnosis = await connection_tests.try_draft(process, ctx, draft, chosen)
    template = "parts/diagnosis.html" if is_htmx(request) else "diagnosis.html"
    return fragment(request, template, {"diagnosis": diagnosis, "printer": "new"})


async def fill_in(session: AnySession, ctx: Actor, found_id: str) -> NewPrinterForm:
    """The form with what a found printer says of itself. Raises NotFound."""
    found = await discovery.get_found(session, ctx, parse_ref(found_id.strip()))
    return NewPrinterForm(
        kind=found.driver,
        name=found.name,
        host=shown_address(found),
        serial=found.serial or "",
        model=found.model or "",
        agent=str(found.agent_id) if found.agent_id else SERVER_WORD,
        found=str(found.id),
    )


async def with_found_ports(
    session: AnySession, ctx: Actor, draft: PrinterDraft, found_id: str
) -> PrinterDraft:
    """Ports that a found printer named and that stand in no address; only as long as its address
    is still the one that is typed."""
    if not found_id.strip() or not is_bambu(draft.driver):
        return draft
    found = await discovery_queries.find_found(session, ctx, parse_ref(found_id.strip()))
    if found is None or found.host != draft.host:
        return draft
    return replace(draft, ports={**found.ports, **(draft.ports or {})})


def shown_address(found: FoundPrinter) -> str:
    """As a person would type it: with its port where it is not the usual one."""
    usual = discovery.USUAL_PORTS.get(found.driver)
    if is_bambu(found.driver) or found.ports.get("http") == usual:
        return found.host
    return url_of(found.host, found.ports) or ""


def _nearby(request: Request, findings: Findings) -> Response:
    return fragment(request, "parts/nearby.html", nearby_values(findings))


def nearby_values(findings: Findings) -> dict[str, Any]:
    """What the part of the page shows."""
    return {"findings": findings, "kind_of": _kind_word, "address_of": shown_address}


def _kind_word(seen: Seen) -> str:
    return find_kind(seen.found.driver).word
