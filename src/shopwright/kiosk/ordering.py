"""From a customer's wish to an order and something to pay it by, each once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from shopwright.kernel.actor import Actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.kernel.money import Money
from shopwright.kiosk import queries, rules, service
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.kiosk.queries import FoundSession
from shopwright.kiosk.service import SessionNotReady, touch_session
from shopwright.kiosk.states import OPEN, MoneyPath, SessionStatus, UserProgress
from shopwright.kiosk.wishes import Wish
from shopwright.orders import piece_queries
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.orders.storefront import service as storefront
from shopwright.orders.storefront.pricing import KIOSK, Line, Quote, quote_lines
from shopwright.orders.storefront.service import Buyer
from shopwright.payments import service as payments
from shopwright.payments.models import Payment
from shopwright.payments.providers import of_process
from shopwright.payments.service import Terms

READY = frozenset({SessionStatus.PAYMENT_PENDING, SessionStatus.PAYMENT_FAILED})
STAYS = frozenset({SessionStatus.PAYMENT_PENDING})
AFTER_SESSION = timedelta(minutes=10)  # somebody may be feeding coins when it ends
MAX_KEYS = 10


class KioskPriceDiffers(Conflict):
    code = "price-differs"
    title = "The price is another one"


@dataclass(frozen=True, slots=True)
class Begun:
    """An order at a machine and the payment that is waited for."""

    row: KioskSession
    order: Order
    payment: Payment


async def quote(process: Process, ctx: Actor, wish: Wish) -> Quote:
    """What it costs here; raises NotSold or PriceUnsettled."""
    async with process.database.read() as session:
        return await quote_lines(session, ctx, [wish.line], KIOSK)


def check_may_order(row: KioskSession | None, now: datetime) -> None:
    """Raises SessionOver or SessionNotReady."""
    if row is None or row.status not in OPEN or row.expires_at <= now:
        raise service.session_over(SessionStatus.EXPIRED)
    if row.progress is UserProgress.STARTED:
        raise SessionNotReady("No phone is registered with this session yet. Scan the code first.")
    if row.order_id is not None:
        raise SessionNotReady("This order is placed already. Pay it, or begin a new session.")


def check_price(priced: Quote, amount: Decimal | None, currency: str | None) -> None:
    """Raises KioskPriceDiffers, with the right price, when the client shows another one, and
    Invalid for a sum that no machine could say it took."""
    right = Money(priced.total_minor, priced.currency)
    if not rules.MIN_AMOUNT <= right.decimal <= rules.MAX_AMOUNT:
        raise Invalid(
            f"This costs {right.decimal} {right.currency}; machines take between "
            f"{rules.MIN_AMOUNT} and {rules.MAX_AMOUNT}. Order less of it."
        )
    is_same = amount is None or rules.check_amount(amount) == right.decimal
    if is_same and (currency is None or rules.read_currency(currency) == right.currency):
        return
    raise KioskPriceDiffers(
        f"This costs {right.decimal} {right.currency}. Show that price and ask again.",
        payment_amount=float(right.decimal),
        amount_pence=right.minor,
        currency=right.currency,
    )


async def keep_summary(
    session: WriteSession, ctx: Actor, row: KioskSession, wish: Wish, priced: Quote, now: datetime
) -> KioskSession:
    """What is to be paid, until the payment begins. Raises SessionNotReady for a session that no
    phone has registered with, or whose order is placed, and SessionOver."""
    locked = await queries.lock_session(session, ctx, row.id)
    check_may_order(locked, now)
    (line,) = priced.lines
    kept = await queries.move_session(
        session,
        ctx,
        row.id,
        SessionStatus.PAYMENT_PENDING,
        also=STAYS,
        progress=UserProgress.PAYMENT_PENDING,
        order_summary={**wish.summary, "title": line.title, "quantity": line.quantity},
        design_id=line.design_id,
        variant_id=wish.line.variant_id,
        template_id=line.template_id,
        device_model_id=line.device_model_id,
        quantity=line.quantity,
        amount_minor=priced.total_minor,
        currency=priced.currency,
        last_activity_at=now,
    )
    if kept is None:
        raise service.session_over(SessionStatus.EXPIRED)
    touch_session(session, kept)
    return kept


async def begin_payment(process: Process, ctx: Actor, found: FoundSession) -> Begun:
    """Place the order and have it paid; once, however often it is asked.

    Raises SessionNotReady, SessionOver, what ``place_order_of_lines`` raises, and for money that
    the manufacturer takes what ``payments.start_payment`` raises.
    """
    machine = found.machine
    await check_provider(process, ctx, machine)
    begun = await place(process, ctx, found.row.id, machine)
    if machine.money_path is MoneyPath.MACHINE:
        return begun
    payment = await payments.start_payment(
        process,
        ctx,
        order_id=begun.order.id,
        provider=machine.money_path,
        terms=Terms(key=begun.payment.key),
    )

    async def note(session: WriteSession) -> KioskSession:
        return await _note_reached(session, ctx, begun.row.id, payment, process.clock.now())

    return Begun(await write_again(process.database, note), begun.order, payment)


async def check_provider(process: Process, ctx: Actor, machine: Machine) -> None:
    """Raises what the provider raises that is not set up: where nobody takes the money no order is
    placed."""
    if machine.money_path is not MoneyPath.MACHINE:
        async with await of_process(process).open(process, ctx, machine.money_path):
            pass


async def place(process: Process, ctx: Actor, row_id: int, machine: Machine) -> Begun:
    """The order and its payment's row, committed together; nobody outside is called."""

    async def work(session: WriteSession) -> Begun:
        now = process.clock.now()
        await piece_queries.lock_pieces(session, ctx)
        row = await queries.lock_session(session, ctx, row_id)
        checked = _check_may_pay(row, now)
        order = await place_order(session, ctx, checked, now)
        payment = await open_payment(
            session, ctx, checked, order, machine, by=machine.money_path, now=now
        )
        reached = await _note_reached(session, ctx, row_id, payment, now)
        return Begun(reached, order, payment)

    return await write_again(process.database, work)


async def place_order(session: WriteSession, ctx: Actor, row: KioskSession, now: datetime) -> Order:
    """The session's one order; raises what ``place_order_of_lines`` raises."""
    if row.order_id is not None:
        return await orders.get_order(session, ctx, Ref(row.order_id, None))
    order = await storefront.place_order_of_lines(
        session,
        ctx,
        [_line(row)],
        Buyer(),
        channel=KIOSK,
        expected_minor=row.amount_minor,
        reference=f"kiosk-{row.uuid}",
        now=now,
    )
    row.order_id = order.id
    await session.flush()
    return order


async def open_payment(
    session: WriteSession,
    ctx: Actor,
    row: KioskSession,
    order: Order,
    machine: Machine,
    *,
    by: MoneyPath,
    now: datetime,
) -> Payment:
    """A way to pay until a little after the session's end; raises OrderNotPayable."""
    lasts = max(row.expires_at - now, timedelta()) + AFTER_SESSION
    if by is MoneyPath.MACHINE:
        terms = Terms(lasts=lasts)
    else:
        key = await _new_key(session, ctx, by, now)
        extra = await _partner_facts(session, ctx, row, machine)
        terms = Terms(key=key, lasts=lasts, extra=extra)
    return await payments.open_payment(
        session, ctx, order_id=order.id, provider=by, terms=terms, now=now
    )


async def _note_reached(
    session: WriteSession, ctx: Actor, row_id: int, payment: Payment, now: datetime
) -> KioskSession:
    """It is waited for the money; what is further than that stays where it is."""
    moved = await queries.move_session(
        session,
        ctx,
        row_id,
        SessionStatus.PAYMENT_PENDING,
        also=STAYS,
        progress=UserProgress.PAYMENT_REACHED,
        payment_id=payment.id,
        error=None,
        error_code=None,
        failed_at=None,
        last_activity_at=now,
    )
    row = moved or await queries.lock_session(session, ctx, row_id)
    if row is None:
        raise SessionNotReady("This session was cleared away.")
    touch_session(session, row)
    return row


async def _new_key(session: WriteSession, ctx: Actor, provider: str, now: datetime) -> str:
    """In the partner's form; its six digits alone may repeat, so it is looked for."""
    for _ in range(MAX_KEYS):
        key = rules.new_payment_key(now)
        if await payments.find_by_key(session, ctx, provider, key) is None:
            return key
    raise SessionNotReady("Too many payments at this moment. Try again.")


async def _partner_facts(
    session: WriteSession, ctx: Actor, row: KioskSession, machine: Machine
) -> dict[str, str]:
    """What the manufacturer is told beside the amount; its machine has our machine's id."""
    partner_model = await queries.find_partner_model(session, ctx, row.device_model_id)
    return {"device_id": machine.code, "model_id": partner_model or ""}


def _check_may_pay(row: KioskSession | None, now: datetime) -> KioskSession:
    if row is None or (row.status in OPEN and row.expires_at <= now):
        raise service.session_over(SessionStatus.EXPIRED)
    if row.status in service.ENDED:
        raise service.session_over(row.status)
    if row.status not in READY:
        raise SessionNotReady(
            "There is nothing to pay yet: send the order summary first."
            if row.status in OPEN
            else "This is paid already."
        )
    return row


def _line(row: KioskSession) -> Line:
    if row.design_id is not None:
        return Line(row.quantity, design_id=row.design_id)
    return Line(row.quantity, variant_id=row.variant_id)
