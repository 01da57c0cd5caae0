"""What may be ordered at a machine, by whom and for how much; and who may say that it is paid."""

from shopwright.kiosk.models import MachineTaking
from shopwright.kiosk.states import SessionStatus, UserProgress
from shopwright.orders.models import Order
from shopwright.orders.storefront.outside import note_outside
from tests.kiosk.edge import databases
from tests.kiosk.machines import NOT_THERE
from tests.kiosk.stall import PRICE, Stall

__all__ = ["databases"]


async def test_the_price_is_the_catalogues(stall: Stall) -> None:
    session_id = await stall.begin()
    for changes in ({"payment_amount": 1}, {"currency": "USD"}, {"currency": "XXX"}):
        refused = await stall.order(session_id, **changes)
        assert refused.status_code == 409
        assert refused.json()["code"] == "price-differs"
        assert (refused.json()["payment_amount"], refused.json()["currency"]) == (PRICE, "EUR")
    assert refused.json()["detail"] == "This costs 35.00 EUR. Show that price and ask again."
    row = await stall.row(session_id)
    assert (row.status, row.amount_minor) == (SessionStatus.ACTIVE, None)


async def test_amounts_out_of_bounds_are_refused(stall: Stall) -> None:
    session_id = await stall.begin()
    for amount in (0, 500.01, -1):
        refused = await stall.order(session_id, payment_amount=amount)
        assert refused.status_code == 400
        assert refused.json()["detail"] == "payment_amount must be between 0.01 and 500."


async def test_order_data_beyond_half_a_megabyte_is_refused(stall: Stall) -> None:
    data = await stall.wish() | {"texts": "x" * 500_000}
    refused = await stall.order(await stall.begin(), order_data=data)
    assert refused.status_code == 413


async def test_nothing_is_ordered_before_a_phone_has_scanned(stall: Stall) -> None:
    session_id = await stall.kiosk.open()
    refused = await stall.order(session_id)
    assert refused.status_code == 409
    assert refused.json()["code"] == "kiosk-session-not-ready"
    unsummed = await stall.pay(session_id)
    assert unsummed.json()["detail"] == (
        "There is nothing to pay yet: send the order summary first."
    )


async def test_a_design_is_ordered_by_its_own_customer_only(stall: Stall) -> None:
    session_id = await stall.begin()
    mine, other = await stall.wish(), await stall.wish()
    stolen = mine | {"design_token": other["design_token"]}
    altered = mine | {"design_token": mine["design_token"][:-1]}
    for data in (stolen, altered, {"design_id": mine["design_id"]}):
        assert (await stall.order(session_id, order_data=data)).status_code == 404
    assert await stall.count(Order) == 0


async def test_tokens_and_pictures_stay_inside(stall: Stall) -> None:
    session_id = await stall.begin()
    data = await stall.wish() | {"design_image": "data:image/png;base64,AAAA"}
    await stall.order(session_id, order_data=data)
    kept = (await stall.row(session_id)).order_summary
    assert "design_token" not in kept
    assert "design_image" not in kept
    status = await stall.kiosk.status(session_id)
    assert data["design_id"] not in str(status)


async def test_nobody_but_the_machine_confirms(stall: Stall) -> None:
    session_id = await stall.due()
    body = {"payment_amount": PRICE, "transaction_id": "T-1"}
    browser = await stall.kiosk.post(session_id, "confirm-payment", **body)
    assert browser.status_code == 401
    assert (await stall.kiosk.say(NOT_THERE, "confirm-payment", **body)).status_code == 404
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_PENDING
    assert await stall.count(MachineTaking) == 0


async def test_the_order_shows_its_manufacturers_word(stall: Stall) -> None:
    session_id = await stall.due()
    await stall.confirm(session_id)
    order = await stall.only_order()
    async with stall.process.database.write() as session:
        await note_outside(
            session, stall.ctx, order.id, reference="OREN", status="printing", queue_number="007"
        )
    status = await stall.kiosk.status(session_id)
    assert (status["queue_number"], status["queue_no"]) == ("007", "007")
    assert status["user_progress"] == UserProgress.ORDER_SUBMITTED
    async with stall.process.database.write() as session:
        await note_outside(session, stall.ctx, order.id, status="print_failed")
    assert (await stall.kiosk.status(session_id))["user_progress"] == UserProgress.ORDER_FAILED
