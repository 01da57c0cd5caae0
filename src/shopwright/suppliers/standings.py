"""What a manufacturer says of our orders becomes what we know: pieces, parcels, or a question to a
person."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shopwright.accounts import audit
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import touch
from shopwright.orders import holds, piece_queries, piece_revision, pieces, progress
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.orders.piece_queries import Work
from shopwright.orders.progress import Declaration
from shopwright.orders.states import LEFT, STOPPED, OrderStatus, StepStatus, WorkKind
from shopwright.orders.storefront import outside
from shopwright.suppliers import queries, rules
from shopwright.suppliers.events import (
    SupplierOrderAccepted,
    SupplierOrderFailed,
    SupplierOrderInDoubt,
    SupplierOrderProduced,
)
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.port import Accepted, OrderStanding
from shopwright.suppliers.states import (
    FAILED,
    PRODUCED,
    TERMINAL,
    UNDER_WAY,
    PlacingStage,
    SupplierOrderStatus,
)

KIOSK = "kiosk"
UNKNOWN = "The manufacturer took this order and does not know it any more. Ask there."
UNWANTED = (
    "The piece of {key} was no longer wanted when the manufacturer took it. Call it back there."
)
BEFORE_ACCEPTED = [PlacingStage.SENDING, PlacingStage.DOUBTFUL]
FAILURE = {
    SupplierOrderStatus.CANCELLED: "was cancelled there",
    SupplierOrderStatus.PAYMENT_FAILED: "was not made: its payment failed there",
    SupplierOrderStatus.REFUNDED: "was refunded there",
    SupplierOrderStatus.PRINT_FAILED: "failed while it was printed",
    SupplierOrderStatus.PRINT_CANCELLED: "was taken out of the printing there",
}


async def accept(
    session: WriteSession, ctx: Actor, order: SupplierOrder, answer: Accepted, now: datetime
) -> bool:
    """It has the order; False when that was known."""
    await piece_queries.lock_pieces(session, ctx)
    status = answer.status or SupplierOrderStatus.WAITING_TO_PRINT
    is_wanted = bool(await piece_queries.list_work_steps(session, ctx, _work(order)))
    accepted = await queries.move_stage(
        session, ctx, order.id, BEFORE_ACCEPTED, PlacingStage.ACCEPTED,
        accepted_at=now, updated_at=now, waiting_reason=None, last_error=None,
        last_error_code=None, problem=None if is_wanted else UNWANTED.format(key=order.key),
        looks=0, next_look_at=now + rules.look_after(status, 0),
    )  # fmt: skip
    if accepted is None:
        return False
    audit.record(session, ctx, "supplier_order.accepted", order.id, external_id=answer.external_id)
    await events.publish(
        session, SupplierOrderAccepted(ctx.organization_id, order.order_id, order.id)
    )
    standing = OrderStanding(order.key, status, answer.external_id, answer.queue_number)
    await record(session, ctx, accepted, standing, now)
    return True


async def record(
    session: WriteSession, ctx: Actor, order: SupplierOrder, standing: OrderStanding, now: datetime
) -> SupplierOrder:
    """Take over how an accepted order stands; the same again changes nothing but when it is asked
    next."""
    await piece_queries.lock_pieces(session, ctx)
    (known,) = await queries.lock_orders(session, ctx, [order.id])
    told = _news(known, standing)
    is_first = known.produced_at is None
    if known.status is standing.status or known.status not in UNDER_WAY:
        return await _note_quiet(session, ctx, known, told, now)
    moved = await queries.move_status(
        session, ctx, known.id, [known.status], standing.status,
        **told, **_moments(known, standing.status, now), looks=0, updated_at=now,
        next_look_at=_next_look(standing.status, 0, now),
    )  # fmt: skip
    if moved is None:
        return known
    audit.record(session, ctx, "supplier_order.moved", moved.id, status=str(moved.status))
    await tell_order(session, ctx, moved)
    await _follow(session, ctx, moved, is_first, now)
    return moved


async def refuse(
    session: WriteSession,
    ctx: Actor,
    order: SupplierOrder,
    sentence: str,
    code: int | None,
    now: datetime,
) -> bool:
    """It was not placed and will not be: its piece is owed again, and a person is asked first."""
    await piece_queries.lock_pieces(session, ctx)
    refused = await queries.move_stage(
        session, ctx, order.id, BEFORE_ACCEPTED, PlacingStage.REFUSED,
        status=SupplierOrderStatus.CANCELLED, failed_at=now, updated_at=now, next_look_at=None,
        problem=None, waiting_reason=None, last_error=sentence, last_error_code=code,
    )  # fmt: skip
    if refused is None:
        return False
    await _fail(session, ctx, refused, f"The manufacturer did not take a piece: {sentence}")
    return True


async def doubt(
    session: WriteSession, ctx: Actor, order: SupplierOrder, sentence: str, now: datetime
) -> None:
    """Nothing proves whether it was placed. It is asked about further, and never placed again."""
    doubted = await queries.move_stage(
        session, ctx, order.id, [PlacingStage.SENDING], PlacingStage.DOUBTFUL,
        problem=sentence, updated_at=now, looks=0,
        next_look_at=now + rules.look_after(order.status, 10),
    )  # fmt: skip
    if doubted is None:
        return
    audit.record(session, ctx, "supplier_order.in_doubt", order.id, reason=sentence[:500])
    _touch(session, doubted)
    await events.publish(
        session, SupplierOrderInDoubt(ctx.organization_id, order.order_id, order.id, sentence)
    )


async def _note_quiet(
    session: WriteSession,
    ctx: Actor,
    known: SupplierOrder,
    told: Mapping[str, Any],
    now: datetime,
) -> SupplierOrder:
    """No new state. A queue number or tracking code may be new all the same."""
    looks = known.looks + 1
    next_look_at = _next_look(known.status, looks, now)
    noted = await queries.note_order(
        session, ctx, known.id, **told, looks=looks, next_look_at=next_look_at
    )
    if noted is None:
        return known
    if told:
        await tell_order(session, ctx, noted)
    return noted


async def _follow(
    session: WriteSession, ctx: Actor, order: SupplierOrder, is_first: bool, now: datetime
) -> None:
    if order.status in FAILED:
        sentence = f"A piece that was ordered outside {FAILURE[order.status]}."
        await _fail(session, ctx, order, sentence)
        return
    if order.status in PRODUCED and is_first:
        await pieces.make_good(session, ctx, work=_work(order), now=now)
        await events.publish(
            session, SupplierOrderProduced(ctx.organization_id, order.order_id, order.id)
        )
    if order.status is SupplierOrderStatus.SHIPPED:
        await _ship(session, ctx, order, now)


async def _fail(session: WriteSession, ctx: Actor, order: SupplierOrder, sentence: str) -> None:
    """The hold comes first, or planning would order the same again at once. Of a stopped order
    nobody needs to be asked anything."""
    audit.record(session, ctx, "supplier_order.failed", order.id, reason=sentence[:500])
    found = await orders.get_order(session, ctx, Ref(order.order_id, None))
    if found.status not in STOPPED:
        advice = "Release this hold to have it ordered anew, or have it made here."
        room = 499 - len(advice)
        reason = f"{sentence[:room]} {advice}"
        await holds.hold_order(session, ctx, order_id=order.order_id, reason=reason)
    if order.stage is PlacingStage.REFUSED:
        await pieces.give_back(session, ctx, work=_work(order))
    else:
        await pieces.scrap(session, ctx, work=_work(order))
        await _take_back(session, ctx, order, found)
    await tell_order(session, ctx, order)
    await events.publish(
        session, SupplierOrderFailed(ctx.organization_id, order.order_id, order.id, sentence)
    )


async def _take_back(session: WriteSession, ctx: Actor, order: SupplierOrder, found: Order) -> None:
    """What it had called made is not, unless it has left: an order that was ready is so no
    longer."""
    good = await piece_queries.list_work_steps(session, ctx, _work(order), StepStatus.GOOD)
    made = [step for step in good if step.source == _work(order).source]
    if made and found.status not in LEFT | STOPPED:
        now = session.context.clock.now()
        await piece_revision.take_back(session, ctx, made=made, count=len(made), now=now)


async def _ship(session: WriteSession, ctx: Actor, order: SupplierOrder, now: datetime) -> None:
    """Out of the manufacturer's door with everything that was ordered: so the order has left.

    What is partly made here is packed here; its page shows the tracking codes.
    """
    supplier = await queries.find_supplier(session, ctx, Ref(order.supplier_id, None))
    found = await orders.get_order(session, ctx, Ref(order.order_id, None))
    is_kiosk = found.channel == KIOSK
    is_ours_to_say = is_kiosk or (supplier is not None and supplier.ships)
    if not is_ours_to_say or not await _has_left(session, ctx, found):
        return
    said = Declaration(order.carrier, order.tracking_code, is_channel_told=True)
    await progress.declare_shipped(session, ctx, order=found, said=said, now=now)
    if is_kiosk:  # the customer stood before the machine
        await progress.declare_delivered(session, ctx, order_id=found.id, now=now)


async def _has_left(session: WriteSession, ctx: Actor, found: Order) -> bool:
    if found.status is not OrderStatus.COMPLETED:
        return False
    outside_orders = {
        order.id: order for order in await queries.list_of_order(session, ctx, found.id)
    }
    item_ids = [item.id for item in found.items if not item.is_cancelled]
    steps = await piece_queries.list_item_steps(session, ctx, item_ids)
    for step in steps:
        if step.status is not StepStatus.GOOD:
            continue
        made_by = outside_orders.get(step.supplier_order_id or 0)
        if made_by is None or made_by.status is not SupplierOrderStatus.SHIPPED:
            return False
    return True


async def tell_order(session: WriteSession, ctx: Actor, order: SupplierOrder) -> None:
    """The order shows what the manufacturer says, and the buyer reads it there."""
    _touch(session, order)
    siblings = await queries.list_of_order(session, ctx, order.order_id)
    await outside.note_outside(
        session,
        ctx,
        order.order_id,
        reference=order.external_id or order.key,
        status=str(order.status),
        queue_number=rules.joined_numbers([one.queue_number for one in siblings]),
    )


def _news(known: SupplierOrder, standing: OrderStanding) -> dict[str, Any]:
    """What it tells beside the state, where it is new."""
    told = {
        "external_id": standing.external_id,
        "queue_number": standing.queue_number,
        "carrier": standing.carrier,
        "tracking_code": standing.tracking_code,
    }
    news: dict[str, Any] = {
        name: _fitting(name, value)
        for name, value in told.items()
        if value is not None and _fitting(name, value) != getattr(known, name)
    }
    return news | {"problem": None} if known.problem == UNKNOWN else news


def _fitting(name: str, value: str) -> str:
    """As much of it as its column takes: nothing that it says may keep its state from us."""
    width: int | None = getattr(SupplierOrder.__table__.c[name].type, "length", None)
    return value[:width]


def _moments(
    known: SupplierOrder, status: SupplierOrderStatus, now: datetime
) -> dict[str, datetime]:
    moments = {}
    if status in PRODUCED and known.produced_at is None:
        moments["produced_at"] = now
    if status is SupplierOrderStatus.SHIPPED:
        moments["shipped_at"] = now
    if status in FAILED:
        moments["failed_at"] = now
    return moments


def _next_look(status: SupplierOrderStatus, looks: int, now: datetime) -> datetime | None:
    return None if status in TERMINAL else now + rules.look_after(status, looks)


def _work(order: SupplierOrder) -> Work:
    return Work(WorkKind.SUPPLIER_ORDER, order.id)


def _touch(session: WriteSession, order: SupplierOrder) -> None:
    touch(session, order.organization_id, queries.TOPIC, order.id)
    touch(session, order.organization_id, "order", order.order_id)
