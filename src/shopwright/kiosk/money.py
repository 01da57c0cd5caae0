"""Money that a machine says it took. All of it is written down; the right amount pays the order,
also when the session is over by then; anything else the machine is told to give back."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict, ShopError
from shopwright.kernel.live import touch
from shopwright.kernel.money import Money
from shopwright.kiosk import ordering, queries, rules, service
from shopwright.kiosk.machines.service import TOPIC as MACHINES
from shopwright.kiosk.models import KioskSession, Machine, MachineTaking
from shopwright.kiosk.queries import FoundSession
from shopwright.kiosk.states import PAID, MoneyPath, PaymentMethod, SessionStatus, TakingOutcome
from shopwright.orders import piece_queries
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.orders.storefront.service import UNPAID
from shopwright.payments import queries as payment_queries
from shopwright.payments import service as payments
from shopwright.payments.models import Payment
from shopwright.payments.port import Standing, Word
from shopwright.payments.providers import MACHINE
from shopwright.payments.states import PaymentStatus

UNSETTLED = frozenset({PaymentStatus.PENDING, PaymentStatus.PAYING, PaymentStatus.FAILED})
GIVE_BACK = "Give the money back."


class MoneyNotTaken(Conflict):
    code = "money-not-taken"
    title = "This money does not pay the order"


class TransactionUsed(Conflict):
    code = "transaction-used"
    title = "This transaction paid for something else"


@dataclass(frozen=True, slots=True)
class Said:
    """What the machine says; ``facts`` are its own words about the payment."""

    transaction_id: str
    method: PaymentMethod
    amount: Decimal
    currency: str | None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    row: KioskSession
    order: Order
    taking: MachineTaking


@dataclass(frozen=True, slots=True)
class Refusal:
    outcome: TakingOutcome
    sentence: str
    right: Money | None = None


async def confirm_payment(process: Process, ctx: Actor, found: FoundSession, said: Said) -> Taken:
    """The machine has the money. The same transaction again is the same answer.

    Raises MoneyNotTaken, with the right price where another amount came, or TransactionUsed; the
    taking is written down before.
    """
    rules.check_amount(said.amount)
    rules.check_size(said.facts, "payment_data")

    async def work(session: WriteSession) -> tuple[KioskSession, Order | None, MachineTaking]:
        return await _take(session, ctx, found, said, process.clock.now())

    row, order, taking = await write_again(process.database, work)
    if taking.outcome is not TakingOutcome.ACCEPTED or order is None:
        right = Money(order.total_minor, order.currency) if order is not None else None
        raise MoneyNotTaken(f"{taking.reason} {GIVE_BACK}", **_shown(taking, right))
    return Taken(row, order, taking)


def _shown(taking: MachineTaking, right: Money | None) -> dict[str, Any]:
    members: dict[str, Any] = {"outcome": taking.outcome.value}
    if right is not None and taking.outcome is TakingOutcome.WRONG_AMOUNT:
        members |= {"payment_amount": float(right.decimal), "currency": right.currency}
    return members


async def _take(
    session: WriteSession, ctx: Actor, found: FoundSession, said: Said, now: datetime
) -> tuple[KioskSession, Order | None, MachineTaking]:
    await piece_queries.lock_pieces(session, ctx)
    row = await queries.lock_session(session, ctx, found.row.id)
    if row is None:
        raise service.SessionMissing("This session was cleared away.")
    known = await queries.find_taking(session, ctx, found.machine.id, said.transaction_id)
    if known is not None:
        _check_same(known, row, said)
        return row, await _order_of(session, ctx, row), known
    order, refusal = await _find_order(session, ctx, row, now)
    if refusal is None and order is not None:
        refusal = await _pay(session, ctx, row, order, found.machine, said, now)
    taking = await _record(session, ctx, row, order, said, refusal)
    fresh = await queries.lock_session(session, ctx, row.id)
    return fresh or row, await _order_of(session, ctx, row), taking


async def _find_order(
    session: WriteSession, ctx: Actor, row: KioskSession, now: datetime
) -> tuple[Order | None, Refusal | None]:
    """Placed now, where a machine takes the money right after the summary."""
    if row.order_id is None and (row.amount_minor is None or row.status is SessionStatus.CANCELLED):
        return None, Refusal(TakingOutcome.NOTHING_TO_PAY, "This session has nothing to pay.")
    try:
        async with session.begin_nested():
            return await ordering.place_order(session, ctx, row, now), None
    except ShopError as err:
        return None, Refusal(TakingOutcome.NOT_POSSIBLE, err.detail)


async def _pay(
    session: WriteSession,
    ctx: Actor,
    row: KioskSession,
    order: Order,
    machine: Machine,
    said: Said,
    now: datetime,
) -> Refusal | None:
    """None when the order is paid by it."""
    wrong = _difference(order, said)
    if wrong is not None:
        return wrong
    if row.status in PAID:
        return await _same_money(session, ctx, row, order)
    payment = await _payment_of(session, ctx, row, order, machine, now)
    if payment is None:
        sentence = f"Order {order.number} was {order.status}."
        return Refusal(TakingOutcome.NOT_POSSIBLE, sentence)
    standing = Standing(
        Word.PAID,
        provider_payment_id=said.transaction_id,
        amount_minor=order.total_minor,
        currency=order.currency,
    )
    await payments.settle(session, ctx, payment.id, standing, now=now)
    return None


def _difference(order: Order, said: Said) -> Refusal | None:
    right = Money(order.total_minor, order.currency)
    currency = said.currency.strip().upper() if said.currency else right.currency
    if said.amount == right.decimal and currency == right.currency:
        return None
    sentence = (
        f"{said.amount} {currency} came, and the order costs {right.decimal} {right.currency}."
    )
    return Refusal(TakingOutcome.WRONG_AMOUNT, sentence, right)


async def _same_money(
    session: WriteSession, ctx: Actor, row: KioskSession, order: Order
) -> Refusal | None:
    """The partner may have told of this very money before the machine did; once."""
    accepted = await queries.find_accepted(session, ctx, row.id)
    paid_by = await payment_queries.list_of_order(session, ctx, order.id)
    is_other = any(
        payment.status is PaymentStatus.PAID and payment.provider_payment_id is not None
        for payment in paid_by
    )
    if accepted is None and not is_other:
        return None
    return Refusal(TakingOutcome.PAID_ALREADY, f"Order {order.number} is paid already.")


async def _payment_of(
    session: WriteSession,
    ctx: Actor,
    row: KioskSession,
    order: Order,
    machine: Machine,
    now: datetime,
) -> Payment | None:
    """The one that is waited for, unless the partner never heard of it; what was given up because
    nobody paid is taken up again. None for an order that a person stopped."""
    known = await payment_queries.list_of_order(session, ctx, order.id)
    waiting = [payment for payment in known if payment.status in UNSETTLED]
    if order.status in UNPAID:
        told = [p for p in waiting if p.provider == MACHINE or p.provider_id is not None]
        if told:
            return told[-1]
        return await ordering.open_payment(
            session, ctx, row, order, machine, by=MoneyPath.MACHINE, now=now
        )
    if order.status is OrderStatus.CANCELED:
        given_up = [payment for payment in waiting if payment.released_at == order.cancelled_at]
        return given_up[-1] if given_up else None
    return None


async def _record(
    session: WriteSession,
    ctx: Actor,
    row: KioskSession,
    order: Order | None,
    said: Said,
    refusal: Refusal | None,
) -> MachineTaking:
    currency = rules.clean_text(said.currency, 3).upper() or row.currency or "GBP"
    taking = MachineTaking(
        organization_id=ctx.organization_id,
        machine_id=row.machine_id,
        session_id=row.id,
        order_id=order.id if order is not None else None,
        transaction_id=said.transaction_id,
        method=said.method,
        amount_minor=Money.from_decimal(said.amount, currency).minor,
        currency=currency,
        outcome=refusal.outcome if refusal is not None else TakingOutcome.ACCEPTED,
        reason=refusal.sentence if refusal is not None else None,
        facts=rules.clean_values(said.facts),
    )
    session.add(taking)
    await session.flush()
    audit.record(
        session, ctx, "kiosk_session.money_taken", row.id,
        outcome=taking.outcome, amount_minor=taking.amount_minor, currency=currency,
    )  # fmt: skip
    touch(session, ctx.organization_id, MACHINES, row.machine_id)
    return taking


def _check_same(known: MachineTaking, row: KioskSession, said: Said) -> None:
    """Raises TransactionUsed when the machine's id stands for another session or amount."""
    amount = Money(known.amount_minor, known.currency).decimal
    if known.session_id != row.id or amount != said.amount:
        raise TransactionUsed(
            f"The transaction {known.transaction_id} was told of before, for something else. "
            "Each one counts once."
        )


async def _order_of(session: WriteSession, ctx: Actor, row: KioskSession) -> Order | None:
    found = await queries.find_session(session, ctx, row.session_id)
    return found.order if found is not None else None
