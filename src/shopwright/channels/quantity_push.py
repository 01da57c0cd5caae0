"""The durable work that writes quantities to a channel. The same again is the same, so what a crash
left half done is done again; but one write per listing at a time, as each replaces the whole."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from shopwright.catalog import listings as catalog
from shopwright.channels import queries
from shopwright.channels.models import Connection
from shopwright.channels.port import ChannelAdapter, ChannelError, ChannelUnavailable, Urgency
from shopwright.channels.quantities import REPEAT_AFTER, SET_QUANTITIES
from shopwright.channels.states import ConnectionStatus
from shopwright.channels.sync import SyncTools
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.live import touch

BUSY_WAIT = timedelta(seconds=10)
NOT_CONNECTED_WAIT = timedelta(minutes=2)
HELD_WAIT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class QuantityPusher:
    tools: SyncTools

    async def set_quantities(self, organization_id: int, effect_id: int) -> None:
        """Arguments are ids; everything else is read anew."""
        ctx = system_actor(organization_id, "channels")
        async with self.tools.database.read() as session:
            effect = await effects.find_by_id(session, organization_id, effect_id)
            if effect is None or not self._is_turn(effect):
                return
            wanted = Ref(effect.request["connection_id"], None)
            connection = await queries.find_connection(session, ctx, wanted)
        if connection is not None:
            await _Write(self.tools, ctx, effect, connection).run()

    def _is_turn(self, effect: Effect) -> bool:
        now = self.tools.clock.now()
        if effect.status is EffectStatus.SENDING:
            return effect.sending_at is None or effect.sending_at <= now - REPEAT_AFTER
        is_due = effect.not_before is None or effect.not_before <= now
        return effect.status is EffectStatus.INTENDED and is_due


@dataclass(slots=True)
class _Write:
    """One execution for one wish."""

    tools: SyncTools
    ctx: Actor
    effect: Effect
    connection: Connection

    async def run(self) -> None:
        if self.connection.status is not ConnectionStatus.CONNECTED:
            reason = f"{self.connection.name} is not connected."
            await self._postpone(reason, NOT_CONNECTED_WAIT)
        elif await self._begin():
            await self._call()

    async def _begin(self) -> bool:
        """Committed before the call. What is sent is read with the claim: it may have changed."""
        async with self.tools.database.write() as session:
            if self.effect.status is EffectStatus.INTENDED and await self._is_busy(session):
                await self._wait(session, "Another write to this listing goes first.", BUSY_WAIT)
                return False
            begun = await self._claim(session)
            if begun is None:
                held = "Outside effects are held after a restore; the owner releases them."
                await self._wait(session, held, HELD_WAIT)
                return False
        self.effect = begun
        return True

    async def _claim(self, session: WriteSession) -> Effect | None:
        """What a crash left sending is taken over by one alone."""
        organization_id, now = self.ctx.organization_id, self._now()
        if self.effect.status is EffectStatus.SENDING:
            before = now - REPEAT_AFTER
            return await effects.resume_sending(
                session, organization_id, self.effect.id, before, now
            )
        return await effects.begin_sending(session, organization_id, self.effect.id, now)

    async def _is_busy(self, session: WriteSession) -> bool:
        other = await session.scalar(
            select(Effect.id)
            .where(Effect.organization_id == self.ctx.organization_id)
            .where(Effect.kind == SET_QUANTITIES, Effect.subject_id == self.effect.subject_id)
            .where(Effect.status == EffectStatus.SENDING)
            .limit(1)
        )
        return other is not None

    async def _call(self) -> None:
        external_id, quantities = self.effect.request["external_id"], self._quantities
        try:
            async with self._open_adapter() as adapter:
                await adapter.set_quantities(external_id, quantities)
        except ChannelUnavailable as err:
            await self._take_back(err)
        except ChannelError as err:
            await self._settle(EffectStatus.FAILED, err.sentence)
        else:
            await self._settle(EffectStatus.DONE, "The channel shows it.")

    def _open_adapter(self) -> ChannelAdapter:
        return self.tools.open_adapter(self.ctx, self.connection, Urgency.LISTINGS)

    @property
    def _quantities(self) -> dict[str, int]:
        return dict(self.effect.request["quantities"])

    async def _take_back(self, err: ChannelUnavailable) -> None:
        """No proof is needed to try again: the same again is the same."""
        async with self.tools.database.write() as session:
            await effects.take_back(
                session,
                self.ctx.organization_id,
                self.effect.id,
                err.sentence,
                self._now() + timedelta(seconds=max(1.0, err.retry_after_s)),
            )
            self._touch(session)

    async def _settle(self, status: EffectStatus, detail: str) -> None:
        now, organization_id = self._now(), self.ctx.organization_id
        async with self.tools.database.write() as session:
            settled = await effects.settle(
                session, organization_id, self.effect.id, status, detail, now
            )
            if settled and status is EffectStatus.DONE:
                await catalog.set_offered_quantities(
                    session,
                    self.ctx,
                    listing_id=self.effect.subject_id,
                    quantities=self._quantities,
                )
            self._touch(session)

    async def _postpone(self, reason: str, pause: timedelta) -> None:
        async with self.tools.database.write() as session:
            await self._wait(session, reason, pause)

    async def _wait(self, session: WriteSession, reason: str, pause: timedelta) -> None:
        await effects.postpone(
            session,
            self.ctx.organization_id,
            self.effect.id,
            self.effect.status,
            reason,
            self._now() + pause,
        )
        self._touch(session)

    def _touch(self, session: WriteSession) -> None:
        touch(session, self.ctx.organization_id, "product", self.effect.request["product_id"])

    def _now(self) -> datetime:
        return self.tools.clock.now()
