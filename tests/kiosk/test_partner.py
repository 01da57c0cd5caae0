"""Money that the manufacturer's machine takes: announced once, asked for and never believed, and
one order and one payment wherever a process dies."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import pytest
from httpx import Response

from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.kiosk import ordering, service
from shopwright.kiosk.keeper import KioskKeeper
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.states import MoneyPath, SessionStatus
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.payments.models import Payment
from shopwright.payments.port import Started, StartRequest
from shopwright.payments.providers import of_process
from shopwright.payments.states import PaymentStatus
from shopwright.sandbox.manufacturer import ManufacturerSandbox
from shopwright.suppliers import connections
from tests.conftest import make_settings
from tests.kiosk.stall import PRICE, Stall
from tests.suppliers.conftest import CALLBACK_SECRET, MODEL, with_partner

PAID, FAILED = 3, 4


class Killed(BaseException):
    """The process is gone at this point."""


@pytest.fixture
async def partner() -> AsyncIterator[ManufacturerSandbox]:
    async with ManufacturerSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def settings(migrated_url: str, tmp_path: Path, partner: ManufacturerSandbox) -> Settings:
    """The account of the settings is the default shop's."""
    settings = with_partner(make_settings(migrated_url, tmp_path), partner)
    return settings.model_copy(update={"currency": "EUR"})


@pytest.fixture
async def stall(stall: Stall) -> Stall:
    async with stall.process.database.write() as session:
        await machines.update_machine(
            session,
            stall.ctx,
            stall.kiosk.machine,
            money_path=MoneyPath.MANUFACTURER,
            now=stall.clock.now(),
        )
        session.add(stall.kiosk.machine)
        stall.model.partner_model_id = MODEL
        session.add(stall.model)
    return stall


async def call_back(stall: Stall, key: str, status: int = PAID) -> Response:
    """What the partner sends, or anybody who learned the secret path."""
    return await stall.kiosk.phone.post(
        f"/api/chinese/callbacks/{CALLBACK_SECRET}/order/payStatus",
        json={"third_id": key, "status": status},
    )


async def test_the_partner_is_told_once_and_asked_before_anything_is_paid(
    stall: Stall, partner: ManufacturerSandbox
) -> None:
    session_id = await stall.summed()
    begun = [(await stall.pay(session_id)).json() for _ in range(2)]
    assert begun[0] == begun[1]
    key = begun[0]["third_id"]
    assert begun[0]["chinese_payment_id"] == partner.payments[key].id
    announced = partner.payments[key].body
    assert (announced["device_id"], announced["pay_amount"], announced["pay_type"]) == (
        "LOBBY-1", 35, 5,
    )  # fmt: skip
    assert announced["mobile_model_id"] == stall.model.partner_model_id
    assert partner.count("order/payData") == 1
    assert partner.count("order/orderData") == 0
    lie = await call_back(stall, key)  # nobody has paid: the partner says so when asked
    assert lie.status_code == 200
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_PENDING
    await partner.move_payment(key, PAID)
    told = await asyncio.gather(*(call_back(stall, key) for _ in range(5)))
    assert {answer.status_code for answer in told} == {200}
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_COMPLETED
    assert (await stall.only_order()).status is OrderStatus.PAID
    assert (await stall.count(Order), await stall.count(Payment)) == (1, 1)


@pytest.mark.parametrize("is_callback_first", [True, False])
async def test_the_machine_and_the_partner_both_tell_of_the_same_money(
    stall: Stall, partner: ManufacturerSandbox, is_callback_first: bool
) -> None:
    session_id = await stall.due()
    (payment,) = await stall.payments()
    await partner.move_payment(payment.key, PAID)
    if is_callback_first:
        await call_back(stall, payment.key)
    assert (await stall.confirm(session_id)).status_code == 200
    await call_back(stall, payment.key)
    (paid,) = await stall.payments()
    assert (paid.status, paid.provider, paid.problem) == (
        PaymentStatus.PAID, "manufacturer", None,
    )  # fmt: skip
    assert (await stall.confirm(session_id, "T-2")).json()["outcome"] == "paid_already"
    assert (await stall.count(Order), await stall.count(Payment)) == (1, 1)


async def test_a_payment_that_fails_may_be_tried_again(
    stall: Stall, partner: ManufacturerSandbox
) -> None:
    session_id = await stall.due()
    (payment,) = await stall.payments()
    await partner.move_payment(payment.key, FAILED)
    await call_back(stall, payment.key, FAILED)
    status = await stall.kiosk.status(session_id)
    assert (status["status"], status["user_progress"]) == ("payment_failed", "payment_failed")
    assert status["error"] == "The payment was refused."
    again = (await stall.pay(session_id)).json()
    assert again["third_id"] != payment.key
    await partner.move_payment(again["third_id"], PAID)
    await call_back(stall, again["third_id"])
    assert [p.status for p in await stall.payments()] == [PaymentStatus.FAILED, PaymentStatus.PAID]
    assert await stall.count(Order) == 1


async def test_money_the_partner_tells_of_after_the_session_counts(
    stall: Stall, partner: ManufacturerSandbox
) -> None:
    session_id = await stall.due()
    (payment,) = await stall.payments()
    stall.clock.advance(minutes=45)
    await KioskKeeper(stall.process).look()
    assert (await stall.row(session_id)).status is SessionStatus.EXPIRED
    await partner.move_payment(payment.key, PAID)
    await call_back(stall, payment.key)
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_COMPLETED
    assert (await stall.only_order()).status is OrderStatus.PAID


async def test_a_partner_that_is_down_is_asked_again_and_told_once(
    stall: Stall, partner: ManufacturerSandbox
) -> None:
    session_id = await stall.summed()
    partner.knobs.is_down = True
    down = await stall.pay(session_id)
    assert down.status_code == 503
    assert down.json()["retry_after_s"] == 30
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_PENDING
    partner.knobs.is_down = False
    assert (await stall.pay(session_id)).status_code == 200
    assert (len(partner.payments), await stall.count(Payment)) == (1, 1)


class Dying:
    """The manufacturer as a way to pay, in a process that dies before or after the call."""

    def __init__(self, real: Any, *, is_after: bool) -> None:
        self._real, self._is_after = real, is_after
        self.is_repeatable = real.is_repeatable

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._real.__aexit__(None, None, None)

    async def start(self, request: StartRequest) -> Started:
        if self._is_after:
            await self._real.start(request)
        raise Killed


def let_die(process: Process, *, is_after: bool) -> None:
    async def open_dying(process: Process, ctx: Any) -> Any:
        return Dying(await connections.open_payments(process, ctx), is_after=is_after)

    of_process(process).install(MoneyPath.MANUFACTURER, open_dying)


async def die_while_paying(stall: Stall, session_id: str) -> None:
    async with stall.process.database.read() as session:
        found = await service.find_session(session, stall.ctx, session_id)
    with pytest.raises(Killed):
        await ordering.begin_payment(stall.process, stall.ctx, found)


@pytest.mark.parametrize("where", ["before_the_call", "after_the_call", "after_the_order"])
async def test_a_process_that_dies_while_a_payment_begins(
    stall: Stall, partner: ManufacturerSandbox, where: str
) -> None:
    session_id = await stall.summed()
    if where == "after_the_order":
        row = await stall.row(session_id)
        await ordering.place(stall.process, stall.ctx, row.id, stall.kiosk.machine)
    else:
        let_die(stall.process, is_after=where == "after_the_call")
        await die_while_paying(stall, session_id)
        of_process(stall.process).install(MoneyPath.MANUFACTURER, connections.open_payments)
        stall.clock.advance(seconds=31)
    answers = [await stall.pay(session_id) for _ in range(3)]
    key = answers[-1].json()["third_id"]
    assert answers[-1].status_code == 200
    assert (await stall.count(Order), list(partner.payments)) == (1, [key])
    await partner.move_payment(key, PAID)
    await call_back(stall, key)
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_COMPLETED
    paid = [payment.key for payment in await stall.payments() if payment.paid_at is not None]
    assert paid == [key]


async def test_the_machine_is_paid_where_the_partner_never_heard_of_it(
    stall: Stall, partner: ManufacturerSandbox
) -> None:
    """The order is then announced to the partner as any other that is paid."""
    session_id = await stall.summed()
    row = await stall.row(session_id)
    await ordering.place(stall.process, stall.ctx, row.id, stall.kiosk.machine)
    assert (await stall.confirm(session_id)).status_code == 200
    shown = [(p.provider, p.status) for p in await stall.payments()]
    assert shown == [
        ("manufacturer", PaymentStatus.FAILED), ("machine", PaymentStatus.PAID),
    ]  # fmt: skip
    assert partner.count("order/payData") == 0


async def test_a_browser_proves_no_payment(stall: Stall, partner: ManufacturerSandbox) -> None:
    session_id = await stall.due()
    (payment,) = await stall.payments()
    for path in ("/api/chinese/order/payStatus", "/api/chinese/callbacks/guess/order/payStatus"):
        answer = await stall.kiosk.phone.post(path, json={"third_id": payment.key, "status": 3})
        assert answer.status_code in {401, 403, 404}
    body = {"payment_amount": PRICE, "transaction_id": "T-1"}
    assert (await stall.kiosk.post(session_id, "confirm-payment", **body)).status_code == 401
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_PENDING
    assert partner.payments[payment.key].status != PAID
