"""The main job under faults: forty orders, eight printers of which four are in trouble, one person.

In the end every good order is shipped once, every piece exists once, the grams booked are those
printed, and whoever is in trouble says so in words.
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shopwright.fleet.models import HarvestPolicy
from tests.system import harness
from tests.system.conftest import printer
from tests.system.eyes import Eyes
from tests.system.harness import Etsy, Farm, NotInTime, Server, running, until
from tests.system.person import Person
from tests.system.shop import Goods, open_shop

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

ORDERS = 40
UNKNOWN = "NOBODY-KNOWS"
ALL_S = 150.0
KILL_S = 45.0  # on PostgreSQL the leases of a dead owner run for 30 s
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


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything around the server that one run needs."""

    farm: Farm
    etsy: Etsy
    eyes: Eyes
    rng: random.Random


@pytest.mark.parametrize(
    ("databases", "kills"),
    [
        pytest.param("sqlite", 3, id="sqlite-3-kills"),
        pytest.param("postgresql", 0, id="postgresql"),
        pytest.param("sqlite", 10, id="sqlite-10-kills", marks=pytest.mark.long),
        pytest.param("postgresql", 10, id="postgresql-10-kills", marks=[pytest.mark.long]),
    ],
    indirect=["databases"],
)
async def test_forty_orders_become_parcels(
    kills: int, tmp_path: Path, migrated_url: str, eyes: Eyes, rng: random.Random
) -> None:
    async with (
        harness.farm(tmp_path / "farm", PRINTERS) as farm,
        harness.etsy(tmp_path / "etsy") as etsy,
    ):
        stage = Stage(farm, etsy, eyes, rng)
        await _set_up(tmp_path, migrated_url, farm)
        async with (
            running(Server(tmp_path, migrated_url, **etsy.settings())) as server,
            Person(server, farm, eyes) as person,
        ):
            await _seed(etsy, rng)
            await person.connect(etsy)
            disturb = asyncio.create_task(_disturb(server, person, stage, kills))
            try:
                await _until_all_left(person, disturb, ALL_S + kills * KILL_S)
            finally:
                disturb.cancel()
            await _check_orders(eyes)
            await _check_prints(farm, eyes)
            await _check_told(etsy, eyes)
            await _check_words(eyes)


async def _set_up(folder: Path, database_url: str, farm: Farm) -> None:
    async with open_shop(folder, database_url) as shop:
        for goods in GOODS:
            await shop.add_goods(goods)
        printers = [dict(facts) for facts in farm.printers.values()]
        for facts in printers:
            if facts["name"] == "Wrong code":
                facts["access_code"] = "00000000"
        await shop.add_printers(printers, HarvestPolicy.ASK)


async def _seed(etsy: Etsy, rng: random.Random) -> None:
    """Paid orders of one to three items; two of them name a SKU that the shop does not know."""
    plan = {"max_items": 3, "max_quantity": 1, "spread_s": 3600}
    good = [{"sku": goods.sku, "listing_id": 100 + at} for at, goods in enumerate(GOODS)]
    await etsy.post("seed", count=ORDERS - 2, seed=rng.randrange(10**6), goods=good, **plan)
    odd = [{"sku": UNKNOWN, "listing_id": 99}]
    await etsy.post("seed", count=2, seed=rng.randrange(10**6), goods=odd, **plan)


async def _disturb(server: Server, person: Person, stage: Stage, kills: int) -> None:
    """Kills, and one order cancelled by its buyer: when so many are made, and a little later."""
    first, *moments = sorted(stage.rng.sample(range(2, ORDERS - 6), kills + 1))
    # While the program is dead it cannot hear of a cancellation, and others may ship: so first.
    await _until_made(stage, min(first, ORDERS // 3))
    await _cancel_one(stage, person)
    for made in moments:
        await _until_made(stage, made)
        await asyncio.sleep(stage.rng.uniform(0, 0.3))
        await server.restart()


async def _until_made(stage: Stage, count: int) -> None:
    async def has_made() -> bool:
        statuses = await stage.eyes.order_statuses()
        return sum(status in {"completed", "shipped"} for status in statuses) >= count

    await until(f"{count} orders are made", has_made, 2 * ALL_S, 0.02)


async def _cancel_one(stage: Stage, person: Person) -> None:
    """One of the last in the queue; the person keeps it, or it might leave before the shop hears
    of it."""
    last = await stage.eyes.rows(
        "SELECT external_id FROM orders o WHERE status = 'paid' AND NOT EXISTS (SELECT 1 FROM "
        "order_items i WHERE i.order_id = o.id AND i.waiting_code IS NOT NULL) "
        "ORDER BY pieces_good, id DESC LIMIT 4"
    )
    receipt_id = stage.rng.choice(last)["external_id"]
    person.keeps.add(receipt_id)
    await stage.etsy.post(f"receipts/{receipt_id}/cancel")

    async def is_cancelled() -> bool:
        rows = await stage.eyes.rows(
            "SELECT id FROM orders WHERE external_id = :receipt AND status = 'canceled'",
            receipt=receipt_id,
        )
        return bool(rows)

    await until("the shop hears of the cancellation", is_cancelled, 30)


async def _until_all_left(person: Person, disturb: "asyncio.Task[None]", limit_s: float) -> None:
    async def have_left() -> bool:
        if disturb.done():
            disturb.result()
        return await person.has_done_everything() and disturb.done()

    try:
        await until("every order has left", have_left, limit_s, 0.1)
    except NotInTime as err:
        err.add_note(await person.describe_rest())
        raise


async def _check_orders(eyes: Eyes) -> None:
    assert Counter(await eyes.order_statuses()) == {"shipped": ORDERS - 3, "paid": 2, "canceled": 1}
    owed = "SELECT COUNT(*) FROM order_items WHERE NOT is_cancelled AND waiting_code IS NULL"
    unlike = "(pieces_good <> quantity OR pieces_total <> quantity)"
    assert await eyes.value(f"{owed} AND {unlike}") == 0


async def _check_told(etsy: Etsy, eyes: Eyes) -> None:
    """One parcel per order that left, and one mail to its buyer."""
    parcels = await eyes.rows(
        "SELECT o.external_id, p.tracking_code FROM parcels p JOIN orders o ON o.id = p.order_id"
    )
    mails = await etsy.mails()
    assert len(parcels) == ORDERS - 3
    assert Counter((str(m["receipt_id"]), m["tracking_code"]) for m in mails) == Counter(
        (p["external_id"], p["tracking_code"]) for p in parcels
    )


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
    assert [r["outcome"] for r in prints if r["outcome"] != "finished"] == ["failed"]


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
    inbox = "SELECT DISTINCT waiting_code, waiting_reason FROM order_items"
    assert await eyes.rows(f"{inbox} WHERE waiting_code IS NOT NULL") == [
        {
            "waiting_code": "unknown_sku",
            "waiting_reason": f"The SKU {UNKNOWN} is not known. Map it to a product once.",
        }
    ]
