"""A shop that has phone cases made outside, by the sandbox manufacturer.

A process and a manufacturer for all tests of a file, and a fresh shop for each.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from shopwright.catalog.models import RecipeStep, Variant
from shopwright.catalog.states import StepKind
from shopwright.files import service as files
from shopwright.files.service import NewFile
from shopwright.files.storage import StoredObject
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.settings import Settings
from shopwright.orders import intake, piece_queries
from shopwright.orders import queries as order_queries
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Hold, Order, PieceStep
from shopwright.orders.states import OrderStatus
from shopwright.payments import service as payments
from shopwright.payments.models import Payment
from shopwright.payments.service import Terms
from shopwright.sandbox.manufacturer import ManufacturerSandbox
from shopwright.suppliers import connections, queries, service
from shopwright.suppliers.keys import KeyKind, new_key
from shopwright.suppliers.looking import Looker
from shopwright.suppliers.models import Supplier, SupplierOffer, SupplierOrder
from shopwright.suppliers.states import OPEN_STAGES
from tests.clock import START, FixedClock
from tests.conftest import make_settings
from tests.contracts.shop_manager.conftest import clock, migrated_url, process
from tests.factories import make_variant

__all__ = ["clock", "migrated_url", "process"]

MODEL, SHELL = "MM20250301000001", "MS20250301000001"
PICTURE = "ab" * 32
CALLBACK_SECRET = "a-secret-path-of-callbacks"
MAX_ROUNDS = 60


@pytest.fixture(scope="module")
async def partner_server() -> AsyncIterator[ManufacturerSandbox]:
    async with ManufacturerSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def partner(partner_server: ManufacturerSandbox) -> ManufacturerSandbox:
    """As if it had just begun."""
    partner_server.reset()
    return partner_server


@pytest.fixture(scope="module")
def settings(
    migrated_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    partner_server: ManufacturerSandbox,
) -> Settings:
    made = make_settings(migrated_url, tmp_path_factory.mktemp("suppliers"))
    return with_partner(made, partner_server)


def with_partner(settings: Settings, partner: ManufacturerSandbox) -> Settings:
    account = partner.account
    return settings.model_copy(
        update={
            "chinese_api_base_url": partner.url,
            "chinese_api_account": account.account,
            "chinese_api_password": SecretStr(account.password),
            "chinese_api_system_name": account.system_name,
            "chinese_api_fixed_key": SecretStr(account.fixed_key),
            "chinese_api_device_id": account.device_id,
            "chinese_api_timeout_s": 5.0,
            "chinese_api_callback_secret": SecretStr(CALLBACK_SECRET),
        }
    )


@pytest.fixture
async def bench(
    process: Process, owner: Actor, clock: FixedClock, partner: ManufacturerSandbox
) -> "Bench":
    bench = Bench(process, owner, clock, partner)
    await bench.offer_case()
    return bench


@dataclass
class Bench:
    process: Process
    ctx: Actor
    clock: FixedClock
    partner: ManufacturerSandbox

    async def write(self, work: Callable[[WriteSession], Awaitable[None]]) -> None:
        async with self.process.database.write() as session:
            await work(session)

    async def offer_case(self, sku: str = "CASE") -> Variant:
        """A variant that is bought outside, with a picture of its own."""
        async with self.process.database.write() as session:
            supplier = await self._add_supplier(session)
            variant = await make_variant(session, self.ctx, sku)
            variant.price_minor, variant.currency = 3500, "EUR"
            await record_picture(session, self.ctx)
            session.add(outsource_step(self.ctx, variant))
            session.add(case_offer(self.ctx, supplier, variant))
            await session.flush()
        return variant

    async def _add_supplier(self, session: WriteSession) -> Supplier:
        account = connections.account_of_settings(self.process.settings)
        assert account is not None
        supplier = Supplier(
            organization_id=self.ctx.organization_id,
            adapter=queries.MANUFACTURER,
            name="Manufacturer",
            settings=connections.seal(self.process.context.vault, account),
            currency="EUR",
            updated_at=START,
        )
        session.add(supplier)
        await session.flush()
        return supplier

    async def order(
        self, *, sku: str = "CASE", quantity: int = 1, status: OrderStatus = OrderStatus.PAID
    ) -> Order:
        """Its pieces are ordered outside, once it is paid."""
        item = ItemDraft(title="A case", quantity=quantity, sku=sku, price_minor=3500)
        draft = OrderDraft(
            status=status,
            currency="EUR",
            placed_at=START,
            items=(item,),
            subtotal_minor=3500 * quantity,
            total_minor=3500 * quantity,
        )
        async with self.process.database.write() as session:
            order = await intake.place_order(session, self.ctx, draft=draft, now=START)
        await self.plan()
        return order

    async def plan(self) -> int:
        """Ask for everything that is owed; what is ordered already is not ordered again."""
        async with self.process.database.write() as session:
            owed = await piece_queries.list_owed_steps(session, self.ctx)
            return await service.order_steps(session, self.ctx, owed)

    async def supplier(self) -> Supplier:
        async with self.process.database.read() as session:
            (supplier,) = await queries.list_suppliers(session, self.ctx)
        return supplier

    async def supplier_orders(self, order: Order) -> list[SupplierOrder]:
        async with self.process.database.read() as session:
            return await queries.list_of_order(session, self.ctx, order.id)

    async def only(self, order: Order) -> SupplierOrder:
        (found,) = await self.supplier_orders(order)
        return found

    async def steps(self, order: Order) -> list[PieceStep]:
        async with self.process.database.read() as session:
            items = await order_queries.list_order_items(session, self.ctx, order.id)
            rows = await session.scalars(
                select(PieceStep)
                .where(PieceStep.organization_id == self.ctx.organization_id)
                .where(PieceStep.order_item_id.in_([item.id for item in items]))
                .order_by(PieceStep.id)
            )
            return list(rows)

    async def holds(self, order: Order) -> list[Hold]:
        async with self.process.database.read() as session:
            return await order_queries.list_open_holds(session, self.ctx, order.id)

    async def fresh(self, order: Order) -> Order:
        async with self.process.database.read() as session:
            found = await order_queries.find_order(session, self.ctx, Ref(order.id, None))
        assert found is not None
        return found

    async def look(self, process: Process | None = None, only: Order | None = None) -> int:
        """Everything that is due now, or of one order, once."""
        process = process or self.process
        async with self.process.database.read() as session:
            listed = await queries.list_due(session, self.clock.now(), 1000)
        due = [one for one in listed if one.organization_id == self.ctx.organization_id]
        due = [one for one in due if only is None or one.order_id == only.id]
        for order in due:
            await Looker(process).look(order.organization_id, order.id)
        return len(due)

    async def settle(self, order: Order) -> SupplierOrder:
        """Time goes on until it is placed, or a person must act."""
        for _ in range(MAX_ROUNDS):
            found = (await self.supplier_orders(order))[-1]
            if found.stage not in OPEN_STAGES or found.problem or found.waiting_reason:
                return found
            await self.look(only=order)
            await self.wait_for(order)
        raise AssertionError(f"{found.stage} after {MAX_ROUNDS} rounds: {found.last_error}")

    async def wait_for(self, order: Order) -> None:
        """Until the next look at it is due."""
        due = [one.next_look_at for one in await self.supplier_orders(order) if one.next_look_at]
        if due and min(due) > self.clock.now():
            self.clock.moment = min(due) + timedelta(milliseconds=1)


async def record_picture(session: WriteSession, ctx: Actor, sha256: str = PICTURE) -> None:
    picture = NewFile(StoredObject(sha256=sha256, size=1000), "case.png", "image/png")
    await files.record_files(session, ctx, [picture])


def outsource_step(ctx: Actor, variant: Variant) -> RecipeStep:
    return RecipeStep(
        organization_id=ctx.organization_id,
        variant_id=variant.id,
        position=1,
        kind=StepKind.OUTSOURCE,
        name="Case",
    )


def case_offer(ctx: Actor, supplier: Supplier, variant: Variant) -> SupplierOffer:
    return SupplierOffer(
        organization_id=ctx.organization_id,
        supplier_id=supplier.id,
        variant_id=variant.id,
        sku="CASE-01",
        partner_model_id=MODEL,
        partner_shell_id=SHELL,
        cost_minor=1250,
        currency="EUR",
        lead_days=5,
        picture_sha256=PICTURE,
        updated_at=supplier.updated_at,
    )


async def start_machine_payment(bench: Bench) -> tuple[Order, Payment]:
    """An order at a machine that waits for its money, which the manufacturer takes."""
    order = await bench.order(status=OrderStatus.PENDING_PAYMENT)
    terms = Terms(
        key=new_key(KeyKind.PAYMENT, bench.clock.now()),
        extra={"model_id": MODEL, "device_id": "VM001", "pay_type": "5"},
    )
    payment = await payments.start_payment(
        bench.process, bench.ctx, order_id=order.id, provider=queries.MANUFACTURER, terms=terms
    )
    return order, payment
