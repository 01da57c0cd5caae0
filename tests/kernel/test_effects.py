"""Effects: at most once, whoever asks; a restore holds them all."""

import asyncio

from sqlalchemy import select, update

from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, Installation
from shopwright.kernel.effects import OPEN_EFFECTS, TRANSITIONS, Effect, EffectStatus
from tests.clock import START


async def intend(database: Database, ctx: Actor, key: str = "job-1") -> int:
    async with database.write() as session:
        effect = await effects.intend(
            session, ctx.organization_id, kind="start_print", key=key, subject_id=1, request={}
        )
        return effect.id


async def begin(database: Database, ctx: Actor, effect_id: int) -> bool:
    async with database.write() as session:
        claimed = await effects.begin_sending(session, ctx.organization_id, effect_id, START)
        return claimed is not None


async def test_eight_callers_at_once_and_one_may_call(database: Database, owner: Actor) -> None:
    effect_id = await intend(database, owner)
    results = await asyncio.gather(*(begin(database, owner, effect_id) for _ in range(8)))
    assert sorted(results) == [False] * 7 + [True]


async def test_settled_effect_stays_as_it_is(database: Database, owner: Actor) -> None:
    effect_id = await intend(database, owner)
    await begin(database, owner, effect_id)
    outcomes = []
    for status in (EffectStatus.DONE, EffectStatus.FAILED, EffectStatus.UNKNOWN):
        async with database.write() as session:
            outcomes.append(
                await effects.settle(
                    session, owner.organization_id, effect_id, status, "seen", START
                )
            )
    async with database.read() as session:
        stored = await session.scalar(
            select(Effect.status).where(
                Effect.id == effect_id, Effect.organization_id == owner.organization_id
            )
        )
    assert outcomes == [True, False, False]
    assert stored is EffectStatus.DONE


async def test_unknown_effect_may_still_be_proven(database: Database, owner: Actor) -> None:
    effect_id = await intend(database, owner)
    await begin(database, owner, effect_id)
    async with database.write() as session:
        own = owner.organization_id
        assert await effects.settle(
            session, own, effect_id, EffectStatus.UNKNOWN, "no answer", START
        )
        assert await effects.settle(session, own, effect_id, EffectStatus.DONE, "found", START)


async def test_after_a_restore_nothing_is_sent(database: Database, owner: Actor) -> None:
    effect_id = await intend(database, owner)
    async with database.write() as session:
        await session.execute(update(Installation).values(are_effects_held=True))
    assert not await begin(database, owner, effect_id)
    async with database.write() as session:
        await session.execute(update(Installation).values(are_effects_held=False))
    assert await begin(database, owner, effect_id)


async def test_another_organization_cannot_claim_it(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    effect_id = await intend(database, owner)
    assert not await begin(database, stranger, effect_id)


def test_every_open_state_has_a_way_out() -> None:
    assert {status for status in EffectStatus if TRANSITIONS[status]} == OPEN_EFFECTS
