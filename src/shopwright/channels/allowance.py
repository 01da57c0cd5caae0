"""Who may call next: the arithmetic of an app key's allowance, and the row that processes share.

Calls count in a sliding minute. Whoever finds it full leaves a claim; while it stands, nobody less
urgent takes the next free call.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row, func, select, update

from shopwright.channels.models import CallAllowance
from shopwright.channels.port import CallLedger, Urgency
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import Database, WriteSession, insert_for

WINDOW_S = 60.5  # a little over a minute: we count departures, the channel counts arrivals
CLAIM_S = 2.0  # how long after a call is free its claimant may still be on the way
YIELD_S = 0.5  # look again, when somebody more urgent goes first


@dataclass(frozen=True, slots=True)
class Standing:
    """Seconds on one clock; ``claims`` has the end of the claim by urgency."""

    calls: tuple[float, ...] = ()
    paused_until: float = 0.0
    claims: dict[Urgency, float] = field(default_factory=dict)


def book(
    standing: Standing, urgency: Urgency, now: float, per_minute: int
) -> tuple[Standing, float]:
    """The standing afterwards, and 0 when a call was booked, else the seconds to wait."""
    calls = tuple(call for call in standing.calls if call > now - WINDOW_S)
    claims = {u: until for u, until in standing.claims.items() if until > now and u != urgency}
    wait_s = max(0.0, standing.paused_until - now, _until_free(calls, now, per_minute))
    if wait_s == 0.0 and any(other < urgency for other in claims):
        wait_s = YIELD_S
    if wait_s > 0.0:
        claims[urgency] = now + wait_s + CLAIM_S
        return Standing(calls, standing.paused_until, claims), wait_s
    return Standing((*calls, now), standing.paused_until, claims), 0.0


def pause(standing: Standing, seconds: float, now: float) -> Standing:
    """Nobody calls for so long; never shortens an earlier pause."""
    return replace(standing, paused_until=max(standing.paused_until, now + seconds))


def _until_free(calls: tuple[float, ...], now: float, per_minute: int) -> float:
    if len(calls) < per_minute:
        return 0.0
    return max(0.0, calls[-per_minute] + WINDOW_S - now)


class DatabaseLedger:
    """One app key's allowance among the processes on one database, on the database's clock."""

    def __init__(self, database: Database, key: str, per_minute: int) -> None:
        self._database = database
        self._key = key
        self._per_minute = max(1, per_minute)

    async def book(self, urgency: Urgency) -> float:
        """Book a call now: 0; else so many seconds are to be waited."""

        async def work(session: WriteSession) -> float:
            standing, now = await self._lock(session)
            after, wait_s = book(standing, urgency, now, self._per_minute)
            await self._store(session, after)
            return wait_s

        return await write_again(self._database, work)

    async def pause(self, seconds: float) -> None:
        """For every process; never shortens an earlier pause."""

        async def work(session: WriteSession) -> None:
            standing, now = await self._lock(session)
            await self._store(session, pause(standing, seconds, now))

        await write_again(self._database, work)

    async def _lock(self, session: WriteSession) -> tuple[Standing, float]:
        """The row, made when it is missing, and ours until the commit; and what time it is."""
        row = await self._select(session)
        if row is None:
            new = insert_for(session, CallAllowance).values(key=self._key)
            await session.execute(new.on_conflict_do_nothing(index_elements=["key"]))
            row = await self._select(session)
        if row is None:
            raise LookupError(f"the allowance of {self._key} is gone")
        claims = {Urgency(int(name)): until for name, until in row.claims.items()}
        return Standing(tuple(row.calls), row.paused_until, claims), float(row.now)

    async def _select(self, session: WriteSession) -> Row[Any] | None:
        """The time may be from before a short wait for the row; the window has room for that."""
        table, now = CallAllowance, func.extract("epoch", func.clock_timestamp()).label("now")
        found = await session.execute(
            select(table.calls, table.paused_until, table.claims, now)
            .where(table.key == self._key)
            .with_for_update()
        )
        return found.first()

    async def _store(self, session: WriteSession, standing: Standing) -> None:
        await session.execute(
            update(CallAllowance)
            .where(CallAllowance.key == self._key)
            .values(
                calls=list(standing.calls),
                paused_until=standing.paused_until,
                claims={str(int(u)): until for u, until in standing.claims.items()},
            )
            .execution_options(synchronize_session=False)
        )


class SharedLedgers:
    """A process's ledgers on the database it shares with others, one per app key."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ledgers: dict[str, CallLedger] = {}

    def ledger_of(self, key: str, per_minute: int) -> CallLedger:
        if key not in self._ledgers:
            self._ledgers[key] = DatabaseLedger(self._database, key, per_minute)
        return self._ledgers[key]
