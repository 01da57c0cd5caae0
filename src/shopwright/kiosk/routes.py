"""Sessions at machines over HTTP, as the webstore reference knows them: below ``/api/vending`` and
at the root. A session's id is unguessable; whoever has it may go on with the session, and nobody
can prove a payment with it."""

from typing import Any

from fastapi import APIRouter, Request, Response

from shopwright.artwork.service import DesignExpired, DesignMissing
from shopwright.catalog.designs.pricing import PriceUnsettled
from shopwright.catalog.devices.stock import OutOfStock
from shopwright.kernel import limits
from shopwright.kernel.edge import (
    Now,
    ProcessDep,
    SettingsDep,
    Write,
    principal_of,
    problems,
    writing,
)
from shopwright.kernel.errors import (
    BrokenUpstream,
    Forbidden,
    Invalid,
    TooLarge,
    TooMany,
    Unavailable,
)
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.settings import Settings
from shopwright.kiosk import money, ordering, qr, service, wishes
from shopwright.kiosk.calls import (
    MachineActor,
    MachinesOpenSession,
    MachinesSession,
    SessionCall,
    VisitorsSession,
)
from shopwright.kiosk.machines import queries as machine_queries
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.machines.service import MachineOff, NotTheMachine
from shopwright.kiosk.money import MoneyNotTaken, TransactionUsed
from shopwright.kiosk.ordering import KioskPriceDiffers
from shopwright.kiosk.schemas import (
    HealthRead,
    HeartbeatBody,
    HeartbeatRead,
    OrderInfoRead,
    OrderSummaryBody,
    OrderSummaryRead,
    PaymentBegun,
    PaymentConfirm,
    PaymentConfirmed,
    ProgressBody,
    SessionCreate,
    SessionEnded,
    SessionOpened,
    SessionRead,
    UserRegister,
    UserRegistered,
    ValidRead,
    check_same_session,
    qr_url,
)
from shopwright.kiosk.service import SessionMissing, SessionNotReady, SessionOver, TooManySessions
from shopwright.orders.storefront.pricing import NotSold
from shopwright.orders.storefront.service import PriceDiffers
from shopwright.payments.starting import PaymentNotReady, PaymentRefused

PREFIXES = ("/api/vending", "")

router = APIRouter(tags=["kiosk"], route_class=RepeatableRoute)

# What a wish may be refused with.
WISHED = (Invalid, NotSold, OutOfStock, PriceUnsettled, DesignMissing, DesignExpired, TooLarge,
          Unavailable, BrokenUpstream)  # fmt: skip
LIVE = {"cache-control": "no-store"}
OF_SESSION = problems(SessionMissing, SessionOver, TooMany)
OF_MACHINE = problems(NotTheMachine, MachineOff, Forbidden, TooMany)
SVG: dict[int | str, Any] = {200: {"content": {"image/svg+xml": {}}}}
PNG: dict[int | str, Any] = {200: {"content": {"image/png": {}}}}


@router.post("/create-session", responses=OF_MACHINE | problems(Invalid, TooManySessions, TooLarge))
async def create_session(
    request: Request,
    body: SessionCreate,
    actor: MachineActor,
    session: Write,
    settings: SettingsDep,
    now: Now,
    answer: Response,
) -> SessionOpened:
    """A new session of the calling machine, and what its QR code says."""
    answer.headers.update(LIVE)
    machine = await machines.get_named(session, actor, body.machine_id)
    limits.charge(request, limits.KIOSK_SESSIONS, principal_of(request))
    row = await service.open_session(
        session,
        actor,
        machine,
        location=body.location or "",
        timeout_min=body.session_timeout_minutes,
        extra=body.metadata,
        now=now,
    )
    return SessionOpened.of(row, machine, settings.base_url)


@router.post("/heartbeat", responses=OF_MACHINE)
async def take_heartbeat(
    body: HeartbeatBody, actor: MachineActor, session: Write, now: Now, answer: Response
) -> HeartbeatRead:
    """The machine is there; five minutes without one, and it is shown as silent."""
    answer.headers.update(LIVE)
    machine = await machines.get_named(session, actor, body.machine_id)
    await machines.record_heartbeat(session, actor, machine, now)
    live = await machine_queries.count_live(session, actor, [machine.id], now)
    return HeartbeatRead(
        machine_id=machine.code, last_heartbeat=now, live_sessions=live.get(machine.id, 0)
    )


@router.post(
    "/session/{session_id}/register-user",
    responses=OF_SESSION | problems(Invalid),
)
async def register_user(
    request: Request,
    body: UserRegister,
    call: VisitorsSession,
    session: Write,
    now: Now,
    answer: Response,
) -> UserRegistered:
    """A phone has scanned the code."""
    answer.headers.update(LIVE)
    check_same_session(body.session_id, call.found.row)
    scan = service.Scan(
        machine_code=body.machine_id,
        location=body.location or "",
        user_agent=body.user_agent or request.headers.get("user-agent", ""),
        address=request.client.host if request.client else "",
    )
    row = await service.register_user(session, call.actor, call.found, scan, now)
    return UserRegistered.of(row, call.found.machine)


@router.post("/session/{session_id}/progress", responses=OF_SESSION | problems(Invalid))
async def note_progress(
    body: ProgressBody, call: VisitorsSession, session: Write, now: Now, answer: Response
) -> HealthRead:
    """Where the customer is, for the machine's screen; nothing is decided by it."""
    answer.headers.update(LIVE)
    row = await service.note_progress(session, call.actor, call.found.row, body.user_progress, now)
    return HealthRead.of(row, call.found.machine, now)


@router.get("/session/{session_id}/health", responses=OF_SESSION)
async def read_health(call: VisitorsSession, now: Now, answer: Response) -> HealthRead:
    """Whether the session may go on, and for how long."""
    answer.headers.update(LIVE)
    return HealthRead.of(call.found.row, call.found.machine, now)


@router.get("/session/{session_id}/status", responses=OF_SESSION)
async def read_status(call: VisitorsSession, now: Now, answer: Response) -> SessionRead:
    """How the session stands; the queue number as soon as the manufacturer gives one."""
    answer.headers.update(LIVE)
    return SessionRead.of(call.found, now)


@router.post("/session/{session_id}/validate", responses=OF_SESSION)
async def validate_session(call: VisitorsSession, now: Now, answer: Response) -> ValidRead:
    """The same in the words of monitoring."""
    answer.headers.update(LIVE)
    return ValidRead.of(call.found, now)


@router.get("/session/{session_id}/qr.svg", responses=OF_SESSION | SVG, response_class=Response)
async def draw_qr_svg(call: VisitorsSession, settings: SettingsDep) -> Response:
    """The session's QR code, sharp at any size."""
    return _draw_qr(call, settings, "svg")


@router.get("/session/{session_id}/qr.png", responses=OF_SESSION | PNG, response_class=Response)
async def draw_qr_png(call: VisitorsSession, settings: SettingsDep) -> Response:
    """The same for screens that show no SVG."""
    return _draw_qr(call, settings, "png")


@router.post(
    "/session/{session_id}/order-summary",
    responses=OF_SESSION | problems(*WISHED, SessionNotReady, KioskPriceDiffers),
)
async def take_order_summary(
    request: Request,
    body: OrderSummaryBody,
    call: VisitorsSession,
    process: ProcessDep,
    now: Now,
    answer: Response,
) -> OrderSummaryRead:
    """What the customer wants. The price is the catalogue's: another ``payment_amount`` is answered
    with the right one."""
    answer.headers.update(LIVE)
    check_same_session(body.session_id, call.found.row)
    ordering.check_may_order(call.found.row, now)
    wish = await wishes.read_wish(process, call.actor, body.ordered)
    priced = await ordering.quote(process, call.actor, wish)
    ordering.check_price(priced, body.payment_amount, body.currency)
    async with writing(request) as session:
        row = await ordering.keep_summary(
            session, call.actor, call.found.row, wish, priced, process.clock.now()
        )
    return OrderSummaryRead.of(row)


@router.get("/session/{session_id}/order-info", responses=OF_SESSION | problems(SessionNotReady))
async def read_order_info(call: VisitorsSession, answer: Response) -> OrderInfoRead:
    """What is ordered and what it costs, for the machine's own screen."""
    answer.headers.update(LIVE)
    if not call.found.row.order_summary:
        raise SessionNotReady("Nothing is ordered in this session yet.")
    return OrderInfoRead.of(call.found)


@router.post(
    "/session/{session_id}/init-payment",
    responses=OF_SESSION
    | problems(*WISHED, SessionNotReady, PriceDiffers, PaymentRefused, PaymentNotReady),
)
async def begin_payment(
    call: VisitorsSession, process: ProcessDep, answer: Response
) -> PaymentBegun:
    """The order is placed and its payment begun, once, however often this is asked. Nothing is made
    before the money is proven."""
    answer.headers.update(LIVE)
    begun = await ordering.begin_payment(process, call.actor, call.found)
    return PaymentBegun.of(begun, call.found.machine)


@router.post(
    "/session/{session_id}/confirm-payment",
    responses=OF_SESSION | OF_MACHINE | problems(Invalid, MoneyNotTaken, TransactionUsed, TooLarge),
)
async def confirm_payment(
    body: PaymentConfirm, call: MachinesSession, process: ProcessDep, answer: Response
) -> PaymentConfirmed:
    """The machine has taken the money. It counts also when the session is over by now."""
    answer.headers.update(LIVE)
    check_same_session(body.session_id, call.found.row)
    taken = await money.confirm_payment(process, call.actor, call.found, body.said())
    return PaymentConfirmed.of(taken)


@router.delete(
    "/session/{session_id}", responses=OF_SESSION | OF_MACHINE | problems(SessionNotReady)
)
async def end_session(call: MachinesOpenSession, session: Write, now: Now) -> SessionEnded:
    """The machine ends it; what is paid is not ended."""
    await service.cancel_session(
        session, call.actor, call.found, reason="ended by the machine", now=now
    )
    return SessionEnded(session_id=call.found.row.session_id)


def _draw_qr(call: SessionCall, settings: Settings, form: qr.Format) -> Response:
    found = call.found
    text = qr_url(found.row, found.machine, settings.base_url)
    picture = qr.draw(text, form, found.machine.qr_config)
    return Response(picture, media_type=qr.TYPES[form], headers=LIVE)
