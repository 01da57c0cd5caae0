"""What stands on a machine's screen: an invitation, the choice, the code to scan, and then whatever
happens on the phone. The screen asks every two seconds; most answers are 304."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from shopwright.catalog.designs import queries as design_queries
from shopwright.catalog.designs.models import Template
from shopwright.kernel import limits
from shopwright.kernel.edge import Now, Process, ProcessDep, Read, Write
from shopwright.kernel.errors import ShopError
from shopwright.kiosk import service
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.models import KioskSession
from shopwright.kiosk.queries import FoundSession
from shopwright.kiosk.schemas import qr_url, seconds_left
from shopwright.kiosk.states import OPEN, PAID, SessionStatus, UserProgress
from shopwright.web import templating
from shopwright.web.kiosk_pairing import (
    ActingScreenCtx,
    Screen,
    ScreenClosed,
    ScreenCtx,
    find_screen,
)
from shopwright.web.shop_page import NO_STORE

router = APIRouter(include_in_schema=False)

SESSION_COOKIE = "shopwright_screen_session"
TILES = 6  # what fits without scrolling; the phone shows the rest
NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class View:
    """Which screen is shown. ``idle_s``: when nobody touches it for so long, it starts anew;
    ``ends_s``: when the session does."""

    name: str
    idle_s: int = 0
    ends_s: int = 0


ATTRACT, CHOOSE = View("attract"), View("choose", idle_s=60)
DONE_S, OVER_S = 45, 30
IDLE_S = {"scan": 180, "failed": 120}  # elsewhere somebody is busy with a phone or with money


@router.get("/kiosk")
async def show_screen(request: Request, process: ProcessDep) -> Response:
    """The whole page once; its content comes as pieces."""
    try:
        screen = await find_screen(request)
    except ScreenClosed:
        return RedirectResponse(f"{process.settings.base_path}/kiosk/pair", status_code=303)
    return _html(process, "kiosk/screen.html", _values(screen, ATTRACT))


@router.get("/kiosk/screen")
async def show_content(
    screen: ScreenCtx,
    session: Read,
    process: ProcessDep,
    now: Now,
    view: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """What stands on the screen now; 304 when it still does."""
    found = await _find_shown(session, screen)
    shown = view_of(found, now, is_choosing=view == "choose")
    templates = await _templates(session, screen) if shown == CHOOSE else []
    values = _values(screen, shown, found=found, templates=templates, **_facts(process, found))
    html = templating.render(process.settings.base_path, f"kiosk/{shown.name}.html", values)
    mark = f'"{hashlib.sha256(html.encode()).hexdigest()[:32]}"'
    headers = {**NO_STORE, "etag": mark, "x-view": shown.name}
    if screen.request.headers.get("if-none-match") == mark:
        return Response(status_code=NOT_MODIFIED, headers=headers)
    headers |= {"x-idle-s": str(shown.idle_s), "x-ends-s": str(shown.ends_s)}
    return Response(html, media_type="text/html", headers=headers)


@router.post("/kiosk/start")
async def start(
    screen: ActingScreenCtx,
    session: Write,
    now: Now,
    template: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Somebody touched the screen: a session of their own."""
    limits.charge(screen.request, limits.KIOSK_SESSIONS, f"key:{screen.actor.key_id}")
    machine = await machines.get_own(session, screen.actor)
    row = await service.open_session(session, screen.actor, machine, now=now)
    if template:
        await service.choose_template(session, screen.actor, row, template, now)
    answer = Response(status_code=204, headers=NO_STORE)
    answer.set_cookie(
        SESSION_COOKIE,
        row.session_id,
        path=f"{screen.request.scope.get('root_path') or ''}/kiosk",
        secure=screen.request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/kiosk/leave")
async def leave(screen: ActingScreenCtx, session: Write, now: Now) -> Response:
    """Back to the invitation. What is not paid is ended, so that its place is free."""
    found = await _find_shown(session, screen)
    if found is not None and found.row.status not in PAID:
        with suppress(service.SessionNotReady):  # it was over by itself
            await service.cancel_session(
                session, screen.actor, found, reason="left at the screen", now=now
            )
    answer = Response(status_code=204, headers=NO_STORE)
    path = f"{screen.request.scope.get('root_path') or ''}/kiosk"
    answer.delete_cookie(SESSION_COOKIE, path=path)
    return answer


@router.post("/kiosk/alive")
async def note_alive(screen: ActingScreenCtx, session: Write, now: Now) -> Response:
    """The screen's heartbeat is the machine's."""
    await machines.record_heartbeat(session, screen.actor, screen.machine, now)
    return Response(status_code=204, headers=NO_STORE)


def view_of(found: FoundSession | None, now: Any, *, is_choosing: bool) -> View:
    """Which screen a session is on."""
    if found is None:
        return CHOOSE if is_choosing else ATTRACT
    row, left_s = found.row, seconds_left(found.row, now)
    if row.status in PAID:
        return View("done", idle_s=DONE_S)
    if row.status not in OPEN or left_s == 0:
        return View("over", idle_s=OVER_S)
    name = _open_view(row)
    return View(name, idle_s=IDLE_S.get(name, 0), ends_s=left_s)


def _open_view(row: KioskSession) -> str:
    if row.status is SessionStatus.PAYMENT_FAILED:
        return "failed"
    if row.status is SessionStatus.PAYMENT_PENDING:
        return "pay" if row.progress is UserProgress.PAYMENT_REACHED else "summary"
    return "scan" if row.scanned_at is None else "designing"


async def _find_shown(session: Any, screen: Screen) -> FoundSession | None:
    """The session that this screen began; None when it is another machine's or cleared away."""
    session_id = screen.request.cookies.get(SESSION_COOKIE, "")
    try:
        found = await service.find_session(session, screen.actor, session_id)
    except ShopError:
        return None
    return found if found.machine.id == screen.machine.id else None


async def _templates(session: Any, screen: Screen) -> list[Template]:
    return (await design_queries.list_templates(session, screen.actor))[:TILES]


def _facts(process: Process, found: FoundSession | None) -> dict[str, Any]:
    if found is None:
        return {}
    text = qr_url(found.row, found.machine, process.settings.base_url)
    code = segno.make(text, error=found.machine.qr_config.get("error_correction", "M"), micro=False)
    return {
        "qr": code.svg_inline(border=2, light="#fff", omitsize=True),
        "progress": service.shown_progress(found),
    }


def _values(screen: Screen, shown: View, **more: Any) -> dict[str, Any]:
    return {"shop": screen.shop, "machine": screen.machine, "view": shown, "found": None, **more}


def _html(process: Process, template: str, values: dict[str, Any]) -> Response:
    html = templating.render(process.settings.base_path, template, values)
    return Response(html, media_type="text/html", headers=NO_STORE)
