"""Payments for whoever works here: what an order was paid by, refunds, the shop's account."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from shopwright.accounts.access import AdminCtx, MemberCtx, OwnerCtx, ViewerCtx
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    Read,
    Ref,
    SettingsDep,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import service as orders
from shopwright.payments import accounts, doubts, queries, refunds
from shopwright.payments.accounts import KeyUnusable
from shopwright.payments.doubts import NothingInDoubt
from shopwright.payments.refunds import NotRefundable, RefundSettled
from shopwright.payments.schemas import (
    AccountRead,
    AccountSet,
    PaymentRead,
    PaymentResolve,
    RefundBody,
    RefundRead,
    RefundResolve,
)
from shopwright.payments.service import PaymentMissing

router = APIRouter(prefix="/api", tags=["payments"], route_class=RepeatableRoute)

OrderRef = Annotated[Ref, path_ref("order")]
PaymentRef = Annotated[Ref, path_ref("payment")]
RefundRef = Annotated[Ref, path_ref("refund")]
AllPage = Annotated[Paging, page_of(ALL_ROWS)]


@router.get("/orders/{order}/payments", responses=problems(NotFound))
async def list_payments(
    order: OrderRef, ctx: ViewerCtx, session: Read, paging: AllPage
) -> JSONResponse:
    """Every attempt to have an order paid, oldest first, with what was given back."""
    order_id = await orders.get_order_id(session, ctx, order)
    found = await queries.list_of_order(session, ctx, order_id)
    given = await queries.list_refunds(session, ctx, [each.id for each in found])
    rows = [PaymentRead.of(each, given) for each in found]
    shown = rows[paging.offset : paging.offset + paging.limit]
    return listed("payments", shown, len(rows), paging)


@router.get("/payments/in-doubt")
async def list_in_doubt(ctx: ViewerCtx, session: Read, paging: AllPage) -> JSONResponse:
    """Payments about which a person must decide."""
    found = await queries.list_in_doubt(session, ctx)
    given = await queries.list_refunds(session, ctx, [each.id for each in found])
    rows = [PaymentRead.of(each, given) for each in found]
    shown = rows[paging.offset : paging.offset + paging.limit]
    return listed("payments", shown, len(rows), paging)


@router.post("/payments/{payment}/refund", responses=problems(NotFound, Invalid, NotRefundable))
async def refund_payment(
    payment: PaymentRef, body: RefundBody, ctx: AdminCtx, session: Write, now: Now
) -> RefundRead:
    """Give money back, a part or all of it; sent once, after this is written down."""
    refund = await refunds.refund_payment(
        session, ctx, ref=payment, amount_minor=body.amount_minor, reason=body.reason, now=now
    )
    return RefundRead.of(refund)


@router.post(
    "/payments/{payment}/resolve",
    responses=problems(PaymentMissing, NothingInDoubt),
)
async def resolve_payment(
    payment: PaymentRef, body: PaymentResolve, ctx: MemberCtx, session: Write, now: Now
) -> PaymentRead:
    """A person has seen to what a payment asked for."""
    found = await doubts.resolve(session, ctx, ref=payment, note=body.note, now=now)
    return PaymentRead.of(found, await queries.list_refunds(session, ctx, [found.id]))


@router.post("/refunds/{refund}/resolve", responses=problems(NotFound, RefundSettled))
async def resolve_refund(
    refund: RefundRef, body: RefundResolve, ctx: AdminCtx, session: Write, now: Now
) -> RefundRead:
    """Say what became of a refund that nothing proves; look at the provider first."""
    settled = await refunds.resolve_refund(session, ctx, ref=refund, outcome=body.outcome, now=now)
    return RefundRead.of(settled)


@router.get("/payment-accounts/stripe", responses=problems(NotFound))
async def read_account(ctx: AdminCtx, session: Read, settings: SettingsDep) -> AccountRead:
    """Whether the shop has its own Stripe account here; its secrets are never shown."""
    account = await accounts.get_account(session, ctx)
    organization = await orders.get_organization(session, ctx)
    return AccountRead.of(account, organization, settings.base_url)


@router.put("/payment-accounts/stripe", responses=problems(KeyUnusable))
async def set_account(
    body: AccountSet, ctx: OwnerCtx, session: Write, settings: SettingsDep, now: Now
) -> AccountRead:
    """Keep the shop's keys, encrypted. Money of new payments goes to this account."""
    account = await accounts.set_account(
        session,
        ctx,
        secret_key=body.secret_key.get_secret_value() if body.secret_key else None,
        webhook_secret=body.webhook_secret.get_secret_value() if body.webhook_secret else None,
        now=now,
    )
    organization = await orders.get_organization(session, ctx)
    return AccountRead.of(account, organization, settings.base_url)


@router.delete("/payment-accounts/stripe", responses=problems(NotFound))
async def forget_account(ctx: OwnerCtx, session: Write) -> dict[str, str]:
    """Take no more payments by it; refunds of what it took need it again."""
    await accounts.forget_account(session, ctx)
    return {"message": "The Stripe account is forgotten here."}
