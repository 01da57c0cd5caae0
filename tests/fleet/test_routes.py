"""Printers over HTTP."""

from dataclasses import replace
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from shopwright.fleet import service
from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.setup import diagnosing
from shopwright.fleet.setup.connection_tests import NotDrivenHere
from shopwright.fleet.states import Activity, ConnectionState
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.settings import Network
from shopwright.kernel.signals import Signal
from tests.conftest import ClientAs
from tests.factories import make_printer
from tests.workshop import ready_printer

X1C = {
    "name": "Bambu Lab X1C #1",
    "brand": "Bambu Lab",
    "model": "X1C",
    "ip_address": "192.168.1.100",
    "access_code": "12345678",
    "serial_number": "00M09A000000001",
    "num_ams_units": 1,
    "supported_materials": ["PLA", "PETG", "ABS"],
}


async def create(client: AsyncClient, **changes: Any) -> Any:
    body = {key: value for key, value in (X1C | changes).items() if value is not None}
    answer = await client.post("/api/printers", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_unreachable_printer_is_saved_offline_and_keeps_its_code_to_itself(
    client: AsyncClient, database: Database, process: Process
) -> None:
    printer = await create(client)
    assert (printer["status"], printer["ip_address"], printer["serial_number"]) == (
        "offline", "192.168.1.100", "00M09A000000001",
    )  # fmt: skip
    assert printer["trouble"] == "It has not been reached yet."
    for answer in (printer, (await client.get(f"/api/printers/{printer['uuid']}")).json()):
        assert "12345678" not in str(answer)
        assert "access_code" not in answer
    async with database.read() as session:
        code = await session.scalar(select(Printer.access_code).where(Printer.organization_id > 0))
    assert code != "12345678"
    assert process.context.vault.decrypt(code or "") == "12345678"


async def test_list_is_a_bare_array_by_name_filtered_by_the_shown_word(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    await create(client, name="Zoe")
    async with database.write() as session:
        printer = await ready_printer(session, owner)
        printer.activity = Activity.PREPARING
    listed = await client.get("/api/printers")
    assert [p["status"] for p in listed.json()] == ["printing", "offline"]
    assert listed.headers["cache-control"] == "no-store"
    found = (await client.get("/api/printers?status=Printing")).json()
    assert [p["id"] for p in found] == [printer.id]
    page = (await client.get("/api/printers?envelope=data&limit=1")).json()
    assert (len(page["data"]), page["total"], page["pages"]) == (1, 2, 2)


async def test_address_may_come_as_url_and_the_code_from_the_settings(
    client: AsyncClient, process: Process
) -> None:
    printer = await create(client, ip_address=None, api_url="http://192.168.1.7:80/")
    assert printer["ip_address"] == "192.168.1.7"
    missing = await client.post(
        "/api/printers",
        json={"name": "No code", "ip_address": "192.168.1.8", "connection_type": "bambu_lan"},
    )
    assert (missing.status_code, missing.json()["detail"][:23]) == (400, "access_code is missing.")


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"ip_address": "a b"}, {"ports": {"mqtt": 0}}, {"serial_number": "ä"}]
)
async def test_impossible_printers_are_refused_and_not_stored(
    client: AsyncClient, wrong: dict[str, Any]
) -> None:
    assert (await client.post("/api/printers", json=X1C | wrong)).status_code == 400
    assert (await client.get("/api/printers")).json() == []


async def test_serial_belongs_to_one_living_printer_and_returns_after_deletion(
    client: AsyncClient,
) -> None:
    first = await create(client)
    again = await client.post("/api/printers", json=X1C)
    assert (again.status_code, again.json()["code"]) == (409, "printer-exists")
    deleted = await client.delete(f"/api/printers/{first['id']}")
    assert deleted.json() == {"message": "Printer deleted"}
    assert (await client.get(f"/api/printers/{first['id']}")).status_code == 404
    assert (await client.get("/api/printers")).json() == []
    hidden = (await client.get("/api/printers?includeInactive=true")).json()
    assert [p["is_active"] for p in hidden] == [False]
    revived = await create(client, name="Back again")
    assert (revived["id"], revived["name"]) == (first["id"], "Back again")


async def test_changed_address_makes_the_link_connect_anew(
    client: AsyncClient, process: Process, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        printer.fingerprint = "ab"
    heard: list[Signal] = []
    process.context.hub.listen(owner.organization_id, heard.append)
    changed = await client.put(
        f"/api/printers/{printer.id}",
        json={"ip_address": "10.0.0.9", "access_code": "87654321", "name": "Right"},
    )
    assert (changed.json()["ip_address"], changed.json()["name"]) == ("10.0.0.9", "Right")
    assert Signal(owner.organization_id, "printer_setup", printer.id) in heard
    async with database.read() as session:
        stored = await service.get_printer(session, owner, printer.id)
    assert process.context.vault.decrypt(stored.access_code) == "87654321"
    assert stored.fingerprint == "ab"


async def test_another_serial_forgets_the_old_certificate(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        printer.fingerprint = "ab"
    await client.put(f"/api/printers/{printer.id}", json={"serial_number": "01P999"})
    async with database.read() as session:
        stored = await service.get_printer(session, owner, printer.id)
    assert (stored.serial, stored.fingerprint) == ("01P999", None)


async def test_maintenance_and_a_full_bed_keep_work_away(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
    url = f"/api/printers/{printer.id}"
    out = (await client.post(f"{url}/maintenance", json={"on": True, "reason": "belt"})).json()
    assert (out["gate"], out["gate_reason"]) == ("maintenance", "belt")
    assert (await client.post(f"{url}/clear")).json()["gate"] == "maintenance"
    back = (await client.post(f"{url}/maintenance", json={"on": False})).json()
    assert (back["gate"], back["gate_reason"]) == ("ready", None)


async def test_command_is_queued_with_its_checked_arguments(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
    url = f"/api/printers/{printer.id}/commands"
    body = {"command_type": "set_bed_temp", "metadata": {"target": 60, "other": 1}}
    command = (await client.post(url, json=body)).json()
    assert (command["command_type"], command["metadata"], command["status"]) == (
        "set_bed_temp", {"target": 60}, "pending",
    )  # fmt: skip
    assert command["expires_at"] == "2026-03-02T09:01:00.000Z"
    assert [row["id"] for row in (await client.get(url)).json()] == [command["id"]]


@pytest.mark.parametrize(
    ("kind", "arguments", "status", "words"),
    [
        ("set_bed_temp", {"target": 101}, 400, "bed of this printer goes from 0 to 100"),
        ("set_bed_temp", {"target": "hot"}, 400, "must be a number"),
        ("set_nozzle_temp", {"target": -1}, 400, "nozzle of this printer goes from 0 to 300"),
        ("set_chamber_temp", {"target": 40}, 409, "no chamber heater"),
        ("set_fan_speed", {"target": 101}, 400, "from 0 to 100"),
        ("set_fan_speed", {"fan": "left", "target": 1}, 400, "fan must be one of"),
        ("set_print_speed", {"target": 0}, 400, "from 1 to 200"),
        ("load_filament", {"slot": 25}, 400, "from 0 to 24"),
        ("set_flow_rate", {"target": 201}, 400, "from 50 to 200"),
        ("jog", {"axis": "x", "distance": 257}, 400, "x must be from -256 to 256"),
        ("jog", {"axis": "e", "distance": 1}, 400, "axis must be one of x, y, z"),
        ("jog", {}, 400, "needs an axis"),
        ("extrude", {"distance": 101}, 400, "from 0.1 to 100"),
        ("explode", {}, 409, "There is no command 'explode'"),
        ("start_print", {}, 400, "sending its job"),
        ("custom_gcode", {"gcode": "M104 S500"}, 400, "nozzle of this printer"),
        ("custom_gcode", {"gcode": "g28\nm500 ; keep"}, 400, "M500 is refused"),
        ("custom_gcode", {"gcode": "M997"}, 400, "replaces its firmware"),
        ("custom_gcode", {"gcode": " "}, 400, "1 to 2000 characters"),
    ],
)
async def test_harmful_or_impossible_commands_are_not_queued(
    client: AsyncClient,
    database: Database,
    owner: Actor,
    kind: str,
    arguments: dict[str, Any],
    status: int,
    words: str,
) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
    answer = await client.post(
        f"/api/printers/{printer.id}/commands", json={"command_type": kind, "metadata": arguments}
    )
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    async with database.read() as session:
        queued = await session.scalar(
            select(PrinterCommand.id).where(PrinterCommand.organization_id == owner.organization_id)
        )
    assert queued is None


async def test_only_admins_send_gcode(
    client_as: ClientAs, database: Database, owner: Actor, member: Actor
) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
    url = f"/api/printers/{printer.id}/commands"
    body = {"command_type": "custom_gcode", "metadata": {"gcode": "G28"}}
    assert (await (await client_as(member)).post(url, json=body)).status_code == 403
    assert (await (await client_as(owner)).post(url, json=body)).status_code == 201


async def test_slots_and_status_are_told(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
    slots = (await client.get(f"/api/printers/{printer.id}/slots")).json()
    assert [(s["slot"], s["material"], s["color"]) for s in slots] == [(1, "PLA", "000000")]
    status = (await client.get(f"/api/printers/{printer.id}/status")).json()
    assert (status["status"], status["connection"], status["progress_percentage"]) == (
        "idle", ConnectionState.ONLINE, None,
    )  # fmt: skip


async def test_diagnosis_says_which_part_of_the_way_is_closed(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        printer.ports = {"mqtt": 1}  # nothing listens there
    found = (await client.post(f"/api/printers/{printer.id}/diagnose")).json()
    assert found["is_ok"] is False
    kinds = [step["status"] for step in found["steps"]]
    assert kinds == ["ok", "failed", *["not_reached"] * 7]
    assert (found["steps"][1]["finding"], found["advice"]) == (
        "port_closed",
        found["steps"][1]["sentence"],
    )


async def test_command_for_a_printer_without_a_driver_waits_for_whoever_polls(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        printer.driver = "network"
    told = await client.post(
        f"/api/printers/{printer.id}/commands", json={"command_type": "pause_print"}
    )
    assert (told.status_code, told.json()["status"]) == (201, "pending")
    asked = await client.post(f"/api/printers/{printer.id}/diagnose")
    assert (asked.status_code, asked.json()["code"]) == (409, "printer-not-driven-here")


async def test_a_server_outside_of_the_shops_network_looks_at_none_of_its_addresses(
    process: Process, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
    public = replace(
        process, settings=process.settings.model_copy(update={"network": Network.PUBLIC})
    )
    with pytest.raises(NotDrivenHere, match=r"NETWORK=public\)\. Give .* to an agent"):
        await diagnosing.diagnose(public, owner, Ref(printer.id, None))
