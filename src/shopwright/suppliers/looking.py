"""The durable work of suppliers: what is due is placed, or its standing is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.durable import HOT_QUEUE, Handler
from shopwright.kernel.edge import Process, Ref
from shopwright.suppliers import queries, readiness, rules, standings
from shopwright.suppliers.connections import SupplierNotSetUp, open_port
from shopwright.suppliers.correlation import correlation_id
from shopwright.suppliers.models import Supplier, SupplierOrder
from shopwright.suppliers.placing import ACCOUNT_WAIT, Placing
from shopwright.suppliers.port import (
    AccountRefused,
    OrderStanding,
    SupplierError,
    SupplierPort,
)
from shopwright.suppliers.states import OPEN_STAGES, PlacingStage, SupplierHealth

WORK = "supplier_order"
ASKED_AT_ONCE = 50
AT_ONCE = 200
UNKNOWN_AFTER = 6  # looks in vain, some minutes: then somebody should call there


def handlers(process: Process) -> dict[str, Handler]:
    """Durable work of this slice, by name."""
    return {WORK: Looker(process).look}


async def enqueue_due(process: Process) -> None:
    """Each due moment of an order is one piece of work; one that broke is done anew a minute
    later."""
    now = process.clock.now()
    async with process.database.read() as session:
        due = await queries.list_due(session, now, AT_ONCE)
    for order in due:
        await _enqueue(process, order, now)


async def _enqueue(process: Process, order: SupplierOrder, now: datetime) -> None:
    durable = process.context.durable
    if durable is None or order.next_look_at is None:
        return
    moment = int(order.next_look_at.timestamp() * 1000)
    minute = int(now.timestamp()) // 60
    async with process.database.write() as session:
        await durable.enqueue(
            session,
            WORK,
            order.organization_id,
            order.id,
            workflow_id=f"{WORK}:{order.uuid}:{moment}:{minute}",
            queue=HOT_QUEUE,
        )


@dataclass(frozen=True, slots=True)
class Looker:
    process: Process

    async def look(self, organization_id: int, order_id: int) -> None:
        """Arguments are ids; everything else is read anew. Nothing when it is not due any more."""
        ctx = system_actor(organization_id, "suppliers")
        async with self.process.database.read() as session:
            order = await queries.find_order(session, ctx, Ref(order_id, None))
            if order is None or not self._is_due(order):
                return
            supplier = await queries.find_supplier(session, ctx, Ref(order.supplier_id, None))
        if supplier is None:
            return
        token = correlation_id.set(order.key)
        try:
            await self._do(ctx, order, supplier)
        finally:
            correlation_id.reset(token)

    async def _do(self, ctx: Actor, order: SupplierOrder, supplier: Supplier) -> None:
        try:
            port = open_port(self.process, supplier)
        except SupplierNotSetUp as err:
            await self._put_off(ctx, order, err.detail)
            return
        if order.stage in OPEN_STAGES:
            await Placing(self.process, ctx, order, supplier, port).run()
        else:
            await self._ask(ctx, order, supplier, port)

    async def _ask(
        self, ctx: Actor, order: SupplierOrder, supplier: Supplier, port: SupplierPort
    ) -> None:
        """About all of the manufacturer's orders that are due, in one call."""
        now = self._now()
        async with self.process.database.read() as session:
            others = await queries.list_due_at(session, ctx, supplier.id, now, ASKED_AT_ONCE)
        due = [order, *(one for one in others if one.id != order.id)]
        try:
            told = await port.ask([one.key for one in due])
        except SupplierError as err:
            await self._miss(ctx, supplier, due, err)
            return
        await self._record(ctx, due, told)
        await readiness.note_health(self.process, ctx, supplier, SupplierHealth.WORKING)

    async def _record(
        self, ctx: Actor, due: Sequence[SupplierOrder], told: dict[str, OrderStanding]
    ) -> None:
        for order in due:
            async with self.process.database.write() as session:
                if order.key in told:
                    await standings.record(session, ctx, order, told[order.key], self._now())
                    continue
                looks = order.looks + 1
                await queries.note_order(
                    session, ctx, order.id, looks=looks,
                    problem=standings.UNKNOWN if looks >= UNKNOWN_AFTER else order.problem,
                    next_look_at=self._now() + rules.look_after(order.status, looks),
                )  # fmt: skip
                readiness.touch_order(session, order)

    async def _miss(
        self, ctx: Actor, supplier: Supplier, due: Sequence[SupplierOrder], error: SupplierError
    ) -> None:
        """Nobody answered: ever longer pauses, and the page says so."""
        await readiness.note_trouble(self.process, ctx, supplier, error)
        wait = ACCOUNT_WAIT if isinstance(error, AccountRefused) else None
        async with self.process.database.write() as session:
            for order in due:
                looks = order.looks + 1
                pause = wait or rules.look_after(order.status, looks)
                await queries.note_order(
                    session, ctx, order.id, looks=looks, next_look_at=self._now() + pause
                )

    async def _put_off(self, ctx: Actor, order: SupplierOrder, reason: str) -> None:
        is_waiting = order.stage is PlacingStage.WAITING
        said = {"waiting_reason": reason[:500]} if is_waiting else {"last_error": reason}
        async with self.process.database.write() as session:
            await queries.note_order(
                session, ctx, order.id, next_look_at=self._now() + ACCOUNT_WAIT, **said
            )
            readiness.touch_order(session, order)

    def _is_due(self, order: SupplierOrder) -> bool:
        return order.next_look_at is not None and order.next_look_at <= self._now()

    def _now(self) -> datetime:
        return self.process.clock.now()
