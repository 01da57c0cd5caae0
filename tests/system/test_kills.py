"""One order of two plates on one printer, and the server killed at every bad moment.

In the end every plate was printed once, by the printer's own log, and every gram is booked.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import build_migrated
from tests.databases import SqliteDatabases
from tests.system.eyes import Eyes
from tests.system.harness import Farm, Server, running, until
from tests.system.person import Person
from tests.system.shop import Goods, open_shop

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

ORDER_S = 80.0


@dataclass(slots=True)
class Scene:
    """What a kill moment may look at."""

    farm: Farm
    serial: str
    eyes: Eyes
    rng: random.Random
    plate: int = 1  # which of the two plates the server dies at
    seen: list[str] = field(default_factory=list)

    async def attempt(self) -> dict[str, Any] | None:
        attempts = await self.eyes.attempts()
        return attempts[self.plate - 1] if len(attempts) >= self.plate else None

    async def until_attempt(self, *statuses: str) -> None:
        async def look() -> bool:
            attempt = await self.attempt()
            return attempt is not None and attempt["status"] in statuses

        await until(f"attempt {self.plate} is {statuses}", look, 20, 0.002)

    async def until_printer(self, *states: str) -> None:
        async def look() -> bool:
            facts = await self.farm.look(self.serial)
            return len(facts["prints"]) >= self.plate and facts["state"] in states

        await until(f"the printer is {states}", look, 20, 0.005)

    async def pause(self, most_s: float) -> None:
        await asyncio.sleep(self.rng.uniform(0, most_s))


Moment = Callable[[Scene], Awaitable[None]]


async def after_the_claim(scene: Scene) -> None:
    await scene.until_attempt("intended", "uploading", "starting", "printing")


async def during_the_upload(scene: Scene) -> None:
    await scene.until_attempt("uploading")
    await scene.pause(0.8)


async def between_upload_and_start(scene: Scene) -> None:
    await scene.until_attempt("starting", "printing")


async def just_after_the_start(scene: Scene) -> None:
    await scene.until_attempt("starting", "printing")
    await scene.pause(0.3)


async def mid_print(scene: Scene) -> None:
    await scene.until_attempt("printing")
    await scene.pause(0.6)


async def at_the_finish(scene: Scene) -> None:
    await scene.until_printer("FINISH")


MOMENTS: dict[str, tuple[int, Moment, dict[str, object]]] = {
    # printer of its own, when to kill, knobs
    "after the claim": (0, after_the_claim, {}),
    "during the upload": (1, during_the_upload, {"upload_bytes_per_s": 400_000}),
    "between upload and start": (2, between_upload_and_start, {}),
    "just after the start": (3, just_after_the_start, {"start_delay_s": 0.4}),
    "mid-print": (4, mid_print, {}),
    "at the finish": (5, at_the_finish, {}),
}


@pytest.mark.parametrize(
    "databases",
    # On PostgreSQL the leases of the dead server run for 30 s more.
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)],
    indirect=True,
    scope="session",
)
@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_server_killed_at_a_bad_moment_prints_every_plate_once(
    moment: str, tmp_path: Path, migrated_url: str, kill_farm: Farm, eyes: Eyes, rng: random.Random
) -> None:
    number, kill_moment, knobs = MOMENTS[moment]
    serial = list(kill_farm.printers)[number]
    await kill_farm.turn(serial, **knobs)
    before = await kill_farm.look(serial)  # the other database's run used this printer as well
    async with open_shop(tmp_path, migrated_url) as shop:
        await shop.add_printers([kill_farm.printers[serial]])
        await shop.add_goods(Goods("BOX", padding_bytes=300_000))
        await shop.place_order(("BOX", 1))
    scene = Scene(kill_farm, serial, eyes, rng, plate=rng.choice((1, 2)))
    async with running(Server(tmp_path, migrated_url)) as server:
        await kill_moment(scene)
        server.kill()
        await server.start()
        async with Person(server, kill_farm, eyes) as person:
            await until("the order is made", person.has_made_everything, ORDER_S)
    await _check(
        kill_farm, serial, eyes, skip=len(before["prints"]), before_mg=before["consumed_mg"]
    )


async def _check(farm: Farm, serial: str, eyes: Eyes, *, skip: int, before_mg: int) -> None:
    printed = await farm.look(serial)
    prints = printed["prints"][skip:]
    attempts = await eyes.attempts()
    assert sorted((p["plate"], p["outcome"]) for p in prints) == [(1, "finished"), (2, "finished")]
    assert {p["subtask_id"] for p in prints} <= {a["device_job_id"] for a in attempts}
    assert sorted(a["status"] for a in attempts if a["status"] != "cancelled") == ["finished"] * 2
    assert await eyes.booked_mg() == printed["consumed_mg"] - before_mg
    assert await eyes.rows("SELECT status, pieces_good, pieces_total FROM orders") == [
        {"status": "completed", "pieces_good": 1, "pieces_total": 1}
    ]
    assert await eyes.rows("SELECT status, COUNT(*) AS n FROM piece_steps GROUP BY status") == [
        {"status": "good", "n": 2}
    ]


async def test_a_printer_switched_off_while_the_server_was_dead_is_asked_about(
    tmp_path: Path, sqlite_databases: SqliteDatabases, kill_farm: Farm
) -> None:
    """Nothing remembers the print: a person looks, and only the lost plate is made again."""
    url = sqlite_databases.create_from("migrated", build_migrated)
    serial = list(kill_farm.printers)[7]
    await kill_farm.turn(serial, speed=200.0)
    eyes = Eyes(url)
    scene = Scene(kill_farm, serial, eyes, random.Random(1))
    async with open_shop(tmp_path, url) as shop:
        await shop.add_printers([kill_farm.printers[serial]])
        await shop.add_goods(Goods("BOX"))
        await shop.place_order(("BOX", 1))
    async with running(Server(tmp_path, url)) as server:
        await scene.until_attempt("printing")
        server.kill()
        await kill_farm.act(serial, "reboot")
        await kill_farm.turn(serial, speed=2000.0)
        await server.start()
        await scene.until_attempt("unknown")
        (attempt,) = await eyes.attempts()
        assert attempt["reason"].startswith("The printer no longer shows this job")
        async with Person(server, kill_farm, eyes) as person:
            assert await person.answer(attempt["print_job_id"], "did_not_print") == 409
            await until("the order is made", person.has_made_everything, ORDER_S)
            assert person.answers == [(attempt["device_job_id"], "failed")]
    prints = (await kill_farm.look(serial))["prints"]
    assert [(p["plate"], p["outcome"]) for p in prints] == [
        (1, "interrupted"),
        (2, "finished"),
        (1, "finished"),
    ]
    steps = await eyes.rows("SELECT plate_number, status FROM piece_steps ORDER BY id")
    assert [tuple(step.values()) for step in steps] == [(1, "scrap"), (2, "good"), (1, "good")]
    eyes.close()


async def test_a_start_nobody_can_prove_waits_for_a_person_and_is_never_sent_again(
    tmp_path: Path, sqlite_databases: SqliteDatabases, kill_farm: Farm
) -> None:
    url = sqlite_databases.create_from("migrated", build_migrated)
    serial = list(kill_farm.printers)[8]
    await kill_farm.turn(serial, never_starts=True)
    eyes = Eyes(url)
    scene = Scene(kill_farm, serial, eyes, random.Random(1))
    async with open_shop(tmp_path, url) as shop:
        await shop.add_printers([kill_farm.printers[serial]])
        await shop.add_goods(Goods("LID", (10_000,)))
        await shop.place_order(("LID", 1))
    async with running(Server(tmp_path, url)) as server:
        await scene.until_attempt("starting")
        await server.restart()
        await scene.until_attempt("unknown")
        await kill_farm.turn(serial, never_starts=False)
        await server.restart()
        await asyncio.sleep(1)  # long enough for a second start, were there one
        assert (await kill_farm.look(serial))["prints"] == []
        assert [a["status"] for a in await eyes.attempts()] == ["unknown"]
        async with Person(server, kill_farm, eyes) as person:
            await until("the order is made", person.has_made_everything, ORDER_S)
            assert [answer for _, answer in person.answers] == ["did_not_print"]
    assert [a["status"] for a in await eyes.attempts()] == ["cancelled", "finished"]
    assert [e["status"] for e in await eyes.rows("SELECT status FROM effects ORDER BY id")] == [
        "failed",
        "done",
    ]
    assert [p["outcome"] for p in (await kill_farm.look(serial))["prints"]] == ["finished"]
    eyes.close()
