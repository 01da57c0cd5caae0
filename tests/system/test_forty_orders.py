"""The main job under faults: forty orders, eight printers of which four are in trouble, one person.

In the end every good order is shipped once, every piece exists once, the grams booked are those printed,
and whoever is in trouble says so in words.
"""

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shopwright.fleet.models import HarvestPolicy
from tests.system import harness
from tests.system.conftest import printer
from tests.system.eyes import Eyes
from tests.system.harness import Farm, Server, running, until
from tests.system.person import Person
from tests.system.shop import Goods, open_shop

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

ORDERS = 40
ALL_S = 150.0
SPEED = 2500.0
FAIL_AT = 53.75  # of the time: exactly half of the layers, after 75 s of preparation

GOODS = (
    Goods("BOX", (20_000, 10_000)),  # two plates
    Goods("HOOK", (12_000,), yields=2),  # one plate serves two
    Goods("LAMP", (34_500,)),
    Goods("TRAY", (8_010, 7_500)),
    Goods("DICE", (4_250,)),
)

PRINTERS = [
    printer("Anna", 1, speed=SPEED),
    printer("Bert", 2, speed=SPEED),
    printer("Cleo", 3, speed=SPEED),
    printer("Dora", 4, speed=SPEED),
    printer("Fails once", 5, speed=SPEED, fail_at_percent=FAIL_AT),
    printer("Drops out", 6, speed=SPEED, drop_at_percent=50.0),
    printer("Never starts", 7, speed=SPEED, never_starts=True),
    printer("Wrong code", 8, speed=SPEED),
]
SERIALS = {entry["name"]: str(entry["serial"]) for entry in PRINTERS}


async def test_forty_orders_survive_three_kills(
    tmp_path: Path, migrated_url: str, eyes: Eyes, rng: random.Random
) -> None:
    async with harness.farm(tmp_path / "farm", PRINTERS) as farm:
        await _set_up(tmp_path, migrated_url, farm, rng)
        async with (
            running(Server(tmp_path, migrated_url)) as server,
            Person(server, farm, eyes) as person,
        ):
            trouble = asyncio.create_task(_kill(server, eyes, rng, times=3))
            await until("every order has left", person.has_done_everything, ALL_S, 0.1)
            await trouble
            await _check_orders(eyes)
            await _check_prints(farm, eyes)
            await _check_words(eyes)


async def _set_up(folder: Path, database_url: str, farm: Farm, rng: random.Random) -> None:
    async with open_shop(folder, database_url) as shop:
        for goods in GOODS:
            await shop.add_goods(goods)
        printers = [dict(facts) for facts in farm.printers.values()]
        for facts in printers:
            if facts["name"] == "Wrong code":
                facts["access_code"] = "00000000"
        await shop.add_printers(printers, HarvestPolicy.ASK)
        for number in range(ORDERS):
            skus = rng.choices([goods.sku for goods in GOODS], k=rng.randint(1, 3))
            if number in {7, 23}:
                skus.append(f"NOBODY-KNOWS-{number}")
            await shop.place_order(*((sku, 1) for sku in skus))


async def _kill(server: Server, eyes: Eyes, rng: random.Random, *, times: int) -> None:
    """At seeded moments: so many orders are made, and a little later."""
    for made in sorted(rng.sample(range(1, ORDERS - 8), times)):

        async def has_made(made: int = made) -> bool:
            statuses = await eyes.order_statuses()
            return sum(status in {"completed", "shipped"} for status in statuses) >= made

        await until(f"{made} orders are made", has_made, ALL_S, 0.02)
        await asyncio.sleep(rng.uniform(0, 0.3))
        await server.restart()


async def _check_orders(eyes: Eyes) -> None:
    counts = Counter(await eyes.order_statuses())
    assert counts == {"completed": ORDERS - 2, "paid": 2}


async def _check_prints(farm: Farm, eyes: Eyes) -> None:
    """Nothing was printed twice, or onto another piece; what was made is somewhere; grams agree."""
    prints = [record for facts in (await farm.look_at_all()).values() for record in facts["prints"]]
    jobs = await _jobs_by_device_id(eyes)
    assert Counter(record["subtask_id"] for record in prints).most_common(1)[0][1] == 1
    assert all(record["was_plate_clear"] for record in prints)
    made: Counter[int] = Counter()
    for record in prints:
        if record["outcome"] == "finished":
            job = jobs[record["subtask_id"]]
            assert job["plate_number"] == record["plate"]
            made[job["recipe_step_id"]] += job["yields"]
    assert made == await _kept(eyes)
    assert await eyes.booked_mg() == sum(record["total_mg"] for record in prints)
    failed = [record for record in prints if record["outcome"] != "finished"]
    assert [record["outcome"] for record in failed] == ["failed"]


async def _jobs_by_device_id(eyes: Eyes) -> dict[str, dict[str, Any]]:
    rows = await eyes.rows(
        "SELECT a.device_job_id, j.recipe_step_id, j.plate_number, j.yields "
        "FROM attempts a JOIN print_jobs j ON j.id = a.print_job_id"
    )
    return {row["device_job_id"]: row for row in rows}


async def _kept(eyes: Eyes) -> Counter[int]:
    """Copies by recipe step: in pieces, and in stock."""
    kept: Counter[int] = Counter()
    good = "SELECT recipe_step_id, COUNT(*) AS n FROM piece_steps WHERE status = 'good' GROUP BY 1"
    stock = "SELECT recipe_step_id, on_hand AS n FROM step_stock WHERE on_hand > 0"
    for row in [*await eyes.rows(good), *await eyes.rows(stock)]:
        kept[row["recipe_step_id"]] += row["n"]
    return kept


async def _check_words(eyes: Eyes) -> None:
    printers = {row["name"]: row for row in await eyes.rows("SELECT * FROM printers")}
    assert printers["Wrong code"]["connection"] == "auth_failed"
    assert "refused the access code" in printers["Wrong code"]["trouble"]
    assert printers["Never starts"]["gate"] == "maintenance"
    assert "took a job and did not print it" in printers["Never starts"]["gate_reason"]
    for name in ("Fails once", "Drops out"):
        assert (printers[name]["connection"], printers[name]["gate"]) == ("online", "ready"), name
    inbox = "SELECT waiting_code, waiting_reason FROM order_items WHERE waiting_code IS NOT NULL"
    assert await eyes.rows(f"{inbox} ORDER BY id") == [
        {
            "waiting_code": "unknown_sku",
            "waiting_reason": f"The SKU NOBODY-KNOWS-{number} is not known. Map it to a product once.",
        }
        for number in (7, 23)
    ]
