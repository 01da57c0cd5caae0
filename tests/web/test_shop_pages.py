"""The shop's pages for strangers: what is sold, and an order by a link that nobody can guess."""

import pytest

from shopwright.accounts import shop_hosts
from shopwright.catalog import in_shop
from shopwright.catalog.designs import shop_settings
from shopwright.catalog.designs.shop_settings import ShopSpec
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import OrderStatus
from shopwright.orders.storefront.links import order_token
from shopwright.shipping.models import Parcel
from shopwright.shipping.states import ParcelStatus
from shopwright.web.shop_tracking import tracking_url
from tests import factories
from tests.clock import START
from tests.web.conftest import BrowserAs

CLOSED = ShopSpec("Nordlicht", "EUR", is_open=False)


async def an_order(database: Database, ctx: Actor, status: OrderStatus = OrderStatus.PAID) -> Order:
    async with database.write() as session:
        order = await factories.make_order(session, ctx)
        order.status, order.buyer_name, order.ship_to = status, "Anna Berg", {"city": "Hamburg"}
        session.add(
            OrderItem(
                organization_id=ctx.organization_id, order_id=order.id, position=9,
                title="Brass gear", quantity=2, price_minor=1250,
            )
        )  # fmt: skip
    return order


async def test_only_what_is_in_the_shop_and_has_a_price_is_shown(
    browser_as: BrowserAs, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        for name, price, is_sold in (("Gear", 1250, True), ("Lamp", None, True), ("Rod", 5, False)):
            product = await factories.make_product(session, owner, name)
            variant = await factories.make_variant(session, owner, product=product)
            variant.price_minor, variant.currency = price, "EUR"
            await in_shop.show_in_shop(session, owner, product, is_in_shop=is_sold)
        hidden = await factories.make_template(session, owner)
        hidden.is_active = False
    stranger = await browser_as(None)
    page = (await stranger.get("/shop")).text
    assert "Gear" in page
    assert "€12.50" in page
    assert "Lamp" not in page
    assert "Rod" not in page
    assert hidden.name not in page
    assert (await stranger.get(f"/shop/templates/{hidden.code}")).status_code == 404


async def test_an_order_opens_with_its_own_token_alone(
    browser_as: BrowserAs, database: Database, process: Process, owner: Actor
) -> None:
    mine, other = await an_order(database, owner), await an_order(database, owner)
    vault = process.context.vault
    token = order_token(vault, mine.uuid)
    stranger = await browser_as(None)

    shown = await stranger.get(f"/shop/orders/{mine.uuid}", params={"token": token})
    assert shown.status_code == 200
    assert "2 × Brass gear" in shown.text
    assert "Thank you. It is paid, and we are making it." in shown.text
    assert shown.headers["cache-control"] == "no-store"
    for ref, wrong in (
        (mine.uuid, ""),
        (mine.uuid, token[:-1] + ("A" if token[-1] != "A" else "B")),
        (mine.uuid, order_token(vault, other.uuid)),
        (other.uuid, token),
        (mine.uuid, "é" * 40),
        ("01900000-0000-7000-8000-000000000000", token),
    ):
        answer = await stranger.get(f"/shop/orders/{ref}", params={"token": wrong})
        assert answer.status_code == 404, wrong
        assert "Anna" not in answer.text
        picture = await stranger.get(f"/shop/orders/{ref}/pictures/9", params={"token": wrong})
        assert picture.status_code == 404, wrong


async def test_another_shops_host_shows_no_order(
    browser_as: BrowserAs, database: Database, process: Process, owner: Actor, stranger: Actor
) -> None:
    order = await an_order(database, owner)
    async with database.write() as session:
        await shop_hosts.set_host(session, owner, "one.test")
        await shop_hosts.set_host(session, stranger, "two.test")
    token = {"token": order_token(process.context.vault, order.uuid)}
    visitor = await browser_as(None)
    for host, status in (("one.test", 200), ("two.test", 404), ("none.test", 404)):
        found = await visitor.get(f"http://{host}/shop/orders/{order.uuid}", params=token)
        assert found.status_code == status, host


async def test_a_parcel_is_followed_at_its_carrier(
    browser_as: BrowserAs, database: Database, process: Process, owner: Actor
) -> None:
    order = await an_order(database, owner, OrderStatus.SHIPPED)
    async with database.write() as session:
        session.add(
            Parcel(
                organization_id=owner.organization_id, order_id=order.id, number=1,
                status=ParcelStatus.SHIPPED, carrier="DPD", tracking_code="0123 456",
                packed_by="sam", shipped_at=START,
            )
        )  # fmt: skip
    token = order_token(process.context.vault, order.uuid)
    page = await (await browser_as(None)).get(f"/shop/orders/{order.uuid}?token={token}")
    assert "It is on its way to you." in page.text
    assert "https://tracking.dpd.de/parcelstatus?query=0123%20456" in page.text


@pytest.mark.parametrize(
    ("carrier", "code", "url"),
    [
        ("DHL Paket", "1", "https://www.dhl.com/en/express/tracking.html?AWB=1"),
        ("royal_mail", "A/B", "https://www.royalmail.com/track-your-item#/tracking-results/A%2FB"),
        ("Our own van", "1", None),
        ("DHL", None, None),
        (None, "1", None),
    ],
)
def test_tracking_pages_are_known_by_the_carriers_name(
    carrier: str | None, code: str | None, url: str | None
) -> None:
    assert tracking_url(carrier, code) == url


async def test_a_closed_shop_sells_nothing_and_still_shows_orders(
    browser_as: BrowserAs, database: Database, process: Process, owner: Actor
) -> None:
    order = await an_order(database, owner, OrderStatus.CANCELED)
    async with database.write() as session:
        await shop_settings.save_settings(session, owner, CLOSED)
    stranger = await browser_as(None)
    for path in ("/shop", "/shop/cart", "/shop/checkout"):
        answer = await stranger.get(path)
        assert answer.status_code == 503, path
        assert "takes no orders at present" in answer.text
        assert "Log in" not in answer.text
    quote = await stranger.post("/api/shop/quote", json={"lines": [{"variant_id": 1}]})
    assert quote.json()["detail"].startswith("This shop takes no orders at present.")
    token = order_token(process.context.vault, order.uuid)
    shown = await stranger.get(f"/shop/orders/{order.uuid}?token={token}")
    assert "This order was cancelled." in shown.text
