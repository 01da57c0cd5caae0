"""A shop with a mail server and a receiver on this machine, and the worker's loop, driven by
hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import delete, select

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import MailSecurity, Settings
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.notifications import telling
from shopwright.notifications.deliverer import Deliverer
from shopwright.notifications.models import NotificationDelivery, NotificationTarget
from shopwright.notifications.sending import NoticeTools
from shopwright.notifications.states import TargetKind
from shopwright.notifications.telling import Notice
from shopwright.notifications.topics import DEFAULT_TOPICS, Topic
from shopwright.sandbox.smtp.server import SmtpSandbox
from shopwright.server.process import open_process
from tests.clock import START, FixedClock
from tests.conftest import build_migrated, make_settings
from tests.databases import Databases

_clock = FixedClock()  # one process looks at it through many tests


@pytest.fixture
def clock() -> FixedClock:
    _clock.moment = START
    return _clock


@pytest.fixture(scope="module")
def migrated_url(databases: Databases) -> Iterator[str]:
    url = databases.create_from("migrated", build_migrated)
    yield url
    databases.drop(url)


@pytest.fixture(scope="module")
async def mail_server() -> AsyncIterator[SmtpSandbox]:
    async with SmtpSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def smtp(mail_server: SmtpSandbox) -> SmtpSandbox:
    """Empty, and refusing nothing."""
    mail_server.mails.clear()
    mail_server.refuse({})
    mail_server.drops_after_data = False
    return mail_server


@pytest.fixture(scope="module")
def settings(
    migrated_url: str, tmp_path_factory: pytest.TempPathFactory, mail_server: SmtpSandbox
) -> Settings:
    changes = {
        "smtp_host": "127.0.0.1",
        "smtp_port": mail_server.port,
        "smtp_security": MailSecurity.NONE,
        "smtp_from": "shop@shop.test",
        "allow_private_webhooks": True,
        "public_url": "https://shop.test",
    }
    folder = tmp_path_factory.mktemp("notifications")
    return make_settings(migrated_url, folder).model_copy(update=changes)


@pytest.fixture(scope="module")
async def process(settings: Settings) -> AsyncIterator[Process]:
    """One for a file; each test has a shop of its own in it."""
    async with open_process(settings, _clock) as running:
        running.is_ready = True
        yield running


@dataclass
class Receiver:
    """Answers every POST with ``status``; ``gate`` holds its answers back while it is unset."""

    url: str = ""
    status: str = "200 OK"
    more: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self.headers.append(headers)
        self.heard.append(json.loads(await reader.readexactly(int(headers["content-length"]))))
        self.came.set()
        await self.gate.wait()
        head = (
            f"HTTP/1.1 {self.status}\r\ncontent-length: 2\r\nconnection: close\r\n{self.more}\r\n"
        )
        writer.write(head.encode("latin-1") + b"no")
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    there = Receiver()
    there.gate.set()
    server = await asyncio.start_server(there.answer, "127.0.0.1", 0)
    there.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield there
        there.gate.set()


@dataclass
class Desk:
    """Tells things and carries them out."""

    process: Process
    ctx: Actor
    clock: FixedClock
    deliverer: Deliverer

    @property
    def database(self) -> Database:
        return self.process.database

    async def add_target(
        self, kind: TargetKind, address: str, topics: list[str] | None = None
    ) -> NotificationTarget:
        async with self.database.write() as session:
            target = NotificationTarget(
                organization_id=self.ctx.organization_id,
                kind=kind,
                name=kind.value,
                address=session.context.vault.encrypt(address),
                shown=address,
                topics=DEFAULT_TOPICS if topics is None else topics,
                updated_at=START,
            )
            session.add(target)
        return target

    async def tell(self, topic: Topic = Topic.ORDER_READY, key: str = "1", **more: Any) -> int:
        notice = Notice(topic, f"{topic}:{key}", f"Thing {key}", "Look.", "/orders/1", **more)
        async with self.database.write() as session:
            return await telling.tell(session, self.ctx.organization_id, notice)

    async def work(self, rounds: int = 1) -> None:
        """So many rounds, each to the end of what it started."""
        for _ in range(rounds):
            await self.deliverer.round()
            await self.deliverer.finish()

    async def log(self) -> list[NotificationDelivery]:
        """Every message of the shop, oldest first."""
        async with self.database.read() as session:
            rows = await session.scalars(
                select(NotificationDelivery)
                .where(NotificationDelivery.organization_id == self.ctx.organization_id)
                .order_by(NotificationDelivery.id)
            )
            return list(rows)

    async def statuses(self) -> list[str]:
        return [delivery.status.value for delivery in await self.log()]


@pytest.fixture
async def desk(process: Process, owner: Actor, clock: FixedClock, smtp: SmtpSandbox) -> Desk:
    """What earlier tests left waiting is gone: the loop serves every shop."""
    async with process.database.write() as session:
        await session.execute(delete(NotificationDelivery).execution_options(**CROSS_TENANT))
    tools = NoticeTools(process.database, process.clock, process.settings)
    return Desk(process, owner, clock, Deliverer(tools, process.context.hub))
