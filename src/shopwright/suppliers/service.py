"""Use cases of what is bought outside: order owed steps, and settle what became of them."""

from collections.abc import Sequence

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.orders.models import PieceStep
from shopwright.suppliers import ordering


async def order_steps(session: WriteSession, ctx: Actor, steps: Sequence[PieceStep]) -> int:
    """Order these owed ``outsource`` steps; returns how many were. Nothing is called: the orders
    are rows, placed after the commit.

    Only steps of paid orders that are not held are taken, and each once however often planning
    asks. Steps for which nobody has an offer stay owed, and are taken when there is one.
    """
    return await ordering.order_steps(session, ctx, steps)
