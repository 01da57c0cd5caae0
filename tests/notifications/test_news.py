"""What the slices do reaches those who want to know of it, once, in words."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import event

from shopwright.accounts import members
from shopwright.channels import queries as channels
from shopwright.channels.states import ConnectionStatus
from shopwright.fleet import device_state
from shopwright.fleet.device_state import Reached
from shopwright.fleet.models import Printer
from shopwright.fleet.port import DeviceReport, Fault, Severity, Slot
from shopwright.fleet.states import Activity, ConnectionState, ControlAccess, Outcome
from shopwright.inventory import filaments
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import EffectStatus
from shopwright.notifications import preferences, sweeps
from shopwright.notifications.states import TargetKind
from shopwright.notifications.telling import Notice, tell
from shopwright.notifications.topics import TOPICS, Topic
from shopwright.orders import holds
from shopwright.sandbox.smtp.server import SmtpSandbox
from tests import factories
from tests.notifications.conftest import Desk
from tests.workshop import list_jobs, make_recipe, place, print_one, ready_printer, report, start

EVERYTHING = [topic.value for topic in TOPICS]


@pytest.fixture
async def all_ears(desk: Desk) -> Desk:
    """A chat room that is told of everything; a mail address, of nothing, keeps the owners out."""
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test", [])
    await desk.add_target(TargetKind.CHAT, "ntfy://127.0.0.1/x", EVERYTHING)
    return desk


async def titles(desk: Desk) -> list[tuple[str, str]]:
    return [(delivery.topic.value, delivery.title) for delivery in await desk.log()]


async def test_order_and_its_prints_are_told(all_ears: Desk) -> None:
    ctx = all_ears.ctx
    async with all_ears.database.write() as session:
        await make_recipe(session, ctx, "LAMP", plates=1)
        order = await place(session, ctx, ("LAMP", 1), ("DICE", 1), buyer_name="Ada")
        (job,) = await list_jobs(session, ctx)
        printer = await ready_printer(session, ctx)
        attempt = await start(session, ctx, job, printer)
        await report(session, ctx, attempt, activity=Activity.PRINTING)
        await report(session, ctx, attempt, activity=Activity.PRINTING, percent=40)
        await report(session, ctx, attempt, outcome=Outcome.FAILED, percent=50)
        await holds.hold_order(session, ctx, order_id=order.id, reason="The buyer wrote")
    assert await titles(all_ears) == [
        ("sku_unknown", "Nobody knows the SKU DICE"),
        ("order_arrived", f"New order #{order.number} Ada (hand)"),
        ("print_started", f"{printer.name} prints {job.name}"),
        ("print_failed", f"{job.name} failed on {printer.name}"),
        ("order_held", f"Order #{order.number} of Ada is held"),
    ]
    log = await all_ears.log()
    assert log[-1].body.startswith("The buyer wrote (")
    assert log[3].path == f"/printers/{printer.id}"


async def test_nothing_is_written_when_the_transaction_fails(all_ears: Desk) -> None:
    ctx = all_ears.ctx

    async def fail() -> None:
        async with all_ears.database.write() as session:
            await place(session, ctx, ("X", 1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await all_ears.log() == []


async def test_ready_and_shipped_orders_are_told(all_ears: Desk, client: AsyncClient) -> None:
    ctx = all_ears.ctx
    async with all_ears.database.write() as session:
        await make_recipe(session, ctx, "LAMP")
        order = await place(session, ctx, ("LAMP", 1))
        (job,) = await list_jobs(session, ctx)
        printer = await ready_printer(session, ctx)
        await print_one(session, ctx, job, printer, Outcome.FINISHED)
    answer = await client.put(f"/api/orders/{order.id}", json={"status": "shipped"})
    assert answer.status_code == 200
    topics = [topic for topic, _ in await titles(all_ears)]
    assert topics.count("print_completed") == 1
    assert topics[-2:] == ["order_ready", "order_shipped"]


def device_report(desk: Desk, *slots: Slot, faults: tuple[Fault, ...] = ()) -> DeviceReport:
    return DeviceReport(
        observed_at=desk.clock.now(),
        connection=ConnectionState.ONLINE,
        activity=Activity.IDLE,
        outcome=Outcome.NONE,
        device_job_id=None,
        is_full=True,
        progress=None,
        temperatures=None,
        slots=slots,
        faults=faults,
        control=ControlAccess.ALLOWED,
    )


async def hear(desk: Desk, session: WriteSession, printer: Printer, report_: DeviceReport) -> None:
    await device_state.record_report(
        session,
        desk.ctx,
        printer_id=printer.id,
        report=report_,
        reached=Reached(),
        fingerprint=None,
    )


async def lose(desk: Desk, printer: Printer, connection: ConnectionState) -> None:
    async with desk.database.write() as session:
        await device_state.record_loss(
            session,
            desk.ctx,
            printer_id=printer.id,
            connection=connection,
            sentence="It does not answer.",
            now=desk.clock.now(),
        )


async def test_other_material_and_empty_slots_are_told_once(all_ears: Desk) -> None:
    red, blue = Slot(1, False, True, "PLA", "FF0000"), Slot(1, False, True, "PETG", "0000FF")
    async with all_ears.database.write() as session:
        printer = await factories.make_printer(session, all_ears.ctx)
        rule = {"notify_material_change": True}
        await preferences.update_switches(
            session,
            all_ears.ctx,
            printer=Ref(printer.id, None),
            changes=rule,
            now=all_ears.clock.now(),
        )
    for slot in (red, red, blue, Slot(1, False, False)):
        all_ears.clock.advance(minutes=1)
        async with all_ears.database.write() as session:
            await hear(all_ears, session, printer, device_report(all_ears, slot))
    log = await all_ears.log()
    assert [(d.title, d.body) for d in log] == [
        ("Left: other material", "Slot 1: PLA #FF0000 → PETG #0000FF"),
        ("Left: a slot is empty", "Slot 1: PETG #0000FF → empty"),
    ]


async def test_printer_that_is_back_soon_was_never_away(all_ears: Desk) -> None:
    async with all_ears.database.write() as session:
        printer = await ready_printer(session, all_ears.ctx)
    await lose(all_ears, printer, ConnectionState.OFFLINE)
    await lose(all_ears, printer, ConnectionState.OFFLINE)
    (delivery,) = await all_ears.log()
    assert delivery.next_try_at == all_ears.clock.now() + timedelta(minutes=2)
    all_ears.clock.advance(minutes=1)
    async with all_ears.database.write() as session:
        await hear(all_ears, session, printer, device_report(all_ears))
    assert await all_ears.statuses() == ["dropped"]


async def test_refused_code_and_new_trouble_are_told_at_once(all_ears: Desk) -> None:
    fault = Fault("0300-8004", Severity.FATAL, "The heat bed is too hot")
    async with all_ears.database.write() as session:
        printer = await ready_printer(session, all_ears.ctx)
        for _ in range(2):
            await hear(all_ears, session, printer, device_report(all_ears, faults=(fault,)))
    await lose(all_ears, printer, ConnectionState.AUTH_FAILED)
    assert await titles(all_ears) == [
        ("printer_trouble", f"{printer.name} needs help"),
        ("printer_refuses", f"{printer.name} refuses its access code"),
    ]


async def test_low_filament_is_told(all_ears: Desk) -> None:
    async with all_ears.database.write() as session:
        spool = await factories.make_spool(session, all_ears.ctx, remaining_mg=150_000)
        await filaments.record_usage(
            session,
            all_ears.ctx,
            filament_id=spool.filament_id,
            amount_mg=60_000,
            order_id=None,
            note="",
            now=all_ears.clock.now(),
        )
    (delivery,) = await all_ears.log()
    assert (delivery.title, delivery.body) == (
        "PLA Black runs low",
        "90 g are left; you asked to be told at 100 g.",
    )


async def test_shop_that_must_be_connected_again_is_told(all_ears: Desk) -> None:
    async with all_ears.database.write() as session:
        connection = await factories.make_connection(session, all_ears.ctx)
        await channels.change_status(
            session,
            all_ears.ctx,
            connection.id,
            ConnectionStatus.RECONNECT_NEEDED,
            last_error="Etsy refuses the refresh token.",
        )
    (delivery,) = await all_ears.log()
    assert (delivery.topic, delivery.title) == (
        "channel_reconnect",
        "Atelier must be connected again",
    )


async def test_effect_in_doubt_is_told(all_ears: Desk) -> None:
    shop, now = all_ears.ctx.organization_id, all_ears.clock.now()
    async with all_ears.database.write() as session:
        effect = await effects.intend(
            session, shop, kind="post_tracking", key="parcel:1", subject_id=1, request={}
        )
        await effects.begin_sending(session, shop, effect.id, now)
        await effects.settle(session, shop, effect.id, EffectStatus.UNKNOWN, "No answer.", now)
    (delivery,) = await all_ears.log()
    assert delivery.title == "A buyer's tracking: nobody knows whether it happened"
    assert delivery.is_urgent


async def test_jobs_that_wait_too_long_are_told_once_together(all_ears: Desk) -> None:
    async with all_ears.database.write() as session:
        for _ in range(12):
            await factories.make_job_id(session, all_ears.ctx)
        for job in await list_jobs(session, all_ears.ctx):
            job.created_at = all_ears.clock.now()
    for hours in (11, 2, 1, 24):
        all_ears.clock.advance(hours=hours)
        await all_ears.deliverer._sweep(all_ears.clock.now())
    (delivery,) = await all_ears.log()
    assert delivery.title == "12 jobs waited for 12 hours"
    assert delivery.body.splitlines()[-1] == "+2"


async def test_printers_that_stay_due_cost_nothing_more_once_it_was_told(all_ears: Desk) -> None:
    asked: list[str] = []

    def note(*said: Any) -> None:
        asked.append(said[2])

    async with all_ears.database.write() as session:
        for number in range(5):
            printer = await factories.make_printer(session, all_ears.ctx, f"P{number}")
            printer.last_maintenance_at = all_ears.clock.now() - timedelta(days=31)
    await sweeps.tell_maintenance_due(all_ears.database, all_ears.clock.now())
    assert len(await titles(all_ears)) == 5
    engine = all_ears.database.write_engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await sweeps.tell_maintenance_due(all_ears.database, all_ears.clock.now())
    event.remove(engine, "before_cursor_execute", note)
    assert [text for text in asked if not text.startswith("SELECT")] == []
    assert len(await titles(all_ears)) == 5


async def test_maintenance_that_is_due_is_told_once(all_ears: Desk) -> None:
    async with all_ears.database.write() as session:
        printer = await factories.make_printer(session, all_ears.ctx, "Atlas")
        printer.last_maintenance_at = all_ears.clock.now() - timedelta(days=29)
    for _ in range(3):
        await all_ears.deliverer._sweep(all_ears.clock.now())
        all_ears.clock.advance(days=1)
    assert await titles(all_ears) == [("maintenance_due", "Maintenance of Atlas is due")]


async def test_printers_switches_decide_for_their_topics(desk: Desk) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test", EVERYTHING)
    await desk.add_target(TargetKind.CHAT, "ntfy://127.0.0.1/x", EVERYTHING)
    async with desk.database.write() as session:
        printer = await factories.make_printer(session, desk.ctx)

    async def told(**changes: object) -> list[str]:
        async with desk.database.write() as session:
            await preferences.update_switches(
                session,
                desk.ctx,
                printer=Ref(printer.id, None),
                changes=changes,
                now=desk.clock.now(),
            )
            known = len(await desk.log())
            topic = Topic.PRINT_COMPLETED
            notice = Notice(topic, f"x:{known}", "Done", "", printer_id=printer.id)
            await tell(session, desk.ctx.organization_id, notice)
        return [delivery.kind.value for delivery in (await desk.log())[known:]]

    assert await told() == ["email", "chat"]
    assert await told(email_enabled=False) == ["chat"]
    assert await told(webhook_url="https://8.8.8.8/x") == ["chat", "webhook"]
    assert await told(notify_print_complete=False) == []


async def test_owners_get_a_printers_mails_while_no_address_is_named(
    desk: Desk, smtp: SmtpSandbox
) -> None:
    async with desk.database.write() as session:
        printer = await factories.make_printer(session, desk.ctx)
        notice = Notice(Topic.PRINT_FAILED, "x:1", "Gear failed", "", printer_id=printer.id)
        await tell(session, desk.ctx.organization_id, notice)
        await tell(session, desk.ctx.organization_id, Notice(Topic.ORDER_HELD, "y:1", "Held", ""))
    await desk.work()
    (mail,) = smtp.mails
    assert mail.recipients[0].startswith("owner")


async def test_invited_person_gets_the_link_by_mail_and_it_is_stored_nowhere_in_the_clear(
    desk: Desk, smtp: SmtpSandbox
) -> None:
    async with desk.database.write() as session:
        invited = await members.invite(
            session, desk.ctx, email="kim@shop.test", role=Role.MEMBER, now=desk.clock.now()
        )
    (delivery,) = await desk.log()
    assert invited.token not in f"{delivery.body} {delivery.facts} {delivery.sealed}"
    await desk.work()
    (mail,) = smtp.mails
    assert mail.recipients == ["kim@shop.test"]
    assert f"https://shop.test/invitation?token={invited.token}" in mail.text
    assert (await desk.log())[0].sealed is None


async def test_other_shops_hear_nothing(desk: Desk, stranger: Actor, smtp: SmtpSandbox) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test", EVERYTHING)
    async with desk.database.write() as session:
        await place(session, stranger, ("X", 1))
    assert await desk.log() == []
