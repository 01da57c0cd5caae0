"""Printer commands, as the printer backend's document prints them."""

from typing import Any

import pytest

from shopwright.fleet.overdue import OverdueWatch
from shopwright.fleet.rules import COMMAND_TYPES
from shopwright.kernel.actor import Actor
from tests.clock import FixedClock
from tests.conftest import ClientAs
from tests.contracts.printpro3d.backend import EXTERNAL, Backend
from tests.contracts.printpro3d.documented import assert_documented, covers, millis_time

ROW = {
    "id": int,
    "uuid": str,
    "printer_id": int,
    "command_type": "set_bed_temp",
    "metadata": {"target": 60},
    "status": str,
    "printer_ip": "127.0.0.1",
    "error_message": str | None,
    "created_at": millis_time,
}
# The document's, with what each needs; the last five are only in its schema.
METADATA: dict[str, dict[str, Any]] = {
    "pause_print": {},
    "resume_print": {},
    "stop_print": {},
    "cancel_print": {},
    "set_bed_temp": {"target": 60},
    "set_nozzle_temp": {"target": 220},
    "set_chamber_temp": {"target": 45},
    "home_all": {},
    "home_x": {},
    "home_y": {},
    "home_z": {},
    "set_fan_speed": {"target": 80},
    "set_print_speed": {"target": 124},
    "set_flow_rate": {"target": 95},
    "camera_on": {},
    "camera_off": {},
    "light_on": {},
    "light_off": {},
    "load_filament": {"slot": 1},
    "unload_filament": {},
    "custom_gcode": {"gcode": "G28"},
    "jog": {"axis": "x", "distance": 10},
    "extrude": {"distance": 5},
    "retract": {"distance": 5},
    "calibrate_bed": {},
    "calibrate_z_offset": {},
}


async def a_command(backend: Backend, **changes: Any) -> dict[str, Any]:
    """Of a printer whose own program polls, unless another one is named."""
    if "printer_id" not in changes:
        changes["printer_id"] = (await backend.external_printer()).uuid
    body = {"command_type": "set_bed_temp", "metadata": {"target": 60}} | changes
    answer = await backend.post("/api/printer-commands", **body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@covers("POST /api/printer-commands")
async def test_command_is_made_as_printed(backend: Backend) -> None:
    printer = await backend.own_printer()

    made = assert_documented(
        await backend.post(
            "/api/printer-commands",
            printer_id=printer.uuid,
            command_type="set_bed_temp",
            metadata={"target": 60},
        ),
        ROW | {"printer_id": printer.id, "status": "pending", "timeout_seconds": 60},
        201,
    )

    assert (made["sent_at"], made["timeout_at"]) == (None, None)


async def test_every_documented_type_is_taken(backend: Backend) -> None:
    made = await backend.post(
        "/api/printers",
        name="X1E",
        brand="Bambu Lab",
        model="X1E",
        ip_address="192.168.1.9",
        access_code="12345678",
    )
    assert {*METADATA, "start_print"} == set(COMMAND_TYPES)
    for kind, metadata in METADATA.items():
        answer = await backend.post(
            "/api/printer-commands",
            printer_id=made.json()["id"],
            command_type=kind,
            metadata=metadata,
        )
        assert answer.status_code == 201, answer.text


async def test_limits_are_those_of_the_printers_row(backend: Backend) -> None:
    made = (
        await backend.post(
            "/api/printers", **EXTERNAL, max_nozzle_temp=250, max_bed_temp=70, max_build_volume_z=50
        )
    ).json()
    for kind, metadata, words in (
        ("set_nozzle_temp", {"target": 251}, "goes from 0 to 250"),
        ("set_bed_temp", {"target": 71}, "goes from 0 to 70"),
        ("jog", {"z": 51}, "z must be from -50 to 50"),
        ("custom_gcode", {"gcode": "m190 r71"}, "goes from 0 to 70"),
    ):
        refused = await backend.post(
            "/api/printer-commands", printer_id=made["id"], command_type=kind, metadata=metadata
        )
        assert refused.status_code == 400
        assert words in refused.json()["error"]
    assert (await backend.get("/api/printer-commands")).json() == []


async def test_what_a_printer_cannot_do_is_refused_by_its_capability(backend: Backend) -> None:
    printer = await backend.own_printer()
    refused = await backend.post(
        "/api/printer-commands",
        printer_id=printer.id,
        command_type="set_chamber_temp",
        metadata={"target": 40},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "command-unsupported")
    assert "CHAMBER_TEMPERATURE" in refused.json()["error"]


async def test_only_admins_send_gcode(
    backend: Backend, client_as: ClientAs, member: Actor, admin: Actor
) -> None:
    printer = await backend.own_printer()
    body = {
        "organizationId": backend.organization,
        "printer_id": printer.id,
        "command_type": "custom_gcode",
        "metadata": {"gcode": "G28"},
    }
    refused = await (await client_as(member)).post("/api/printer-commands", json=body)
    taken = await (await client_as(admin)).post("/api/printer-commands", json=body)
    assert (refused.status_code, taken.status_code) == (403, 201)


async def test_start_print_dispatches_the_job_that_it_names(backend: Backend) -> None:
    printer = await backend.own_printer()
    job = await backend.job(printer)

    started = await backend.post(
        "/api/printer-commands",
        printer_id=printer.uuid,
        command_type="start_print",
        metadata={"job_id": job["uuid"]},
    )

    assert (started.status_code, started.json()["command_type"]) == (201, "start_print")
    assert (await backend.get(f"/api/print-jobs/{job['id']}")).json()["status"] == "claimed"
    unnamed = await backend.post(
        "/api/printer-commands", printer_id=printer.uuid, command_type="start_print"
    )
    assert (unnamed.status_code, unnamed.json()["error"]) == (
        400, "start_print needs the job_id of the print job in its metadata.",
    )  # fmt: skip


async def test_start_print_of_a_printer_outside_is_handed_to_its_program(backend: Backend) -> None:
    printer = await backend.external_printer()
    job = await backend.job(printer)

    command = await a_command(
        backend,
        printer_id=printer.id,
        command_type="start_print",
        metadata={"job_id": job["id"]},
    )

    assert command["metadata"] == {
        "job_id": job["id"], "job_uuid": job["uuid"], "job_name": "Gear",
    }  # fmt: skip
    read = (await backend.get(f"/api/print-jobs/{job['id']}")).json()
    assert (read["status"], read["claimed_by"]) == ("claimed", "Owner")


@covers("GET /api/printer-commands")
async def test_commands_are_listed_latest_first(backend: Backend) -> None:
    printer, other = await backend.external_printer(), await backend.own_printer()
    first = await a_command(backend, printer_id=printer.id)
    second = await a_command(backend, printer_id=other.id)

    rows = assert_documented(await backend.get("/api/printer-commands"), [ROW])
    assert [row["id"] for row in rows] == [second["id"], first["id"]]
    limited = (await backend.get("/api/printer-commands", limit=1)).json()
    assert [row["id"] for row in limited] == [second["id"]]
    own = (await backend.get("/api/printer-commands", printerId=printer.uuid)).json()
    assert [row["id"] for row in own] == [first["id"]]
    assert (await backend.get("/api/printer-commands", status="completed")).json() == []
    assert (await backend.get("/api/printer-commands", status="lost")).status_code == 400


@covers("GET /api/printer-commands/pending")
async def test_pending_are_those_of_printers_outside_oldest_first(
    backend: Backend, clock: FixedClock
) -> None:
    outside, second = await backend.external_printer(), await backend.external_printer("Second")
    await a_command(backend, printer_id=(await backend.own_printer()).id)
    asked = [await a_command(backend, printer_id=p.id) for p in (outside, second, outside)]

    rows = assert_documented(
        await backend.get("/api/printer-commands/pending", recipientId="default"), [ROW]
    )
    assert [row["id"] for row in rows] == [one["id"] for one in asked]
    of_one = (await backend.get("/api/printer-commands/pending", printerId=second.id)).json()
    assert [row["id"] for row in of_one] == [asked[1]["id"]]
    clock.advance(minutes=15)
    assert (await backend.get("/api/printer-commands/pending")).json() == []


@covers("PUT /api/printer-commands/{command}/status")
async def test_program_outside_says_what_became_of_a_command(backend: Backend) -> None:
    command = await a_command(backend)
    url = f"/api/printer-commands/{command['uuid']}/status"

    sent = await backend.put(url, status="sent")
    assert_documented(
        sent,
        ROW | {"status": "sent", "sent_at": "2026-03-02T09:00:00.000Z",
               "timeout_at": "2026-03-02T09:01:00.000Z"},
    )  # fmt: skip
    assert (await backend.put(url, status="executing")).json()["status"] == "executing"
    done = await backend.put(url, status="completed", result={"bed": 60})
    assert_documented(
        done,
        ROW | {"status": "completed", "result": {"bed": 60},
               "completed_at": "2026-03-02T09:00:00.000Z"},
    )  # fmt: skip
    back = await backend.put(url, status="sent")
    assert (back.status_code, back.json()["error"]) == (
        409, "A completed command cannot become sent.",
    )  # fmt: skip
    assert (await backend.put(url, status="perhaps")).status_code == 400


async def test_failure_is_told_with_its_message(backend: Backend) -> None:
    command = await a_command(backend)
    failed = await backend.put(
        f"/api/printer-commands/{command['id']}/status", status="failed", error_message="door open"
    )
    assert (failed.json()["status"], failed.json()["error_message"]) == ("failed", "door open")


async def test_commands_of_printers_we_drive_are_not_settled_by_clients(backend: Backend) -> None:
    command = await a_command(backend, printer_id=(await backend.own_printer()).id)
    said = await backend.put(f"/api/printer-commands/{command['id']}/status", status="completed")
    assert (said.status_code, said.json()["code"]) == (409, "command-not-reportable")


async def test_command_times_out_so_long_after_it_was_sent(
    backend: Backend, clock: FixedClock
) -> None:
    quick = await a_command(backend, timeout_seconds=5)
    slow = await a_command(backend)
    for command in (quick, slow):
        await backend.put(f"/api/printer-commands/{command['id']}/status", status="sent")
    watch = OverdueWatch(backend.shop.process.database, clock)
    clock.advance(seconds=4)
    await watch.look()
    assert {row["status"] for row in (await backend.get("/api/printer-commands")).json()} == {
        "sent"
    }
    clock.advance(seconds=1)
    await watch.look()

    (timed_out,) = (await backend.get("/api/printer-commands", status="timeout")).json()
    assert (timed_out["id"], timed_out["error_message"]) == (
        quick["id"], "nobody told within 5 s what became of it",
    )  # fmt: skip


@covers("DELETE /api/printer-commands/{command}")
async def test_deleted_command_is_hidden_and_not_carried_out(backend: Backend) -> None:
    waiting, sent = await a_command(backend), await a_command(backend)
    await backend.put(f"/api/printer-commands/{sent['id']}/status", status="sent")

    assert_documented(
        await backend.delete(f"/api/printer-commands/{waiting['id']}"), {"message": str}
    )

    refused = await backend.delete(f"/api/printer-commands/{sent['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "command-on-its-way")
    shown = (await backend.get("/api/printer-commands")).json()
    assert [row["id"] for row in shown] == [sent["id"]]
    assert (await backend.get("/api/printer-commands/pending")).json() == []
    assert (await backend.delete(f"/api/printer-commands/{waiting['id']}")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"printer_id": "own"},
        {"printer_id": "own", "command_type": ""},
        {"printer_id": "own", "command_type": "light_on", "timeout_seconds": 0},
        {"printer_id": "own", "command_type": "light_on", "metadata": "on"},
    ],
)
async def test_incomplete_commands_are_refused(backend: Backend, body: dict[str, Any]) -> None:
    if "printer_id" in body:
        body = body | {"printer_id": (await backend.external_printer()).id}
    assert (await backend.post("/api/printer-commands", **body)).status_code == 400
