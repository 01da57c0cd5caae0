"""Channels react: what lies finished on the shelf is what some shops offer."""

from shopwright.channels import quantities
from shopwright.inventory.events import FinishedStockMoved
from shopwright.kernel.actor import system_actor
from shopwright.kernel.db import WriteSession


async def on_finished_stock(session: WriteSession, event: FinishedStockMoved) -> None:
    ctx = system_actor(event.organization_id, "channels")
    now = session.context.clock.now()
    await quantities.offer_step(session, ctx, step_id=event.recipe_step_id, now=now)
