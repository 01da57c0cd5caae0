"""Looks after what agents leave undone: commands nobody fetched, and agents that fell silent."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import structlog

from shopwright.fleet import device_state, queries
from shopwright.fleet.agents import queries as agent_queries
from shopwright.fleet.agents import service
from shopwright.fleet.events import StartSettled
from shopwright.fleet.models import Agent, PrinterCommand
from shopwright.fleet.states import CommandStatus, ConnectionState, StartResult
from shopwright.kernel import effects, events
from shopwright.kernel.actor import system_actor
from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database, WriteSession

log = structlog.get_logger()

ROUND_S = 5.0
R = TypeVar("R", PrinterCommand, Agent)
Work = Callable[[WriteSession, R, datetime], Awaitable[None]]
NOT_FETCHED = "no agent fetched it in time"


class AgentKeeper:
    """One of any number: whatever it does is decided by compare-and-set."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(ROUND_S)

    async def look(self) -> None:
        now = self._clock.now()
        async with self._database.read() as session:
            overdue = await agent_queries.list_overdue(session, now)
            silent = await agent_queries.list_silent(session, now - service.LOST_AFTER)
        for command in overdue:
            await self._try(_give_up, command, now)
        for agent in silent:
            await self._try(_lose, agent, now)

    async def _try(self, work: Work[R], row: R, now: datetime) -> None:
        """One that fails does not keep the others waiting."""
        try:
            async with self._database.write() as session:
                await work(session, row, now)
        except Exception:
            log.exception("an agent's leavings could not be settled", row=row.id)


async def _give_up(session: WriteSession, command: PrinterCommand, now: datetime) -> None:
    """A start that an agent was permitted to send is not given up: it may be printing."""
    organization_id = command.organization_id
    effect_id = command.effect_id
    if effect_id is not None and not await effects.withdraw(
        session, organization_id, effect_id, NOT_FETCHED, now
    ):
        return
    settled = await queries.settle_command(
        session, organization_id, command.id, CommandStatus.TIMEOUT, NOT_FETCHED, now
    )
    if settled is not None and effect_id is not None:
        told = StartSettled(
            organization_id,
            command.printer_id,
            str(command.device_job_id),
            StartResult.NOT_STARTED,
            NOT_FETCHED,
        )
        await events.publish(session, told)


async def _lose(session: WriteSession, agent: Agent, now: datetime) -> None:
    agent = await agent_queries.lock_agent(session, agent)
    if agent.is_lost or service.is_connected(agent, now):
        return
    agent.is_lost = True
    await session.flush()
    service.touch_agent(session, agent)
    ctx = system_actor(agent.organization_id, "fleet")
    for printer in await agent_queries.list_printers(session, ctx, agent.id):
        if agent_queries.is_within_reach(printer):
            await device_state.record_loss(
                session,
                ctx,
                printer_id=printer.id,
                connection=ConnectionState.OFFLINE,
                sentence=f"The agent {agent.name} is not heard of; what it prints goes on.",
                now=now,
            )
    log.warning("an agent is not heard of", agent_id=agent.id, name=agent.name)
