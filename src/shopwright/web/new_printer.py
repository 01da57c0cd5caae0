"""A new printer: its kind, what that kind is asked for, and what is wrong said in the form."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from shopwright.fleet import service as fleet_service
from shopwright.fleet.discovery import service as discovery
from shopwright.kernel.edge import Read, SettingsDep, get_process, writing
from shopwright.kernel.errors import ShopError
from shopwright.web.page import MemberPageCtx, Page, go
from shopwright.web.printer_forms import NewPrinterForm, read_kind, read_new_printer
from shopwright.web.printer_kinds import KINDS
from shopwright.web.printer_owners import list_choices, put_in_hands, read_agent
from shopwright.web.printer_search import fill_in, nearby_values, with_found_ports

router = APIRouter(include_in_schema=False)


@router.get("/printers/new")
async def show_form(
    page: MemberPageCtx,
    session: Read,
    kind: Annotated[str, Query(max_length=40)] = KINDS[0].driver,
    found: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Empty, or filled in with what a printer nearby says of itself."""
    form = await fill_in(session, page.actor, found) if found else NewPrinterForm(kind=kind)
    return await _form(page, session, form)


@router.post("/printers/new")
async def choose_kind(
    page: MemberPageCtx, session: Read, form: Annotated[NewPrinterForm, Form()]
) -> Response:
    """The form with the fields of the chosen kind, and all that was typed; nothing is saved."""
    return await _form(page, session, form)


@router.post("/printers")
async def register_printer(
    request: Request,
    page: MemberPageCtx,
    session: Read,
    settings: SettingsDep,
    form: Annotated[NewPrinterForm, Form()],
) -> Response:
    """Saved whether it can be reached or not; its page says what is wrong."""
    read_kind(form)
    try:
        draft = read_new_printer(form, settings.bambu_access_code)
        draft = await with_found_ports(session, page.actor, draft, form.found)
        agent = read_agent(page.actor, form.agent)
        async with writing(request) as write:
            printer = await fleet_service.register_printer(
                write, page.actor, draft=draft, now=page.now
            )
            await put_in_hands(write, page.actor, printer, agent, page.now)
    except ShopError as refusal:
        return await _form(page, session, form, refusal)
    return go(request, f"/printers/{printer.id}")


async def _form(
    page: Page, session: Read, form: NewPrinterForm, refusal: ShopError | None = None
) -> Response:
    settings = get_process(page.request).settings
    findings = await discovery.read_findings(session, page.actor, settings, page.now)
    answer = page.render(
        "printer_new.html",
        active="printers",
        kinds=KINDS,
        kind=read_kind(form),
        form=form,
        agents=await list_choices(session, page.actor),
        problem=refusal.detail if refusal else "",
        **nearby_values(findings),
    )
    answer.status_code = refusal.status if refusal else 200
    return answer
