"""Outsourced steps become orders at manufacturers; what nobody offers waits and says so."""

from collections.abc import Sequence

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.orders import piece_queries
from shopwright.orders.models import PieceStep
from shopwright.suppliers import service as suppliers

NO_OFFER = "No manufacturer offers this yet. Add an offer of a supplier, and it is ordered."


async def order_outside(session: WriteSession, ctx: Actor, steps: Sequence[PieceStep]) -> None:
    """Each step once, however often it is asked for."""
    if not steps:
        return
    await suppliers.order_steps(session, ctx, steps)
    item_ids = {step.order_item_id for step in steps}
    waiting = await piece_queries.list_items_owing(session, ctx, [step.id for step in steps])
    await piece_queries.state_waiting(session, ctx, item_ids - waiting, None)
    await piece_queries.state_waiting(session, ctx, waiting, NO_OFFER)
