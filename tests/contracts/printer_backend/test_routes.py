"""The printer backend that we are for others: the requests as its document prints them."""

import base64
from typing import Any

import pytest
from httpx import AsyncClient

from tests.contracts.printer_backend.documented import assert_documented, covers, zulu_time
from tests.contracts.printpro3d.backend import Backend
from tests.factories import make_printer

PRINTED_JOB: dict[str, Any] = {
    "job_id": "uuid",
    "product_id": "uuid",
    "product_name": "Product Name",
    "printer_target": {
        "printer_id": "uuid",
        "printer_name": "Bambu X1C",
        "ip_address": "192.168.1.100",
        "access_code": "12345678",
    },
    "gcode_file": {"url": "https://signed-url.example/model.gcode", "file_name": "model.gcode"},
    "print_parameters": {},
}
CONTENT = b"G28 ; home\n"


async def upload(partner: AsyncClient) -> dict[str, Any]:
    answer = await partner.post(
        "/upload",
        data={"recipientId": "RID123", "productId": "PROD-55"},
        files={"file": ("model.gcode", CONTENT, "application/octet-stream")},
    )
    found: dict[str, Any] = answer.json()
    return found


def is_empty(value: Any) -> bool:
    return bool(value == [])


async def polled_printer(backend: Backend) -> str:
    """Driven by a program of its own; its serial."""
    return str((await backend.external_printer()).serial)


@covers("GET /printer-backend")
async def test_root_says_that_it_runs(partner: AsyncClient) -> None:
    for path in ("", "/", "/health"):
        answer = await partner.get(f"http://shop.test/printer-backend{path}")
        assert_documented(answer, {"ok": True, "message": str})


@covers("POST /printer-backend/sendPrintJob")
async def test_job_is_handed_over(backend: Backend, partner: AsyncClient) -> None:
    async with backend.shop.process.database.write() as session:
        await make_printer(session, backend.shop.owner, "Bambu X1C")
    answer = await partner.post("/sendPrintJob", json=PRINTED_JOB)
    assert_documented(
        answer, {"ok": True, "job_id": "uuid", "status": "received", "created_at": zulu_time}
    )


@covers("POST /printer-backend/upload")
async def test_file_is_uploaded_as_a_form_and_by_its_link(partner: AsyncClient) -> None:
    made = await upload(partner)
    assert (made["ok"], made["productId"], made["recipientId"]) == (True, "PROD-55", "RID123")
    assert zulu_time(made["expiresAt"])
    linked = await partner.post(
        "/upload",
        json={
            "recipientId": "RID123",
            "productId": "PROD-56",
            "gcodeUrl": "https://storage.googleapis.com/bucket/file.gcode",
            "encryptedData": "base64-encrypted-string",
            "unencryptedData": '{"printSettings":"..."}',
        },
    )
    assert_documented(
        linked,
        {
            "ok": True,
            "fileId": str,
            "productId": "PROD-56",
            "recipientId": "RID123",
            "fetchToken": str,
            "expiresAt": zulu_time,
        },
    )


@covers("GET /printer-backend/fetch/{token}")
async def test_file_is_fetched_once(partner: AsyncClient) -> None:
    made = await upload(partner)
    answer = await partner.get(f"/fetch/{made['fetchToken']}")
    assert_documented(
        answer,
        {
            "ok": True,
            "fileId": made["fileId"],
            "recipientId": "RID123",
            "productId": "PROD-55",
            "fetchToken": made["fetchToken"],
            "data": base64.b64encode(CONTENT).decode(),
            "fileName": "model.gcode",
            "metadata": {"encryptedData": None, "unencryptedData": None},
        },
    )
    assert (await partner.get(f"/fetch/{made['fetchToken']}")).status_code == 410


@covers("POST /printer-backend/products/{product}/handshake")
async def test_handshake_gives_a_fresh_token(partner: AsyncClient) -> None:
    await upload(partner)
    answer = await partner.post("/products/PROD-55/handshake", json={"recipientId": "RID123"})
    assert_documented(
        answer,
        {
            "ok": True,
            "productId": "PROD-55",
            "recipientId": "RID123",
            "fetchToken": str,
            "expiresAt": zulu_time,
            "hasFiles": True,
        },
    )


@covers("POST /printer-backend/products/{product}/status")
async def test_device_reports_a_product(partner: AsyncClient) -> None:
    await upload(partner)
    answer = await partner.post(
        "/products/PROD-55/status",
        json={
            "recipientId": "RID123",
            "requestedMode": "remote",
            "success": True,
            "fileName": "model.3mf",
            "lastRequestedAt": "2025-10-31T10:30:00Z",
            "errorMessage": None,
            "printStarted": True,
            "printCompleted": False,
        },
    )
    assert_documented(answer, {"ok": True, "productId": "PROD-55", "status": "printing"})


@covers(
    "POST /printer-backend/api/apps/{app}/functions/listPendingJobs",
    "POST /printer-backend/api/apps/{app}/functions/listRecipientFiles",
    "GET /printer-backend/recipients/{recipient}/pending",
)
async def test_pending_files_are_listed(partner: AsyncClient) -> None:
    made = await upload(partner)
    told = {"recipientId": "RID123"}
    for answer in (
        await partner.post("/api/apps/shop/functions/listPendingJobs", json=told),
        await partner.post("/api/apps/shop/functions/listRecipientFiles", json=told),
        await partner.get("/recipients/RID123/pending"),
    ):
        assert_documented(
            answer,
            {
                "ok": True,
                "pending": [
                    {
                        "fileId": made["fileId"],
                        "productId": "PROD-55",
                        "fileName": "model.gcode",
                        "fetchToken": str,
                        "status": "pending",
                        "createdAt": zulu_time,
                    }
                ],
                "skipped": is_empty,
            },
        )


@covers("POST /printer-backend/api/apps/{app}/functions/claimJob")
async def test_job_is_claimed(partner: AsyncClient) -> None:
    made = await upload(partner)
    body = {"recipientId": "RID123", "printerId": "printer-001", "jobId": made["fileId"]}
    answer = await partner.post("/api/apps/shop/functions/claimJob", json=body)
    assert_documented(
        answer,
        {
            "ok": True,
            "jobId": made["fileId"],
            "status": "claimed",
            "claimedBy": "printer-001",
            "claimedAt": zulu_time,
        },
    )
    other = await partner.post(
        "/api/apps/shop/functions/claimJob", json=body | {"printerId": "printer-002"}
    )
    assert (other.status_code, other.json()["error_type"]) == (409, "ConflictError")


@covers(
    "POST /printer-backend/control",
    "GET /printer-backend/control",
    "POST /printer-backend/control/ack",
    "POST /printer-backend/control/result",
)
async def test_command_from_its_giver_to_its_result(backend: Backend, partner: AsyncClient) -> None:
    serial = await polled_printer(backend)
    given = await partner.post(
        "/control",
        json={
            "recipientId": "RID123",
            "printerSerial": serial,
            "commandType": "pause",
            "metadata": {"reason": "filament change"},
            "expiresAt": "2099-10-31T15:00:00Z",
            "printerIpAddress": "192.168.1.100",
            "printerId": "printer-001",
        },
    )
    assert_documented(
        given, {"ok": True, "commandId": str, "status": "pending", "createdAt": zulu_time}
    )
    name = given.json()["commandId"]
    listed = await partner.get(
        "/control", params={"recipientId": "RID123", "printerSerial": serial, "limit": 25}
    )
    assert_documented(
        listed,
        {
            "ok": True,
            "commands": [
                {
                    "commandId": name,
                    "commandType": "pause",
                    "status": "pending",
                    "createdAt": zulu_time,
                }
            ],
        },
    )
    told = {"commandId": name, "recipientId": "RID123", "printerSerial": serial}
    taken = await partner.post("/control/ack", json=told | {"status": "processing"})
    assert_documented(
        taken,
        {"ok": True, "commandId": name, "status": "processing", "acknowledgedAt": zulu_time},
    )
    ended = await partner.post(
        "/control/result",
        json=told
        | {"status": "completed", "message": "Print paused successfully", "errorMessage": None},
    )
    assert_documented(
        ended, {"ok": True, "commandId": name, "status": "completed", "completedAt": zulu_time}
    )


@covers(
    "POST /printer-backend/printer-status",
    "POST /printer-backend/api/apps/{app}/functions/updatePrinterStatus",
)
@pytest.mark.parametrize("path", ["/printer-status", "/api/apps/a/functions/updatePrinterStatus"])
async def test_printer_status_is_told(backend: Backend, partner: AsyncClient, path: str) -> None:
    answer = await partner.post(
        path,
        json={
            "recipientId": "RID123",
            "printerSerial": await polled_printer(backend),
            "printerIpAddress": "192.168.1.100",
            "status": {
                "state": "printing",
                "progress": 45,
                "bedTemp": 60,
                "nozzleTemp": 220,
                "remainingTime": 3600,
                "gcodeState": "RUNNING",
                "amsStatus": "idle",
            },
            "timestamp": "2025-10-31T10:05:00Z",
        },
    )
    assert_documented(answer, {"ok": True, "statusUpdateId": str, "timestamp": zulu_time})


async def test_refusals_have_the_documented_form(partner: AsyncClient) -> None:
    partner.headers["X-API-Key"] = "wrong"
    answer = await partner.get("/recipients/RID123/pending")
    assert answer.status_code == 401
    body = answer.json()
    assert (body["ok"], body["error_type"]) == (False, "AuthError")
    assert body["message"] == body["detail"]
