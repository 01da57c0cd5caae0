"""The webstore's checkout (reference (d)), at the root and under ``/api``: strangers' routes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from shopwright.accounts import queries as accounts
from shopwright.accounts.visitors import VISITOR, VisitorCtx, visitor_of
from shopwright.artwork import service as artwork
from shopwright.catalog.designs.pricing import PriceUnsettled
from shopwright.catalog.devices.stock import OutOfStock
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import ReadSession
from shopwright.kernel.edge import (
    Now,
    Process,
    ProcessDep,
    Read,
    allow_body,
    principal_of,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound, TooLarge, TooMany
from shopwright.kernel.limits import WIDE, charge
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders.storefront import pricing, words
from shopwright.orders.storefront.pricing import Line, NotSold
from shopwright.orders.storefront.service import PriceDiffers, ReferenceReused
from shopwright.payments import checkout, notices, wishes
from shopwright.payments.checkout import Checkout, NotPaid, Wish
from shopwright.payments.notices import NoticeNotSigned
from shopwright.payments.providers import STRIPE, ProviderNotSetUp
from shopwright.payments.schemas import (
    CheckoutBody,
    CheckoutRead,
    LineBody,
    QuoteBody,
    QuoteRead,
    ShopCheckoutBody,
    SuccessBody,
    SuccessRead,
)
from shopwright.payments.service import OrderNotPayable, PaymentMissing, PaymentUnproven
from shopwright.payments.starting import PaymentNotReady, PaymentRefused

PREFIXES = ("", "/api")
MAX_NOTICE_BYTES = 512 * 1024  # Stripe's largest objects are some 100 KB
REFUSALS = problems(
    Invalid, NotSold, OutOfStock, PriceDiffers, PriceUnsettled, ReferenceReused, OrderNotPayable,
    PaymentRefused, PaymentNotReady, ProviderNotSetUp,
)  # fmt: skip

router = APIRouter(tags=["checkout"], route_class=RepeatableRoute)
shop = APIRouter(prefix="/api/shop", tags=["checkout"], route_class=RepeatableRoute)

IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


@router.post("/create-checkout-session", responses=REFUSALS)
async def create_checkout_session(
    request: Request,
    body: CheckoutBody,
    ctx: VisitorCtx,
    process: ProcessDep,
    key: IdempotencyKey = None,
) -> CheckoutRead:
    """Place the order, then open Stripe's page to pay it. The same request again, as from a second
    tab, gives the same order and page."""
    wish = await _wish(process, ctx, body, _reference(request, body, key), _origin(request))
    return _told(process, await checkout.begin_checkout(process, ctx, wish))


@router.post(
    "/process-payment-success",
    responses=problems(PaymentMissing, NotPaid, PaymentUnproven, ProviderNotSetUp),
)
async def process_payment_success(
    body: SuccessBody, ctx: VisitorCtx, process: ProcessDep
) -> SuccessRead:
    """Ask Stripe whether a checkout session is paid; any number of times, before or after the
    webhook."""
    order, payment = await checkout.confirm(process, ctx, body.session_id)
    return SuccessRead(
        order_id=order.id,
        payment_id=payment.provider_payment_id,
        queue_no=order.queue_number,
        status=words.word_of(order, payment.status),
        chinese_order_id=order.outside_reference,
        amount=payment.amount_minor,
        currency=payment.currency,
    )


@router.get("/payment-success", responses=problems(Invalid, NotFound, TooMany))
async def show_payment_success(
    request: Request,
    process: ProcessDep,
    session_id: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Where Stripe sends the buyer: on to his order's page, or a word about it as JSON."""
    charge(request, WIDE, principal_of(request))
    ctx = await visitor_of(request)
    try:
        order, _ = await checkout.confirm(process, ctx, session_id)
    except (NotPaid, PaymentUnproven):
        payment = await checkout.find_payment(process, ctx, session_id)
        order = await checkout.read_order(process, ctx, payment)
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(checkout.order_url(process, order), status_code=303)
    return JSONResponse(
        {
            "message": "Thank you. Your order's page shows how it goes on.",
            "session_id": session_id,
            "order_id": order.id,
            "status": words.word_of(order),
        },
        headers={"cache-control": "no-store"},
    )


async def _admit(request: Request) -> None:
    """Anybody may knock: few bytes, and not too often from one address."""
    charge(request, WIDE, principal_of(request))
    allow_body(request, MAX_NOTICE_BYTES)


@router.post(
    "/stripe-webhook",
    dependencies=[Depends(_admit)],
    responses=problems(NoticeNotSigned, NotFound, ProviderNotSetUp, TooLarge),
)
@router.post(
    "/webhook/stripe",
    dependencies=[Depends(_admit)],
    responses=problems(NoticeNotSigned, NotFound, ProviderNotSetUp, TooLarge),
)
async def receive_notice_of_stripe(
    request: Request,
    process: ProcessDep,
    shop: Annotated[str, Query(max_length=100, description="the shop, where several are")] = "",
) -> dict[str, bool]:
    """For Stripe: signed events, each taken once. ``shop`` is in the address that the connections
    page shows."""
    ctx = await _shop_of(request, process, shop)
    is_new = await notices.receive(process, ctx, STRIPE, request.headers, await request.body())
    return {"received": True, "is_new": is_new}


@shop.post("/quote", responses=problems(Invalid, NotSold, PriceUnsettled, artwork.DesignMissing))
async def quote(body: QuoteBody, ctx: VisitorCtx, session: Read, now: Now) -> QuoteRead:
    """What a cart costs, with shipping and tax. Nothing is kept."""
    lines = [await _line(session, ctx, line, now) for line in body.lines]
    return QuoteRead.of(await pricing.quote_lines(session, ctx, lines))


@shop.post("/checkout", responses=REFUSALS | problems(artwork.DesignMissing))
async def begin_checkout(
    body: ShopCheckoutBody, ctx: VisitorCtx, process: ProcessDep, now: Now
) -> CheckoutRead:
    """Place a cart's order and open the page to pay it; the same ``reference`` is the same
    order."""
    async with process.database.read() as session:
        lines = [await _line(session, ctx, line, now) for line in body.lines]
    wish = Wish(
        lines=lines,
        buyer=body.buyer.buyer(),
        expected_minor=body.expected_total_minor,
        reference=f"cart:{body.reference}:{body.buyer.email.lower()}",
    )
    return _told(process, await checkout.begin_checkout(process, ctx, wish))


def _told(process: Process, begun: Checkout) -> CheckoutRead:
    payment = begun.payment
    return CheckoutRead(
        checkout_url=payment.url or checkout.order_url(process, begun.order),
        session_id=payment.provider_id or "",
        order_id=begun.order.id,
        order_token=begun.order_token,
        order_url=checkout.order_url(process, begun.order),
        amount_pence=payment.amount_minor,
        currency=payment.currency,
    )


async def _wish(
    process: Process, ctx: Actor, body: CheckoutBody, reference: str | None, origin: str | None
) -> Wish:
    place = f"?session_id={checkout.SESSION_PLACE}"
    return await wishes.of_template(
        process,
        ctx,
        wishes.Named(body.template_id, body.brand, body.model, body.quantity, body.color),
        buyer=body.buyer(),
        expected_minor=body.amount_pence,
        picture_url=body.final_image_url,
        reference=reference,
        success_url=f"{origin}/payment-success{place}" if origin else None,
        cancel_url=f"{origin}/" if origin else None,
    )


def _reference(request: Request, body: CheckoutBody, key: str | None) -> str | None:
    """What tells a repetition from another order: the client's word for it, else his picture. Never
    alone, as others could guess it: with the address and the buyer."""
    word = key or body.order_id or body.final_image_url
    if word is None:
        return None
    who = f"{principal_of(request)}:{(body.customer_email or '').lower()}"
    return f"{who}:{body.template_id}:{body.brand}:{body.model}:{body.quantity}:{word}"


def _origin(request: Request) -> str | None:
    """An outside storefront that the shop allows gets its buyers back."""
    origin = request.headers.get("origin", "")
    return origin if origin in request.app.state.process.settings.cors_origins else None


async def _line(session: ReadSession, ctx: Actor, body: LineBody, now: Now) -> Line:
    """Raises Invalid, or DesignMissing when the token does not fit."""
    if (body.design is None) == (body.variant_id is None):
        raise Invalid("A line has either a variant_id or a design.")
    if body.design is None:
        return Line(quantity=body.quantity, variant_id=body.variant_id)
    design = await artwork.open_design(session, ctx, body.design.id, body.design.token, now=now)
    return Line(quantity=body.quantity, design_id=design.id)


async def _shop_of(request: Request, process: Process, shop: str) -> Actor:
    """The one that the address names, else the visitor's."""
    if not shop:
        return await visitor_of(request)
    async with process.database.read() as session:
        found = await accounts.find_default_organization(session, shop)
    if found is None:
        raise NotFound("There is no such shop here.")
    return Actor(found.id, Role.VIEWER, VISITOR, scopes=frozenset())
