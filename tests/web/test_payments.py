"""Money on the pages: what an order was paid by, giving it back, and Stripe's keys."""

from sqlalchemy import select

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.payments.models import Payment, PaymentAccount, Refund
from shopwright.payments.states import PaymentStatus, RefundStatus
from tests import factories
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of

KEY = "sk_test_0123456789abcdefWXYZ"
SECRET = "whsec_0123456789abcdef"


async def make_payment(database: Database, actor: Actor, **changes: object) -> Payment:
    async with database.write() as session:
        payment = await factories.make_payment(session, actor)
        for name, value in changes.items():
            setattr(payment, name, value)
    return payment


async def test_an_orders_page_shows_its_payment_with_fee_and_asks_before_a_refund(
    browser_as: BrowserAs, database: Database, admin: Actor
) -> None:
    payment = await make_payment(database, admin, fee_minor=77, fee_currency="EUR")
    browser = await browser_as(admin)
    page = await browser.get(f"/orders/{payment.order_id}")
    shown = text_of(page.text)
    assert "Payments Stripe" in shown
    assert "Fee 0.77 EUR" in shown
    assert "Give this money back to the buyer? That cannot be taken back." in page.text


async def test_a_refund_from_the_page_is_written_down_to_be_sent(
    browser_as: BrowserAs, database: Database, admin: Actor
) -> None:
    payment = await make_payment(database, admin)
    browser = await browser_as(admin)
    answer = await browser.post(
        f"/payments/{payment.id}/refund", data={"amount": "12,50", "reason": "scratched"}
    )
    assert answer.status_code == 303
    async with database.read() as session:
        rows = await session.scalars(
            select(Refund).where(Refund.organization_id == admin.organization_id)
        )
        (refund,) = rows.all()
    assert (refund.amount_minor, refund.reason, refund.status) == (
        1250,
        "scratched",
        RefundStatus.PENDING,
    )


async def test_a_member_gives_no_money_back(
    browser_as: BrowserAs, database: Database, member: Actor
) -> None:
    payment = await make_payment(database, member)
    browser = await browser_as(member)
    page = await browser.get(f"/orders/{payment.order_id}")
    assert f"/payments/{payment.id}/refund" not in page.text
    answer = await browser.post(f"/payments/{payment.id}/refund", data={})
    assert answer.status_code == 403


async def test_what_is_in_doubt_stands_on_today_until_somebody_has_seen_to_it(
    browser_as: BrowserAs, database: Database, member: Actor
) -> None:
    sentence = "The money came in USD, not in EUR. Look at the provider, then refund it."
    payment = await make_payment(database, member, status=PaymentStatus.ABNORMAL, problem=sentence)
    browser = await browser_as(member)
    assert sentence in text_of((await browser.get("/")).text)
    answer = await browser.post(f"/payments/{payment.id}/resolve", data={"note": "called her"})
    assert answer.status_code == 303
    assert sentence not in text_of((await browser.get("/")).text)


async def test_stripes_keys_are_entered_once_and_never_shown(
    browser_as: BrowserAs, database: Database, owner: Actor
) -> None:
    browser = await browser_as(owner)
    empty = text_of((await browser.get("/connections/stripe")).text)
    assert "The storefront cannot take money yet." in empty
    answer = await browser.post(
        "/connections/stripe", data={"secret_key": KEY, "webhook_secret": SECRET}
    )
    assert answer.status_code == 303
    page = await browser.get("/connections/stripe")
    assert "Key ending in WXYZ" in text_of(page.text)
    assert KEY not in page.text
    assert SECRET not in page.text
    async with database.read() as session:
        stored = (
            await session.scalars(
                select(PaymentAccount).where(
                    PaymentAccount.organization_id == owner.organization_id
                )
            )
        ).one()
    assert KEY not in stored.secret_key
    assert SECRET not in (stored.webhook_secret or "")


async def test_what_is_no_key_is_refused_with_a_sentence(
    browser_as: BrowserAs, owner: Actor, admin: Actor
) -> None:
    browser = await browser_as(owner)
    wrong = await browser.post("/connections/stripe", data={"secret_key": "pk_live_public"})
    assert wrong.status_code == 400
    assert "A secret key begins with sk_ or rk_." in text_of(wrong.text)
    other = await (await browser_as(admin)).post("/connections/stripe", data={"secret_key": KEY})
    assert other.status_code == 403
