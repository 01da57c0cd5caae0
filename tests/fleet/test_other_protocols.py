"""Printers that are not Bambu Lab's, from their registration to the look at the way to them."""

import pytest
from httpx import AsyncClient

from shopwright.fleet import drivers, service
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.sandbox.moonraker import MoonrakerSandbox
from shopwright.sandbox.octoprint import OctoPrintSandbox
from shopwright.sandbox.plain.server import StandIn
from shopwright.sandbox.prusalink import PrusaLinkSandbox


@pytest.mark.parametrize(
    ("connection_type", "stand_in"),
    [
        ("octoprint", OctoPrintSandbox),
        ("moonraker", MoonrakerSandbox),
        ("klipper", MoonrakerSandbox),
        ("prusalink", PrusaLinkSandbox),
    ],
)
async def test_an_address_and_a_key_are_all_it_needs(
    client: AsyncClient,
    database: Database,
    owner: Actor,
    connection_type: str,
    stand_in: type[StandIn],
) -> None:
    async with stand_in() as machine:
        body = {
            "name": "Workhorse",
            "brand": "Prusa",
            "model": "MK4",
            "connection_type": connection_type,
            "api_url": f"http://{machine.host}:{machine.port}",
            "api_key": machine.key,
        }
        made = await client.post("/api/printers", json=body)
        assert made.status_code == 201, made.text
        assert machine.key not in made.text
        found = (await client.post(f"/api/printers/{made.json()['id']}/diagnose")).json()
    assert found["is_ok"] is True, found
    async with database.read() as session:
        printer = await service.get_printer(session, owner, made.json()["id"])
    endpoint = drivers.endpoint_of(printer, database.context.vault)
    assert (printer.driver, endpoint.http_port) == (connection_type, machine.port)
    assert endpoint.access_code == machine.key


async def test_a_changed_address_takes_its_port_along(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    body = {
        "name": "Workhorse",
        "connection_type": "octoprint",
        "api_url": "http://10.0.0.5:5000",
        "api_key": "k",
    }
    made = (await client.post("/api/printers", json=body)).json()
    changed = {**made, "api_url": "http://10.0.0.6:5001", "ip_address": None, "api_key": "k"}
    answer = await client.put(f"/api/printers/{made['id']}", json=changed)
    assert answer.status_code == 200, answer.text
    async with database.read() as session:
        printer = await service.get_printer(session, owner, made["id"])
    assert (printer.host, printer.ports) == ("10.0.0.6", {"http": 5001})


@pytest.mark.parametrize(
    ("typed", "port", "scheme", "shown"),
    [
        ("http://10.0.0.5:80", 80, "http", "http://10.0.0.5:80"),
        ("10.0.0.5:80", 80, "http", "http://10.0.0.5:80"),
        ("https://10.0.0.5", 443, "https", "https://10.0.0.5:443"),
        ("https://10.0.0.5:8443/", 8443, "https", "https://10.0.0.5:8443"),
        ("10.0.0.5", None, "http", "http://10.0.0.5"),
    ],
)
async def test_a_written_port_is_kept_and_comes_back_unchanged(
    client: AsyncClient,
    database: Database,
    owner: Actor,
    typed: str,
    port: int | None,
    scheme: str,
    shown: str,
) -> None:
    body = {"name": "Voron", "connection_type": "moonraker", "api_url": typed}
    made = (await client.post("/api/printers", json=body)).json()
    assert made["api_url"] == shown
    assert (await client.put(f"/api/printers/{made['id']}", json=made)).status_code == 200
    async with database.read() as session:
        printer = await service.get_printer(session, owner, made["id"])
    endpoint = drivers.endpoint_of(printer, database.context.vault)
    assert (endpoint.host, endpoint.http_port) == ("10.0.0.5", port)
    assert endpoint.options["scheme"] == scheme


async def test_an_address_over_plain_http_takes_the_place_of_one_over_https(
    client: AsyncClient,
) -> None:
    body = {"name": "Voron", "connection_type": "moonraker", "api_url": "https://10.0.0.5"}
    made = (await client.post("/api/printers", json=body)).json()
    changed = {**made, "api_url": "http://10.0.0.5:7125"}
    answer = await client.put(f"/api/printers/{made['id']}", json=changed)
    assert answer.json()["ports"] == {"http": 7125}


async def test_a_stored_key_is_not_sent_to_another_address(client: AsyncClient) -> None:
    """Whoever may change the address may not know the key."""
    body = {
        "name": "Workhorse",
        "connection_type": "octoprint",
        "api_url": "http://10.0.0.5:5000",
        "api_key": "k",
    }
    made = (await client.post("/api/printers", json=body)).json()
    elsewhere = {"api_url": "http://10.0.0.66:5000"}
    refused = await client.put(f"/api/printers/{made['id']}", json=elsewhere)
    assert refused.status_code == 400
    assert "Type the printer's key again" in refused.json()["detail"]
    moved = await client.put(f"/api/printers/{made['id']}", json=elsewhere | {"api_key": "k"})
    assert moved.json()["api_url"] == elsewhere["api_url"]
