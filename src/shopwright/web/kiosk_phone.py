"""The phone's side of a machine's session: joined by its QR code, on to the shop's designs, then
the sum, the payment at the machine, and how it goes on. Whoever knows its address has it."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from shopwright.catalog.designs import queries as design_queries
from shopwright.catalog.designs.models import Template
from shopwright.kernel.edge import Now, ProcessDep, Read, Write, get_process
from shopwright.kernel.errors import ShopError
from shopwright.kiosk import ordering, service
from shopwright.kiosk.calls import SessionCall, SessionId, open_call
from shopwright.kiosk.schemas import seconds_left
from shopwright.kiosk.states import PAID, SessionStatus, UserProgress
from shopwright.web.shop_page import ShopPage, ShopPageCtx

router = APIRouter(include_in_schema=False)

SEE_OTHER = 303
STAGES = ("Design", "Order", "Pay", "Made")
NOT_INDEXED = {"x-robots-tag": "noindex", "referrer-policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class PhonePage:
    """The shop's page with the session it is about."""

    page: ShopPage
    call: SessionCall


async def open_phone(page: ShopPageCtx, request: Request, session_id: SessionId) -> PhonePage:
    """Raises SessionMissing (counted), SessionOver or TooMany."""
    return PhonePage(page, await open_call(request, page.actor, session_id))


PhoneCtx = Annotated[PhonePage, Depends(open_phone)]


@router.get("/shop/k/{session_id}")
async def show_session(phone: PhoneCtx, session: Read, now: Now) -> Response:
    """Join, design, order, pay, wait: whichever comes next."""
    return await _render(phone, session, now)


@router.post("/shop/k/{session_id}/join")
async def join(phone: PhoneCtx, session: Write, request: Request, now: Now) -> Response:
    """The code was scanned on this phone."""
    scan = service.Scan(
        machine_code=None,
        location="",
        user_agent=request.headers.get("user-agent", ""),
        address=request.client.host if request.client else "",
    )
    await service.register_user(session, phone.call.actor, phone.call.found, scan, now)
    return _back(request, phone)


@router.post("/shop/k/{session_id}/pay")
async def pay(phone: PhoneCtx, request: Request, process: ProcessDep, now: Now) -> Response:
    """The order is placed, and the machine takes the money. No connection is held over the
    partner's answer."""
    try:
        await ordering.begin_payment(process, phone.call.actor, phone.call.found)
    except ShopError as err:
        async with process.database.read() as session:
            return await _render(phone, session, now, sentence=err.detail, status=err.status)
    return _back(request, phone)


async def _render(
    phone: PhonePage, session: Any, now: Any, *, sentence: str | None = None, status: int = 200
) -> Response:
    found = phone.call.found
    answer = phone.page.render(
        f"kiosk/phone_{step_of(phone)}.html",
        status=status,
        found=found,
        row=found.row,
        machine=found.machine,
        progress=service.shown_progress(found),
        templates=await _templates(phone, session),
        sentence=sentence or found.row.error,
        left_s=seconds_left(found.row, now),
        stages=STAGES,
    )
    answer.headers.update(NOT_INDEXED)
    return answer


def step_of(phone: PhonePage) -> str:
    """Which page comes next."""
    row = phone.call.found.row
    if row.status in PAID:
        return "made"
    if row.status is SessionStatus.PAYMENT_FAILED:
        return "sum"
    if row.status is SessionStatus.PAYMENT_PENDING:
        return "pay" if row.progress is UserProgress.PAYMENT_REACHED else "sum"
    return "join" if row.scanned_at is None else "design"


async def _templates(phone: PhonePage, session: Any) -> list[Template]:
    """The one touched at the screen first."""
    if step_of(phone) != "design":
        return []
    chosen = phone.call.found.row.template_id
    found = await design_queries.list_templates(session, phone.page.actor)
    return sorted(found, key=lambda template: template.id != chosen)


def _back(request: Request, phone: PhonePage) -> Response:
    base = get_process(request).settings.base_path
    target = f"{base}/shop/k/{phone.call.found.row.session_id}"
    return RedirectResponse(target, status_code=SEE_OTHER, headers=NOT_INDEXED)
