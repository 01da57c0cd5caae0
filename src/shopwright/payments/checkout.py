"""A stranger's way from a cart to a payment page and back: order first, then the provider."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shopwright.artwork import printing
from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Invalid
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.orders.storefront import links
from shopwright.orders.storefront import service as storefront
from shopwright.orders.storefront.pricing import Line, quote_lines
from shopwright.orders.storefront.service import Buyer, ReferenceReused
from shopwright.payments import queries, service
from shopwright.payments.models import Payment
from shopwright.payments.providers import STRIPE, get_account
from shopwright.payments.service import PaymentMissing, Terms
from shopwright.payments.states import PaymentStatus

SESSION_PLACE = "{CHECKOUT_SESSION_ID}"  # the provider fills it in
REFERENCE_CHARS = 40


class NotPaid(Invalid):
    code = "payment-not-completed"
    title = "This is not paid"


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole print picture that a stranger links to, for a template and a model."""

    template: Template
    model: DeviceModel
    url: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a stranger orders. ``reference`` is the same for each try to order the same;
    ``expected_minor`` the total he was shown, ``goods_minor`` the goods' price without shipping.
    ``pictures`` are fetched for the lines of their positions. URLs None lead to our own pages."""

    lines: Sequence[Line]
    buyer: Buyer
    expected_minor: int | None = None
    goods_minor: int | None = None
    reference: str | None = None
    pictures: Mapping[int, Picture] = field(default_factory=dict)
    success_url: str | None = None
    cancel_url: str | None = None


@dataclass(frozen=True, slots=True)
class Checkout:
    order: Order
    payment: Payment
    order_token: str


async def begin_checkout(process: Process, ctx: Actor, wish: Wish) -> Checkout:
    """Place the order, open its payment, and give back where to pay; the same wish with the same
    reference is the same order and, while it lives, the same payment page.

    Raises what ``place_order_of_lines``, ``adopt_final_image`` and ``start_payment`` raise. A shop
    that takes no money places no order.
    """
    await get_account(process, ctx, STRIPE)
    order = await place(process, ctx, wish)
    payment = await service.start_payment(
        process, ctx, order_id=order.id, provider=STRIPE, terms=_terms(process, order, wish)
    )
    return Checkout(order, payment, links.order_token(process.context.vault, order.uuid))


async def place(process: Process, ctx: Actor, wish: Wish) -> Order:
    """Two tabs may come at once: who is second finds the first one's order."""
    try:
        return await _place(process, ctx, wish)
    except ReferenceReused:
        if not wish.pictures:
            raise
        return await _place(process, ctx, wish)


async def _place(process: Process, ctx: Actor, wish: Wish) -> Order:
    reference = _hashed(wish.reference)
    lines = await _with_pictures(process, ctx, wish, reference)

    async def write(session: WriteSession) -> Order:
        return await storefront.place_order_of_lines(
            session,
            ctx,
            lines,
            wish.buyer,
            expected_minor=wish.expected_minor,
            goods_minor=wish.goods_minor,
            reference=reference,
            now=process.clock.now(),
        )

    return await write_again(process.database, write)


async def _with_pictures(
    process: Process, ctx: Actor, wish: Wish, reference: str | None
) -> list[Line]:
    """Fetched once per order, and not before the price is agreed on."""
    lines = list(wish.lines)
    if not wish.pictures:
        return lines
    async with process.database.read() as session:
        quote = await quote_lines(session, ctx, lines)
        known = await storefront.find_by_reference(session, ctx, reference)
    storefront.check_price(quote, wish.expected_minor, wish.goods_minor)
    for at, picture in wish.pictures.items():
        if known is not None and at < len(known.items):
            design_id = known.items[at].design_id
        else:
            design = await printing.adopt_final_image(
                process, ctx, template=picture.template, model=picture.model, url=picture.url
            )
            design_id = design.id
        lines[at] = replace(lines[at], design_id=design_id)
    return lines


async def confirm(process: Process, ctx: Actor, session_id: str) -> tuple[Order, Payment]:
    """Ask the provider about a checkout session; any number of times. Raises PaymentMissing,
    PaymentUnproven, or NotPaid."""
    payment = await find_payment(process, ctx, session_id)
    if payment.status in {PaymentStatus.PENDING, PaymentStatus.PAYING, PaymentStatus.FAILED}:
        asking = system_actor(ctx.organization_id, "payments")
        payment = await service.prove(process, asking, payment.id)
    order = await read_order(process, ctx, payment)
    if payment.status not in {PaymentStatus.PAID, PaymentStatus.REFUNDED}:
        raise NotPaid(_why_not(payment), status=payment.status, order_id=order.id)
    return order, payment


async def read_order(process: Process, ctx: Actor, payment: Payment) -> Order:
    async with process.database.read() as session:
        return await orders.get_order(session, ctx, Ref(payment.order_id, None))


async def find_payment(process: Process, ctx: Actor, session_id: str) -> Payment:
    """By the id of the provider's checkout session; raises PaymentMissing."""
    async with process.database.read() as session:
        payment = await queries.find_by_provider_ids(session, ctx, STRIPE, [session_id])
    if payment is None or payment.provider_id != session_id:
        raise PaymentMissing("There is no checkout session with this id here.")
    return payment


def order_url(process: Process, order: Order) -> str:
    """Where its buyer follows it."""
    token = links.order_token(process.context.vault, order.uuid)
    return f"{process.settings.base_url}/shop/orders/{order.uuid}?token={token}"


def _terms(process: Process, order: Order, wish: Wish) -> Terms:
    base = process.settings.base_url
    return Terms(
        success_url=wish.success_url or f"{base}/payment-success?session_id={SESSION_PLACE}",
        cancel_url=wish.cancel_url or order_url(process, order),
    )


def _why_not(payment: Payment) -> str:
    match payment.status:
        case PaymentStatus.PAYING:
            return "The payment is under way; the bank has not confirmed it yet."
        case PaymentStatus.ABNORMAL:
            return "Other money came than was agreed. The shop looks at it."
        case PaymentStatus.FAILED:
            return payment.detail or "The payment failed."
        case _:
            return "This is not paid yet."


def _hashed(reference: str | None) -> str | None:
    if reference is None:
        return None
    return f"ck_{hashlib.sha256(reference.encode()).hexdigest()[:REFERENCE_CHARS]}"
