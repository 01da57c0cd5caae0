"""What reaches an open page, whose, and when it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.requests import Request

from shopwright.accounts import sessions
from shopwright.accounts.credentials import find_credential
from shopwright.accounts.identities import identify
from shopwright.accounts.standing import Standing
from shopwright.fleet import service as fleet
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Invalid
from shopwright.kernel.signals import Signal
from shopwright.telemetry.latest import LatestSnapshots
from shopwright.web import fragments
from shopwright.web.fragments import Fragment
from shopwright.web.live import follow, parse_topics
from shopwright.web.rooms import LiveRooms, Subscriber, event
from tests.web.conftest import open_cookie
from tests.web.rows import Shop, snapshot_of

PATIENCE_S = 5.0


@asynccontextmanager
async def joined(process: Process, actor: Actor, *topics: str) -> AsyncIterator[Subscriber]:
    with LiveRooms.of(process).join(actor.organization_id, actor.role, topics) as subscriber:
        yield subscriber


def say(process: Process, actor: Actor, topic: str, key: int = 0) -> None:
    process.context.hub.publish(Signal(actor.organization_id, topic, key))


async def clear_and_fail(process: Process, actor: Actor, printer_id: int) -> None:
    async with process.database.write() as session:
        await fleet.clear_plate(session, actor, printer_id=printer_id)
        raise ZeroDivisionError


def request_of(cookie: str) -> Request:
    headers = [(b"cookie", f"shopwright={cookie}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/live", "scheme": "http", "headers": headers}
    return Request({**scope, "server": ("shop.test", 80), "query_string": b""})


async def test_report_moves_the_bar_of_its_own_printer_alone(
    process: Process, owner: Actor, shop: Shop
) -> None:
    printer_id = shop.printers["busy"]
    async with joined(process, owner, "printers") as subscriber:
        process.context.keep(LatestSnapshots).put(snapshot_of(owner, printer_id, percent=63.0))
        say(process, owner, "telemetry", printer_id)
        text = await subscriber.wait(PATIENCE_S)
    assert text.startswith("event: fragments\ndata: ")
    assert text.count("data-id=") == 1
    assert f'data-id="printer-{printer_id}-live"' in text
    assert "63 %" in text


async def test_page_of_one_printer_hears_of_no_other(
    process: Process, owner: Actor, shop: Shop
) -> None:
    busy, soon = shop.printers["busy"], shop.printers["soon"]
    async with joined(process, owner, f"printer:{busy}") as subscriber:
        say(process, owner, "telemetry", soon)
        say(process, owner, "telemetry", busy)
        text = await subscriber.wait(PATIENCE_S)
    assert f'data-id="printer-{busy}-live"' in text
    assert f'data-id="printer-{soon}-live"' not in text


async def test_other_organization_hears_nothing(
    process: Process, owner: Actor, stranger: Actor, shop: Shop
) -> None:
    async with (
        joined(process, stranger, "printers", "nav", "queue") as outsider,
        joined(process, owner, "printers", "nav", "queue") as insider,
    ):
        say(process, owner, "telemetry", shop.printers["busy"])
        say(process, owner, "queue", shop.jobs["waiting"])
        assert await insider.wait(PATIENCE_S) != ""
        assert await outsider.wait(0.05) == ""


async def test_forged_signal_shows_no_other_organizations_printer(
    process: Process, owner: Actor, stranger: Actor, shop: Shop
) -> None:
    rendered = await fragments.render(
        process,
        stranger.organization_id,
        Role.OWNER,
        [Fragment("live", shop.printers["busy"]), Fragment("card", shop.printers["busy"])],
    )
    assert rendered == {}


async def test_viewers_card_has_no_button_and_members_has(
    process: Process, owner: Actor, member: Actor, viewer: Actor, shop: Shop
) -> None:
    async with (
        joined(process, viewer, "printers") as seeing,
        joined(process, member, "printers") as working,
    ):
        say(process, owner, "printer", shop.printers["clear"])
        seen, worked = await seeing.wait(PATIENCE_S), await working.wait(PATIENCE_S)
    assert "P1S 04" in seen
    assert "<form" not in seen
    assert "Plate clear, all 4 good" in worked


async def test_many_reports_of_a_moment_are_rendered_once(
    process: Process, owner: Actor, shop: Shop
) -> None:
    printer_id = shop.printers["busy"]
    latest = process.context.keep(LatestSnapshots)
    async with joined(process, owner, "printers") as subscriber:
        for percent in (63.0, 64.0, 65.0):
            latest.put(snapshot_of(owner, printer_id, percent=percent))
            say(process, owner, "telemetry", printer_id)
        first = await subscriber.wait(PATIENCE_S)
        nothing_new = await subscriber.wait(0.02)
    assert "65 %" in first
    assert nothing_new == ""


async def test_change_of_a_list_is_told_by_name(process: Process, owner: Actor, shop: Shop) -> None:
    async with joined(process, owner, "queue", "orders", "order:3") as subscriber:
        say(process, owner, "queue", 1)
        say(process, owner, "order", 3)
        assert await subscriber.wait(PATIENCE_S) == "event: notice\ndata: order:3 orders queue\n\n"


async def test_committed_change_reaches_the_page_and_a_rolled_back_one_does_not(
    process: Process, owner: Actor, shop: Shop
) -> None:
    printer_id = shop.printers["clear"]
    async with joined(process, owner, "printers") as subscriber:
        with pytest.raises(ZeroDivisionError):
            await clear_and_fail(process, owner, printer_id)
        assert await subscriber.wait(0.05) == ""
        async with process.database.write() as session:
            await fleet.clear_plate(session, owner, printer_id=printer_id)
        text = await subscriber.wait(PATIENCE_S)
    assert f'data-id="printer-{printer_id}"' in text
    assert "ready" in text


async def test_page_learns_whether_something_changed_since_it_was_read(
    process: Process, owner: Actor
) -> None:
    rooms = LiveRooms.of(process)
    before = rooms.seen(owner.organization_id)
    say(process, owner, "telemetry", 1)
    assert rooms.seen(owner.organization_id) == before
    say(process, owner, "order", 1)
    assert rooms.seen(owner.organization_id) != before


async def test_stream_says_hello_and_ends_with_the_log_out(process: Process, owner: Actor) -> None:
    request = request_of(await open_cookie(process.database, owner))
    credential = find_credential(request)
    assert credential is not None
    identity = await identify(process, credential)
    stream = follow(process, owner, Standing(process, request, owner), frozenset({"nav"}))
    seen = LiveRooms.of(process).seen(owner.organization_id)
    assert await anext(stream) == f"retry: 2000\nevent: hello\ndata: {seen}\n\n"
    async with process.database.write() as session:
        await sessions.log_out(session, identity, credential, process.clock.now())
    say(process, owner, "order", 1)
    rest = [text async for text in stream]
    assert rest[-1] == "event: bye\ndata: signed out\n\n"
    assert len(rest) <= 2


async def test_empty_room_is_closed(process: Process, owner: Actor) -> None:
    rooms = LiveRooms.of(process)
    tasks = len(asyncio.all_tasks())
    async with joined(process, owner, "nav"):
        assert len(asyncio.all_tasks()) == tasks + 1
    await asyncio.sleep(0)
    assert rooms.seen(owner.organization_id).endswith(".0")
    assert len(asyncio.all_tasks()) == tasks


@pytest.mark.parametrize("text", ["nav;drop", "order:x", "../x", "a" * 30, "Nav"])
def test_topics_are_names(text: str) -> None:
    with pytest.raises(Invalid):
        parse_topics(text)


def test_topics_are_not_too_many() -> None:
    assert parse_topics("nav,order:17,") == {"nav", "order:17"}
    with pytest.raises(Invalid):
        parse_topics(",".join(f"order:{number}" for number in range(61)))


def test_every_line_of_an_event_is_a_line_of_data() -> None:
    assert event("fragments", "<b>\n1</b>") == "event: fragments\ndata: <b>\ndata: 1</b>\n\n"
