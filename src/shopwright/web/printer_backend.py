"""The printer backend: the one outside that has some of our printers, and the one that we are for
others."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx, PrintLimited
from shopwright.fleet import service as fleet
from shopwright.fleet.states import DrivenBy
from shopwright.kernel.edge import MAX_ID, Now, ProcessDep, Read, Ref, Write, path_ref, writing
from shopwright.kernel.errors import Invalid
from shopwright.print_jobs import asked_products
from shopwright.print_jobs.backend import health as backend_health
from shopwright.print_jobs.backend import intake as backend_intake
from shopwright.print_jobs.backend import sending as backend_sending
from shopwright.print_jobs.backend.role_queries import find_by_ref
from shopwright.print_jobs.backend.role_routes import PREFIX
from shopwright.print_jobs.port import send_to_backend
from shopwright.web.page import PageCtx, done
from shopwright.web.pips import Pip
from shopwright.web.reads import printer_backend as reads

router = APIRouter(include_in_schema=False)

HERE = "/backend"
JobRef = Annotated[Ref, path_ref("job")]
ReceivedRef = Annotated[Ref, path_ref("received_job")]
WELL = Pip("healthy", "green", "circle-check")
ILL = Pip("not reached", "red", "alert-triangle")
NOT_ASKED = Pip("not asked yet", "grey", "clock")
UNSET = Pip("not set up", "grey", "plug-connected-x")


@router.get(HERE)
async def show_backend(page: PageCtx, session: Read, process: ProcessDep) -> Response:
    mine = page.organization_id
    health = backend_health.health_of(process)
    settings = process.settings
    return page.render(
        "printer_backend.html",
        active="connections",
        topics="queue",
        url_there=settings.printer_backend_url,
        health=health,
        health_pip=_pip(settings.printer_backend_url, health),
        own_url=settings.base_url + PREFIX,
        sent=await reads.list_sent(session, mine),
        received=await reads.list_received(session, mine),
        printers=await reads.list_far_printers(session, mine),
        sendable=await reads.list_sendable(session, mine),
    )


@router.post(HERE + "/send", dependencies=[PrintLimited])
async def send_job(
    request: Request,
    ctx: MemberCtx,
    process: ProcessDep,
    now: Now,
    job: Annotated[int, Form(ge=1, le=MAX_ID)],
    printer: Annotated[int, Form(ge=1, le=MAX_ID)],
) -> Response:
    """A waiting job goes to a printer that the backend has."""
    async with writing(request) as session:
        target = await fleet.get_living_printer(session, ctx, Ref(printer, None))
        if target.driven_by is not DrivenBy.PRINTER_BACKEND:
            raise Invalid(f"{target.name} is no printer of the backend.")
        found, _ = await asked_products.send_job(
            session, ctx, ref=Ref(job, None), printer_ref=Ref(printer, None), now=now
        )
    await send_to_backend(process, ctx, found.id, target.id)
    return done(request, f"{found.name} is with the printer backend.", to=HERE)


@router.post(HERE + "/printers")
async def add_printer(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    model: Annotated[str, Form(max_length=60)] = "",
    serial: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """A printer that only the backend reaches: no address, no code."""
    if not name.strip():
        raise Invalid("Give the printer a name.")
    draft = fleet.PrinterDraft(
        name=name.strip(),
        host="",
        access_code="",
        serial=serial.strip() or None,
        model=model.strip() or None,
        brand="",
        driver=DrivenBy.PRINTER_BACKEND.value,
    )
    printer = await fleet.register_printer(session, ctx, draft=draft, now=now)
    return done(request, f"{printer.name} takes the jobs that you send it.", to=HERE)


@router.post(HERE + "/jobs/{job}/answer")
async def answer_for_backend(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    job: JobRef,
    has_it: Annotated[bool, Form()],
) -> Response:
    """«Does it have the job?», answered by somebody who looked there."""
    await backend_sending.resolve_job(session, ctx, ref=job, has_it=has_it, now=now)
    words = (
        "Noted: the printer backend has it." if has_it else "Noted. Send it again when you like."
    )
    return done(request, words, to=HERE)


@router.post(HERE + "/received/{received_job}/cancel")
async def cancel_received(
    request: Request, ctx: MemberCtx, session: Write, now: Now, received_job: ReceivedRef
) -> Response:
    received = await find_by_ref(session, ctx, received_job)
    if received is None:
        raise backend_intake.BackendJobUnknown("There is no such received job.")
    await backend_intake.cancel_received(session, ctx, received=received, now=now)
    words = f"{received.product_name or received.file_name} is cancelled; its sender can see that."
    return done(request, words, to=HERE)


def _pip(url: str, health: backend_health.BackendHealth) -> Pip:
    if not url:
        return UNSET
    if health.checked_at is None:
        return NOT_ASKED
    return WELL if health.is_healthy else ILL
