"""How many a channel offers: intended here, written there by ``quantity_push``.

A quantity is a state, not an event: what was not sent yet is replaced by what is wanted now, and
what may have been sent is simply sent again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update

from shopwright.accounts import audit
from shopwright.catalog import listing_queries
from shopwright.catalog.models import Listing
from shopwright.channels import listing_queries as readings
from shopwright.inventory import stock
from shopwright.kernel import effects, ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, ReadSession, WriteSession
from shopwright.kernel.durable import SLOW_QUEUE
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.kernel.live import touch
from shopwright.kernel.tenancy import CROSS_TENANT

SET_QUANTITIES = "set_listing_quantities"  # the effect's kind and the durable work's name
COALESCE = timedelta(seconds=10)  # a harvest moves many copies within seconds
REPEAT_AFTER = timedelta(minutes=2)  # longer than any call under way
MAX_QUANTITY = 999


class NotOffered(Conflict):
    code = "listing-not-offered"
    title = "The channel does not show this listing any more"


class NothingOnShelf(Conflict):
    code = "no-stock-counted"
    title = "Nothing of this listing is made from counted stock"


async def ask_quantities(
    session: WriteSession,
    ctx: Actor,
    *,
    listing: Listing,
    quantities: Mapping[str, int],
    now: datetime,
) -> Effect:
    """A person wants these offered now, by SKU; raises NotOffered or Invalid."""
    if not listing.is_offered:
        raise NotOffered(f"{listing.title!r} is not on offer. Read the listings again.")
    known = {offer.sku for offer in listing.offers}
    strange = sorted(set(quantities) - known)
    if strange:
        raise Invalid(f"{listing.title!r} has no SKU {strange[0]}. It has {_words(known)}.")
    effect = await _intend(session, ctx, listing, quantities, now, wait=timedelta())
    await _enqueue(session, effect, now)
    audit.record(session, ctx, "listing.quantity_asked", listing.id, quantities=dict(quantities))
    return effect


async def ask_shelf(
    session: WriteSession, ctx: Actor, *, listing: Listing, now: datetime
) -> Effect:
    """A person wants what lies finished on the shelf offered; raises NothingOnShelf."""
    wanted = await count_shelf(session, ctx, listing)
    if not wanted:
        raise NothingOnShelf(f"No choice of {listing.title!r} has a recipe with counted stock.")
    return await ask_quantities(session, ctx, listing=listing, quantities=wanted, now=now)


async def offer_step(session: WriteSession, ctx: Actor, *, step_id: int, now: datetime) -> None:
    """Finished copies of a step moved: shops that want it offer the new number, some seconds
    later and once for all that moved until then."""
    shops = await readings.list_pushing(session, ctx)
    if not shops:
        return
    for listing in await listing_queries.list_offering_step(session, ctx, step_id):
        if listing.connection_id in shops:
            wanted = await count_shelf(session, ctx, listing)
            await _intend(session, ctx, listing, wanted, now, wait=COALESCE)


async def count_shelf(
    session: ReadSession | WriteSession, ctx: Actor, listing: Listing
) -> dict[str, int]:
    """By SKU: whole units that lie finished, at most what a channel takes."""
    units = await stock.count_units(session, ctx, {o.variant_id for o in listing.offers})
    return {
        offer.sku: min(units[offer.variant_id], MAX_QUANTITY)
        for offer in listing.offers
        if offer.variant_id in units
    }


async def find_latest(
    session: ReadSession | WriteSession, ctx: Actor, listing_id: int
) -> Effect | None:
    """The newest wish about a listing, whatever became of it."""
    effect: Effect | None = await session.scalar(
        select(Effect)
        .where(Effect.organization_id == ctx.organization_id, Effect.kind == SET_QUANTITIES)
        .where(Effect.subject_id == listing_id)
        .order_by(Effect.id.desc())
        .limit(1)
    )
    return effect


async def enqueue_due(database: Database, now: datetime) -> None:
    """What waits for its time, and what a crash left sending."""
    is_stuck = and_(
        Effect.status == EffectStatus.SENDING,
        Effect.sending_at <= now - REPEAT_AFTER,
        or_(Effect.not_before.is_(None), Effect.not_before <= now),
    )
    is_due = and_(Effect.status == EffectStatus.INTENDED, Effect.not_before <= now)
    async with database.read() as session:
        found = await session.scalars(
            select(Effect)
            .where(Effect.kind == SET_QUANTITIES, or_(is_due, is_stuck))
            .order_by(Effect.id)
            .execution_options(**CROSS_TENANT)
        )
        due = found.all()
    for effect in due:
        async with database.write() as session:
            await _enqueue(session, effect, now)


async def _intend(
    session: WriteSession,
    ctx: Actor,
    listing: Listing,
    quantities: Mapping[str, int],
    now: datetime,
    *,
    wait: timedelta,
) -> Effect:
    """A wish that waits is changed to what is wanted now; else a new one."""
    touch(session, ctx.organization_id, "product", listing.product_id)
    waiting = await _find_waiting(session, ctx, listing.id)
    wanted = {**(waiting.request["quantities"] if waiting else {}), **quantities}
    request = {
        "connection_id": listing.connection_id,
        "external_id": listing.external_id,
        "product_id": listing.product_id,
        "quantities": wanted,
    }
    if waiting and await _replace(session, ctx, waiting, request, now + wait):
        return waiting
    effect = await effects.intend(
        session,
        ctx.organization_id,
        kind=SET_QUANTITIES,
        key=f"listing:{listing.id}:{ids.new_uuid()}",
        subject_id=listing.id,
        request=request,
    )
    effect.created_at, effect.not_before = now, now + wait
    await session.flush()
    return effect


async def _find_waiting(session: WriteSession, ctx: Actor, listing_id: int) -> Effect | None:
    effect: Effect | None = await session.scalar(
        select(Effect)
        .where(Effect.organization_id == ctx.organization_id, Effect.kind == SET_QUANTITIES)
        .where(Effect.subject_id == listing_id, Effect.status == EffectStatus.INTENDED)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return effect


async def _replace(
    session: WriteSession,
    ctx: Actor,
    waiting: Effect,
    request: dict[str, object],
    not_before: datetime,
) -> bool:
    """Never later than it was to be sent before; False when it is being sent meanwhile."""
    soonest = min(not_before, waiting.not_before or not_before)
    replaced = await session.scalar(
        update(Effect)
        .where(Effect.organization_id == ctx.organization_id, Effect.id == waiting.id)
        .where(Effect.status == EffectStatus.INTENDED)
        .values(request=request, not_before=soonest)
        .returning(Effect)
        .execution_options(populate_existing=True)
    )
    return replaced is not None


async def _enqueue(session: WriteSession, effect: Effect, now: datetime) -> None:
    """At most one piece of work a second; asked for twice it is the same."""
    durable = session.context.durable
    if durable is None:
        raise RuntimeError("this process was opened without durable work")
    await durable.enqueue(
        session,
        SET_QUANTITIES,
        effect.organization_id,
        effect.id,
        workflow_id=f"{SET_QUANTITIES}:{effect.uuid}:{int(now.timestamp())}",
        queue=SLOW_QUEUE,
    )


def _words(skus: set[str]) -> str:
    shown = sorted(skus)[:10]
    return ", ".join(shown) + (" …" if len(skus) > len(shown) else "")
