"""One sync of one connection: page by page from the watermark, each page one transaction.

In it stand the raw orders, what was made of them, the rejects and the watermark, or nothing: a
crash between two pages repeats nothing and skips nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from shopwright.accounts.people import set_etsy_shop
from shopwright.channels import notices, push, queries, runs, service, sync_queries
from shopwright.channels.adapters import Adapters
from shopwright.channels.events import ChannelPageArrived
from shopwright.channels.models import ChannelReject, ChannelSync, Connection
from shopwright.channels.port import (
    AccessDenied,
    BadAnswer,
    ChannelAdapter,
    ChannelError,
    ChannelOrder,
    ChannelUnavailable,
    OrderNotThere,
    OrderPage,
    RateLimited,
    ReconnectNeeded,
    RejectedOrder,
    Urgency,
    Watermark,
)
from shopwright.channels.runs import SYNC_TOPIC
from shopwright.channels.service import ORDER_EVENT, content_hash, event_key, source_of
from shopwright.channels.states import ConnectionStatus, SyncStatus
from shopwright.channels.tokens import DatabaseTokens
from shopwright.kernel import events, inbox
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.clock import Clock
from shopwright.kernel.collisions import Work, write_again
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.live import touch
from shopwright.kernel.settings import Settings

T = TypeVar("T")
REJECTS_PER_SYNC = 5  # each costs one of our ten calls a minute
NOTICES_PER_SYNC = 5  # as well; more at once come with the page that follows, or the next sync
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
KEEP_SYNCS = timedelta(days=7)
SOON_S = 60.0  # a fault of the channel is tried again earlier than the next regular sync


# For programs that read a sync; the first that fits.
KINDS: tuple[tuple[type[ChannelError], str], ...] = (
    (RateLimited, "rate_limited"),
    (ChannelUnavailable, "unavailable"),
    (ReconnectNeeded, "reconnect_needed"),
    (AccessDenied, "access_denied"),
    (BadAnswer, "bad_answer"),
)


class SyncLost(Exception):
    """The sync is not ours any more: another worker has it, or the connection was disabled."""


@dataclass(frozen=True, slots=True)
class SyncTools:
    """What syncs share; ``owner`` names this worker in their leases."""

    database: Database
    clock: Clock
    settings: Settings
    owner: str

    @property
    def interval(self) -> timedelta:
        return timedelta(minutes=self.settings.etsy_sync_minutes)

    def open_adapter(
        self, ctx: Actor, connection: Connection, urgency: Urgency = Urgency.SYNC
    ) -> ChannelAdapter:
        """Raises AccessDenied when the channel's app is not set up here."""
        adapter = self.database.context.keep(Adapters).make(
            self.settings,
            connection.channel,
            DatabaseTokens(self.database, ctx, connection.id),
            connection.external_shop_id,
        )
        adapter.urgency = urgency
        return adapter

    async def write(self, work: Work[T]) -> T:
        """One transaction of a loop, begun anew when it collides with another one."""
        return await write_again(self.database, work)


@dataclass(slots=True)
class SyncRun:
    """A claimed sync at work."""

    tools: SyncTools
    connection: Connection
    sync: ChannelSync

    @property
    def ctx(self) -> Actor:
        return system_actor(self.connection.organization_id, self.connection.channel)

    async def run(self) -> None:
        """To the end or to the channel's error, which is told in words; raises SyncLost."""
        try:
            async with self.tools.open_adapter(self.ctx, self.connection, self._urgency) as adapter:
                await self._learn_shop(adapter)
                due = await self._list_due_rejects()
                await self._follow_notices(adapter)
                async for page in adapter.fetch_orders(Watermark(self.connection.watermark_s)):
                    await self._store_page(page)
                for reject in due:
                    await self._ask_again(adapter, reject)
        except ChannelError as err:
            await self.fail(err)
        else:
            await self._complete()

    @property
    def _urgency(self) -> Urgency:
        return Urgency.PERSON if self.sync.is_awaited else Urgency.SYNC

    async def fail(self, error: ChannelError) -> None:
        """The sentence stands on the sync and the connection; the watermark stays."""
        now = self.tools.clock.now()

        async def work(session: WriteSession) -> None:
            await self._fence(
                session,
                status=SyncStatus.FAILED,
                error=error.sentence,
                error_kind=kind_of(error),
                finished_at=now,
            )
            facts = {"last_error": error.sentence, "last_error_at": now}
            if isinstance(error, ReconnectNeeded):
                await queries.change_status(
                    session,
                    self.ctx,
                    self.connection.id,
                    ConnectionStatus.RECONNECT_NEEDED,
                    **facts,
                )
            else:
                next_sync_at = now + self._pause_after(error)
                await queries.change_connected(
                    session, self.ctx, self.connection.id, next_sync_at=next_sync_at, **facts
                )

        await self.tools.write(work)

    async def _learn_shop(self, adapter: ChannelAdapter) -> None:
        """Once per connection: which shop the account has."""
        if self.connection.external_shop_id is not None:
            return
        shop = await adapter.shop()
        facts = {
            "external_shop_id": shop.external_id,
            "name": shop.name[:200],
            "currency": shop.currency,
            "url": shop.url,
        }
        async with self.tools.database.write() as session:
            await self._fence(session)
            await queries.change_connected(session, self.ctx, self.connection.id, **facts)
            await set_etsy_shop(session, self.ctx.organization_id, shop.external_id, shop.name)

    async def _store_page(self, page: OrderPage) -> None:
        now = self.tools.clock.now()

        async def work(session: WriteSession) -> None:
            await self._fence(session, remaining=page.remaining)
            fresh = await self._store_raw(session, page, now)
            await self._import(session, [o for o in page.orders if event_key(o) in fresh], now)
            await self._reject(session, [r for r in page.rejected if _reject_key(r) in fresh], now)
            await push.settle_by_shipments(session, self.ctx, self.connection.id, page.orders, now)
            await self._move_watermark(session, page.watermark)

        await self.tools.write(work)

    async def _fence(self, session: WriteSession, **values: object) -> None:
        """First in every transaction; raises SyncLost, so that nothing of it is kept."""
        values = values or {"status": SyncStatus.RUNNING}
        owned = await sync_queries.change_owned(
            session, self.ctx, self.sync.id, self.tools.owner, **values
        )
        if not owned:
            raise SyncLost(f"sync {self.sync.id} of connection {self.connection.id}")
        for topic in ("connection", SYNC_TOPIC):
            touch(session, self.ctx.organization_id, topic, self.connection.id)

    async def _store_raw(self, session: WriteSession, page: OrderPage, now: datetime) -> set[str]:
        """Returns the keys of what had not been seen before."""
        raws = {event_key(order): order.raw for order in page.orders}
        raws |= {_reject_key(reject): reject.raw for reject in page.rejected}
        return await inbox.store_events(
            session,
            self.ctx.organization_id,
            source_of(self.connection.id),
            ORDER_EVENT,
            {key: {"raw": raw} for key, raw in raws.items()},
            now,
        )

    async def _import(
        self, session: WriteSession, orders: Sequence[ChannelOrder], now: datetime
    ) -> None:
        if not orders:
            return
        await events.publish(
            session,
            ChannelPageArrived(
                organization_id=self.ctx.organization_id,
                connection_id=self.connection.id,
                channel=self.connection.channel,
                sync_id=self.sync.id,
                orders=tuple(orders),
                arrived_at=now,
            ),
        )

    async def _reject(
        self, session: WriteSession, rejects: Sequence[RejectedOrder], now: datetime
    ) -> None:
        if not rejects:
            return
        for reject in rejects:
            await inbox.settle_event(
                session,
                self.ctx.organization_id,
                source_of(self.connection.id),
                ORDER_EVENT,
                _reject_key(reject),
                reason=reject.reason,
                now=now,
            )
        reasons = {_reject_id(reject): reject.reason for reject in rejects}
        await service.reject_orders(session, self.ctx, self.connection.id, reasons, now)
        await sync_queries.add_counts(
            session, self.ctx, self.sync.id, new=0, updated=0, rejected=len(reasons)
        )

    async def _move_watermark(self, session: WriteSession, watermark: Watermark) -> None:
        moved = await queries.change_connected(
            session, self.ctx, self.connection.id, watermark_s=watermark.epoch_s
        )
        if not moved:
            raise SyncLost(f"connection {self.connection.id} is not connected any more")

    async def _list_due_rejects(self) -> list[ChannelReject]:
        """Before the pages, so that none is asked for twice in one sync."""
        async with self.tools.database.read() as session:
            return await queries.list_rejects_due(
                session, self.ctx, self.connection.id, self.tools.clock.now(), REJECTS_PER_SYNC
            )

    async def _ask_again(self, adapter: ChannelAdapter, reject: ChannelReject) -> None:
        """A receipt may have come without its items once; a later answer has them."""
        now = self.tools.clock.now()
        facts = {"tries": reject.tries + 1, "next_try_at": now + _retry_after(reject.tries)}
        try:
            order = await adapter.fetch_order(reject.external_id)
        except OrderNotThere as err:
            await self._note(reject, reason=err.sentence, next_try_at=None)
        except BadAnswer as err:
            await self._note(reject, reason=err.sentence, **facts)
        else:
            await self._note(reject, **facts)
            await self._store_again(order, now)

    async def _note(self, reject: ChannelReject, **facts: object) -> None:
        async def work(session: WriteSession) -> None:
            await self._fence(session)
            await queries.change_reject(session, self.ctx, reject.id, **facts)

        await self.tools.write(work)

    async def _store_again(self, order: ChannelOrder, now: datetime) -> None:
        async def work(session: WriteSession) -> None:
            await self._import_again(session, order, now)

        await self.tools.write(work)

    async def _import_again(
        self, session: WriteSession, order: ChannelOrder, now: datetime
    ) -> None:
        """Even if this version was seen: it may have been our own rules that refused."""
        page = OrderPage((order,), (), Watermark(self.connection.watermark_s))
        await self._fence(session)
        await self._store_raw(session, page, now)
        await self._import(session, page.orders, now)

    async def _follow_notices(self, adapter: ChannelAdapter) -> None:
        """Ask for the orders that the channel sent word of, before the pages: they are news."""
        async with self.tools.database.read() as session:
            waiting = await notices.list_waiting(session, self.ctx, self.connection.id)
        for external_id, told in islice(waiting.items(), NOTICES_PER_SYNC):
            await self._follow_notice(adapter, external_id, told)

    async def _follow_notice(
        self, adapter: ChannelAdapter, external_id: str, told: notices.Told
    ) -> None:
        now = self.tools.clock.now()
        order, reason = None, None
        try:
            order = notices.as_told(await adapter.fetch_order(external_id), told)
        except (OrderNotThere, BadAnswer) as err:
            reason = err.sentence

        async def work(session: WriteSession) -> None:
            if order is None:
                await self._fence(session)
            else:
                await self._import_again(session, order, now)
            await notices.settle(session, self.ctx, self.connection.id, told, reason, now)

        await self.tools.write(work)

    async def _complete(self) -> None:
        now = self.tools.clock.now()

        async def work(session: WriteSession) -> None:
            await self._fence(session, status=SyncStatus.COMPLETED, finished_at=now)
            await queries.change_connected(
                session,
                self.ctx,
                self.connection.id,
                last_success_at=now,
                last_error=None,
                last_error_at=None,
                next_sync_at=now + self.tools.interval,
            )
            await sync_queries.drop_old_syncs(
                session, self.ctx, self.connection.id, now - KEEP_SYNCS
            )
            if await notices.list_waiting(session, self.ctx, self.connection.id):
                await runs.request_sync(
                    session, self.ctx, connection_id=self.connection.id, now=now
                )

        await self.tools.write(work)

    def _pause_after(self, error: ChannelError) -> timedelta:
        if not isinstance(error, ChannelUnavailable):
            return self.tools.interval
        soon = min(self.tools.interval, timedelta(seconds=SOON_S))
        return max(soon, timedelta(seconds=error.retry_after_s))


def _reject_id(reject: RejectedOrder) -> str:
    return reject.external_id or content_hash(reject.raw)


def _reject_key(reject: RejectedOrder) -> str:
    return f"{_reject_id(reject)}:0:{content_hash(reject.raw)}"


def _retry_after(tries: int) -> timedelta:
    """Twice as long each time."""
    return min(LONGEST_RETRY, FIRST_RETRY * (1 << min(tries, 10)))


def kind_of(error: ChannelError) -> str:
    """For programs that read a sync."""
    return next((word for kind, word in KINDS if isinstance(error, kind)), "refused")
