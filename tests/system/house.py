"""An installation of many processes: two servers behind one door, two workers, an agent; one
PostgreSQL, one bucket, two organizations. Each process has a folder of its own, as if it were a
machine of its own."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, make_url, text

from shopwright.accounts import people
from shopwright.accounts.passwords import Passwords
from shopwright.accounts.people import NewPerson
from shopwright.agent import identity
from shopwright.agent.client import enrol
from shopwright.fleet.models import HarvestPolicy
from shopwright.kernel.actor import Role, system_actor
from shopwright.kernel.migrations import sync_url
from tests.s3 import S3Server
from tests.system import harness
from tests.system.door import Door, door
from tests.system.eyes import Eyes
from tests.system.harness import (
    LOG_TAIL,
    OWNER_EMAIL,
    OWNER_PASSWORD,
    Child,
    Etsy,
    Farm,
    NotInTime,
    Server,
    clean_environment,
    until,
)
from tests.system.nursery import Nursery, nursery
from tests.system.person import Person
from tests.system.shop import Goods, Shop, open_shop
from tests.system.test_agent import AgentProcess

BUCKET = "two-of-everything"
SECOND_EMAIL = "owner@second.test"
START_S = 240.0  # five processes begin at once, on two cores
DEAD_S = 3.0  # at most, before somebody starts it again
EXECUTOR = re.compile(r'"executor":"([^"]+)"[^\n]*"durable work runs here"')


class Serve(Server):
    """Pages, API and printers; the work is done elsewhere."""

    words: tuple[str, ...] = ("serve", "--no-worker")

    def __init__(self, forks: Nursery, folder: Path, url: str, **settings: str) -> None:
        super().__init__(folder, url, **settings)
        self._forks = forks

    def launch(self) -> Child:
        self.starts += 1
        self._child = self._forks.start(self.words, self.folder / "log", self._env)
        return self._child

    async def answers(self, timeout_s: float = START_S) -> None:
        await super().answers(timeout_s)


class Worker(Serve):
    """``shopwright worker``; ``executor`` is its name on durable work, another one each time."""

    words = ("worker",)
    executor = ""

    async def answers(self, timeout_s: float = START_S) -> None:
        async def has_begun() -> str | None:
            if self.child.exit_code is not None:
                raise NotInTime(f"The worker ended.\n{self.log[-LOG_TAIL:]}")
            said = EXECUTOR.findall(self.log)
            return said[-1] if len(said) == self.starts else None

        self.executor = await until("the worker works", has_begun, timeout_s, 0.05)


class Agent(AgentProcess):
    def __init__(self, forks: Nursery, folder: Path) -> None:
        super().__init__(folder)
        self._forks = forks

    def start(self) -> None:
        words = ("agent", "run", "--data-dir", str(self.folder))
        env = clean_environment() | {"SHOPWRIGHT_PRINTER_START_TIMEOUT_S": "4"}
        self._child = self._forks.start(words, self.folder / "agent.log", env)


@dataclass(slots=True)
class Side:
    """One organization: its person, and what stands in its rows alone."""

    organization_id: int
    eyes: Eyes
    person: Person
    client: httpx.AsyncClient
    serials: list[str]


@dataclass(slots=True)
class House:
    """Everything that runs."""

    serves: list[Serve]
    workers: list[Worker]
    agent: Agent
    door: Door
    farm: Farm
    etsy: Etsy
    eyes: Eyes
    s3: S3Server
    rng: random.Random
    sides: list[Side] = field(default_factory=list)

    async def kill_serve(self) -> str:
        return await self.restart(self.rng.choice(self.serves))

    async def kill_worker(self) -> str:
        return await self.restart(self.rng.choice(self.workers))

    async def kill_agent(self) -> str:
        self.agent.child.kill()
        await self._stay_dead()
        self.agent.start()
        return "agent"

    async def restart(self, server: Serve) -> str:
        server.kill()
        await self._stay_dead()
        await server.start()
        return server.folder.name

    async def _stay_dead(self) -> None:
        await asyncio.sleep(self.rng.uniform(0.2, DEAD_S))

    def logs(self) -> str:
        each = [(s.folder.name, s.log) for s in [*self.serves, *self.workers]]
        each.append(("agent", self.agent.log))
        return "\n".join(f"--- {name} ---\n{log[-LOG_TAIL:]}" for name, log in each)

    def processes(self) -> list[Child]:
        servers = [server._child for server in [*self.serves, *self.workers]]
        return [child for child in [*servers, self.agent._child] if child is not None]


@asynccontextmanager
async def open_house(
    folder: Path,
    url: str,
    rng: random.Random,
    printers: tuple[list[dict[str, Any]], list[dict[str, Any]]],
    goods: tuple[Goods, ...],
) -> AsyncIterator[House]:
    """Started, both owners signed in, the shop of the first connected to Etsy."""
    async with AsyncExitStack() as stack:
        forks = stack.enter_context(nursery())
        s3 = stack.enter_context(S3Server())
        s3.make_bucket(BUCKET)
        farm = await stack.enter_async_context(
            harness.farm(folder / "farm", [*printers[0], *printers[1]])
        )
        etsy = await stack.enter_async_context(harness.etsy(folder / "etsy"))
        sides = await _found(folder, url, s3, farm, printers, goods)
        front = await stack.enter_async_context(door())
        settings = etsy.settings() | s3.environment(BUCKET) | {"SHOPWRIGHT_PUBLIC_URL": front.url}
        eyes = Eyes(url)
        stack.callback(eyes.close)
        serves = [Serve(forks, folder / f"serve-{n}", url, **settings) for n in "ab"]
        workers = [Worker(forks, folder / f"worker-{n}", url, **settings) for n in "ab"]
        front.ports = [serve.port for serve in serves]
        agent = Agent(forks, folder / "agent")
        await forks.ready()
        house = House(serves, workers, agent, front, farm, etsy, eyes, s3, rng)
        try:
            await _start(house, stack, url, sides)
            yield house
        except BaseException as err:
            err.add_note(house.logs())
            raise
        finally:
            for child in house.processes():
                child.kill()
            agent.journal.close()


async def _found(
    folder: Path,
    url: str,
    s3: S3Server,
    farm: Farm,
    printers: tuple[list[dict[str, Any]], list[dict[str, Any]]],
    goods: tuple[Goods, ...],
) -> list[tuple[int, str, list[str]]]:
    """Two organizations with the same goods: id, the owner's address, the printers' serials."""
    found = []
    async with open_shop(folder / "founding", url, **s3.settings(BUCKET)) as first:
        second = await _found_second(first)
        for shop, email, own in zip(
            (first, second), (OWNER_EMAIL, SECOND_EMAIL), printers, strict=True
        ):
            for one in goods:
                await shop.add_goods(one)
            serials = [str(facts["serial"]) for facts in own]
            await shop.add_printers([farm.printers[s] for s in serials], HarvestPolicy.ASK)
            found.append((shop.ctx.organization_id, email, serials))
    return found


async def _found_second(first: Shop) -> Shop:
    process = first.process
    hashed = await process.context.keep(Passwords).hash(OWNER_PASSWORD)
    now = process.clock.now()
    async with process.database.write() as session:
        organization = await people.create_organization(
            session, name="Second", currency="EUR", time_zone="UTC", now=now
        )
        person = NewPerson(SECOND_EMAIL, "Second", hashed, is_email_verified=True)
        user = await people.create_user(session, person, now)
        ctx = system_actor(organization.id, "test")
        await people.add_member(session, ctx, organization, user, Role.OWNER)
    return Shop(process, first.files, ctx, first.folder)


async def _start(
    house: House, stack: AsyncExitStack, url: str, sides: list[tuple[int, str, list[str]]]
) -> None:
    every = [*house.serves, *house.workers]
    for server in every:
        server.launch()
    for server in every:
        await server.answers()
    for organization_id, email, serials in sides:
        eyes = Eyes(_window(url, organization_id))
        stack.callback(eyes.close)
        person = await stack.enter_async_context(Person(house.door, house.farm, eyes, email))
        person._client.headers["Connection"] = "close"  # each request comes in by the door
        client = await stack.enter_async_context(
            httpx.AsyncClient(headers=dict(person._client.headers), timeout=60)
        )
        house.sides.append(Side(organization_id, eyes, person, client, serials))
    await house.sides[0].person.connect(house.etsy)
    await _enrol(house, house.sides[1])


def _window(url: str, organization_id: int) -> str:
    """The same database, but every table has the rows of one organization only."""
    schema = f"only_{organization_id}"
    engine = create_engine(sync_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        tables = connection.scalars(
            text(
                "SELECT table_name FROM information_schema.columns "
                "WHERE table_schema = 'public' AND column_name = 'organization_id'"
            )
        ).all()
        for table in tables:
            rows = f"SELECT * FROM public.{table} WHERE organization_id = {organization_id}"  # noqa: S608
            connection.execute(text(f"CREATE VIEW {schema}.{table} AS {rows}"))
    engine.dispose()
    parsed = make_url(url).update_query_dict({"options": f"-csearch_path={schema},public"})
    return parsed.render_as_string(hide_password=False)


async def _enrol(house: House, side: Side) -> None:
    """The agent comes in by the door, too, and drives the printers of its organization."""
    url = house.door.url
    made = await _post(side, f"{url}/api/agents/enrolments", {"name": "Attic"})
    identity.save(house.agent.folder, await enrol(url, str(made["secret"]), "attic"))
    (known,) = (await side.client.get(f"{url}/api/agents")).raise_for_status().json()
    for row in await side.eyes.rows("SELECT id FROM printers"):
        await _post(side, f"{url}/api/agents/{known['id']}/printers", {"printer_id": row["id"]})
    house.agent.start()


async def _post(side: Side, url: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return dict((await side.client.post(url, json=body)).raise_for_status().json())
