"""The vending routes of reference (d): the documented requests, and the documented members, types
and status in the answers; below ``/api/vending`` and at the root, with and without final slash."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shopwright.kernel.edge import Ref
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.states import MoneyPath
from tests.clock import FixedClock
from tests.contracts.shop_manager.documented import assert_documented
from tests.contracts.webstore.store import Store
from tests.contracts.webstore.test_images import data_url, photo

CODE = "JMSOOMSZRQO9"
MACHINE_INFO = {"id": CODE, "name": str, "location": "Central station"}
PRINT = (1390, 2886)  # of the iPhone 15 Pro, 70.6 × 146.6 mm
PREFIXES = ("/api/vending", "")


@dataclass
class Vending:
    """``machine`` calls with its key, ``phone`` without anything."""

    machine: httpx.AsyncClient
    phone: httpx.AsyncClient
    session_id: str = ""
    picture: str = ""

    @property
    def path(self) -> str:
        return f"/api/vending/session/{self.session_id}"

    @property
    def order_data(self) -> dict[str, Any]:
        """As the reference's page sends it."""
        return {
            "brand": "iPhone",
            "brand_id": "BR20250111000002",
            "model": "iPhone 15 Pro",
            "chinese_model_id": "MM020250224000010",
            "mobile_shell_id": "MS102503270003",
            "device_id": CODE,
            "template": {"id": "classic", "name": "Classic"},
            "color": "Natural Titanium",
            "inputText": "hello",
            "selectedFont": "Arial",
            "selectedTextColor": "black",
            "finalImagePublicUrl": self.picture,
        }

    async def scan(self) -> None:
        answer = await self.phone.post(f"{self.path}/register-user", json={"machine_id": CODE})
        assert answer.status_code == 200, answer.text

    async def order(self) -> httpx.Response:
        """With its picture, which the page uploads first."""
        body = {
            "template_id": "classic",
            "final_image_data": data_url(photo(PRINT)),
            "order_id": "session_1",
        }
        uploaded = await self.phone.post("/api/images/upload-final", json=body)
        self.picture = uploaded.json()["public_url"]
        await self.scan()
        return await self.phone.post(
            f"{self.path}/order-summary",
            json={
                "session_id": self.session_id,
                "order_data": self.order_data,
                "payment_amount": 35.0,
                "currency": "EUR",
            },
        )


@pytest.fixture
async def vending(store: Store, app: FastAPI) -> Vending:
    async with store.shop.process.database.write() as session:
        made = await machines.register_machine(
            session,
            store.shop.owner,
            code=CODE,
            location="Central station",
            money_path=MoneyPath.MACHINE,
            now=store.shop.process.clock.now(),
        )
        key = await machines.issue_key(
            session, store.shop.owner, ref=Ref(made.id, None), now=made.created_at
        )
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50002))
    machine = httpx.AsyncClient(
        transport=transport, base_url=store.guest.base_url, headers={"X-API-Key": key.secret}
    )
    vending = Vending(machine, store.guest)
    answer = await machine.post("/api/vending/create-session", json={"machine_id": CODE})
    vending.session_id = answer.json()["session_id"]
    return vending


@pytest.mark.parametrize(
    "path", [f"{prefix}/create-session{slash}" for prefix in PREFIXES for slash in ("", "/")]
)
async def test_create_session(vending: Vending, path: str) -> None:
    body = {
        "machine_id": CODE,
        "location": "Central station",
        "session_timeout_minutes": 30,
        "metadata": {"qr": "v2"},
    }
    told = assert_documented(
        await vending.machine.post(path, json=body),
        {
            "success": True,
            "session_id": str,
            "qr_url": str,
            "expires_at": "2026-03-02T09:30:00Z",
            "timeout_minutes": 30,
            "machine_info": MACHINE_INFO,
            "security_validated": True,
        },
    )
    for part in ("qr=true", f"machine_id={CODE}", told["session_id"], "location=Central+station"):
        assert part in told["qr_url"]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_register_user(vending: Vending, prefix: str) -> None:
    body = {
        "machine_id": CODE,
        "session_id": vending.session_id,
        "location": "Central station",
        "user_agent": "Mozilla/5.0",
        "ip_address": "10.0.0.1",
    }
    assert_documented(
        await vending.phone.post(f"{prefix}/session/{vending.session_id}/register-user", json=body),
        {
            "success": True,
            "session_id": vending.session_id,
            "machine_info": MACHINE_INFO,
            "expires_at": str,
            "user_progress": "qr_scanned",
            "security_validated": True,
        },
    )


async def test_health_and_validate(vending: Vending) -> None:
    assert_documented(
        await vending.phone.get(f"{vending.path}/health"),
        {
            "valid": True,
            "status": "active",
            "message": str,
            "expires_at": str,
            "time_remaining_seconds": 1800,
            "machine_id": CODE,
            "user_progress": "started",
        },
    )
    assert_documented(
        await vending.phone.post(f"{vending.path}/validate"),
        {
            "session_id": vending.session_id,
            "valid": True,
            "security_validated": True,
            "session_health": {
                "is_expired": False,
                "is_active": True,
                "status": "active",
                "user_progress": "started",
                "expires_at": str,
                "last_activity": str,
            },
            "timestamp": str,
        },
    )


async def test_order_summary_payment_and_status(vending: Vending) -> None:
    """The whole way, with the picture as the reference's page sends it."""
    assert_documented(
        await vending.order(),
        {
            "success": True,
            "message": "Order summary sent to vending machine",
            "session_id": vending.session_id,
            "payment_amount": 35.0,
            "currency": "EUR",
            "status": "payment_pending",
            "security_validated": True,
        },
    )
    summary = {
        name: vending.order_data[name]
        for name in ("brand", "model", "template", "color", "inputText", "selectedFont")
    }
    assert_documented(
        await vending.phone.get(f"{vending.path}/order-info"),
        {
            "session_id": vending.session_id,
            "order_summary": summary | {"selectedTextColor": "black"},
            "payment_amount": 35.0,
            "currency": "EUR",
            "machine_info": MACHINE_INFO,
            "session_status": {
                "status": "payment_pending",
                "user_progress": "payment_pending",
                "expires_at": str,
                "last_activity": str,
            },
            "security_validated": True,
        },
    )
    begun = assert_documented(
        await vending.phone.post(f"{vending.path}/init-payment"),
        {
            "success": True,
            "session_id": vending.session_id,
            "chinese_payment_id": None,
            "third_id": str,
            "payment_amount": 35.0,
            "device_id": CODE,
            "status": "awaiting_payment",
            "queue_number": None,
            "order_id": int,
        },
    )
    confirm = {
        "session_id": vending.session_id,
        "payment_method": "contactless",
        "payment_amount": 35.0,
        "transaction_id": "TX-1",
        "payment_data": {"terminal": 3},
    }
    assert_documented(
        await vending.machine.post(f"{vending.path}/confirm-payment", json=confirm),
        {
            "success": True,
            "message": "Payment confirmed successfully",
            "session_id": vending.session_id,
            "transaction_id": "TX-1",
            "status": "payment_completed",
            "security_validated": True,
        },
    )
    assert_documented(
        await vending.phone.get(f"{vending.path}/status"),
        {
            "session_id": vending.session_id,
            "status": "payment_completed",
            "user_progress": str,
            "expires_at": str,
            "created_at": str,
            "last_activity": str,
            "machine_id": CODE,
            "user_registered": True,
            "order_id": begun["order_id"],
            "payment_amount": 35.0,
            "session_data": {"order_summary": dict},
            "order_summary": dict,
            "security_validated": True,
        },
    )


async def test_delete(vending: Vending) -> None:
    assert_documented(
        await vending.machine.delete(vending.path),
        {"success": True, "message": str, "session_id": vending.session_id},
    )


async def test_over_is_410_and_unknown_404(vending: Vending, clock: FixedClock) -> None:
    unknown = await vending.phone.get("/api/vending/session/vs_abc123/status")
    assert_documented(unknown, {"detail": str}, 404)
    clock.advance(minutes=30)
    assert_documented(
        await vending.phone.get(f"{vending.path}/status"),
        {"detail": "This session is over. Scan a new code at the machine."},
        410,
    )
