"""The fleet board and the page of one printer."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx, MemberCtx, PrintLimited
from shopwright.fleet import service as fleet_service
from shopwright.fleet.cameras.ways import why_no_camera
from shopwright.fleet.maintenance.queries import list_holds
from shopwright.fleet.overview import read_overview
from shopwright.fleet.service import PrinterChange
from shopwright.fleet.setup import diagnosing
from shopwright.kernel.edge import (
    Now,
    ProcessDep,
    Read,
    Ref,
    Write,
    get_process,
    path_ref,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.telemetry.latest import LatestSnapshots
from shopwright.web.page import Page, PageCtx, done, fragment, go, is_htmx
from shopwright.web.paging import MAX_PAGE, Window
from shopwright.web.printer_controls import controls_of
from shopwright.web.printer_forms import PrinterEdit, read_printer_change
from shopwright.web.printer_kinds import driver_words, find_kind, typed_address, words_of
from shopwright.web.printer_owners import find_name, list_choices, put_in_hands, read_agent
from shopwright.web.reads import fleet, printer_history
from shopwright.web.reads.fleet import Card
from shopwright.web.reads.printer_upkeep import read_upkeep

router = APIRouter(include_in_schema=False)

PrinterRef = Annotated[Ref, path_ref("printer")]
PRINTS_SHOWN = 12
STATES = frozenset({"", "green", "blue", "amber", "red", "grey"})


@router.get("/printers")
async def show_printers(
    page: PageCtx,
    session: Read,
    search: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=10)] = "",
    sort: Annotated[str, Query(max_length=10)] = "urgent",
) -> Response:
    """The fleet: a card per printer that moves by itself."""
    if state not in STATES:
        raise Invalid(f"There is no printer state {state!r}.")
    cards = await fleet.read_cards(
        session, page.organization_id, _snapshots(page), queued=page.counts.queued
    )
    shown = [card for card in cards if fleet.matches(card, search, state)]
    return page.render(
        "printers.html",
        active="printers",
        topics="printers fleet",
        cards=_sorted(shown, sort),
        summary=fleet.summarize(cards),
        total=len(cards),
        search=search,
        state=state,
        sort=sort,
    )


@router.get("/printers/{printer}")
async def show_printer(
    page: PageCtx,
    session: Read,
    printer: PrinterRef,
    number: Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    """One printer: what it does, what is in it, what it was told, what it made."""
    found = await fleet_service.get_printer(session, page.actor, printer)
    cards = await fleet.read_cards(
        session,
        page.organization_id,
        _snapshots(page),
        queued=page.counts.queued,
        printer_ids=[found.id],
    )
    if not cards:
        raise NotFound(f"There is no printer {printer}.")
    process, window = get_process(page.request), Window(number, PRINTS_SHOWN)
    attempts, total = await printer_history.list_attempts(
        session, page.organization_id, found.id, window
    )
    return page.render(
        "printer.html",
        active="printers",
        topics=f"printer:{found.id}",
        card=cards[0],
        printer=found,
        kind=find_kind(found.driver),
        kind_words=words_of(found),
        driver_words=driver_words(found, await find_name(session, page.actor, found)),
        address=typed_address(found),
        agents=await list_choices(session, page.actor),
        held=(await list_holds(session, page.actor)).get(found.id),
        overview=await read_overview(process, session, page.actor, found),
        upkeep=await read_upkeep(session, page.actor, found.id, page.now, page.zone),
        controls=controls_of(found, cards[0], page.actor.role),
        no_camera=why_no_camera(process, found),
        attempts=attempts,
        paging=window.of(total, len(attempts)),
        commands=await printer_history.list_commands(session, page.organization_id, found.id),
    )


@router.post("/printers/{printer}/edit")
async def update_printer(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    printer: PrinterRef,
    form: Annotated[PrinterEdit, Form()],
) -> Response:
    """Its link is made anew when the way to it changed."""
    before = await fleet_service.get_living_printer(session, ctx, printer)
    change, agent = read_printer_change(form, before), read_agent(ctx, form.agent)
    found = await fleet_service.update_printer(session, ctx, ref=printer, change=change, now=now)
    await put_in_hands(session, ctx, found, agent, now)
    return done(request, f"{found.name} is changed.", to=f"/printers/{found.id}")


@router.post("/printers/{printer}/remove")
async def remove_printer(
    request: Request, ctx: AdminCtx, session: Write, printer: PrinterRef
) -> Response:
    """What it printed stays known."""
    found = await fleet_service.get_living_printer(session, ctx, printer)
    await fleet_service.remove_printer(session, ctx, printer_id=found.id)
    return go(request, "/printers")


@router.post("/printers/{printer}/diagnose", dependencies=[PrintLimited])
async def diagnose_printer(
    request: Request, ctx: MemberCtx, process: ProcessDep, printer: PrinterRef
) -> Response:
    """Tries each part of the way to the printer; nothing of the database is held meanwhile."""
    diagnosis = await diagnosing.diagnose(process, ctx, printer)
    template = "parts/diagnosis.html" if is_htmx(request) else "diagnosis.html"
    return fragment(request, template, {"diagnosis": diagnosis, "printer": str(printer)})


@router.post("/printers/{printer}/clear")
async def clear_plate(
    request: Request, ctx: MemberCtx, session: Write, printer: PrinterRef
) -> Response:
    found = await fleet_service.get_printer(session, ctx, printer)
    await fleet_service.clear_plate(session, ctx, printer_id=found.id)
    return done(request, f"{found.name} may print again.", to="/printers")


@router.post("/printers/{printer}/return")
async def put_back_to_work(
    request: Request, ctx: MemberCtx, session: Write, printer: PrinterRef
) -> Response:
    found = await fleet_service.get_printer(session, ctx, printer)
    await fleet_service.put_back_to_work(session, ctx, printer_id=found.id)
    return done(request, f"{found.name} is back at work.", to=f"/printers/{found.id}")


@router.post("/printers/{printer}/maintained")
async def record_maintenance(
    request: Request, ctx: MemberCtx, session: Write, now: Now, printer: PrinterRef
) -> Response:
    """Its interval begins anew; taking it out of work and back is another matter."""
    found = await fleet_service.update_printer(
        session, ctx, ref=printer, change=PrinterChange(last_maintenance_at=now), now=now
    )
    return done(request, f"{found.name} was maintained today.", to=f"/printers/{found.id}")


@router.post("/printers/{printer}/maintenance")
async def take_out_of_work(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    printer: PrinterRef,
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    found = await fleet_service.get_printer(session, ctx, printer)
    await fleet_service.take_out_of_work(
        session, ctx, printer_id=found.id, reason=reason.strip() or f"taken out by {ctx.name}"
    )
    return done(request, f"{found.name} gets no work for now.", to=f"/printers/{found.id}")


def _snapshots(page: Page) -> LatestSnapshots:
    return get_process(page.request).context.keep(LatestSnapshots)


def _sorted(cards: list[Card], sort: str) -> list[Card]:
    """As the board is, by name, or by the soonest finish."""
    if sort == "name":
        return sorted(cards, key=lambda card: card.row.name.lower())
    if sort == "finish":
        return sorted(cards, key=lambda card: (card.live.remaining_s is None, card.sort_key[1:]))
    return cards
