"""What people do about payments: give money back, decide what is in doubt, enter Stripe's keys."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx, MemberCtx, OwnerCtx
from shopwright.kernel.edge import Now, Read, Ref, SettingsDep, Write, path_ref
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.orders import service as orders
from shopwright.payments import accounts, doubts, refunds, service
from shopwright.payments.providers import account_of_settings
from shopwright.payments.refunds import RefundOutcome
from shopwright.payments.schemas import webhook_url
from shopwright.web.amounts import read_price
from shopwright.web.page import AdminPageCtx, done
from shopwright.web.reads import payments

router = APIRouter(include_in_schema=False)

PaymentRef = Annotated[Ref, path_ref("payment")]
RefundRef = Annotated[Ref, path_ref("refund")]
Text = Annotated[str, Form(max_length=500)]
Secret = Annotated[str, Form(max_length=300)]
STRIPE_PAGE = "/connections/stripe"


@router.post("/payments/{payment}/refund")
async def refund_payment(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    payment: PaymentRef,
    amount: Annotated[str, Form(max_length=20)] = "",
    reason: Text = "",
) -> Response:
    """An empty amount is all that is left."""
    found = await service.get_payment(session, ctx, payment)
    price = read_price(amount)
    currency = found.received_currency or found.currency
    minor = None if price is None else Money.from_decimal(price, currency).minor
    await refunds.refund_payment(
        session, ctx, ref=payment, amount_minor=minor, reason=reason.strip(), now=now
    )
    return done(request, "The money is being given back.", to=f"/orders/{found.order_id}")


@router.post("/payments/{payment}/resolve")
async def resolve_payment(
    request: Request, ctx: MemberCtx, session: Write, now: Now, payment: PaymentRef, note: Text = ""
) -> Response:
    found = await doubts.resolve(session, ctx, ref=payment, note=note, now=now)
    return done(request, "Noted with the payment.", to=f"/orders/{found.order_id}")


@router.post("/refunds/{refund}/resolve")
async def resolve_refund(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    refund: RefundRef,
    outcome: Annotated[RefundOutcome, Form()],
) -> Response:
    settled = await refunds.resolve_refund(session, ctx, ref=refund, outcome=outcome, now=now)
    payment = await service.get_payment(session, ctx, Ref(settled.payment_id, None))
    words = "The refund counts." if outcome is RefundOutcome.SUCCEEDED else "It was not given back."
    return done(request, words, to=f"/orders/{payment.order_id}")


@router.get(STRIPE_PAGE)
async def show_stripe(page: AdminPageCtx, session: Read, settings: SettingsDep) -> Response:
    """Whether the shop's keys are here, and the address that Stripe needs; never the keys."""
    organization = await orders.get_organization(session, page.actor)
    return page.render(
        "stripe.html",
        active="connections",
        topics="connections",
        account=await payments.find_stripe(session, page.actor),
        has_default=account_of_settings(settings) is not None,
        webhook_url=webhook_url(settings.base_url, organization),
        is_owner=page.actor.role == "owner",
    )


@router.post(STRIPE_PAGE)
async def set_stripe(
    request: Request,
    ctx: OwnerCtx,
    session: Write,
    now: Now,
    secret_key: Secret = "",
    webhook_secret: Secret = "",
) -> Response:
    """An empty field leaves what is kept."""
    if not (secret_key.strip() or webhook_secret.strip()):
        raise Invalid("Enter the secret key, the webhook's signing secret, or both.")
    await accounts.set_account(
        session,
        ctx,
        secret_key=secret_key.strip() or None,
        webhook_secret=webhook_secret.strip() or None,
        now=now,
    )
    return done(request, "The keys are kept, encrypted.", to=STRIPE_PAGE)


@router.post(f"{STRIPE_PAGE}/forget")
async def forget_stripe(request: Request, ctx: OwnerCtx, session: Write) -> Response:
    await accounts.forget_account(session, ctx)
    return done(request, "The keys are gone from here.", to=STRIPE_PAGE)
