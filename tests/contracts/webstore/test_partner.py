"""Every route of reference (d) that the manufacturer calls: the documented request, and the
documented members, types and status in the answer."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shopwright.accounts import keys
from shopwright.kernel.actor import Role
from shopwright.kernel.edge import Process
from shopwright.kernel.times import zulu
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus, StepStatus
from shopwright.sandbox.manufacturer import ManufacturerSandbox
from shopwright.suppliers.models import SupplierOrder
from tests.contracts.webstore.store import Store
from tests.factories import make_kiosk_session
from tests.suppliers.conftest import (
    CALLBACK_SECRET,
    MODEL,
    SHELL,
    Bench,
    bench,
    partner,
    partner_server,
    settings,
    start_machine_payment,
)

__all__ = ["bench", "partner", "partner_server", "settings"]

API = "/api/chinese"
APPLE = "BR20250111000002"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
UNKNOWN = "PYEN260302000000"


@pytest.fixture
async def caller(store: Store, bench: Bench) -> httpx.AsyncClient:
    """The manufacturer: a client with a key of the scope ``partner`` and nothing else."""
    async with bench.process.database.write() as session:
        made = await keys.create_key(
            session, bench.ctx, name="partner", role=Role.MEMBER, scopes=["partner"],
            expires_at=None,
        )  # fmt: skip
    store.guest.headers["X-API-Key"] = made.secret
    return store.guest


async def placed(bench: Bench) -> tuple[Order, SupplierOrder]:
    order = await bench.order()
    row = await bench.settle(order)
    return order, row


def check_times(told: dict[str, Any], *names: str) -> None:
    for name in names:
        assert TIME.fullmatch(told[name]), name


async def test_test_connection(store: Store, bench: Bench) -> None:
    answer = await store.admin.get(f"{API}/test-connection")
    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "success")
    assert told["chinese_api_connection"]["status"] == "connected"
    assert told["api_version"] == "2.1.0"
    assert told["debug_info"]["rate_limit"] == "120 requests/minute"
    assert told["session_format"] == "MACHINE_ID_YYYYMMDD_HHMMSS_RANDOM"
    check_times(told, "timestamp")


async def test_diagnostics_are_for_admins(caller: httpx.AsyncClient) -> None:
    for path in ("/test-connection", "/debug/session-validation/X"):
        assert (await caller.get(API + path)).status_code == 403


async def test_session_validation(store: Store, bench: Bench) -> None:
    good = "10HKNTDOH2BA_20250729_143022_" + "A1" * 16
    told = (await store.admin.get(f"{API}/debug/session-validation/{good}")).json()
    assert (told["is_valid"], told["validation_details"]["parts_count"]) == (True, 4)
    bad = (await store.admin.get(f"{API}/debug/session-validation/nonsense")).json()
    assert (bad["is_valid"], len(bad["suggestions"])) == (False, 3)


@pytest.mark.parametrize(
    "path", ["/brands", "/models/stock-status", "/machines", "/payment/PYEN1/status"]
)
async def test_nobody_comes_in_without_the_partners_key(
    store: Store, bench: Bench, path: str
) -> None:
    assert (await store.guest.get(API + path)).status_code == 401


async def test_a_browser_that_knows_a_payment_proves_nothing(
    store: Store, bench: Bench, partner: ManufacturerSandbox
) -> None:
    order, payment = await start_machine_payment(bench)
    body = {"third_id": payment.key, "status": 3}
    assert (await store.guest.post(f"{API}/order/payStatus", json=body)).status_code == 401
    answer = await store.guest.post(f"{API}/callbacks/guessed/order/payStatus", json=body)
    assert answer.status_code == 404
    assert (await bench.fresh(order)).status is OrderStatus.PENDING_PAYMENT


async def test_pay_status_is_asked_about_and_never_believed(
    caller: httpx.AsyncClient, bench: Bench, partner: ManufacturerSandbox
) -> None:
    order, payment = await start_machine_payment(bench)
    body = {"third_id": payment.key, "status": 3}
    answer = await caller.post(f"{API}/order/payStatus", json=body)
    told = answer.json()
    assert (answer.status_code, told["code"], told["data"]) == (200, 200, "success")
    assert (told["third_id"], told["status"], told["payment_status"]) == (payment.key, 1, "pending")
    assert (await bench.fresh(order)).status is OrderStatus.PENDING_PAYMENT
    partner.payments[payment.key].status = 3
    told = (await caller.post(f"{API}/order/payStatus", json=body)).json()
    assert (told["status"], told["payment_status"], told["order_status"]) == (3, "paid", "paid")
    assert (await bench.fresh(order)).status is OrderStatus.PAID


async def test_pay_status_five_times_is_one_supplier_order(
    caller: httpx.AsyncClient, bench: Bench, partner: ManufacturerSandbox
) -> None:
    order, payment = await start_machine_payment(bench)
    partner.payments[payment.key].status = 3
    listed = [{"third_id": payment.key, "pay_type": 5, "pay_amount": 35, "status": 3,
               "pay_date": "2026-03-02 09:00:00"}]  # fmt: skip
    for _ in range(5):
        assert (await caller.post(f"{API}/order/payStatus", json=listed)).json()["code"] == 200
    row = await bench.settle(order)
    for _ in range(2):
        await caller.post(f"{API}/order/payStatus", json=listed)
    assert (row.payment_key, row.is_payment_ours) == (payment.key, False)
    assert (list(partner.orders), list(partner.payments)) == ([row.key], [payment.key])
    assert partner.orders[row.key].body["third_pay_id"] == payment.key
    assert partner.orders[row.key].sent == 1
    assert partner.count("order/payData") == 1


async def test_the_secret_path_takes_hints_as_well(
    store: Store, bench: Bench, partner: ManufacturerSandbox
) -> None:
    order, payment = await start_machine_payment(bench)
    partner.payments[payment.key].status = 3
    path = f"{API}/callbacks/{CALLBACK_SECRET}/order/payStatus"
    answer = await store.guest.post(path, json=[{"third_id": payment.key, "status": 3}])
    assert (answer.status_code, answer.json()["data"]) == (200, "success")
    assert (await bench.fresh(order)).status is OrderStatus.PAID


async def test_a_partner_that_cannot_be_asked_is_to_tell_it_again(
    caller: httpx.AsyncClient, bench: Bench, partner: ManufacturerSandbox
) -> None:
    _, payment = await start_machine_payment(bench)
    partner.knobs.turn({"is_down": True})
    body = {"third_id": payment.key, "status": 3}
    told = (await caller.post(f"{API}/order/payStatus", json=body)).json()
    assert (told["code"], told["data"]) == (503, "fail")


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "application/json"), (b"[]", "application/json"), (b"{}", "application/json")],
)
async def test_an_empty_body_answers_200(
    caller: httpx.AsyncClient, content: bytes, kind: str
) -> None:
    for path in ("/order/payStatus", "/order/status-update"):
        answer = await caller.post(API + path, content=content, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (200, 200)


async def test_an_unknown_payment_answers_200(caller: httpx.AsyncClient) -> None:
    body = {"third_id": UNKNOWN, "status": 3}
    answer = await caller.post(f"{API}/order/payStatus", json=body)
    told = answer.json()
    assert (answer.status_code, told["code"], told["third_id"]) == (200, 200, UNKNOWN)


@pytest.mark.parametrize("status", [0, 6, "paid?", None])
async def test_a_status_that_there_is_not_is_refused(
    caller: httpx.AsyncClient, status: object
) -> None:
    body = {"third_id": UNKNOWN, "status": status}
    assert (await caller.post(f"{API}/order/payStatus", json=body)).status_code == 400


async def test_payment_status_is_read(
    caller: httpx.AsyncClient, bench: Bench, partner: ManufacturerSandbox
) -> None:
    order, payment = await start_machine_payment(bench)
    told = (await caller.get(f"{API}/payment/{payment.key}/status")).json()
    assert (told["success"], told["status"], told["polling_complete"]) == (True, 1, False)
    assert (told["order_id"], told["total_amount"], told["currency"]) == (order.id, 35.0, "EUR")
    partner.payments[payment.key].status = 4
    await caller.post(f"{API}/order/payStatus", json={"third_id": payment.key, "status": 4})
    told = (await caller.get(f"{API}/payment/{payment.key}/status")).json()
    assert (told["status"], told["payment_status"]) == (4, "failed")
    assert told["polling_complete"] is True
    unknown = await caller.get(f"{API}/payment/{UNKNOWN}/status")
    assert (unknown.status_code, unknown.json()["success"], unknown.json()["status"]) == (
        200, False, 1,
    )  # fmt: skip


async def test_order_status_update_moves_what_the_partner_confirms(
    caller: httpx.AsyncClient, bench: Bench, partner: ManufacturerSandbox
) -> None:
    order, row = await placed(bench)
    partner.orders[row.key].status = 11
    body = {
        "order_id": str(order.id), "status": "printing", "queue_number": "PMC-00123",
        "estimated_completion": "2026-03-02T15:30:00Z", "chinese_order_id": "CN-1",
        "notes": "Started printing process", "equipment_id": "CN_DEBUG_01",
    }  # fmt: skip
    for _ in range(2):
        answer = await caller.post(f"{API}/order-status-update", json=body)
        told = answer.json()
        assert (answer.status_code, told["success"], told["status"]) == (200, True, "printing")
        assert (told["order_id"], told["order_status"]) == (order.id, "printing")
        check_times(told, "updated_at")
    partner.orders[row.key].status = 12
    done = {"order_id": order.id, "status": "printed"}
    assert (await caller.post(f"{API}/order-status-update", json=done)).status_code == 200
    (step,) = await bench.steps(order)
    assert step.status is StepStatus.GOOD


@pytest.mark.parametrize("status", ["printed", "completed"])
async def test_a_move_that_is_not_in_the_table_is_400(
    caller: httpx.AsyncClient, bench: Bench, status: str
) -> None:
    order, _ = await placed(bench)
    body = {"order_id": order.id, "status": status}
    answer = await caller.post(f"{API}/order-status-update", json=body)
    assert answer.status_code == 400
    assert "cannot become" in answer.json()["detail"]


async def test_an_update_of_an_order_that_is_not_there_is_404(caller: httpx.AsyncClient) -> None:
    body = {"order_id": "999999", "status": "printing"}
    assert (await caller.post(f"{API}/order-status-update", json=body)).status_code == 404


@pytest.mark.parametrize("name", ["third_id", "thirdId", "orderId"])
async def test_the_tolerant_update_knows_several_spellings(
    caller: httpx.AsyncClient, bench: Bench, partner: ManufacturerSandbox, name: str
) -> None:
    order, row = await placed(bench)
    partner.orders[row.key].status = 12
    answer = await caller.post(f"{API}/order/status-update", data={name: row.key, "status": "12"})
    assert (answer.status_code, answer.json()["data"]) == (200, "success")
    assert str((await bench.only(order)).status) == "printed"
    nonsense = await caller.post(f"{API}/order/status-update", content=b"<html>")
    assert (nonsense.status_code, nonsense.json()["code"]) == (200, 400)


async def test_print_command(caller: httpx.AsyncClient, bench: Bench) -> None:
    order = await bench.order()
    body = {
        "order_id": str(order.id), "image_urls": ["https://example.com/a.png"],
        "phone_model": "iPhone 15 Pro", "customer_info": {"name": "A"}, "priority": 1,
    }  # fmt: skip
    first = (await caller.post(f"{API}/send-print-command", json=body)).json()
    again = (await caller.post(f"{API}/send-print-command", json=body)).json()
    assert (first["success"], first["status"], first["order_id"]) == (True, "sent", order.id)
    assert first["command_id"] == again["command_id"]
    assert len(await bench.supplier_orders(order)) == 1
    check_times(first, "timestamp")


@pytest.mark.parametrize(
    "wrong", [{"priority": 11}, {"image_urls": ["x"] * 21}, {"customer_info": {"a": "x" * 3000}}]
)
async def test_a_print_command_beyond_the_limits_is_400(
    caller: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    body = {"order_id": "1", "image_urls": [], "phone_model": "x"} | wrong
    assert (await caller.post(f"{API}/send-print-command", json=body)).status_code == 400


async def test_print_trigger_needs_a_paid_order(
    caller: httpx.AsyncClient, bench: Bench, partner: ManufacturerSandbox
) -> None:
    unpaid, _ = await start_machine_payment(bench)
    refused = await caller.post(f"{API}/print/trigger", json={"order_id": unpaid.id})
    assert (refused.status_code, refused.json()["payment_status"]) == (409, "pending")
    order, _ = await placed(bench)
    body = {"order_id": str(order.id), "equipment_id": "CN_DEBUG_01", "print_data": {}}
    told = (await caller.post(f"{API}/print/trigger", json=body)).json()
    assert (told["success"], told["status"]) == (True, "triggered")
    assert told["print_job_id"].startswith(f"PRINT_{order.id}_OREN")
    assert len(told["image_urls"]) == 1
    assert len(partner.orders) == 1


async def test_print_status(caller: httpx.AsyncClient, bench: Bench) -> None:
    order, _ = await placed(bench)
    told = (await caller.get(f"{API}/print/{order.id}/status")).json()
    assert (told["success"], told["order_id"], told["status"]) == (
        True, order.id, "sent_to_chinese",
    )  # fmt: skip
    assert (told["payment_status"], told["queue_number"]) == ("paid", "001")
    check_times(told, "created_at", "updated_at")


async def test_download_links(caller: httpx.AsyncClient, bench: Bench) -> None:
    order, row = await placed(bench)
    told = (await caller.get(f"{API}/order/{order.id}/download-links")).json()
    (link,) = told["download_links"]
    assert (told["success"], told["order_id"], told["total_images"]) == (True, order.id, 1)
    assert (link["filename"], link["image_type"]) == (f"{row.key}.png", "final")
    assert link["secure_url"].startswith("http")
    assert told["expires_at"] == zulu(bench.clock.now() + timedelta(hours=48))


async def test_batch_download(caller: httpx.AsyncClient, bench: Bench) -> None:
    order, _ = await placed(bench)
    told = (await caller.get(f"{API}/images/batch-download?order_ids={order.id}")).json()
    assert (told["success"], told["total_orders"]) == (True, 1)
    assert (told["batch_downloads"][0]["order_id"], told["total_images"]) == (order.id, 0)
    many = ",".join(str(number) for number in range(1, 52))
    answer = await caller.get(f"{API}/images/batch-download?order_ids={many}")
    assert answer.status_code == 400


async def test_brands(caller: httpx.AsyncClient) -> None:
    told = (await caller.get(f"{API}/brands")).json()
    assert [(one["name"], one["available"]) for one in told["brands"]] == [
        ("iPhone", True), ("Samsung", True), ("Google", False),
    ]  # fmt: skip
    assert (told["total_brands"], told["available_brands"]) == (3, 2)


async def test_stock(caller: httpx.AsyncClient) -> None:
    told = (await caller.get(f"{API}/stock/SANDBOX01/{APPLE}")).json()
    assert (told["total_items"], told["available_count"]) == (3, 2)
    assert told["stock_items"][0] == {
        "mobile_model_name": "iPhone 15 Pro", "mobile_model_id": MODEL, "mobile_shell_id": SHELL,
        "width": "70.6", "height": "146.6", "stock": 12, "price": 19.5,
    }  # fmt: skip
    google = (await caller.get(f"{API}/stock/SANDBOX01/GOOGLE_UNAVAILABLE")).json()
    assert (google["success"], google["stock_items"]) == (False, [])


async def test_a_partner_that_answers_with_a_web_page_is_said_in_a_sentence(
    caller: httpx.AsyncClient, bench: Bench, partner: ManufacturerSandbox, process: Process
) -> None:
    partner.knobs.turn({"answers_html": "stock/list"})
    answer = await caller.get(f"{API}/stock/OTHER/{APPLE}")
    assert answer.status_code == 503
    assert "with a web page" in answer.json()["detail"]


async def test_models_are_synced(caller: httpx.AsyncClient, store: Store) -> None:
    told = (await caller.get(f"{API}/sync/models/auto")).json()
    assert (told["success"], told["synced"]) == (True, True)
    again = (await caller.post(f"{API}/sync/models")).json()
    assert (again["brands"], again["created_models"]) == (3, 0)
    known = {row["name"]: row for row in (await caller.get(f"{API}/models/stock-status")).json()["models"]}  # fmt: skip  # noqa: E501
    assert known["Galaxy S24"]["stock"] == 20
    assert known["Galaxy S24"]["chinese_model_id"] == "MM20250301000004"


async def test_machines_are_registered_read_and_changed(caller: httpx.AsyncClient) -> None:
    body = {"machine_id": "VM001", "name": "Hall", "location": "Station", "qr_config": {}}
    made = (await caller.post(f"{API}/machines", json=body)).json()
    assert (made["success"], made["machine"]["id"]) == (True, "VM001")
    assert (await caller.post(f"{API}/machines", json=body)).status_code == 409
    listed = (await caller.get(f"{API}/machines")).json()
    assert (listed["total_machines"], listed["active_machines"]) == (1, 1)
    changed = (await caller.put(f"{API}/machines/VM001", json={"is_active": False})).json()
    assert changed["machine"]["is_active"] is False
    read = (await caller.get(f"{API}/machines/VM001")).json()
    assert read["machine"]["location"] == "Station"
    assert (await caller.get(f"{API}/machines/VM999")).status_code == 404


async def test_equipment(caller: httpx.AsyncClient, bench: Bench) -> None:
    async with bench.process.database.write() as session:
        row = await make_kiosk_session(session, bench.ctx)
    code = row.session_id.split("_")[0]
    told = (await caller.get(f"{API}/equipment/{code}/info")).json()
    assert (told["success"], told["equipment_id"], told["recent_orders"]) == (True, code, [])
    assert told["equipment_info"]["status"] == "online"
    body = {"stock_updates": [{"model_id": "iphone-15-pro", "stock": 3},
                              {"model_id": "nobody-knows", "stock": 1}]}  # fmt: skip
    stock = (await caller.post(f"{API}/equipment/{code}/stock", json=body)).json()
    (model,) = stock["updated_models"]
    assert (model["old_stock"], model["new_stock"]) == (7, 3)


PAY = {"mobile_model_id": MODEL, "device_id": "SANDBOX01", "third_id": "PYEN260302123456",
       "pay_amount": 19.99, "pay_type": 12}  # fmt: skip
ORDER = {"third_pay_id": PAY["third_id"], "third_id": "OREN260302123456",
         "mobile_model_id": MODEL, "mobile_shell_id": SHELL, "pic": "https://shop.test/p.png",
         "device_id": "SANDBOX01"}  # fmt: skip


async def test_pay_data_is_relayed_once(
    caller: httpx.AsyncClient, partner: ManufacturerSandbox
) -> None:
    first = await caller.post(f"{API}/order/payData", json=PAY)
    assert (first.status_code, first.json()["code"]) == (200, 200)
    assert first.json()["data"]["id"].startswith("MSPY")
    assert (await caller.post(f"{API}/order/payData", json=PAY)).json() == first.json()
    assert partner.count("order/payData") == 1
    other = PAY | {"pay_amount": 1}
    assert (await caller.post(f"{API}/order/payData", json=other)).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [{"pay_amount": 0}, {"pay_amount": 10_001}, {"pay_type": 7}, {"third_id": "P1"},
     {"mobile_model_id": "string"}],
)  # fmt: skip
async def test_pay_data_that_is_wrong_is_400(
    caller: httpx.AsyncClient, partner: ManufacturerSandbox, wrong: dict[str, Any]
) -> None:
    assert (await caller.post(f"{API}/order/payData", json=PAY | wrong)).status_code == 400
    assert partner.payments == {}


async def test_order_data_goes_out_only_for_a_proven_payment_and_once(
    caller: httpx.AsyncClient, partner: ManufacturerSandbox
) -> None:
    await caller.post(f"{API}/order/payData", json=PAY)
    unpaid = await caller.post(f"{API}/order/orderData", json=ORDER)
    assert (unpaid.status_code, partner.orders) == (409, {})
    partner.payments[str(PAY["third_id"])].status = 3
    first = (await caller.post(f"{API}/order/orderData", json=ORDER)).json()
    assert (first["data"]["queue_no"], first["data"]["status"]) == ("001", 8)
    assert (await caller.post(f"{API}/order/orderData", json=ORDER)).json() == first
    other = ORDER | {"third_id": "OREN260302654321"}
    assert (await caller.post(f"{API}/order/orderData", json=other)).status_code == 409
    assert [order.sent for order in partner.orders.values()] == [1]


async def test_the_order_of_a_machines_payment_is_not_placed_past_its_order(
    caller: httpx.AsyncClient, bench: Bench, partner: ManufacturerSandbox
) -> None:
    _, payment = await start_machine_payment(bench)
    await partner.move_payment(payment.key, 3)
    body = ORDER | {"third_pay_id": payment.key}
    answer = await caller.post(f"{API}/order/orderData", json=body)
    assert (answer.status_code, answer.json()["detail"]) == (
        409, f"{payment.key} pays an order of ours, which goes out by itself.",
    )  # fmt: skip
    assert partner.orders == {}


async def test_the_correlation_id_comes_back(
    caller: httpx.AsyncClient, partner: ManufacturerSandbox
) -> None:
    headers = {"X-Correlation-ID": "page-17"}
    answer = await caller.post(f"{API}/order/payData", json=PAY, headers=headers)
    assert answer.headers["x-correlation-id"] == "page-17"
    assert set(partner.api.correlations) == {"page-17"}
