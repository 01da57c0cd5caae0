"""Machines in public places: their keys, their health, who stands before them, what they took."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx, MemberCtx
from shopwright.kernel.edge import Now, Paging, Read, Ref, SettingsDep, Write, path_ref
from shopwright.kiosk import queries as sessions
from shopwright.kiosk import service as kiosk
from shopwright.kiosk.machines import service
from shopwright.kiosk.states import MoneyPath
from shopwright.web.page import PageCtx, done, fragment, go, is_htmx
from shopwright.web.paging import MAX_PAGE, Window
from shopwright.web.reads import machines as reads

router = APIRouter(include_in_schema=False)

MachineRef = Annotated[Ref, path_ref("machine")]
SessionRef = Annotated[Ref, path_ref("kiosk_session")]
HERE = "/machines"
PAGE_SIZE = 25
Text200 = Annotated[str, Form(max_length=200)]


@router.get(HERE)
async def show_machines(page: PageCtx, session: Read, settings: SettingsDep) -> Response:
    return page.render(
        "machines.html",
        active="machines",
        topics="machines",
        rows=await reads.list_machines(session, page.actor, page.now),
        pairing_url=f"{settings.base_url}/kiosk",
    )


@router.get("/machines/{machine}")
async def show_machine(
    page: PageCtx,
    session: Read,
    settings: SettingsDep,
    machine: MachineRef,
    number: Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    known = await service.get_machine(session, page.actor, machine)
    window = Window(number, PAGE_SIZE)
    found, total = await sessions.list_sessions(
        session, page.actor, known.id, Paging(PAGE_SIZE, window.offset)
    )
    return page.render(
        "machine.html",
        active="machines",
        topics="machines",
        row=await reads.read_machine(session, page.actor, known, page.now),
        sessions=reads.session_rows(found, page.now),
        takings=await reads.list_takings(session, page.actor, known.id),
        paging=window.of(total, len(found)),
        pairing_url=f"{settings.base_url}/kiosk",
    )


@router.post(HERE)
async def register_machine(
    *,
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    code: Annotated[str, Form(max_length=60)],
    name: Text200 = "",
    location: Text200 = "",
    money_path: Annotated[MoneyPath, Form()] = MoneyPath.MANUFACTURER,
) -> Response:
    made = await service.register_machine(
        session, ctx, code=code, name=name, location=location, money_path=money_path, now=now
    )
    return go(request, f"{HERE}/{made.id}")


@router.post("/machines/{machine}/edit")
async def edit_machine(
    *,
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    machine: MachineRef,
    name: Text200 = "",
    location: Text200 = "",
    money_path: Annotated[MoneyPath, Form()] = MoneyPath.MANUFACTURER,
    error_correction: Annotated[str, Form(max_length=1)] = "M",
    timeout_minutes: Annotated[int, Form(ge=5, le=60)] = 30,
) -> Response:
    known = await service.get_machine(session, ctx, machine)
    qr_config = {
        **known.qr_config,
        "error_correction": error_correction,
        "timeout_minutes": timeout_minutes,
    }
    changed = await service.update_machine(
        session,
        ctx,
        known,
        name=name,
        location=location,
        money_path=money_path,
        qr_config=qr_config,
        now=now,
    )
    return done(request, f"{changed.name} is changed.", to=f"{HERE}/{known.id}")


@router.post("/machines/{machine}/switch")
async def switch_machine(
    request: Request, ctx: AdminCtx, session: Write, now: Now, machine: MachineRef
) -> Response:
    """Off when it was on."""
    known = await service.get_machine(session, ctx, machine)
    changed = await service.update_machine(
        session, ctx, known, is_active=not known.is_active, now=now
    )
    word = "sells again" if changed.is_active else "opens no new sessions"
    return done(request, f"{changed.name} {word}.", to=f"{HERE}/{known.id}")


@router.post("/machines/{machine}/key")
async def make_key(
    request: Request, ctx: AdminCtx, session: Write, now: Now, machine: MachineRef
) -> Response:
    """The key is in this answer only."""
    made = await service.issue_key(session, ctx, ref=machine, now=now)
    template = "parts/shown_once.html" if is_htmx(request) else "machine_key.html"
    return fragment(
        request,
        template,
        {
            "title": f"The key of {made.machine.name}",
            "text": "Enter it in the machine, and at its screen under /kiosk. It is shown only "
            "now; the key before it has ended.",
            "secret": made.secret,
            "machine": made.machine,
        },
    )


@router.post("/machines/{machine}/key/end")
async def end_key(
    request: Request, ctx: AdminCtx, session: Write, now: Now, machine: MachineRef
) -> Response:
    ended = await service.revoke_key(session, ctx, ref=machine, now=now)
    text = f"The key of {ended.name} is ended: the machine and its screen can do nothing more."
    return done(request, text, to=f"{HERE}/{ended.id}")


@router.post("/machines/sessions/{kiosk_session}/end")
async def end_session(
    request: Request, ctx: MemberCtx, session: Write, now: Now, kiosk_session: SessionRef
) -> Response:
    found = await kiosk.get_session(session, ctx, kiosk_session)
    await kiosk.cancel_session(session, ctx, found, reason=f"ended by {ctx.name}", now=now)
    return done(request, "The session is ended.", to=f"{HERE}/{found.machine.id}")
