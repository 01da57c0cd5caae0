"""One supplier order for each owed piece, whatever happens on the way."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from shopwright.kernel import effects
from shopwright.kernel.db import Installation, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.errors import Conflict
from shopwright.orders import holds, stop
from shopwright.orders.states import OrderStatus, StepStatus
from shopwright.sandbox.manufacturer import ManufacturerSandbox
from shopwright.suppliers import deciding, offers
from shopwright.suppliers.keys import KeyKind, is_key
from shopwright.suppliers.models import SupplierOffer, SupplierOrder
from shopwright.suppliers.states import PlacingStage, SupplierHealth, SupplierOrderStatus
from tests.clock import START, FixedClock
from tests.suppliers.conftest import MODEL, PICTURE, SHELL, Bench


async def test_an_owed_piece_is_ordered_once_and_told_in_the_right_order(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order()
    assert await bench.plan() == 0
    row = await bench.settle(order)
    assert (row.stage, row.status) == (
        PlacingStage.ACCEPTED, SupplierOrderStatus.WAITING_TO_PRINT,
    )  # fmt: skip
    called = [path for path, _ in partner.api.calls if path.startswith("order/")]
    assert called[:3] == ["order/payData", "order/payStatus", "order/orderData"]
    assert is_key(row.key, KeyKind.ORDER)
    assert is_key(row.payment_key, KeyKind.PAYMENT)
    body = partner.orders[row.key].body
    assert (body["mobile_model_id"], body["mobile_shell_id"]) == (MODEL, SHELL)
    assert (body["third_pay_id"], body["device_id"]) == (row.payment_key, "SANDBOX01")
    payment = partner.payments[row.payment_key].body
    assert (payment["pay_amount"], payment["pay_type"]) == (35, 12)
    shown = await bench.fresh(order)
    assert (shown.queue_number, shown.outside_status) == ("001", "waiting_to_print")
    assert shown.outside_reference == row.external_id


async def test_three_seconds_pass_before_the_order_is_sent(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    order = await bench.order()
    await bench.look()
    row = await bench.only(order)
    assert row.next_look_at == START + timedelta(seconds=3)
    assert partner.count("order/orderData") == 0
    clock.advance(seconds=2.9)
    assert await bench.look() == 0
    clock.advance(seconds=0.2)
    await bench.look()
    assert partner.count("order/orderData") == 1


async def test_each_piece_has_its_own_order_and_payment(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order(quantity=3)
    for _ in range(4):
        await bench.look()
        await bench.wait_for(order)
    rows = await bench.supplier_orders(order)
    assert len({row.key for row in rows}) == len({row.payment_key for row in rows}) == 3
    assert {row.stage for row in rows} == {PlacingStage.ACCEPTED}
    assert sorted(one.queue_no for one in partner.orders.values()) == ["001", "002", "003"]
    assert (await bench.fresh(order)).queue_number == "001, 002, 003"


async def test_the_picture_is_fetched_by_a_link_of_48_hours(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order()
    row = await bench.settle(order)
    pic = partner.orders[row.key].body["pic"]
    assert pic.startswith(f"{bench.process.settings.base_url}/files/")
    assert row.picture_sha256 == PICTURE


async def test_an_unpaid_order_is_not_sent(bench: Bench, partner: ManufacturerSandbox) -> None:
    order = await bench.order(status=OrderStatus.PENDING)
    assert await bench.supplier_orders(order) == []
    assert partner.api.calls == []


async def test_a_held_order_waits_until_it_is_released(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    order = await bench.order()
    async with bench.process.database.write() as session:
        hold = await holds.hold_order(session, bench.ctx, order_id=order.id, reason="the colour")
    row = await bench.settle(order)
    assert (row.stage, row.waiting_reason) == (
        PlacingStage.WAITING, "The order is held or was stopped.",
    )  # fmt: skip
    assert partner.payments == {}
    async with bench.process.database.write() as session:
        await holds.release_hold(session, bench.ctx, hold_id=hold.id, now=clock.now())
    clock.advance(minutes=1)
    for _ in range(3):
        await bench.look()
        await bench.wait_for(order)
    assert (await bench.only(order)).stage is PlacingStage.ACCEPTED


async def test_a_cancelled_order_is_withdrawn_before_anything_is_sent(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order()
    async with bench.process.database.write() as session:
        await stop.cancel_order(session, bench.ctx, order=order, reason="gone", now=START)
    row = await bench.only(order)
    assert (row.stage, row.next_look_at) == (PlacingStage.WITHDRAWN, None)
    await bench.look()
    assert partner.api.calls == []


async def test_an_order_cancelled_too_late_asks_a_person_to_call_it_back(bench: Bench) -> None:
    order = await bench.order()
    await bench.settle(order)
    async with bench.process.database.write() as session:
        await stop.cancel_order(session, bench.ctx, order=order, reason="gone", now=START)
    row = await bench.only(order)
    assert row.problem is not None
    assert row.problem.endswith("had been sent to the manufacturer. Call it back there.")
    async with bench.process.database.write() as session:
        put_aside = await deciding.dismiss_problem(session, bench.ctx, Ref(row.id, None), START)
    assert put_aside.problem is None


async def test_an_order_cancelled_while_the_manufacturer_is_down_never_goes_out(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order()
    partner.knobs.turn({"is_down": True})
    await bench.look()
    assert (await bench.only(order)).stage is PlacingStage.SENDING
    async with bench.process.database.write() as session:
        await stop.cancel_order(session, bench.ctx, order=order, reason="gone", now=START)
    partner.knobs.turn({"is_down": False})
    for _ in range(3):
        await bench.wait_for(order)
        await bench.look()
    row = await bench.only(order)
    assert (row.stage, row.problem) == (PlacingStage.WITHDRAWN, None)
    assert partner.orders == {}


async def test_an_order_held_while_the_manufacturer_is_down_waits_for_its_release(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    order = await bench.order()
    partner.knobs.turn({"is_down": True})
    await bench.look()
    async with bench.process.database.write() as session:
        hold = await holds.hold_order(session, bench.ctx, order_id=order.id, reason="the colour")
    partner.knobs.turn({"is_down": False})
    for _ in range(3):
        await bench.wait_for(order)
        await bench.look()
    assert partner.orders == {}
    async with bench.process.database.write() as session:
        await holds.release_hold(session, bench.ctx, hold_id=hold.id, now=clock.now())
    assert (await bench.settle(order)).stage is PlacingStage.ACCEPTED


async def test_an_order_cancelled_while_its_answer_was_missing_is_called_back_by_a_person(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order()
    partner.knobs.turn({"silent_after": "order/orderData"})
    for _ in range(2):
        await bench.look()
        await bench.wait_for(order)
    async with bench.process.database.write() as session:
        await stop.cancel_order(session, bench.ctx, order=order, reason="gone", now=START)
    partner.knobs.turn({"silent_after": ""})
    await bench.look()
    row = await bench.only(order)
    assert row.stage is PlacingStage.ACCEPTED
    assert row.problem == (
        f"The piece of {row.key} was no longer wanted when the manufacturer took it. "
        "Call it back there."
    )


async def test_nothing_is_placed_at_a_manufacturer_that_was_switched_off(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order()
    supplier = Ref((await bench.supplier()).id, None)
    async with bench.process.database.write() as session:
        off = offers.SupplierSpec(is_active=False)
        await offers.update_supplier(session, bench.ctx, supplier, off, START)
    row = await bench.settle(order)
    assert row.waiting_reason == (
        "The manufacturer is switched off. Switch it on, or have the piece made here."
    )
    assert partner.payments == {}
    async with bench.process.database.write() as session:
        on = offers.SupplierSpec(is_active=True)
        await offers.update_supplier(session, bench.ctx, supplier, on, START)
    for _ in range(3):
        await bench.wait_for(order)
        await bench.look()
    assert (await bench.only(order)).stage is PlacingStage.ACCEPTED


async def test_a_busy_device_is_told_of_the_payment_again_and_gets_a_plain_link_at_last(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    partner.knobs.turn({"busy_times": 2})
    order = await bench.order()
    row = await bench.settle(order)
    assert row.stage is PlacingStage.ACCEPTED
    called = [path for path, _ in partner.api.calls if path.startswith("order/")]
    told = [path.removeprefix("order/") for path in called if "get" not in path]
    assert told == ["payData", "payStatus", "orderData", "payStatus", "orderData", "payStatus",
                    "orderData"]  # fmt: skip
    pics = [body["pic"] for path, body in partner.api.calls if path == "order/orderData"]
    assert ["?" in pic for pic in pics] == [True, True, False]
    assert len(partner.orders) == 1


async def test_a_device_busy_for_good_is_asked_three_times_then_a_person(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    partner.knobs.turn({"busy_times": 9})
    order = await bench.order()
    row = await bench.settle(order)
    assert (row.stage, row.last_error_code) == (PlacingStage.REFUSED, 500)
    assert partner.count("order/orderData") == 3
    (hold,) = await bench.holds(order)
    assert "device is unavailable" in hold.reason
    (step,) = await bench.steps(order)
    assert (step.status, step.supplier_order_id) == (StepStatus.OWED, None)
    assert len(await bench.supplier_orders(order)) == 1  # nothing is ordered again blindly


async def test_releasing_the_hold_orders_anew_with_new_keys(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    partner.knobs.turn({"refuses": "out of ink"})
    order = await bench.order()
    await bench.settle(order)
    partner.knobs.turn({"refuses": ""})
    (hold,) = await bench.holds(order)
    async with bench.process.database.write() as session:
        await holds.release_hold(session, bench.ctx, hold_id=hold.id, now=clock.now())
    await bench.plan()
    row = await bench.settle(order)
    first, second = await bench.supplier_orders(order)
    assert (first.stage, second.stage) == (PlacingStage.REFUSED, PlacingStage.ACCEPTED)
    assert first.key != second.key
    assert set(partner.orders) == {row.key}


@pytest.mark.parametrize("path", ["order/payData", "order/orderData"])
async def test_an_answer_that_comes_after_the_time_out_is_found_by_asking(
    bench: Bench, partner: ManufacturerSandbox, path: str
) -> None:
    partner.knobs.turn({"silent_after": path})
    order = await bench.order()
    for _ in range(4):
        await bench.look()
        await bench.wait_for(order)
    partner.knobs.turn({"silent_after": ""})
    row = await bench.settle(order)
    assert row.stage is PlacingStage.ACCEPTED
    assert (partner.count("order/payData"), partner.count("order/orderData")) == (1, 1)
    assert partner.orders[row.key].sent == 1


@pytest.mark.parametrize("path", ["order/payData", "order/orderData"])
async def test_what_was_taken_in_spite_of_an_error_there_is_found_by_asking(
    bench: Bench, partner: ManufacturerSandbox, path: str
) -> None:
    partner.knobs.turn({"fails_after": path})
    order = await bench.order()
    row = await bench.settle(order)
    assert row.stage is PlacingStage.ACCEPTED
    assert (partner.count("order/payData"), partner.count("order/orderData")) == (1, 1)
    assert await bench.holds(order) == []


async def test_a_partner_that_does_not_know_what_we_began_leaves_a_doubt_to_a_person(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    partner.knobs.turn({"silent_before": "order/orderData"})
    order = await bench.order()
    row = await bench.settle(order)
    assert row.stage is PlacingStage.DOUBTFUL
    assert row.problem is not None
    assert row.key in row.problem
    async with bench.process.database.write() as session:
        effect = await effects.find_effect(
            session, bench.ctx.organization_id, "supplier.order", row.key
        )
    assert effect is not None
    assert effect.status is EffectStatus.UNKNOWN
    clock.advance(hours=2)
    await bench.look()
    assert partner.count("order/orderData") == 0  # never blindly again


async def test_a_doubt_ends_by_itself_when_the_partner_knows_it_after_all(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    partner.knobs.turn({"silent_after": "order/orderData", "hides_orders": True})
    order = await bench.order()
    row = await bench.settle(order)
    assert row.stage is PlacingStage.DOUBTFUL
    partner.knobs.turn({"silent_after": "", "hides_orders": False})
    clock.advance(hours=1)
    await bench.look()
    row = await bench.only(order)
    assert (row.stage, row.problem) == (PlacingStage.ACCEPTED, None)
    assert partner.orders[row.key].sent == 1


async def test_a_person_says_that_it_was_placed(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    row = await doubtful(bench, partner)
    async with bench.process.database.write() as session:
        said = await deciding.say_placed(session, bench.ctx, Ref(row.id, None), clock.now())
        assert (said.stage, said.problem) == (PlacingStage.ACCEPTED, None)
        with pytest.raises(Conflict, match="nothing is to be decided"):
            await deciding.say_not_placed(session, bench.ctx, Ref(row.id, None), clock.now())


async def test_a_person_says_that_it_was_not_placed(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    row = await doubtful(bench, partner)
    async with bench.process.database.write() as session:
        said = await deciding.say_not_placed(session, bench.ctx, Ref(row.id, None), clock.now())
        assert (said.stage, said.problem) == (PlacingStage.REFUSED, None)
        open_holds = await holds.list_holds(session, bench.ctx, Ref(row.order_id, None))
    assert len(open_holds) == 1


async def test_a_payment_found_by_a_person_lets_its_order_go_on(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    partner.knobs.turn({"silent_before": "order/payData"})
    order = await bench.order()
    row = await bench.settle(order)
    assert row.stage is PlacingStage.DOUBTFUL
    partner.world.pay_data(
        {"third_id": row.payment_key, "mobile_model_id": MODEL, "device_id": "X", "pay_amount": 35,
         "pay_type": 12}
    )  # fmt: skip
    partner.knobs.turn({"silent_before": ""})
    async with bench.process.database.write() as session:
        await deciding.say_placed(session, bench.ctx, Ref(row.id, None), clock.now())
    assert (await bench.settle(order)).stage is PlacingStage.ACCEPTED


async def test_a_partner_that_is_down_is_tried_again_and_its_health_shown(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    partner.knobs.turn({"is_down": True})
    order = await bench.order()
    await bench.look()
    row = await bench.only(order)
    assert (row.stage, row.last_error_code) == (PlacingStage.SENDING, 503)
    assert (await bench.supplier()).health is SupplierHealth.FAILING
    partner.knobs.turn({"is_down": False})
    assert (await bench.settle(order)).stage is PlacingStage.ACCEPTED
    assert (await bench.supplier()).health is SupplierHealth.WORKING
    assert (partner.count("order/payData"), len(partner.orders)) == (1, 1)


async def test_an_account_that_is_refused_waits_for_a_person(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    partner.knobs.turn({"token_lasts_s": -1.0})
    order = await bench.order()
    await bench.look()
    row = await bench.only(order)
    assert row.next_look_at == START + timedelta(minutes=10)
    supplier = await bench.supplier()
    assert supplier.health is SupplierHealth.REFUSED
    assert supplier.last_error is not None


async def test_effects_held_after_a_restore_send_nothing(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order()
    await hold_effects(bench, are_held=True)
    await bench.look()
    assert partner.api.calls == []
    await hold_effects(bench, are_held=False)
    assert (await bench.settle(order)).stage is PlacingStage.ACCEPTED


async def test_without_a_picture_it_waits_and_says_so(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    async with bench.process.database.write() as session:
        await remove_pictures(session, bench)
    order = await bench.order()
    row = await bench.settle(order)
    assert row.waiting_reason == (
        "There is no print-ready picture. Give the offer a picture, or the line a design."
    )
    assert partner.payments == {}


async def doubtful(bench: Bench, partner: ManufacturerSandbox) -> SupplierOrder:
    """It was taken there, and the manufacturer says that it knows nothing of it."""
    partner.knobs.turn({"silent_after": "order/orderData", "hides_orders": True})
    row = await bench.settle(await bench.order())
    assert row.stage is PlacingStage.DOUBTFUL
    return row


async def hold_effects(bench: Bench, *, are_held: bool) -> None:
    async with bench.process.database.write() as session:
        await session.execute(update(Installation).values(are_effects_held=are_held))


async def remove_pictures(session: WriteSession, bench: Bench) -> None:
    await session.execute(
        update(SupplierOffer)
        .where(SupplierOffer.organization_id == bench.ctx.organization_id)
        .values(picture_sha256=None)
    )
