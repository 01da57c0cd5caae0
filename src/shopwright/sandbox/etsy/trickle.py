"""A new order every few seconds, for the demo."""

import asyncio

from shopwright.sandbox.etsy.seeding import SeedPlan, seed_receipts
from shopwright.sandbox.etsy.world import SHOP_ID, World


class Trickle:
    """At most one at a time; counts real seconds, not the sandbox clock's."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._task: asyncio.Task[None] | None = None

    def run(self, every_s: float, seed: int) -> None:
        """Start anew; 0 seconds only stops."""
        self.stop()
        if every_s > 0:
            self._task = asyncio.create_task(self._drip(every_s, seed))

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _drip(self, every_s: float, seed: int) -> None:
        shop = self._world.shops[SHOP_ID]
        while True:
            await asyncio.sleep(every_s)
            plan = SeedPlan(count=1, seed=seed, spread_s=0)
            for receipt_id in seed_receipts(self._world, shop, plan):
                self._world.tell("order.paid", shop.shop_id, receipt_id)
            seed += 1
