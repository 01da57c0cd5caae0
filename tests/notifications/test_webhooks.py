"""Events on their way to outside programs: in order, once by id, whatever happens on the way."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, Installation
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.egress import AddressRefused, EgressPolicy, guarded_client
from shopwright.kernel.errors import Invalid
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.notifications import webhook_lanes, webhooks
from shopwright.notifications.models import (
    NotificationDelivery,
    NotificationTarget,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from shopwright.notifications.targets import EffectsHeld
from shopwright.notifications.webhook_post import post
from shopwright.notifications.webhook_sender import WebhookSender
from shopwright.notifications.webhooks import EndpointChanges
from shopwright.planning.events import SkusUnknown
from tests import factories
from tests.clock import FixedClock
from tests.notifications.conftest import Receiver


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Program(Receiver):
    """A receiver that can go away and come back at the same address."""

    port: int = field(default_factory=free_port)
    server: asyncio.Server | None = None

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers in self.headers]

    @property
    def skus(self) -> list[str]:
        return [body["data"]["skus"][0] for body in self.heard]

    async def hear(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.heard) < count:
                self.came.clear()
                await self.came.wait()

    async def come(self) -> None:
        self.server = await asyncio.start_server(self.answer, "127.0.0.1", self.port)
        self.url = f"http://127.0.0.1:{self.port}/hook"

    async def go(self) -> None:
        if self.server is not None:
            self.server.close()
            await self.server.wait_closed()
            self.server = None


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    there = Program()
    there.gate.set()
    await there.come()
    yield there
    there.gate.set()
    await there.go()


@dataclass
class Post:
    """Lets things happen and carries them out."""

    process: Process
    ctx: Actor
    clock: FixedClock
    sender: WebhookSender

    @property
    def database(self) -> Database:
        return self.process.database

    async def add(self, url: str, types: list[str] | None = None) -> webhooks.Made:
        async with self.database.write() as session:
            return await webhooks.create_endpoint(
                session,
                self.ctx,
                url=url,
                description="",
                event_types=types or [],
                now=self.clock.now(),
            )

    async def happen(self, *skus: str) -> None:
        """One event each, as planning tells it."""
        for sku in skus:
            async with self.database.write() as session:
                await events.publish(session, SkusUnknown(self.ctx.organization_id, (sku,)))

    async def work(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            await self.sender.round()
            await self.sender.finish()

    async def pass_time(self, hours: float, step_s: float = 60) -> None:
        """Rounds all along."""
        for _ in range(round(hours * 3600 / step_s)):
            self.clock.advance(seconds=step_s)
            await self.work()

    async def log(self) -> list[WebhookDelivery]:
        return await self._all(WebhookDelivery)

    async def attempts(self) -> list[WebhookAttempt]:
        return await self._all(WebhookAttempt)

    async def statuses(self) -> list[str]:
        return [one.status.value for one in await self.log()]

    async def messages(self) -> list[NotificationDelivery]:
        return await self._all(NotificationDelivery)

    async def endpoint(self, made: webhooks.Made) -> WebhookEndpoint:
        async with self.database.read() as session:
            return await webhooks.get_endpoint(session, self.ctx, Ref(made.endpoint.id, None))

    async def _all(self, model: Any) -> list[Any]:
        async with self.database.read() as session:
            rows = await session.scalars(
                select(model)
                .where(model.organization_id == self.ctx.organization_id)
                .order_by(model.id)
            )
            return list(rows)


@pytest.fixture
async def office(process: Process, owner: Actor, clock: FixedClock) -> Post:
    async with process.database.write() as session:
        for model in (WebhookEvent, WebhookEndpoint):
            await session.execute(delete(model).execution_options(**CROSS_TENANT))
    hub = process.context.hub
    sender = WebhookSender(process.database, process.clock, process.settings, hub)
    return Post(process, owner, clock, sender)


async def test_event_is_written_for_those_who_listen_and_for_nobody_else(
    office: Post, program: Program
) -> None:
    await office.happen("NOBODY")
    await office.add(program.url, ["order.created"])
    await office.happen("NOT-THIS")
    await office.add(program.url, ["sku.unknown"])
    await office.add(program.url)
    await office.happen("GEAR")
    assert len(await office.log()) == 2
    await office.work()
    assert program.skus == ["GEAR", "GEAR"]
    assert len(set(program.ids)) == 2
    body = program.heard[0]
    assert body == {
        "type": "sku.unknown",
        "timestamp": "2026-03-02T09:00:00.000Z",
        "api_version": 1,
        "data": {"skus": ["GEAR"]},
    }


async def test_rolled_back_change_tells_nobody(office: Post, program: Program) -> None:
    await office.add(program.url)
    shop = office.ctx.organization_id

    async def fail() -> None:
        async with office.database.write() as session:
            await events.publish(session, SkusUnknown(shop, ("X",)))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await fail()
    await office.work()
    assert (program.heard, await office.log()) == ([], [])


async def test_receiver_that_was_down_for_an_hour_gets_every_event_once_and_in_order(
    office: Post, program: Program
) -> None:
    made = await office.add(program.url)
    await program.go()
    wanted = []
    for number in range(12):
        wanted.append(f"SKU-{number}")
        await office.happen(wanted[-1])
        await office.pass_time(5 / 60, step_s=150)
    assert (await office.endpoint(made)).failures >= 5
    assert len(await office.attempts()) < 10  # it is not hammered
    await program.come()
    await office.pass_time(1.5, step_s=600)
    assert program.skus == wanted
    assert program.ids == [one.uuid for one in await office.log()]
    assert set(await office.statuses()) == {"delivered"}
    endpoint = await office.endpoint(made)
    assert (endpoint.failures, endpoint.failing_since, endpoint.paused_until) == (0, None, None)


async def test_receiver_that_answers_500_for_an_hour_gets_every_event_in_order(
    office: Post, program: Program
) -> None:
    await office.add(program.url)
    program.status = "503 Busy"
    await office.happen("A", "B", "C", "D")
    await office.pass_time(1, step_s=150)
    program.status = "200 OK"
    program.heard.clear()
    await office.pass_time(1.5, step_s=600)
    assert program.skus == ["A", "B", "C", "D"]


async def test_event_that_its_receiver_cannot_take_does_not_stop_the_others(
    office: Post, program: Program
) -> None:
    await office.add(program.url)
    program.status = "422 Unprocessable"
    await office.happen("BAD")
    await office.work()
    program.status = "200 OK"
    await office.happen("GOOD")
    await office.work()
    assert program.skus == ["BAD", "GOOD"]
    assert await office.statuses() == ["pending", "delivered"]
    office.clock.advance(seconds=7)
    await office.work()
    assert program.skus == ["BAD", "GOOD", "BAD"]
    (first, _, third) = program.ids
    assert first == third


async def test_slow_receiver_delays_nobody_else(office: Post, program: Program) -> None:
    program.gate.clear()
    await office.add(program.url)
    quick = Program()
    quick.gate.set()
    await quick.come()
    await office.add(quick.url)
    await office.happen("A", "B", "C")
    await office.sender.round()
    await quick.hear(3)
    assert (quick.skus, program.skus) == (["A", "B", "C"], ["A"])
    program.gate.set()
    await office.sender.finish()
    assert program.skus == ["A", "B", "C"]
    await quick.go()


async def test_gone_receiver_is_switched_off_with_a_sentence(
    office: Post, program: Program
) -> None:
    made = await office.add(program.url)
    async with office.database.write() as session:
        target_id = await factories.make_target_id(session, office.ctx)
        await session.execute(
            update(NotificationTarget)
            .where(NotificationTarget.organization_id == office.ctx.organization_id)
            .where(NotificationTarget.id == target_id)
            .values(topics=["webhook_off"])
        )
    program.status = "410 Gone"
    await office.happen("A", "B")
    await office.work(2)
    assert (program.skus, await office.statuses()) == (["A"], ["failed", "failed"])
    endpoint = await office.endpoint(made)
    assert (endpoint.is_active, endpoint.disabled_reason) == (False, webhook_lanes.GONE)
    await office.happen("C")
    assert len(await office.log()) == 2
    (told,) = await office.messages()
    assert (told.topic, told.title) == ("webhook_off", "The webhook 127.0.0.1 is switched off")
    program.status = "200 OK"
    ref, now = Ref(made.endpoint.id, None), office.clock.now()
    async with office.database.write() as session:
        on = EndpointChanges(is_active=True)
        await webhooks.update_endpoint(session, office.ctx, ref=ref, changes=on, now=now)
        since = now - timedelta(hours=1)
        assert await webhooks.replay_failed(session, office.ctx, ref=ref, since=since, now=now) == 2
    await office.work()
    assert program.skus == ["A", "A", "B"]
    assert program.ids[1:] == [one.uuid for one in await office.log()]


async def test_receiver_that_stays_away_is_given_up_after_a_day_and_switched_off_after_three(
    office: Post, program: Program
) -> None:
    made = await office.add(program.url)
    await program.go()
    await office.happen("A")
    await office.pass_time(25, step_s=3600)
    assert await office.statuses() == ["pending"]
    await office.pass_time(10, step_s=3600)
    (first,) = await office.log()
    assert first.status == "failed"
    for _ in range(6):
        await office.happen("B")
        await office.pass_time(9, step_s=10_800)
    endpoint = await office.endpoint(made)
    assert endpoint.is_active is False
    assert "for three days" in str(endpoint.disabled_reason)
    assert set(await office.statuses()) == {"failed"}


async def test_both_secrets_sign_for_a_day_after_a_rotation(office: Post, program: Program) -> None:
    made = await office.add(program.url)
    ref = Ref(made.endpoint.id, None)
    async with office.database.write() as session:
        newer = await webhooks.rotate_secret(session, office.ctx, ref=ref, now=office.clock.now())
    await office.happen("A")
    await office.work()
    office.clock.advance(hours=25)
    await office.happen("B")
    await office.work()
    during, after = [(verified(program, i, made), verified(program, i, newer)) for i in (0, 1)]
    assert (during, after) == ((True, True), (False, True))


def verified(program: Program, index: int, made: webhooks.Made) -> bool:
    text = json.dumps(program.heard[index], ensure_ascii=False, separators=(",", ":"))
    try:
        Webhook(made.secret).verify(text, program.headers[index])
    except WebhookVerificationError:
        return False
    return True


async def test_crash_between_claim_and_answer_repeats_with_the_same_id(
    office: Post, program: Program
) -> None:
    made = await office.add(program.url)
    await office.happen("A", "B")
    shop, now = office.ctx.organization_id, office.clock.now()
    async with office.database.write() as session:
        lane = await webhook_lanes.take(session, shop, made.endpoint.id, now)
    assert lane is not None
    claimed = lane.post
    async with guarded_client(EgressPolicy(allows_private=True), 5) as client:
        await post(client, program.url, claimed.delivery.uuid, claimed.body, [made.secret])
    await office.work()  # it is somebody else's lane
    async with office.database.write() as session:
        assert await webhook_lanes.take(session, shop, made.endpoint.id, now) is None
    assert program.skus == ["A"]
    office.clock.advance(seconds=91)
    await office.work()
    assert program.skus == ["A", "A", "B"]
    assert program.ids[0] == program.ids[1]
    assert await office.statuses() == ["delivered", "delivered"]


async def test_restarted_program_goes_on_where_it_was_ended(office: Post, program: Program) -> None:
    """On SQLite at once, for no other process can have the lane; else when the lease is over."""
    made = await office.add(program.url)
    await office.happen("A", "B")
    shop = office.ctx.organization_id
    async with office.database.write() as session:
        assert await webhook_lanes.take(session, shop, made.endpoint.id, office.clock.now())
    if not office.database.is_sqlite:
        office.clock.advance(seconds=91)
    running = asyncio.create_task(office.sender.run())
    try:
        await program.hear(2)
        await office.sender.finish()  # until the last answer is written down
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert program.skus == ["A", "B"]


async def test_nothing_goes_out_while_effects_are_held_after_a_restore(
    office: Post, program: Program
) -> None:
    made = await office.add(program.url)
    await office.happen("A")
    async with office.database.write() as session:
        await session.execute(update(Installation).values(are_effects_held=True))
    await office.work()
    with pytest.raises(EffectsHeld):
        await webhooks.send_test(office.process, office.ctx, ref=Ref(made.endpoint.id, None))
    assert (program.heard, await office.statuses()) == ([], ["pending"])
    async with office.database.write() as session:
        await session.execute(update(Installation).values(are_effects_held=False))
    await office.work()
    assert program.skus == ["A"]


async def test_two_senders_never_send_the_same(office: Post, program: Program) -> None:
    await office.add(program.url)
    await office.happen(*[f"S{number}" for number in range(6)])
    process = office.process
    hub = process.context.hub
    rival = WebhookSender(process.database, process.clock, process.settings, hub)
    await asyncio.gather(office.sender.round(), rival.round())
    await asyncio.gather(office.sender.finish(), rival.finish())
    await office.work()
    assert program.skus == [f"S{number}" for number in range(6)]


async def test_name_that_means_this_machine_a_moment_later_is_not_called(
    office: Post, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check at saving saw a public address; the name now means this machine."""
    made = await office.add(f"http://rebind.test:{program.port}/hook")
    answers = iter(["93.184.216.34", "127.0.0.1"])
    loop = asyncio.get_running_loop()

    async def resolve(_host: str, port: int, **_more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    public = office.process.settings.model_copy(update={"allow_private_webhooks": False})
    strict = Process(public, office.clock, office.process.context, office.database)
    await webhooks.check_url(strict, made.endpoint.url)
    hub = office.process.context.hub
    office.sender = WebhookSender(office.database, office.clock, public, hub)
    await office.happen("A")
    await office.work()
    (delivery,) = await office.log()
    assert (program.heard, delivery.status) == ([], "pending")
    assert "a loopback address" in str(delivery.answer)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://[::1]/x",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.7/x",
        "http://[::ffff:192.168.1.1]/x",
        "http://2130706433/x",
    ],
)
async def test_addresses_of_the_inside_are_refused(office: Post, url: str) -> None:
    public = office.process.settings.model_copy(update={"allow_private_webhooks": False})
    strict = Process(public, office.clock, office.process.context, office.database)
    with pytest.raises(AddressRefused):
        await webhooks.check_url(strict, url)


@pytest.mark.parametrize("url", ["ftp://x.test/", "https://u:p@x.test/", "https://", "x.test/a"])
async def test_what_is_no_address_of_a_receiver_is_refused(office: Post, url: str) -> None:
    with pytest.raises(Invalid):
        await webhooks.check_url(office.process, url)


async def test_redirect_is_not_followed_and_the_answer_is_kept(
    office: Post, program: Program
) -> None:
    await office.add(program.url)
    program.status, program.more = "302 Found", "location: http://127.0.0.1:1/\r\n"
    await office.happen("A")
    await office.work()
    (attempt,) = await office.attempts()
    assert (attempt.status_code, attempt.answer) == (302, "no")
    assert "not followed" in attempt.sentence


async def test_deliveries_older_than_a_month_are_forgotten(office: Post, program: Program) -> None:
    await office.add(program.url)
    await office.happen("A")
    await office.work()
    office.clock.advance(days=20)
    await office.happen("B")
    await office.work()
    office.clock.advance(days=11)
    await office.work()
    assert len(await office.log()) == 1
    async with office.database.read() as session:
        events_left = await session.scalar(
            select(func.count()).select_from(WebhookEvent).execution_options(**CROSS_TENANT)
        )
    assert events_left == 1
