"""Devices that poll our printer backend: each file is fetched and each command carried out once."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from shopwright.fleet.states import DrivenBy
from shopwright.print_jobs.backend import intake as backend_intake
from shopwright.print_jobs.backend.files import BackendFetcher
from shopwright.print_jobs.states import JobStatus, ReceivedStatus
from tests.clock import FixedClock
from tests.print_jobs.backend.files import FileShelf, payload
from tests.print_jobs.backend.shop import FILE, Shop

PLACE = {"recipientId": "RID123", "productId": "PROD-55"}
LIST = "/api/apps/shop/functions/listPendingJobs"
CLAIM = "/api/apps/shop/functions/claimJob"


@pytest.fixture
async def device(far: Shop) -> AsyncIterator[httpx.AsyncClient]:
    client = await far.as_backend()
    async with client:
        yield client


async def upload(device: httpx.AsyncClient, **more: str) -> httpx.Response:
    files = {"file": ("gear.gcode.3mf", FILE, "model/3mf")}
    return await device.post("/upload", data=PLACE | more, files=files)


async def pending(device: httpx.AsyncClient, recipient: str = "RID123") -> list[dict[str, str]]:
    answer = await device.get(f"/recipients/{recipient}/pending")
    found: list[dict[str, str]] = answer.json()["pending"]
    return found


async def test_uploaded_file_is_listed_fetched_once_and_then_gone(
    far: Shop, device: httpx.AsyncClient
) -> None:
    made = (await upload(device, unencryptedData='{"note": "careful"}')).json()
    assert (made["ok"], made["productId"], made["recipientId"]) == (True, "PROD-55", "RID123")
    (waiting,) = await pending(device)
    assert (waiting["fileId"], waiting["fileName"]) == (made["fileId"], "gear.gcode.3mf")
    assert await pending(device, "another") == []

    answers = await asyncio.gather(
        *(
            device.get(f"/fetch/{token}")
            for token in (made["fetchToken"], waiting["fetchToken"]) * 2
        )
    )

    assert sorted(one.status_code for one in answers) == [200, 410, 410, 410]
    fetched = next(one for one in answers if one.status_code == 200).json()
    assert base64.b64decode(fetched["data"]) == FILE
    assert fetched["fileName"] == "gear.gcode.3mf"
    assert fetched["metadata"]["unencryptedData"] == '{"note": "careful"}'
    assert await pending(device) == []
    (received,) = await far.received()
    assert received.status is ReceivedStatus.CLAIMED


async def test_lost_download_is_fetched_again_after_a_handshake(
    far: Shop, device: httpx.AsyncClient
) -> None:
    made = (await upload(device)).json()
    assert (await device.get(f"/fetch/{made['fetchToken']}")).status_code == 200
    path = "/products/PROD-55/handshake"
    shaken = (await device.post(path, json={"recipientId": "RID123"})).json()
    assert (shaken["ok"], shaken["hasFiles"]) == (True, True)
    assert (await device.get(f"/fetch/{shaken['fetchToken']}")).status_code == 200
    assert (await device.get(f"/fetch/{shaken['fetchToken']}")).status_code == 410
    unknown = await device.post(path, json={"recipientId": "another"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "backend-product-unknown")


async def test_token_runs_out_and_a_made_up_one_is_none(
    device: httpx.AsyncClient, far: Shop, clock: FixedClock
) -> None:
    token = (await upload(device)).json()["fetchToken"]
    changed = token[:-1] + ("0" if token[-1] != "0" else "1")
    for wrong in (changed, "x", "a" * 300):
        assert (await device.get(f"/fetch/{wrong}")).status_code == 404
    clock.advance(minutes=16)
    late = await device.get(f"/fetch/{token}")
    assert (late.status_code, late.json()["code"]) == (410, "fetch-token-spent")
    (received,) = await far.received()
    assert received.status is ReceivedStatus.UPLOADED
    (waiting,) = await pending(device)
    assert (await device.get(f"/fetch/{waiting['fetchToken']}")).status_code == 200


async def test_job_is_claimed_by_one_device(far: Shop, device: httpx.AsyncClient) -> None:
    made = (await upload(device)).json()
    body = {"recipientId": "RID123", "jobId": made["fileId"]}
    answers = await asyncio.gather(
        *(device.post(CLAIM, json=body | {"printerId": f"printer-{n}"}) for n in range(4))
    )
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    winner = next(one for one in answers if one.status_code == 200).json()
    again = await device.post(CLAIM, json=body | {"printerId": winner["claimedBy"]})
    assert (again.status_code, again.json()["claimedAt"]) == (200, winner["claimedAt"])
    assert (await device.post(LIST, json={"recipientId": "RID123"})).json()["pending"] == []
    assert (await device.get(f"/fetch/{winner['fetchToken']}")).status_code == 200


async def test_device_says_what_became_of_a_print(far: Shop, device: httpx.AsyncClient) -> None:
    await upload(device)
    path = "/products/PROD-55/status"
    told = {"recipientId": "RID123", "requestedMode": "remote", "success": True}
    steps = [
        (told | {"printStarted": True, "printCompleted": False}, 200, "printing"),
        (told | {"printStarted": True, "printCompleted": True}, 200, "completed"),
        (told | {"printStarted": True, "printCompleted": True}, 200, "completed"),
        (told | {"success": False, "errorMessage": "jam"}, 409, None),
    ]
    for body, status, word in steps:
        answer = await device.post(path, json=body)
        assert (answer.status_code, answer.json().get("status")) == (
            status, word or status,
        )  # fmt: skip
    (received,) = await far.received()
    assert received.status is ReceivedStatus.COMPLETED


async def test_job_for_a_printer_with_a_program_of_its_own_is_polled_and_reported(
    far: Shop, device: httpx.AsyncClient, fetcher: BackendFetcher
) -> None:
    """The job of our queue follows what the device says."""
    printer = await far.printer(DrivenBy.EXTERNAL)
    async with FileShelf() as shelf:
        body = payload(shelf.put(FILE), recipient_id="RID123")
        await device.post("/sendPrintJob", json=body)
        await fetcher.look()
    (waiting,) = await pending(device)
    assert waiting["jobId"] == body["job_id"]
    assert (await device.get(f"/fetch/{waiting['fetchToken']}")).status_code == 200
    (job,) = await far.jobs()
    assert (job.status, job.printer_id) == (JobStatus.CLAIMED, printer.id)

    path = "/products/PROD-55/status"
    for done, status in ((False, "printing"), (True, "completed")):
        told = {"recipientId": "RID123", "printStarted": True, "printCompleted": done}
        assert (await device.post(path, json=told)).json()["status"] == status
        assert (await device.get(f"/jobs/{body['job_id']}")).json()["status"] == status
    (job,) = await far.jobs()
    assert job.status is JobStatus.COMPLETED


async def test_what_a_printer_of_ours_prints_no_device_can_take(
    far: Shop, device: httpx.AsyncClient, fetcher: BackendFetcher
) -> None:
    await far.printer()
    async with FileShelf() as shelf:
        body = payload(shelf.put(FILE), recipient_id="RID123")
        await device.post("/sendPrintJob", json=body)
        await fetcher.look()
    assert await pending(device) == []
    claimed = await device.post(CLAIM, json={"recipientId": "RID123", "jobId": body["job_id"]})
    assert (claimed.status_code, claimed.json()["code"]) == (409, "backend-job-taken")
    shaken = await device.post("/products/PROD-55/handshake", json={"recipientId": "RID123"})
    assert (shaken.json()["hasFiles"], shaken.json()["fetchToken"]) == (False, None)


async def test_file_by_its_link_is_fetched_for_the_device(
    far: Shop, device: httpx.AsyncClient, fetcher: BackendFetcher
) -> None:
    async with FileShelf() as shelf:
        url = shelf.put(b"G28\n", name="part.gcode")
        made = await device.post("/upload", json=PLACE | {"gcodeUrl": url})
        assert (made.status_code, made.json()["status"]) == (200, "received")
        assert await pending(device) == []
        await fetcher.look()
    (waiting,) = await pending(device)
    fetched = (await device.get(f"/fetch/{waiting['fetchToken']}")).json()
    assert (fetched["fileName"], base64.b64decode(fetched["data"])) == ("part.gcode", b"G28\n")


async def test_upload_by_a_senders_job_id_is_one_upload(
    far: Shop, device: httpx.AsyncClient
) -> None:
    first, again = [await upload(device, jobId="job-7") for _ in range(2)]
    assert first.json()["fileId"] == again.json()["fileId"]
    assert len(await far.received()) == 1


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"productId": "P"}, "gear.gcode", "recipientId"),
        (PLACE, "gear.exe", "must end with"),
    ],
)
async def test_bad_uploads_are_refused(
    far: Shop, device: httpx.AsyncClient, fields: dict[str, str], name: str, words: str
) -> None:
    before = _stored(far)
    refused = await device.post("/upload", data=fields, files={"file": (name, b"G28")})
    assert (refused.status_code, refused.json()["error_type"]) == (400, "ValidationError")
    assert words in refused.json()["detail"]
    assert await far.received() == []
    assert _stored(far) == before


async def test_more_uploads_than_can_wait_are_refused_and_leave_no_bytes(
    far: Shop, device: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _stored(far)
    monkeypatch.setattr(backend_intake, "MAX_OPEN", 0)
    refused = await upload(device)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert _stored(far) == before


async def test_what_a_sender_tells_beside_the_file_has_a_limit(
    far: Shop, device: httpx.AsyncClient
) -> None:
    before = _stored(far)
    refused = await upload(device, unencryptedData="x" * 20_001)
    assert refused.status_code == 400
    assert "unencryptedData" in refused.json()["detail"]
    assert _stored(far) == before


def _stored(far: Shop) -> set[Path]:
    folder = far.process.settings.data_dir / "files"
    return {path for path in folder.rglob("*") if path.is_file()}


async def test_command_is_polled_taken_by_one_device_and_ended(
    far: Shop, device: httpx.AsyncClient
) -> None:
    printer = await far.printer(DrivenBy.EXTERNAL)
    body = {
        "recipientId": "RID123",
        "printerSerial": printer.serial,
        "commandType": "heat",
        "metadata": {"bedTemp": 60},
    }
    made = await device.post("/control", json=body)
    assert (made.status_code, made.json()["status"]) == (200, "pending"), made.text
    name = made.json()["commandId"]
    polled = (await device.get("/control", params={"printerSerial": printer.serial})).json()
    assert [one["commandId"] for one in polled["commands"]] == [name]
    assert polled["commands"][0]["metadata"] == {"bedTemp": 60}

    taken = {"commandId": name, "recipientId": "RID123", "printerSerial": printer.serial}
    assert (await device.post("/control/ack", json=taken)).json()["status"] == "processing"
    assert (await device.post("/control/ack", json=taken)).status_code == 200
    other = await device.post("/control/ack", json=taken | {"recipientId": "another"})
    assert (other.status_code, other.json()["code"]) == (409, "backend-command-taken")
    assert (await device.get("/control")).json()["commands"] == []

    ended = taken | {"status": "error", "errorMessage": "the heater is cold"}
    assert (await device.post("/control/result", json=ended)).json()["status"] == "failed"
    shown = (await device.get(f"/control/{name}")).json()
    assert (shown["status"], shown["message"]) == ("failed", "the heater is cold")


async def test_command_for_a_printer_of_ours_is_queued_for_its_own_link(
    far: Shop, device: httpx.AsyncClient
) -> None:
    printer = await far.printer()
    made = await device.post(
        "/control", json={"recipientId": "R", "printerId": printer.uuid, "commandType": "light_on"}
    )
    assert (made.status_code, made.json()["status"]) == (200, "pending"), made.text
    assert (await device.get("/control")).json()["commands"] == []
    refused = await device.post("/control/ack", json={"commandId": made.json()["commandId"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "command-not-reportable")


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"commandType": "explode"}, 400, "commandType must be one of"),
        ({"commandType": "heat", "metadata": {"bedTemp": 900}}, 400, "bed"),
        ({"commandType": "pause", "expiresAt": "2020-01-01T00:00:00Z"}, 400, "is over"),
        ({"commandType": "pause", "expiresAt": "soon"}, 400, "is no date"),
        ({"commandType": "pause", "metadata": {"job_id": "nobody's"}}, 404, "was handed over"),
        ({"commandType": "pause", "printerSerial": "none"}, 404, "None of our printers"),
        ({"commandType": "sendGcode", "metadata": {"gcode": "M104 S200"}}, 403, "role admin"),
    ],
)
async def test_bad_commands_are_refused_in_words(
    far: Shop,
    device: httpx.AsyncClient,
    changes: dict[str, object],
    status: int,
    words: str,
) -> None:
    printer = await far.printer()
    body = {"recipientId": "RID123", "printerSerial": printer.serial} | changes
    refused = await device.post("/control", json=body)
    assert refused.status_code == status, refused.text
    assert words in refused.json()["message"]


async def test_device_reports_its_printer(far: Shop, device: httpx.AsyncClient) -> None:
    printer = await far.printer(DrivenBy.EXTERNAL)
    body = {
        "recipientId": "RID123",
        "printerSerial": printer.serial,
        "status": {"state": "printing", "progress": 45, "bedTemp": 60, "gcodeState": "RUNNING"},
        "timestamp": "2025-10-31T10:05:00Z",
    }
    for path in ("/printer-status", "/api/apps/shop/functions/updatePrinterStatus"):
        kept = await device.post(path, json=body)
        assert kept.status_code == 200, kept.text
        assert kept.json()["statusUpdateId"].startswith(printer.uuid)
    latest = (await far.get(f"/api/printer-status/latest/{printer.id}")).json()
    assert (latest["status"], latest["progress_percentage"]) == ("printing", 45)
    odd = await device.post("/printer-status", json=body | {"status": {"state": "dancing"}})
    assert odd.status_code == 400


async def test_another_shop_sees_none_of_it(far: Shop, device: httpx.AsyncClient) -> None:
    made = (await upload(device)).json()
    async with AsyncExitStack() as stack:
        stranger = await stack.enter_async_context(far.server.open_shop({}, sweeps=False))
        other = await stack.enter_async_context(await stranger.as_backend())
        assert await pending(other) == []
        claim = {"recipientId": "RID123", "jobId": made["fileId"]}
        assert (await other.post(CLAIM, json=claim)).status_code == 404
        shake = await other.post("/products/PROD-55/handshake", json={"recipientId": "RID123"})
        assert shake.status_code == 404
        assert (await other.get(f"/jobs/{made['fileId']}")).status_code == 404
    assert len(await pending(device)) == 1
