"""The way to a printer is tried before it is saved, or by the agent on its network.

An agent is asked over its usual way to the server. What is asked waits in a row for a short time,
with the access code encrypted, and is gone once it was answered.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, select, update

from shopwright.fleet import drivers
from shopwright.fleet.agents import service as agents
from shopwright.fleet.models import Agent, Printer
from shopwright.fleet.port import (
    Diagnosis,
    DiagnosisStep,
    Endpoint,
    Finding,
    Timeouts,
)
from shopwright.fleet.queries import AnySession
from shopwright.fleet.service import PrinterDraft
from shopwright.fleet.setup.models import ConnectionTest
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.secrets import Vault
from shopwright.kernel.settings import Network
from shopwright.kernel.signals import Signal

TOPIC = "connection_test"
LIMIT_S = 40.0  # all steps together; a person waits for the answer
ON_THE_WAY_S = 10.0  # to the agent and back
LOOK_S = 1.0  # a signal may be lost
BRISK = Timeouts(connect_s=5, command_s=10)


class NotDrivenHere(Conflict):
    code = "printer-not-driven-here"
    title = "Nothing here drives this printer"


class Trial(msgspec.Struct, frozen=True):
    """How somebody means to reach a printer."""

    driver: str
    host: str
    access_code: str
    ports: dict[str, int] = {}
    serial: str | None = None
    fingerprint: str | None = None
    model: str | None = None

    def __repr__(self) -> str:
        return f"Trial({self.driver!r}, {self.host!r})"

    def endpoint(self) -> Endpoint:
        return drivers.make_endpoint(
            self.host,
            self.access_code,
            self.ports,
            serial=self.serial,
            fingerprint=self.fingerprint,
            model=self.model,
        )

    @classmethod
    def of_printer(cls, printer: Printer, vault: Vault) -> "Trial":
        return cls(
            driver=printer.driver,
            host=printer.host,
            access_code=vault.decrypt(printer.access_code),
            ports=printer.ports,
            serial=printer.serial,
            fingerprint=printer.fingerprint,
            model=printer.model,
        )

    @classmethod
    def of_draft(cls, draft: PrinterDraft) -> "Trial":
        ports = draft.ports or {}
        return cls(
            draft.driver, draft.host, draft.access_code, ports, draft.serial, None, draft.model
        )


class Told(msgspec.Struct, frozen=True):
    """A diagnosis on its way from an agent."""

    steps: list[DiagnosisStep]
    serial: str | None = None
    fingerprint: str | None = None


async def try_out(driver_name: str, endpoint: Endpoint, *, limit_s: float = LIMIT_S) -> Diagnosis:
    """From this machine, with a driver of its own. Raises NotDrivenHere when there is none."""
    driver_class = drivers.load_driver(driver_name)
    if driver_class is None:
        raise NotDrivenHere(f"No driver {driver_name} is installed; the printer reports by itself.")
    driver = driver_class(endpoint, timeouts=BRISK)
    try:
        async with asyncio.timeout(limit_s):
            return await driver.diagnose()
    except TimeoutError:
        sentence = f"{endpoint.host} did not answer within {limit_s:.0f} s: switch it off and on."
        return Diagnosis((DiagnosisStep("time limit", Finding.SILENT, sentence),))


async def try_draft(
    process: Process, ctx: Actor, draft: PrinterDraft, agent: Ref | None
) -> Diagnosis:
    """Nothing is saved. Raises NotDrivenHere, and NotFound for an agent that there is not."""
    trial = Trial.of_draft(draft)
    if drivers.load_driver(trial.driver) is None:
        raise NotDrivenHere(
            f"Nothing here drives a printer of the kind {trial.driver}: it reports by itself."
        )
    if agent is not None:
        return await ask_agent(process, ctx, agent, trial)
    if process.settings.network is not Network.LAN:
        raise NotDrivenHere(
            "This server drives no printers itself (NETWORK=public). Choose the agent on the "
            "printer's own network."
        )
    return await try_out(trial.driver, trial.endpoint())


async def ask_agent(process: Process, ctx: Actor, ref: Ref, trial: Trial) -> Diagnosis:
    """What the agent finds; its own silence is the first step."""
    async with process.database.write() as session:
        now = process.clock.now()
        agent = await agents.get_agent(session, ctx, ref)
        if not agents.is_connected(agent, now):
            return _unheard(agent, "was not heard of within the last minute")
        test = await _add_test(session, ctx, agent, trial, now)
    told = await _await_answer(process, ctx, test.id)
    async with process.database.write() as session:
        await session.execute(
            delete(ConnectionTest).where(
                ConnectionTest.id == test.id, ConnectionTest.organization_id == ctx.organization_id
            )
        )
    if told is None:
        return _unheard(agent, "gave no answer in time")
    answered = DiagnosisStep("agent", Finding.OK, f"The agent {agent.name} answers.")
    return Diagnosis((answered, *told.steps), told.serial, told.fingerprint)


async def list_open(
    session: AnySession, ctx: Actor, agent_id: int, now: datetime
) -> list[ConnectionTest]:
    """What the agent is to try."""
    rows = await session.scalars(
        select(ConnectionTest)
        .where(ConnectionTest.organization_id == ctx.organization_id)
        .where(ConnectionTest.agent_id == agent_id, ConnectionTest.answer.is_(None))
        .where(ConnectionTest.expires_at > now)
        .order_by(ConnectionTest.id)
    )
    return list(rows)


def read_request(test: ConnectionTest, vault: Vault) -> Trial:
    return msgspec.json.decode(vault.decrypt(test.request), type=Trial)


async def take_answer(
    session: WriteSession, ctx: Actor, agent: Agent, *, test_id: int, told: Told, now: datetime
) -> None:
    """Raises NotFound for another agent's, and for one that nobody waits for any more."""
    taken = await session.scalar(
        update(ConnectionTest)
        .where(ConnectionTest.id == test_id, ConnectionTest.agent_id == agent.id)
        .where(ConnectionTest.organization_id == ctx.organization_id)
        .where(ConnectionTest.expires_at > now, ConnectionTest.answer.is_(None))
        .values(answer=msgspec.to_builtins(told))
        .returning(ConnectionTest.id)
    )
    if taken is None:
        raise NotFound("Nobody waits for this answer any more.")
    touch(session, ctx.organization_id, TOPIC, test_id)


async def _add_test(
    session: WriteSession, ctx: Actor, agent: Agent, trial: Trial, now: datetime
) -> ConnectionTest:
    await session.execute(
        delete(ConnectionTest)
        .where(ConnectionTest.organization_id == ctx.organization_id)
        .where(ConnectionTest.expires_at <= now)
    )
    sealed = session.context.vault.encrypt(msgspec.json.encode(trial).decode())
    test = ConnectionTest(
        organization_id=ctx.organization_id,
        agent_id=agent.id,
        request=sealed,
        by=ctx.name[:120],
        expires_at=now + timedelta(seconds=LIMIT_S + ON_THE_WAY_S),
    )
    session.add(test)
    await session.flush()
    touch(session, ctx.organization_id, TOPIC, test.id)
    return test


async def _await_answer(process: Process, ctx: Actor, test_id: int) -> Told | None:
    """None when its time is over. No session stays open while nothing happens."""
    news = asyncio.Event()

    def hear(signal: Signal) -> None:
        if signal.topic == TOPIC:
            news.set()

    leave = process.context.hub.listen(ctx.organization_id, hear)
    try:
        async with asyncio.timeout(LIMIT_S + ON_THE_WAY_S):
            while (told := await _read_answer(process, ctx, test_id)) is None:
                await _wait_a_little(news)
            return told
    except TimeoutError:
        return None
    finally:
        leave()


async def _wait_a_little(news: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_S):
            await news.wait()
    except TimeoutError:
        return
    news.clear()


async def _read_answer(process: Process, ctx: Actor, test_id: int) -> Told | None:
    async with process.database.read() as session:
        answer: Any = await session.scalar(
            select(ConnectionTest.answer).where(
                ConnectionTest.id == test_id, ConnectionTest.organization_id == ctx.organization_id
            )
        )
    return None if answer is None else msgspec.convert(answer, Told)


def _unheard(agent: Agent, what: str) -> Diagnosis:
    sentence = f"The agent {agent.name} {what}: see whether its machine is on and has internet."
    return Diagnosis((DiagnosisStep("agent", Finding.SILENT, sentence),))
