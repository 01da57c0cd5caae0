"""The manufacturer's interface: signing in, signing, its lists, payments, orders, and answers that
are none."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from shopwright.integrations.manufacturer.adapter import ManufacturerSupplier
from shopwright.integrations.manufacturer.payments import ManufacturerPayments
from shopwright.integrations.manufacturer.signature import sign_pairs, sign_values
from shopwright.payments.port import (
    ProviderRefused,
    ProviderUnavailable,
    ProviderUnconfirmed,
    RefundRequest,
    StartRequest,
    Word,
)
from shopwright.sandbox.manufacturer import ManufacturerSandbox
from shopwright.suppliers.correlation import correlation_id
from shopwright.suppliers.port import (
    Accepted,
    AccountRefused,
    Declined,
    PaymentNotice,
    Submission,
    SupplierMemory,
    SupplierRefused,
    SupplierUnavailable,
    Unconfirmed,
)
from shopwright.suppliers.states import SupplierOrderStatus
from tests.clock import FixedClock
from tests.conftest import NOBODY
from tests.integrations.manufacturer.conftest import LAN, account_of

MODEL, SHELL = "MM20250301000001", "MS20250301000001"
APPLE = "BR20250111000002"
PAYMENT, ORDER = "PYEN260302000001", "OREN260302000001"
NOTICE = PaymentNotice(
    key=PAYMENT, model_id=MODEL, device_id="SANDBOX01", amount_minor=3500, currency="GBP",
    pay_type=12,
)  # fmt: skip
SUBMISSION = Submission(
    key=ORDER, payment_key=PAYMENT, model_id=MODEL, shell_id=SHELL,
    picture_url="https://shop.test/files/token", device_id="SANDBOX01", amount_minor=3500,
    currency="GBP",
)  # fmt: skip


def test_values_are_signed_in_the_order_of_their_names() -> None:
    parameters = {"user_id": "USER020250118000001", "page": 1, "rows": 10}
    # md5 of "110USER020250118000001" + "shell" + "key"
    assert sign_values(parameters, "shell", "key") == "fbe5b46024326637969d339f62930368"


def test_nulls_lists_and_objects_are_not_signed() -> None:
    full = {"a": "1", "b": None, "c": ["x"], "d": {"e": "f"}}
    assert sign_values(full, "s", "k") == sign_values({"a": "1"}, "s", "k")


def test_ten_and_ten_point_nought_are_signed_differently() -> None:
    assert sign_values({"pay": 10}, "s", "k") != sign_values({"pay": 10.0}, "s", "k")


def test_pairs_are_signed_as_the_document_prints_it() -> None:
    # md5 of "account" + "shop" + "page" + "1" + "key"
    expected = "a7bcf92d9e0839dc7b221f6fe8d9833b"
    assert sign_pairs({"page": 1, "account": "shop"}, "key") == expected


async def test_a_payment_and_its_order_go_through(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox
) -> None:
    announced = await adapter.announce_payment(NOTICE)
    assert announced == Accepted(external_id="MSPY000000000001")
    assert isinstance(await adapter.confirm_payment(PAYMENT, 3500, "GBP"), Accepted)
    placed = await adapter.submit(SUBMISSION)
    assert placed == Accepted("MSOR000000000002", "001", SupplierOrderStatus.WAITING_TO_PRINT)
    assert partner.payments[PAYMENT].body["pay_amount"] == 35
    assert partner.orders[ORDER].body["third_pay_id"] == PAYMENT


async def test_standings_are_asked_by_our_keys(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox
) -> None:
    await adapter.announce_payment(NOTICE)
    await adapter.confirm_payment(PAYMENT, 3500, "GBP")
    await adapter.submit(SUBMISSION)
    await partner.move_order(ORDER, 11)
    payments = await adapter.ask_payments([PAYMENT, "PYEN260302999999"])
    orders = await adapter.ask([ORDER, "OREN260302999999"])
    assert {key: one.code for key, one in payments.items()} == {PAYMENT: 3}
    assert {key: one.status for key, one in orders.items()} == {ORDER: SupplierOrderStatus.PRINTING}


async def test_lists_are_read_once_in_five_minutes(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    brands = await adapter.list_brands()
    assert next((one.id, one.english_name) for one in brands) == (APPLE, "Apple")
    clock.advance(minutes=4, seconds=59)
    await adapter.list_brands()
    assert partner.count("brand/list") == 1
    clock.advance(seconds=2)
    await adapter.list_brands()
    assert partner.count("brand/list") == 2


async def test_stock_shops_and_goods_are_read(adapter: ManufacturerSupplier) -> None:
    stock = await adapter.list_stock("SANDBOX01", APPLE)
    first = stock[0]
    assert (first.name, first.model_id, first.shell_id) == ("iPhone 15 Pro", MODEL, SHELL)
    assert (first.width_um, first.height_um, first.stock, first.price_minor) == (
        70_600, 146_600, 12, 1950,
    )  # fmt: skip
    shops, total = await adapter.list_shops(1, 10)
    assert ([shop.name for shop in shops], total) == (["Sandbox shop"], 1)
    goods = await adapter.list_goods(shops[0].id)
    assert (goods[0].sku, goods[0].model_id) == ("CASE-01", MODEL)
    quote = await adapter.quote("SANDBOX01", APPLE, MODEL)
    assert quote is not None
    assert (quote.price_minor, quote.stock) == (1950, 12)


async def test_it_signs_in_once_and_again_when_the_token_is_old_or_refused(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    await adapter.ask([ORDER])
    await adapter.ask([ORDER])
    assert partner.api.logins == 1
    clock.advance(hours=1)
    await adapter.ask([ORDER])
    assert partner.api.logins == 2
    partner.api.forget_tokens()
    await adapter.ask([ORDER])
    assert partner.api.logins == 3


async def test_a_token_refused_twice_is_an_account_that_is_not_accepted(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox
) -> None:
    partner.knobs.turn({"token_lasts_s": -1.0})
    with pytest.raises(AccountRefused, match="401"):
        await adapter.ask([ORDER])
    assert partner.api.logins == 2


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"fixed_key": "wrong"}])
async def test_a_wrong_account_is_said_to_a_person(
    altered: Callable[..., ManufacturerSupplier], changes: dict[str, str]
) -> None:
    async with aclosing(altered(**changes)) as adapter:
        with pytest.raises(AccountRefused, match="Check account, password, system name"):
            await adapter.check()


async def test_the_form_of_the_document_works_without_a_token(
    pairs: ManufacturerSandbox, clock: FixedClock
) -> None:
    account = account_of(pairs)
    async with aclosing(ManufacturerSupplier(account, SupplierMemory(), clock, LAN)) as adapter:
        await adapter.check()
        assert isinstance(await adapter.announce_payment(NOTICE), Accepted)
        await adapter.confirm_payment(PAYMENT, 3500, "GBP")
        assert isinstance(await adapter.submit(SUBMISSION), Accepted)
        assert set(await adapter.ask([ORDER])) == {ORDER}
    assert pairs.api.logins == 0


async def test_a_busy_device_is_worth_another_try(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox
) -> None:
    partner.knobs.turn({"busy_times": 1})
    answer = await adapter.submit(SUBMISSION)
    assert isinstance(answer, Declined)
    assert (answer.code, answer.retry_after_s) == (500, 3.0)
    assert "device is unavailable" in answer.sentence


async def test_any_other_refusal_is_final(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox
) -> None:
    partner.knobs.turn({"refuses": "out of ink"})
    answer = await adapter.submit(SUBMISSION)
    assert isinstance(answer, Declined)
    assert (answer.code, answer.retry_after_s) == (500, None)


async def test_an_order_taken_without_an_answer_is_unconfirmed(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox
) -> None:
    await adapter.announce_payment(NOTICE)
    await adapter.confirm_payment(PAYMENT, 3500, "GBP")
    partner.knobs.turn({"silent_after": "order/orderData"})
    answer = await adapter.submit(SUBMISSION)
    assert isinstance(answer, Unconfirmed)
    assert set(partner.orders) == {ORDER}


@pytest.mark.parametrize(
    ("knobs", "code"), [({"late_s": 0.6}, 504), ({"answers_html": "order/orderData"}, 502)]
)
async def test_late_answers_and_web_pages_have_the_partners_codes(
    altered: Callable[..., ManufacturerSupplier],
    partner: ManufacturerSandbox,
    knobs: dict[str, object],
    code: int,
) -> None:
    async with aclosing(altered(timeout_s=0.3)) as adapter:
        await adapter.check()
        partner.knobs.turn(knobs)
        answer = await adapter.submit(SUBMISSION)
    assert isinstance(answer, Unconfirmed)
    assert answer.code == code


async def test_a_web_page_in_place_of_a_list_is_said_in_words(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox
) -> None:
    partner.knobs.turn({"answers_html": "brand/list"})
    with pytest.raises(SupplierUnavailable) as caught:
        await adapter.list_brands()
    assert caught.value.code == 502
    assert caught.value.sentence == (
        "The manufacturer answered brand/list with a web page (status 200)."
    )


async def test_nobody_there_means_that_nothing_was_sent(
    altered: Callable[..., ManufacturerSupplier],
) -> None:
    async with aclosing(altered(base_url=NOBODY)) as adapter:
        with pytest.raises(SupplierUnavailable) as caught:
            await adapter.submit(SUBMISSION)
    assert caught.value.code == 503


async def test_a_sign_in_without_an_answer_leaves_no_doubt_about_the_order(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox
) -> None:
    partner.knobs.turn({"silent_after": "user/login"})
    with pytest.raises(SupplierUnavailable):
        await adapter.submit(SUBMISSION)
    assert partner.count("order/orderData") == 0


async def test_the_correlation_id_is_passed_on(
    adapter: ManufacturerSupplier, partner: ManufacturerSandbox
) -> None:
    token = correlation_id.set("kiosk-7")
    try:
        await adapter.ask([ORDER])
    finally:
        correlation_id.reset(token)
    assert partner.api.correlations == ["kiosk-7", "kiosk-7"]


async def test_an_order_cannot_be_called_back(adapter: ManufacturerSupplier) -> None:
    answer = await adapter.cancel(ORDER)
    assert isinstance(answer, Declined)
    assert "Tell it by phone" in answer.sentence


def start_request(**extra: str) -> StartRequest:
    return StartRequest(
        key=PAYMENT, order_id=1, order_number=1, amount_minor=3500, currency="GBP", lines=(),
        extra={"model_id": MODEL, "device_id": "VM001"} | extra,
    )  # fmt: skip


@pytest.fixture
def provider(adapter: ManufacturerSupplier) -> ManufacturerPayments:
    return ManufacturerPayments(adapter, currency="GBP", device_id="SANDBOX01", pay_type=5)


async def test_a_machines_payment_is_started_and_asked_about(
    provider: ManufacturerPayments, partner: ManufacturerSandbox
) -> None:
    started = await provider.start(start_request())
    assert (started.provider_id, started.url) == ("MSPY000000000001", None)
    body = partner.payments[PAYMENT].body
    assert (body["device_id"], body["pay_type"], body["pay_amount"]) == ("VM001", 5, 35)
    words = []
    for code in (1, 2, 3, 4, 5):
        partner.payments[PAYMENT].status = code
        words.append((await provider.ask(PAYMENT, None)).word)
    assert words == [Word.OPEN, Word.PAYING, Word.PAID, Word.FAILED, Word.ABNORMAL]
    assert (await provider.ask("PYEN260302777777", None)).word is Word.NOT_THERE


async def test_a_payment_that_cannot_be_started_says_what_is_known(
    provider: ManufacturerPayments, partner: ManufacturerSandbox
) -> None:
    with pytest.raises(ProviderRefused, match="no such model"):
        await provider.start(start_request(model_id="MM0"))
    with pytest.raises(ProviderRefused, match="take GBP, not EUR"):
        await provider.start(replace(start_request(), currency="EUR"))
    partner.knobs.turn({"silent_after": "order/payData"})
    with pytest.raises(ProviderUnconfirmed):
        await provider.start(start_request())
    partner.knobs.turn({"is_down": True})
    with pytest.raises(ProviderUnavailable):
        await provider.ask(PAYMENT, None)
    with pytest.raises(ProviderRefused, match="gives no money back"):
        await provider.refund(RefundRequest("r", "p", 1, "GBP", ""))


async def test_what_it_refuses_to_tell_is_a_refusal(
    adapter: ManufacturerSupplier,
) -> None:
    with pytest.raises(SupplierRefused, match="no such shop"):
        await adapter.list_goods("SP0")
