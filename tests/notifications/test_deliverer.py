"""From a row to an answer: sent once, tried again, given up, folded into a digest."""

import asyncio
import json
from contextlib import suppress

import pytest
from sqlalchemy import select, update
from standardwebhooks.webhooks import Webhook

from shopwright.accounts.models import Organization
from shopwright.kernel.db import Installation
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import Effect
from shopwright.notifications import deliveries, preferences, queries
from shopwright.notifications.models import NotificationTarget
from shopwright.notifications.preferences import QuietSpec
from shopwright.notifications.states import TargetKind
from shopwright.notifications.topics import Topic
from shopwright.sandbox.smtp.server import SmtpSandbox
from tests.notifications.conftest import Desk, Receiver


async def target_row(desk: Desk, target: NotificationTarget) -> NotificationTarget:
    async with desk.database.read() as session:
        ref = Ref(target.id, None)
        found = await queries.find_target(session, desk.ctx.organization_id, ref)
    assert found is not None
    return found


async def list_effects(desk: Desk) -> list[tuple[str, str]]:
    async with desk.database.read() as session:
        effects = await session.scalars(
            select(Effect)
            .where(Effect.organization_id == desk.ctx.organization_id)
            .order_by(Effect.id)
        )
        return [(effect.kind, effect.status.value) for effect in effects]


async def test_mail_goes_out_once_and_its_effect_is_done(desk: Desk, smtp: SmtpSandbox) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    assert await desk.tell() == 1
    assert await desk.tell() == 0  # the same again
    await desk.work(2)
    (mail,) = smtp.mails
    assert mail.subject == "[Print shop] Thing 1"
    assert "https://shop.test/orders/1" in mail.text
    (delivery,) = await desk.log()
    assert (delivery.status, delivery.tries) == ("delivered", 1)
    assert delivery.answer == "127.0.0.1 answered 250 Message accepted."
    assert await list_effects(desk) == [("send_email", "done")]


async def test_greylisted_mail_is_sent_later_by_an_effect_of_its_own(
    desk: Desk, smtp: SmtpSandbox
) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    smtp.refuse({"rcpt": "451 Greylisted"})
    await desk.tell()
    await desk.work()
    (delivery,) = await desk.log()
    assert delivery.status == "pending"
    assert "451 Greylisted" in str(delivery.answer)
    smtp.refuse({})
    await desk.work()  # not yet
    assert smtp.mails == []
    desk.clock.advance(seconds=7)
    await desk.work()
    assert len(smtp.mails) == 1
    assert await list_effects(desk) == [("send_email", "failed"), ("send_email", "done")]


async def test_mail_that_may_have_left_is_never_sent_again_unasked(
    desk: Desk, smtp: SmtpSandbox
) -> None:
    target = await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    smtp.drops_after_data = True
    await desk.tell()
    await desk.work()
    desk.clock.advance(hours=2)
    await desk.work()
    assert len(smtp.mails) == 1
    (delivery,) = await desk.log()
    assert delivery.status == "unknown"
    assert (await target_row(desk, target)).failing_since is not None


async def test_refusal_for_good_ends_it_and_the_target_shows_it(
    desk: Desk, smtp: SmtpSandbox
) -> None:
    target = await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    smtp.refuse({"rcpt": "550 No such user"})
    await desk.tell()
    await desk.work()
    assert await desk.statuses() == ["failed"]
    row = await target_row(desk, target)
    assert row.failing_since == desk.clock.now()
    assert "550 No such user" in str(row.last_error)
    smtp.refuse({})
    await desk.tell(key="2")
    await desk.work()
    row = await target_row(desk, target)
    assert (row.failing_since, row.last_error) == (None, None)


async def test_crash_while_a_mail_was_handed_over_leaves_it_in_doubt_and_a_webhook_is_repeated(
    desk: Desk, smtp: SmtpSandbox, receiver: Receiver
) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    await desk.add_target(TargetKind.WEBHOOK, receiver.url)
    await desk.tell()
    shop, now = desk.ctx.organization_id, desk.clock.now()
    async with desk.database.write() as session:
        for delivery in await desk.log():
            assert await deliveries.begin(session, shop, delivery.id, now)
    await desk.work()  # somebody else is at it
    assert (smtp.mails, receiver.heard) == ([], [])
    desk.clock.advance(minutes=4)
    await desk.work()
    assert await desk.statuses() == ["unknown", "delivered"]
    assert (smtp.mails, len(receiver.heard)) == ([], 1)


async def test_webhook_is_signed_and_keeps_its_id_over_retries(
    desk: Desk, receiver: Receiver
) -> None:
    async with desk.database.write() as session:
        secret = await preferences.rotate_webhook_secret(session, desk.ctx, now=desk.clock.now())
        newer = await preferences.rotate_webhook_secret(session, desk.ctx, now=desk.clock.now())
    await desk.add_target(TargetKind.WEBHOOK, receiver.url)
    receiver.status = "503 Busy"
    await desk.tell(facts={"order_id": 1})
    await desk.work()
    receiver.status = "204 No Content"
    desk.clock.advance(seconds=7)
    await desk.work()
    first, second = receiver.headers
    assert first["webhook-id"] == second["webhook-id"]
    assert second["webhook-signature"].count("v1,") == 2
    body = receiver.heard[1]
    assert body["type"] == "order_ready"
    assert body["data"] == {"order_id": 1, "title": "Thing 1", "link": "https://shop.test/orders/1"}
    (delivery,) = await desk.log()
    assert (delivery.status, delivery.tries) == ("delivered", 2)
    for key in (secret, newer):
        signed = {name: value for name, value in second.items() if name.startswith("webhook-")}
        Webhook(key).verify(json.dumps(body, ensure_ascii=False), signed)


async def test_gone_and_redirecting_receivers_are_not_tried_again(
    desk: Desk, receiver: Receiver
) -> None:
    await desk.add_target(TargetKind.WEBHOOK, receiver.url)
    receiver.status = "410 Gone"
    await desk.tell(key="1")
    await desk.work()
    receiver.status, receiver.more = "301 Moved", "location: http://127.0.0.1:1/\r\n"
    await desk.tell(key="2")
    await desk.work()
    log = await desk.log()
    assert [delivery.status for delivery in log] == ["failed", "failed"]
    assert "wants no more" in str(log[0].answer)
    assert "Redirects are not followed" in str(log[1].answer)


@pytest.mark.parametrize("asked", ["9" * 30, "\xb2", "Mon, 01 Jan 9999 00:00:00 GMT", "soon"])
async def test_whatever_wait_a_receiver_asks_for_its_answer_is_kept(
    desk: Desk, receiver: Receiver, asked: str
) -> None:
    await desk.add_target(TargetKind.WEBHOOK, receiver.url)
    receiver.status, receiver.more = "503 Busy", f"retry-after: {asked}\r\n"
    await desk.tell()
    await desk.work()
    (delivery,) = await desk.log()
    assert (delivery.tries, delivery.answer) == (1, "The receiver answered 503 Busy: no.")
    assert delivery.status in {"pending", "failed"}


async def test_of_an_endless_answer_only_the_beginning_is_read(desk: Desk) -> None:
    sent = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 No\r\nconnection: close\r\n\r\n")
        with suppress(ConnectionError):
            while sent < 100_000_000:
                writer.write(b"x" * 100_000)
                sent += 100_000
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await desk.add_target(TargetKind.WEBHOOK, f"http://127.0.0.1:{port}/")
        await desk.tell()
        await desk.work()
    (delivery,) = await desk.log()
    assert delivery.answer == f"The receiver answered 500 No: {'x' * 200}."
    assert sent < 100_000_000


async def test_receiver_that_stays_away_is_given_up_after_a_day(
    desk: Desk, receiver: Receiver
) -> None:
    await desk.add_target(TargetKind.WEBHOOK, receiver.url)
    receiver.status = "500 Oops"
    await desk.tell()
    for _ in range(14):
        await desk.work()
        desk.clock.advance(hours=2)
    assert await desk.statuses() == ["failed"]
    assert 5 < len(receiver.heard) < 12
    assert len({headers["webhook-id"] for headers in receiver.headers}) == 1


async def test_slow_receiver_delays_nobody_else(
    desk: Desk, receiver: Receiver, smtp: SmtpSandbox
) -> None:
    receiver.gate.clear()
    target = await desk.add_target(TargetKind.WEBHOOK, receiver.url)
    slow = f"{desk.ctx.organization_id}:target:{target.id}"
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    for number in range(3):
        await desk.tell(key=str(number))
    for number in range(3):
        await desk.deliverer.round()
        async with asyncio.timeout(5):
            await smtp.arrival(number + 1)
            tasks = desk.deliverer._rounds.tasks
            await asyncio.gather(*[task for lane, task in tasks.items() if lane != slow])
    assert (len(smtp.mails), len(receiver.heard)) == (3, 1)
    receiver.gate.set()
    await desk.deliverer.finish()
    await desk.work(2)
    assert len(receiver.heard) == 3


async def test_nothing_goes_out_while_effects_are_held_after_a_restore(
    desk: Desk, smtp: SmtpSandbox
) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    await desk.tell()
    async with desk.database.write() as session:
        await session.execute(update(Installation).values(are_effects_held=True))
    await desk.work()
    assert (smtp.mails, await desk.statuses()) == ([], ["pending"])
    async with desk.database.write() as session:
        await session.execute(update(Installation).values(are_effects_held=False))
    await desk.work()
    assert len(smtp.mails) == 1


async def set_quiet(desk: Desk, *, passes: bool = True) -> None:
    """From 8 in the evening to 11 in the morning; the tests begin at 10 in Paris."""
    spec = QuietSpec("20:00", "11:00", passes)
    async with desk.database.write() as session:
        organization = await session.get_one(Organization, desk.ctx.organization_id)
        organization.time_zone = "Europe/Paris"
        await preferences.update_quiet_hours(session, desk.ctx, spec=spec, now=desk.clock.now())


async def test_quiet_hours_end_with_one_digest(desk: Desk, smtp: SmtpSandbox) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    await set_quiet(desk)
    for number in range(3):
        await desk.tell(key=str(number))
    await desk.work()
    assert (smtp.mails, await desk.statuses()) == ([], ["held"] * 3)
    desk.clock.advance(hours=1)
    await desk.work(2)
    (mail,) = smtp.mails
    assert mail.subject == "[Print shop] 3 things happened in the quiet hours"
    assert [line for line in mail.text.splitlines() if "Thing" in line] == [
        "10:00  Thing 0", "10:00  Thing 1", "10:00  Thing 2",
    ]  # fmt: skip
    log = await desk.log()
    assert [delivery.status for delivery in log] == ["digested"] * 3 + ["delivered"]
    assert {delivery.digest_id for delivery in log[:3]} == {log[3].id}


async def test_urgent_things_pass_only_where_that_is_set(desk: Desk, smtp: SmtpSandbox) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    await set_quiet(desk)
    await desk.tell(Topic.CHANNEL_RECONNECT)
    await desk.work()
    assert len(smtp.mails) == 1
    await set_quiet(desk, passes=False)
    await desk.tell(Topic.CHANNEL_RECONNECT, key="2")
    await desk.work()
    assert len(smtp.mails) == 1
    assert await desk.statuses() == ["delivered", "held"]


async def test_programs_are_told_at_night_as_well(desk: Desk, receiver: Receiver) -> None:
    await desk.add_target(TargetKind.WEBHOOK, receiver.url)
    await set_quiet(desk)
    await desk.tell()
    await desk.work()
    assert len(receiver.heard) == 1


async def test_shorter_quiet_hours_let_out_what_waits(desk: Desk, smtp: SmtpSandbox) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    await set_quiet(desk)
    await desk.tell()
    async with desk.database.write() as session:
        none = QuietSpec("", "", does_urgent_pass=True)
        await preferences.update_quiet_hours(session, desk.ctx, spec=none, now=desk.clock.now())
    await desk.work(2)
    assert [mail.subject for mail in smtp.mails] == [
        "[Print shop] One thing happened in the quiet hours"
    ]


async def test_loop_sends_what_is_told_while_it_runs(desk: Desk, smtp: SmtpSandbox) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    loop = asyncio.create_task(desk.deliverer.run())
    try:
        await asyncio.sleep(0)
        await desk.tell()
        async with asyncio.timeout(5):
            await smtp.arrival()
    finally:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


async def test_log_forgets_after_three_months(desk: Desk, smtp: SmtpSandbox) -> None:
    await desk.add_target(TargetKind.EMAIL, "sam@shop.test")
    await desk.tell()
    await desk.work()
    desk.clock.advance(days=91)
    await desk.work()
    assert await desk.statuses() == []
    assert len(smtp.mails) == 1
