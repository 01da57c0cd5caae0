"""Two servers: refused on one data folder, one owner per printer on one PostgreSQL."""

import time
from pathlib import Path

import pytest

from tests.conftest import build_migrated
from tests.databases import PostgresDatabases, SqliteDatabases
from tests.system.eyes import Eyes
from tests.system.harness import Farm, Server, free_port, running, until
from tests.system.person import Person
from tests.system.shop import Goods, open_shop

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

CONFLICT = 4  # the exit code of the command line
OWNERS = "SELECT owner, epoch FROM printer_leases"


async def test_a_second_server_on_the_data_folder_refuses_to_start(
    tmp_path: Path, sqlite_databases: SqliteDatabases
) -> None:
    url = sqlite_databases.create_from("migrated", build_migrated)
    async with running(Server(tmp_path, url)) as first:
        second = Server(tmp_path, url)
        child = second.launch()
        assert await child.wait(20) == CONFLICT
        assert (
            f"Another server (process {first.child.pid}) already works on {tmp_path / 'data'}. "
            "Stop it, or choose another --data-dir." in second.log
        )
        await first.answers()
    async with running(second):
        """The lock went with the process that held it."""


async def test_an_unreachable_printer_is_saved_and_says_what_was_tried(
    tmp_path: Path, sqlite_databases: SqliteDatabases
) -> None:
    url = sqlite_databases.create_from("migrated", build_migrated)
    port = free_port()
    async with open_shop(tmp_path, url) as shop:
        await shop.add_printers(
            [
                {
                    "name": "Not there",
                    "host": "127.0.0.1",
                    "serial": "01P00A000000999",
                    "access_code": "12345678",
                    "mqtt_port": port,
                    "ftps_port": port,
                }
            ]
        )
    eyes = Eyes(url)
    async with running(Server(tmp_path, url)):

        async def has_tried() -> str | None:
            (printer,) = await eyes.rows("SELECT connection, trouble FROM printers")
            assert printer["connection"] == "offline"
            return str(printer["trouble"]) if "not been reached" not in printer["trouble"] else None

        trouble = await until("it says what was tried", has_tried, 15)
    eyes.close()
    assert trouble == (
        f"127.0.0.1 answers, but its port {port} is closed: "
        "see whether this is the printer's address."
    )


@pytest.mark.long
async def test_another_server_takes_over_the_printers_of_a_dead_one(
    tmp_path: Path, postgres_databases: PostgresDatabases, kill_farm: Farm
) -> None:
    url = postgres_databases.create_from("migrated", build_migrated)
    serial = list(kill_farm.printers)[6]
    before = await kill_farm.look(serial)
    async with open_shop(tmp_path / "one", url) as shop:
        await shop.add_printers([kill_farm.printers[serial]])
        await shop.add_goods(Goods("BOX"))
    eyes = Eyes(url)
    one, two = Server(tmp_path / "one", url), Server(tmp_path / "one", url)
    async with running(one), running(two):

        async def owner() -> tuple[str, int] | None:
            rows = await eyes.rows(OWNERS)
            return (rows[0]["owner"], rows[0]["epoch"]) if rows else None

        first_owner, first_epoch = await until("one owns the printer", owner, 15)
        assert first_epoch == 1
        one.kill()
        killed_at = time.monotonic()
        async with Person(two, kill_farm, eyes) as person:
            await person.place_order(("BOX", 1))

            async def is_taken_over() -> bool:
                now = await owner()
                return now is not None and now[0] != first_owner

            await until("the other takes over", is_taken_over, 60)
            assert time.monotonic() - killed_at < 60
            await until("the order is made", person.has_made_everything, 30)
    eyes.close()
    printed = await kill_farm.look(serial)
    assert sorted(p["plate"] for p in printed["prints"][len(before["prints"]) :]) == [1, 2]
