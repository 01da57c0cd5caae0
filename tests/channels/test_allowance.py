"""One app key's allowance: the arithmetic, and the row that several processes share."""

import asyncio

import pytest
from sqlalchemy import select

from shopwright.channels.adapters import ETSY, Adapters
from shopwright.channels.allowance import (
    CLAIM_S,
    WINDOW_S,
    YIELD_S,
    DatabaseLedger,
    Standing,
    book,
    pause,
)
from shopwright.channels.models import CallAllowance
from shopwright.channels.port import Urgency
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.server.process import open_process

ON_POSTGRESQL = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
SYNC, PERSON = Urgency.SYNC, Urgency.PERSON


def spent(*calls: float) -> Standing:
    return Standing(calls=calls)


def test_calls_are_free_until_the_minute_is_full() -> None:
    standing, waits = Standing(), []
    for now in (0.0, 1.0, 2.0, 3.0):
        standing, wait_s = book(standing, SYNC, now, per_minute=3)
        waits.append(wait_s)
    assert waits == [0, 0, 0, WINDOW_S - 3]
    assert standing.calls == (0, 1, 2)


def test_a_call_is_free_again_a_minute_later() -> None:
    assert book(spent(0, 1), SYNC, WINDOW_S, per_minute=2) == (spent(1, WINDOW_S), 0)


def test_a_pause_holds_everybody_and_never_shrinks() -> None:
    standing = pause(pause(Standing(), 50, now=10), 5, now=10)
    assert standing.paused_until == 60
    assert book(standing, PERSON, 20, per_minute=9)[1] == 40


def test_whoever_found_the_minute_full_goes_before_the_less_urgent() -> None:
    standing, _ = book(spent(0), PERSON, 1, per_minute=1)
    yielding, wait_s = book(standing, SYNC, WINDOW_S, per_minute=1)
    assert (wait_s, yielding.calls) == (YIELD_S, ())
    taken, wait_s = book(yielding, PERSON, WINDOW_S + 0.1, per_minute=1)
    assert (wait_s, taken.calls, PERSON in taken.claims) == (0, (WINDOW_S + 0.1,), False)


def test_a_claim_that_nobody_comes_for_ends() -> None:
    standing, _ = book(spent(0), PERSON, 1, per_minute=1)
    assert book(standing, SYNC, WINDOW_S + CLAIM_S, per_minute=1)[1] == 0


def test_the_less_urgent_claims_nothing_from_the_more_urgent() -> None:
    standing, _ = book(spent(0), Urgency.LISTINGS, 1, per_minute=1)
    assert book(standing, SYNC, WINDOW_S, per_minute=1)[1] == 0


@ON_POSTGRESQL
async def test_processes_together_keep_to_the_allowance(database: Database) -> None:
    ledgers = [DatabaseLedger(database, "etsy:key", 10) for _ in range(3)]
    asked = [ledger.book(SYNC) for ledger in ledgers for _ in range(8)]
    waits = await asyncio.gather(*asked)
    assert sum(wait_s == 0 for wait_s in waits) == 10
    assert all(50 < wait_s <= WINDOW_S for wait_s in waits if wait_s)


@ON_POSTGRESQL
async def test_a_pause_holds_the_other_processes_too(database: Database) -> None:
    await DatabaseLedger(database, "etsy:key", 10).pause(30)
    assert 25 < await DatabaseLedger(database, "etsy:key", 10).book(SYNC) <= 30
    assert await DatabaseLedger(database, "etsy:other", 10).book(SYNC) == 0


@ON_POSTGRESQL
async def test_two_processes_share_the_app_key_of_the_settings(
    process: Process, database: Database
) -> None:
    async with open_process(process.settings, process.clock) as other:
        here = process.context.keep(Adapters)._ledgers
        there = other.context.keep(Adapters)._ledgers
        assert here is not None
        assert there is not None
        first, second = here.ledger_of(f"{ETSY}:key", 1), there.ledger_of(f"{ETSY}:key", 1)
        assert await first.book(SYNC) == 0
        assert await second.book(SYNC) > 50
    async with database.read() as session:
        keys = await session.scalars(select(CallAllowance.key))
        assert keys.all() == ["etsy:key"]
