"""Machines that are switched off, sums no machine takes, and texts that are meant to break."""

import json

import pytest
from httpx import AsyncClient

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Ref
from shopwright.kiosk import rules
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.states import SessionStatus
from tests.clock import START
from tests.kiosk.edge import databases
from tests.kiosk.machines import VENDING
from tests.kiosk.stall import Stall

__all__ = ["databases"]


async def test_money_that_a_machine_has_taken_counts_after_it_was_switched_off(
    stall: Stall, owner: Actor
) -> None:
    session_id = await stall.due()
    async with stall.process.database.write() as session:
        machine = await machines.get_machine(session, owner, Ref(stall.kiosk.machine.id, None))
        await machines.update_machine(session, owner, machine, is_active=False, now=START)
    confirmed = await stall.confirm(session_id)
    assert confirmed.status_code == 200, confirmed.text
    assert (await stall.row(session_id)).status is SessionStatus.PAYMENT_COMPLETED


async def test_what_costs_more_than_a_machine_takes_is_not_ordered_there(stall: Stall) -> None:
    """20 × 35.00: the machine's word for it could not be taken."""
    session_id = await stall.begin()
    wish = await stall.wish() | {"quantity": 20}
    refused = await stall.order(session_id, order_data=wish, payment_amount=None, currency=None)
    assert refused.status_code == 400
    assert refused.json()["detail"] == (
        "This costs 700.00 EUR; machines take between 0.01 and 500. Order less of it."
    )
    assert (await stall.row(session_id)).amount_minor is None


async def test_order_data_that_is_nested_too_deep_is_refused(
    stall: Stall, anonymous: AsyncClient
) -> None:
    session_id = await stall.begin()
    deep = "[" * 900 + "]" * 900
    body = json.dumps({"order_data": {"template": "x", "texts": "deep"}}).replace('"deep"', deep)
    refused = await anonymous.post(
        f"{VENDING}/session/{session_id}/order-summary",
        content=body,
        headers={"content-type": "application/json"},
    )
    assert refused.status_code == 400
    assert refused.json()["detail"] == "order_data is nested too deep."


@pytest.mark.parametrize("level", ["M", "H"])
async def test_a_code_is_drawn_however_long_the_place_is_called(
    stall: Stall, owner: Actor, level: str
) -> None:
    async with stall.process.database.write() as session:
        machine = await machines.get_machine(session, owner, Ref(stall.kiosk.machine.id, None))
        await machines.update_machine(
            session, owner, machine, qr_config={"error_correction": level}, now=START
        )
    session_id = await stall.kiosk.open(location="\U0001f3ec" * 200)
    assert (await stall.kiosk.get(session_id, "qr.svg")).status_code == 200


def test_a_short_place_stands_in_the_code() -> None:
    url = rules.shop_url("https://x", machine_code="M", session_id="S", location="Hall 2")
    assert url == "https://x/shop/k/S?qr=true&machine_id=M&session_id=S&location=Hall+2"
