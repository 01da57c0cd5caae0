"""Printers, as the printer backend's document prints them."""

from typing import Any

import pytest
from httpx import AsyncClient

from shopwright.accounts.models import Organization
from shopwright.fleet import service as fleet
from shopwright.fleet.states import Activity
from shopwright.kernel.actor import Actor
from shopwright.telemetry.latest import LatestSnapshots, Snapshot
from tests.clock import START
from tests.conftest import ClientAs
from tests.contracts.printpro3d.backend import EXTERNAL, Backend
from tests.contracts.printpro3d.documented import (
    assert_documented,
    covers,
    like,
    millis_time,
    number,
)

PRINTED = {
    "name": "Bambu Lab X1C #1",
    "brand": "Bambu Lab",
    "model": "X1 Carbon",
    "ip_address": "192.168.1.100",
    "access_code": "12345678",
    "num_ams_units": 1,
    "supported_materials": ["PLA", "PETG", "ABS"],
}
EVERYTHING = PRINTED | {
    "serial_number": "00M09A000000042",
    "connection_type": "network",
    "mqtt_broker": "192.168.1.5",
    "mqtt_username": "bblp",
    "mqtt_password": "87654321",
    "max_build_volume_x": 256,
    "max_build_volume_y": 256,
    "max_build_volume_z": 250.5,
    "max_nozzle_temp": 300,
    "max_bed_temp": 110,
    "default_nozzle_size": 0.6,
    "location": "Cellar",
    "notes": "squeaks",
}
ROW = {
    "id": int,
    "uuid": str,
    "name": str,
    "brand": str,
    "model": str | None,
    "ip_address": str,
    "connection_type": str,
    "is_active": bool,
    "status": str,
    "live_status": str,
    "current_status": str,
    "created_at": millis_time,
    "updated_at": millis_time,
}


@covers("POST /api/printers")
async def test_printer_is_made_as_printed(backend: Backend) -> None:
    made = assert_documented(
        await backend.post("/api/printers", **PRINTED),
        ROW | like({name: told for name, told in PRINTED.items() if name != "access_code"}),
        201,
    )

    assert (made["status"], made["is_active"]) == ("offline", True)
    assert "12345678" not in str(made)


async def test_printer_keeps_everything_that_the_document_lets_it_have(backend: Backend) -> None:
    answer = await backend.post("/api/printers", **EVERYTHING)

    hidden = {"access_code", "mqtt_password", "connection_type"}
    assert_documented(
        answer, like({name: told for name, told in EVERYTHING.items() if name not in hidden}), 201
    )
    assert "87654321" not in answer.text
    assert "12345678" not in answer.text


@pytest.mark.parametrize("minimal", [{"name": "Test Printer", "ip_address": "192.168.1.100"}])
async def test_printer_of_the_curl_example_is_made(
    backend: Backend, minimal: dict[str, Any]
) -> None:
    assert_documented(await backend.post("/api/printers", **minimal), ROW, 201)


@covers("GET /api/printers")
async def test_printers_are_listed_by_name_and_shown_word(backend: Backend) -> None:
    await backend.post("/api/printers", **EXTERNAL | {"name": "Zoe"})
    own = await backend.own_printer()

    rows = assert_documented(
        await backend.get("/api/printers"),
        [ROW | {"progress_percentage": number_or_none, "nozzle_temp_current": number_or_none}],
    )
    assert [row["status"] for row in rows] == ["idle", "offline"]
    idle = (await backend.get("/api/printers", status="IDLE")).json()
    assert [row["id"] for row in idle] == [own.id]
    assert (await backend.get("/api/printers", status="printing")).json() == []


@covers("GET /api/printers/{id}")
async def test_one_printer_has_layers_temperatures_and_targets(backend: Backend) -> None:
    own = await backend.own_printer()
    async with backend.shop.process.database.write() as session:
        shown = await fleet.get_printer(session, backend.shop.owner, own.id)
        shown.activity = Activity.PRINTING
    backend.shop.process.context.keep(LatestSnapshots).put(
        Snapshot(
            organization_id=own.organization_id,
            printer_id=own.id,
            at=START,
            connection="online",
            activity="printing",
            percent=45.5,
            layer=120,
            layers=250,
            remaining_s=4200,
            nozzle=218.5,
            nozzle_target=220,
            bed=59.8,
            bed_target=60,
        )
    )

    assert_documented(
        await backend.get(f"/api/printers/{own.uuid}"),
        ROW
        | {
            "live_status": "printing",
            "progress_percentage": 45.5,
            "current_layer": 120,
            "total_layers": 250,
            "nozzle_temp_current": 218.5,
            "nozzle_temp_target": 220,
            "bed_temp_current": 59.8,
            "bed_temp_target": 60,
            "time_remaining_seconds": 4200,
            "last_update_timestamp": "2026-03-02T09:00:00.000Z",
        },
    )


@covers("PUT /api/printers/{id}")
async def test_printer_is_changed(backend: Backend) -> None:
    made = (await backend.post("/api/printers", **EXTERNAL)).json()
    url = f"/api/printers/{made['uuid']}"

    changed = await backend.put(url, name="Renamed", firmware_version="01.08", max_bed_temp=90)

    assert_documented(
        changed, ROW | {"name": "Renamed", "firmware_version": "01.08", "max_bed_temp": 90}
    )
    nothing = await backend.put(url, colour="red")
    assert (nothing.status_code, nothing.json()["error"][:27]) == (
        400,
        "Nothing to change was sent.",
    )


@covers("DELETE /api/printers/{id}")
async def test_deleted_printer_is_hidden_and_can_come_back(backend: Backend) -> None:
    made = (await backend.post("/api/printers", **EXTERNAL)).json()
    url = f"/api/printers/{made['id']}"

    assert_documented(await backend.delete(url), {"message": str})

    assert (await backend.get("/api/printers")).json() == []
    assert (await backend.get(url)).status_code == 404
    hidden = (await backend.get("/api/printers", includeInactive="true")).json()
    assert [row["is_active"] for row in hidden] == [False]
    assert (await backend.get(url, includeInactive="true")).json()["is_active"] is False
    back = await backend.put(url, is_active=True)
    assert (back.status_code, back.json()["is_active"]) == (200, True)
    gone = await backend.put(url, is_active=False)
    assert gone.json()["is_active"] is False
    assert (await backend.get("/api/printers")).json() == []


async def test_organization_may_stand_in_query_or_body_but_not_two(
    backend: Backend, client: AsyncClient, other_organization: Organization
) -> None:
    asked = {"organizationId": backend.organization}
    by_id = {"organizationId": backend.shop.owner.organization_id}
    for params, told in ((asked, {}), ({}, asked), (asked, asked), (by_id, asked), ({}, {})):
        answer = await client.post("/api/printers", params=params, json=EXTERNAL | told)
        assert answer.status_code == 201, answer.text
    both = await client.post(
        "/api/printers", params=asked, json=EXTERNAL | {"organizationId": other_organization.uuid}
    )
    assert (both.status_code, both.json()["error"]) == (
        400, "organizationId in the query is another one than in the body.",
    )  # fmt: skip
    others = {"organizationId": other_organization.uuid}
    for params, told in ((others, {}), ({}, others)):
        foreign = await client.post("/api/printers", params=params, json=EXTERNAL | told)
        assert foreign.status_code == 403
    listed = await client.request("GET", "/api/printers", json=asked)
    assert len(listed.json()) == 5


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/print-jobs"),
        ("POST", "/api/print-jobs"),
        ("GET", "/api/printer-commands"),
        ("GET", "/api/printer-commands/pending"),
        ("POST", "/api/printer-commands"),
        ("POST", "/api/printer-status"),
        ("GET", "/api/printer-status/latest/1"),
        ("GET", "/api/printer-status/history/1"),
    ],
)
async def test_what_only_this_document_has_needs_an_organization(
    backend: Backend, client: AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path, json={} if method == "POST" else None)
    assert (answer.status_code, answer.json()["error"]) == (
        400, "organizationId is missing. Send it in the query or in the body.",
    )  # fmt: skip


async def test_unknown_model_of_a_printer_we_drive_is_refused(backend: Backend) -> None:
    refused = await backend.post("/api/printers", **PRINTED | {"model": "Z9"})

    assert refused.status_code == 400
    assert refused.json()["error"].startswith("The model 'Z9' is not known. Known models of Bambu")
    assert (await backend.get("/api/printers")).json() == []


async def test_viewers_read_and_change_nothing(
    backend: Backend, client_as: ClientAs, viewer: Actor
) -> None:
    client = await client_as(viewer)
    named = {"organizationId": backend.organization}
    assert (await client.get("/api/printers", params=named)).status_code == 200
    assert (await client.post("/api/printers", json=EXTERNAL | named)).status_code == 403
    assert (await client.post("/api/printer-status", json=named)).status_code == 403


def number_or_none(value: Any) -> bool:
    return value is None or number(value)
