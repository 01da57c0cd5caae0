"""From a stranger's wish to the manufacturer: one order, one payment, one supplier order."""

from collections.abc import AsyncIterator
from itertools import count

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from shopwright.catalog.models import Product, Variant
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus
from shopwright.orders.storefront.pricing import Line
from shopwright.payments import queries
from shopwright.payments.states import PaymentStatus
from shopwright.sandbox.manufacturer import ManufacturerSandbox
from shopwright.sandbox.stripe.server import StripeSandbox
from shopwright.sandbox.stripe.world import SandboxConfig
from shopwright.suppliers.states import PlacingStage
from tests.payments.mortal import Fate
from tests.payments.people import Person, live_through
from tests.suppliers.conftest import (
    Bench,
    bench,
    clock,
    migrated_url,
    partner,
    partner_server,
    process,
    settings,
)

__all__ = ["bench", "clock", "migrated_url", "partner", "partner_server", "process", "settings"]
MANY = 60


@pytest.fixture
async def stripe(bench: Bench) -> AsyncIterator[StripeSandbox]:
    config, usual = SandboxConfig(retry_s=()), bench.process.settings
    async with StripeSandbox(config, now=lambda: bench.clock.now().timestamp()) as sandbox:
        bench.process.settings = usual.model_copy(
            update={
                "stripe_secret_key": SecretStr(config.secret_key),
                "stripe_webhook_secret": SecretStr(config.webhook_secret),
                "stripe_api_url": sandbox.url,
            }
        )
        yield sandbox
        bench.process.settings = usual


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_killed_at_any_step_one_supplier_order_is_placed(
    bench: Bench, partner: ManufacturerSandbox, stripe: StripeSandbox
) -> None:
    line = Line(variant_id=await _sell(bench))
    """At every third step: the manufacturer has a dozen cases."""
    for placed, at in enumerate(count(1, 3), 1):
        assert at < MANY
        fate = Fate(at)
        buyer = Person(bench.ctx, stripe, bench.clock, line, 3500, f"case-{at}")
        acts = [buyer.check_out, buyer.pay, buyer.webhook, buyer.success_page, buyer.worker]
        await live_through(bench.process, bench.clock, acts, fate)
        order = await _read(bench, buyer.order_id)
        supplied = await bench.settle(order)
        assert (order.status, supplied.stage) == (OrderStatus.PAID, PlacingStage.ACCEPTED)
        assert len(await bench.supplier_orders(order)) == 1
        assert len(partner.orders) == placed
        assert await _paid(bench, order) == [PaymentStatus.PAID]
        if not fate.is_dead:
            break


async def _sell(bench: Bench) -> int:
    """The case stands in the shop's window."""
    mine = bench.ctx.organization_id
    async with bench.process.database.write() as session:
        await session.execute(
            update(Product).where(Product.organization_id == mine).values(is_in_shop=True)
        )
        rows = await session.scalars(
            select(Variant.id).where(Variant.organization_id == mine, Variant.sku == "CASE")
        )
        return rows.one()


async def _read(bench: Bench, order_id: int) -> Order:
    async with bench.process.database.read() as session:
        rows = await session.scalars(
            select(Order).where(
                Order.organization_id == bench.ctx.organization_id, Order.id == order_id
            )
        )
        return rows.one()


async def _paid(bench: Bench, order: Order) -> list[PaymentStatus]:
    async with bench.process.database.read() as session:
        payments = await queries.list_of_order(session, bench.ctx, order.id)
    return [payment.status for payment in payments]
