"""The durable work behind a push: find out, claim the one call, call, settle.

Every execution reads the effect's state first, so a rerun after a crash does what is left. A buyer
gets one mail per call, so what was begun is never called again: the channel is asked whether it
shows our tracking, and what it does not show after two minutes is a person's to decide.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shopwright.channels import queries
from shopwright.channels.listing_sync import ListingReader
from shopwright.channels.listings import SYNC_LISTINGS
from shopwright.channels.models import Connection
from shopwright.channels.port import (
    ChannelAdapter,
    ChannelError,
    ChannelUnavailable,
    OrderNotThere,
    ReconnectNeeded,
    Tracking,
    TrackingBooked,
    TrackingRefused,
    TrackingUnconfirmed,
    Urgency,
)
from shopwright.channels.push import POST_TRACKING, PROOF_AFTER
from shopwright.channels.quantities import SET_QUANTITIES
from shopwright.channels.quantity_push import QuantityPusher
from shopwright.channels.states import ConnectionStatus
from shopwright.channels.sync import SyncTools
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.durable import Handler
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.live import touch

NOT_CONNECTED_WAIT = timedelta(minutes=2)
HELD_WAIT = timedelta(minutes=1)
SHOWN_ALREADY = "The channel showed this tracking already; nothing was sent."
HELD = "Outside effects are held after a restore; the owner releases them."


def handlers(tools: SyncTools) -> dict[str, Handler]:
    """Durable work of this slice, by name."""
    return {
        POST_TRACKING: TrackingPusher(tools).post_tracking,
        SYNC_LISTINGS: ListingReader(tools).sync_listings,
        SET_QUANTITIES: QuantityPusher(tools).set_quantities,
    }


@dataclass(frozen=True, slots=True)
class TrackingPusher:
    tools: SyncTools

    async def post_tracking(self, organization_id: int, effect_id: int) -> None:
        """Arguments are ids; everything else is read anew."""
        ctx = system_actor(organization_id, "channels")
        async with self.tools.database.read() as session:
            effect = await effects.find_by_id(session, organization_id, effect_id)
            if effect is None or effect.status not in WAITING:
                return
            wanted = Ref(effect.request["connection_id"], None)
            connection = await queries.find_connection(session, ctx, wanted)
        if connection is not None and effect.status is EffectStatus.SENDING:
            await _Push(self.tools, ctx, effect, connection).prove()
        elif connection is not None:
            await _Push(self.tools, ctx, effect, connection).send()


WAITING = frozenset({EffectStatus.INTENDED, EffectStatus.SENDING})


@dataclass(frozen=True, slots=True)
class _Push:
    """One execution for one effect."""

    tools: SyncTools
    ctx: Actor
    effect: Effect
    connection: Connection

    @property
    def external_id(self) -> str:
        return str(self.effect.request["external_id"])

    @property
    def tracking(self) -> Tracking:
        request = self.effect.request
        return Tracking(code=request["tracking_code"], carrier=request["carrier"])

    async def send(self) -> None:
        """Look first: a person may have booked the parcel by hand. Then the one call."""
        if self.connection.status is not ConnectionStatus.CONNECTED:
            await self._postpone(f"{self.connection.name} is not connected.", NOT_CONNECTED_WAIT)
            return
        try:
            async with self._open_adapter() as adapter:
                if await adapter.find_tracking(self.external_id, self.tracking):
                    await self._settle(EffectStatus.DONE, SHOWN_ALREADY)
                elif await self._begin():
                    await self._call(adapter)
        except OrderNotThere as err:
            await self._settle(EffectStatus.FAILED, err.sentence)
        except ChannelError as err:
            await self._note_connection(err)
            await self._postpone(err.sentence, _pause_after(err))

    async def prove(self) -> None:
        """What an earlier execution began: ask, never call."""
        if not self._is_time_to_ask():
            return
        try:
            async with self._open_adapter() as adapter:
                shipment = await adapter.find_tracking(self.external_id, self.tracking)
        except ChannelUnavailable as err:
            await self._postpone(err.sentence, _pause_after(err))
        except ChannelError as err:
            await self._settle(EffectStatus.UNKNOWN, f"Nobody can ask any more: {err.sentence}")
        else:
            if shipment is None:
                await self._settle(EffectStatus.UNKNOWN, _unproven(self.effect))
            else:
                await self._settle(EffectStatus.DONE, "The channel shows it.")

    def _open_adapter(self) -> ChannelAdapter:
        return self.tools.open_adapter(self.ctx, self.connection, Urgency.TRACKING)

    async def _begin(self) -> bool:
        """Committed before the call; False when somebody else has it or effects are held."""
        begun = await self.tools.write(
            lambda session: effects.begin_sending(
                session, self.ctx.organization_id, self.effect.id, self._now()
            )
        )
        if begun is None:
            await self._postpone(HELD, HELD_WAIT)
        return begun is not None

    async def _call(self, adapter: ChannelAdapter) -> None:
        answer = await adapter.push_tracking(self.external_id, self.tracking)
        if isinstance(answer, TrackingBooked):
            await self._settle(EffectStatus.DONE, "The channel shows it; the buyer was told.")
        elif isinstance(answer, TrackingUnconfirmed):
            await self._ask_at_once(adapter, answer)
        elif answer.retry_after_s is None:
            await self._settle(EffectStatus.FAILED, answer.sentence)
        else:
            await self._take_back(answer, answer.retry_after_s)

    async def _ask_at_once(self, adapter: ChannelAdapter, answer: TrackingUnconfirmed) -> None:
        """Mostly the channel did it and only its answer was lost; else it is asked later."""
        try:
            shipment = await adapter.find_tracking(self.external_id, self.tracking)
        except ChannelError:
            shipment = None
        if shipment is not None:
            await self._settle(EffectStatus.DONE, "The channel shows it.")
            return
        await self.tools.write(
            lambda session: effects.postpone(
                session,
                self.ctx.organization_id,
                self.effect.id,
                EffectStatus.SENDING,
                answer.sentence,
                self._now() + PROOF_AFTER,
            )
        )

    async def _take_back(self, answer: TrackingRefused, retry_after_s: float) -> None:
        """The refusal is the proof that nothing was sent."""
        await self.tools.write(
            lambda session: effects.take_back(
                session,
                self.ctx.organization_id,
                self.effect.id,
                answer.sentence,
                self._now() + timedelta(seconds=max(1.0, retry_after_s)),
            )
        )

    async def _postpone(self, reason: str, pause: timedelta) -> None:
        """In the state in which this execution found it; nothing when that is over."""
        await self.tools.write(
            lambda session: effects.postpone(
                session,
                self.ctx.organization_id,
                self.effect.id,
                self.effect.status,
                reason,
                self._now() + pause,
            )
        )

    async def _settle(self, status: EffectStatus, detail: str) -> None:
        organization_id = self.ctx.organization_id

        async def work(session: WriteSession) -> None:
            await effects.settle(
                session, organization_id, self.effect.id, status, detail, self._now()
            )
            touch(session, organization_id, "connection", self.connection.id)
            touch(session, organization_id, "parcel", self.effect.subject_id)

        await self.tools.write(work)

    async def _note_connection(self, error: ChannelError) -> None:
        if not isinstance(error, ReconnectNeeded):
            return
        async with self.tools.database.write() as session:
            await queries.change_status(
                session,
                self.ctx,
                self.connection.id,
                ConnectionStatus.RECONNECT_NEEDED,
                last_error=error.sentence,
                last_error_at=self._now(),
            )
            touch(session, self.ctx.organization_id, "connection", self.connection.id)

    def _is_time_to_ask(self) -> bool:
        begun = self.effect.sending_at or self._now()
        return self._now() >= (self.effect.not_before or begun + PROOF_AFTER)

    def _now(self) -> datetime:
        return self.tools.clock.now()


def _pause_after(error: ChannelError) -> timedelta:
    seconds = error.retry_after_s if isinstance(error, ChannelUnavailable) else 600.0
    return timedelta(seconds=max(1.0, seconds))


def _unproven(effect: Effect) -> str:
    """For the person who decides."""
    said = f" {effect.detail}" if effect.detail else ""
    return f"The call was begun and the channel does not show the tracking.{said} Look there."
