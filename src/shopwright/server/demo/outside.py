"""What happens to the demo shop from outside: customers buy and cancel, a printer fails."""

import asyncio
import random
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from shopwright.server.demo.goods import UNKNOWN_GOODS, Json, known_goods, wanted_goods
from shopwright.server.demo.machines import MACHINES, Machine

DAY_S = 86_400
HOUR_S = 3_600
SHIPPED_BEFORE = 8
OPEN_BEFORE = 5
SMALL = {"max_items": 2, "max_quantity": 2}
RUSH = 8  # orders that come quickly, so that there is something to see
RUSH_PAUSE_S = 5.0
CALM_PAUSE_S = 15.0  # about what six printers can make
MANY = 150  # from then on it goes slowly: a demo left alone stays usable
SLOW_PAUSE_S = 120.0
UNKNOWN_EVERY = 9
CANCEL_EVERY = 11
CANCEL_AFTER_S = 12.0
FAILS_AT_PERCENT = 62.0
LOOK_EVERY_S = 2.0
UNLIMITED = {"per_second": None, "per_minute": None, "per_day": None}


class Customers:
    """Buyers at the sandbox Etsy, by its strings behind the stage; the same for the same seed."""

    def __init__(self, etsy: httpx.AsyncClient, seed: int) -> None:
        self._etsy = etsy
        self._rng = random.Random(seed)  # noqa: S311  made-up orders

    async def leave_a_history(self) -> None:
        """Orders of the last days, shipped, and some of this morning that wait to be made."""
        await self._post("/sandbox/limits", UNLIMITED, method="PUT")
        shipped = {"status": "Completed", "is_shipped": True}
        await self._order(known_goods(), SHIPPED_BEFORE, 6 * DAY_S, overrides=shipped)
        await self._order(wanted_goods(), OPEN_BEFORE, 3 * HOUR_S)
        await self._order(UNKNOWN_GOODS[:1], 1, HOUR_S)

    async def buy(self) -> None:
        """For ever: an order now and then, some of goods nobody mapped, some cancelled again."""
        async with asyncio.TaskGroup() as cancelling:
            for number, pause_s in enumerate(_pauses(), 1):
                await asyncio.sleep(pause_s)
                goods = UNKNOWN_GOODS if number % UNKNOWN_EVERY == 0 else wanted_goods()
                (receipt_id,) = await self._order(goods, 1, 0)
                if number % CANCEL_EVERY == 0:
                    cancelling.create_task(self._cancel(receipt_id))

    async def _cancel(self, receipt_id: int) -> None:
        await asyncio.sleep(CANCEL_AFTER_S)
        await self._post(f"/sandbox/receipts/{receipt_id}/cancel", {})

    async def _order(
        self, goods: tuple[Json, ...], count: int, spread_s: int, **more: Any
    ) -> list[int]:
        plan = {"goods": goods, "count": count, "spread_s": spread_s, **SMALL, **more}
        answer = await self._post("/sandbox/seed", plan | {"seed": self._rng.randrange(10**6)})
        return [int(receipt_id) for receipt_id in answer["receipt_ids"]]

    async def _post(self, path: str, body: Mapping[str, Any], method: str = "POST") -> Json:
        answer = await self._etsy.request(method, path, json=body)
        answer.raise_for_status()
        return dict(answer.json())


async def spoil_prints(farm: httpx.AsyncClient) -> None:
    """For ever: every so manyth print of some machines comes loose."""
    clumsy = [machine for machine in MACHINES if machine.fails_every]
    while True:
        for machine in clumsy:
            await _spoil(farm, machine)
        await asyncio.sleep(LOOK_EVERY_S)


async def _spoil(farm: httpx.AsyncClient, machine: Machine) -> None:
    """Let the machine's present print come loose if it is its turn, and only that one."""
    path = f"/printers/{machine.serial}"
    prints = len((await farm.get(path)).raise_for_status().json()["prints"])
    is_its_turn = prints > 0 and prints % machine.fails_every == 0
    knobs = {"fail_at_percent": FAILS_AT_PERCENT if is_its_turn else None}
    (await farm.post(f"{path}/knobs", json=knobs)).raise_for_status()


def _pauses() -> Iterator[float]:
    for number in range(MANY):
        yield RUSH_PAUSE_S if number < RUSH else CALM_PAUSE_S
    while True:
        yield SLOW_PAUSE_S
