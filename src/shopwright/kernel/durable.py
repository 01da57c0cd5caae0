"""Durable work: enqueued inside the business transaction, run after the commit, resumed after a
crash.

The engine is DBOS (see docs/decisions). Its traps are closed here and nowhere else: launched on the
server's own loop, one fixed application version, ids only as arguments, keyed queues always with a
key, and on PostgreSQL a heartbeat by which a living process takes over a dead one's work with
public calls.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig
from sqlalchemy import create_engine, delete, event, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from shopwright.kernel.clock import Clock
from shopwright.kernel.db import (
    BUSY_TIMEOUT_MS,
    Base,
    Database,
    WriteSession,
    insert_for,
)
from shopwright.kernel.migrations import alone, sync_url

log = structlog.get_logger()

APPLICATION = "shopwright"
VERSION = "1"  # fixed: by default rows of older code would never be taken from the queue again
HOT_QUEUE = "hot"
SLOW_QUEUE = "slow"
HEAVY_QUEUE = "heavy"  # minutes of CPU in child processes
HOT_POLL_S = 0.1
SLOW_POLL_S = 1.0
CONCURRENCY = 8
HEAVY_CONCURRENCY = 2  # what is heavy leaves room for what is not
HEARTBEAT_S = 10.0
DEAD_AFTER_S = 35.0  # three missed heartbeats; its work goes on within a minute
CLOSE_S = 3

Handler = Callable[..., Awaitable[None]]


class WorkerHeartbeat(Base):
    """Proof of life of a process that runs durable work on PostgreSQL."""

    __tablename__ = "worker_heartbeats"

    executor_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    seen_at: Mapped[datetime]


class DurableWork(Protocol):
    """What slices see: name the work, its arguments are ids."""

    async def enqueue(
        self,
        session: WriteSession,
        name: str,
        *arguments: int | str,
        workflow_id: str,
        queue: str = HOT_QUEUE,
    ) -> None:
        """Run ``name`` after this transaction commits; a repeated ``workflow_id`` is the same
        work."""


def prepare(url: str) -> None:
    """Make or upgrade the engine's own tables; a client alone never does. Some milliseconds when
    there is nothing to do."""
    with alone(url):
        DBOS.migrate(sync_url(url))


class DurableClient:
    """Enqueues only: what processes without a worker have."""

    def __init__(self, url: str) -> None:
        self._client = DBOSClient(
            system_database_url=sync_url(url), application_name=APPLICATION, lazy=True
        )

    async def enqueue(
        self,
        session: WriteSession,
        name: str,
        *arguments: int | str,
        workflow_id: str,
        queue: str = HOT_QUEUE,
    ) -> None:
        options: Any = {"workflow_name": name, "queue_name": queue, "workflow_id": workflow_id}
        await session.run_sync(
            lambda sync: self._client.enqueue_in_transaction(sync, options, *arguments)
        )

    def close(self) -> None:
        self._client.destroy()


class DurableWorker:
    """Runs what was enqueued. One per process; DBOS itself is one per process as well."""

    def __init__(self, database: Database, clock: Clock, *, executor_id: str) -> None:
        self._database = database
        self._clock = clock
        self._executor_id = executor_id

    async def run(self, handlers: dict[str, Handler]) -> None:
        """Until cancelled. Must be started on the server's own loop, or its pools are bound to
        another."""
        self._launch(handlers)
        log.info("durable work runs here", executor=self._executor_id)
        try:
            await DBOS.register_queue_async(
                HOT_QUEUE, polling_interval_sec=HOT_POLL_S, worker_concurrency=CONCURRENCY
            )
            await DBOS.register_queue_async(
                SLOW_QUEUE, polling_interval_sec=SLOW_POLL_S, worker_concurrency=CONCURRENCY
            )
            await DBOS.register_queue_async(
                HEAVY_QUEUE,
                polling_interval_sec=SLOW_POLL_S,
                worker_concurrency=HEAVY_CONCURRENCY,
            )
            await self._live()
        finally:
            # While it closes its own connections DBOS warns of threads that met that. They end
            # with the process; nobody can do anything about them.
            logging.getLogger("dbos").setLevel(logging.ERROR)
            await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=CLOSE_S)
            # DBOS leaves the loop with a shut-down default executor.
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4))

    def _launch(self, handlers: dict[str, Handler]) -> None:
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": sync_url(self._database.url_text),
            "application_version": VERSION,
            "executor_id": self._executor_id,
            "log_level": "WARNING",
            "max_executor_threads": 8,
        }
        if self._database.is_sqlite:
            config["system_database_engine"] = _sqlite_engine(config["system_database_url"] or "")
        DBOS(config=config)
        for name, handler in handlers.items():
            DBOS.workflow(name=name)(_as_workflow(name, handler))
        DBOS.launch()

    async def _live(self) -> None:
        while True:
            if not self._database.is_sqlite:
                await self._beat()
                await self._take_over()
            await asyncio.sleep(HEARTBEAT_S)

    async def _beat(self) -> None:
        now = self._clock.now()
        async with self._database.write() as session:
            insert = insert_for(session, WorkerHeartbeat).values(
                executor_id=self._executor_id, seen_at=now
            )
            await session.execute(
                insert.on_conflict_do_update(index_elements=["executor_id"], set_={"seen_at": now})
            )

    async def _take_over(self) -> None:
        """Resume what a dead process had begun; its heartbeat goes only once that is done."""
        for executor_id in await self._claim_dead():
            pending = await DBOS.list_workflows_async(status=["PENDING"], executor_id=executor_id)
            for status in pending:
                log.info("taking over work", workflow=status.workflow_id, from_=executor_id)
                await DBOS.resume_workflow_async(status.workflow_id)
            async with self._database.write() as session:
                await session.execute(
                    delete(WorkerHeartbeat).where(WorkerHeartbeat.executor_id == executor_id)
                )

    async def _claim_dead(self) -> list[str]:
        """Touching the stale heartbeat claims it for a while: one process takes over, and when that
        one dies as well, the next."""
        now = self._clock.now()
        async with self._database.write() as session:
            claimed = await session.scalars(
                update(WorkerHeartbeat)
                .where(WorkerHeartbeat.seen_at < now - timedelta(seconds=DEAD_AFTER_S))
                .values(seen_at=now)
                .returning(WorkerHeartbeat.executor_id)
            )
            return list(claimed)


def _as_workflow(name: str, handler: Handler) -> Handler:
    async def work(*arguments: int | str) -> None:
        await handler(*arguments)

    work.__qualname__ = work.__name__ = name
    return work


def _sqlite_engine(url: str) -> Any:
    """The same file as the business tables, so that enqueueing shares their transaction."""
    engine = create_engine(url, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.close()

    return engine
