"""Whoever is forgotten is forgotten in the log of messages as well."""

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from shopwright.kernel.effects import Effect
from shopwright.notifications import preferences
from shopwright.notifications.forgetting import blank
from shopwright.notifications.preferences import QuietSpec
from shopwright.notifications.states import TargetKind
from shopwright.notifications.topics import TOPICS
from shopwright.orders import holds, intake
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from tests.clock import START
from tests.factories import make_connection
from tests.notifications.conftest import Desk
from tests.workshop import place


async def all_words(desk: Desk) -> str:
    """All that the log and the mails' effects say."""
    mine = Effect.organization_id == desk.ctx.organization_id
    async with desk.database.read() as session:
        requests = list(await session.scalars(select(Effect.request).where(mine)))
    return str([(d.title, d.body, d.facts) for d in await desk.log()] + requests)


async def list_orders(desk: Desk) -> list[Order]:
    mine = Order.organization_id == desk.ctx.organization_id
    async with desk.database.read() as session:
        return list(await session.scalars(select(Order).where(mine).order_by(Order.id)))


async def anonymise(desk: Desk, client: AsyncClient, order: Order, name: str) -> None:
    url = f"/api/customers/{order.customer_id}/anonymise"
    answer = await client.post(url, json={"confirm": name})
    assert answer.status_code == 200, answer.text


async def test_a_forgotten_buyer_is_named_in_no_message(desk: Desk, client: AsyncClient) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test", [topic.value for topic in TOPICS])
    async with desk.database.write() as session:
        ada = await place(session, desk.ctx, ("LAMP", 1), buyer_name="Ada  Byron")
        bo = await place(session, desk.ctx, ("LAMP", 1), buyer_name="Bo")
        await holds.hold_order(session, desk.ctx, order_id=ada.id, reason="ada  byron rang")
    await client.put(f"/api/orders/{ada.id}", json={"status": "shipped"})
    await desk.work(8)
    assert "Ada Byron" in await all_words(desk)
    await anonymise(desk, client, ada, "Ada  Byron")
    assert "byron" not in (await all_words(desk)).lower()
    titles = [d.title for d in await desk.log() if d.topic.startswith("order_")]
    assert titles == [
        f"New order #{ada.number} Anonymised (hand)",
        f"New order #{bo.number} Bo (hand)",
        f"Order #{ada.number} is held",
        f"Order #{ada.number} is ready",
        f"Order #{ada.number} left",
    ]
    held = next(d for d in await desk.log() if d.topic == "order_held")
    assert held.body.startswith("Anonymised rang (")
    assert f"'title': 'Order #{ada.number} left'" in await all_words(desk)


async def test_lists_and_digests_keep_everybody_else(desk: Desk, client: AsyncClient) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test", ["order_arrived"])
    quiet = QuietSpec("20:00", "11:00", does_urgent_pass=False)
    async with desk.database.write() as session:
        await preferences.update_quiet_hours(session, desk.ctx, spec=quiet, now=desk.clock.now())
        connection = await make_connection(session, desk.ctx)
        drafts = [
            OrderDraft(
                status=OrderStatus.PAID, currency="EUR", placed_at=START, channel="etsy",
                connection_id=connection.id, external_id=name, buyer_name=name,
                items=(ItemDraft("Lamp", 1, external_id="1"),),
            )
            for name in ("Ada", "Bo")
        ]  # fmt: skip
        await intake.import_orders(
            session, desk.ctx, connection_id=connection.id, drafts=drafts, now=START
        )
        ada = await place(session, desk.ctx, ("LAMP", 1), buyer_name="Ada")
    desk.clock.advance(hours=3)
    await desk.work()
    assert f"New order #{ada.number} Ada (hand)" in (await desk.log())[-1].body
    orders = await list_orders(desk)
    for order in orders:
        await client.post(f"/api/orders/{order.id}/cancel")
    await anonymise(desk, client, ada, "Ada")
    listed, _, digest = await desk.log()
    assert listed.body.splitlines() == [
        f"#{orders[0].number} Anonymised (etsy)",
        f"#{orders[1].number} Bo (etsy)",
    ]
    assert f"New order #{ada.number} Anonymised (hand)" in digest.body
    assert digest.facts["events"][1]["title"] == f"New order #{ada.number} Anonymised (hand)"


@pytest.mark.parametrize(
    ("line", "blanked"),
    [
        ("#7 Ada (x) (etsy)", "#7 Anonymised (etsy)"),
        ("New order #7 Ada By", "New order #7 Anonymised"),
        ("22:10  Order #7 of Ada left left", "22:10  Order #7 left"),
        ("Order #7 of Ada By", "Order #7"),
        ("Order #7 is held", "Order #7 is held"),
        ("#71 Ada (etsy)", "#71 Ada (etsy)"),
        ("Ada likes #7 (much)", "Ada likes #7 (much)"),
    ],
)
def test_lines_are_known_by_their_order(line: str, blanked: str) -> None:
    assert blank(line, [7]) == blanked
