"""The document's analytics: every field as printed, on a shop with orders, prints and filament."""

import pytest
from sqlalchemy import insert

from shopwright.fleet.states import Outcome
from shopwright.inventory.models import FilamentMovement
from shopwright.inventory.states import MovementReason
from tests.clock import START
from tests.contracts.shop_manager.documented import (
    assert_documented,
    covers,
    number,
    plain_date,
    plain_time,
)
from tests.contracts.shop_manager.shop import Shop
from tests.workshop import list_jobs, make_recipe, place, ready_printer, report, start

SALES = {"date": plain_date, "revenue": float, "order_count": int, "average_order": float}
REVENUE = {"period": str, "data": [SALES], "total_revenue": float, "total_orders": int}


@pytest.fixture
async def busy_shop(shop: Shop) -> Shop:
    """Three sales at 49.99 euros, one print that worked and one that failed, 25 g of red PLA."""
    for _ in range(3):
        await shop.add_order(currency="EUR")
    red = await shop.add_filament("PLA", "Red")
    async with shop.process.database.write() as session:
        await make_recipe(session, shop.owner, "GEAR")
        await place(session, shop.owner, ("GEAR", 2))
        for job, outcome in zip(
            await list_jobs(session, shop.owner), (Outcome.FINISHED, Outcome.FAILED), strict=True
        ):
            attempt = await start(
                session, shop.owner, job, await ready_printer(session, shop.owner)
            )
            await report(session, shop.owner, attempt, outcome=outcome)
        await session.execute(
            insert(FilamentMovement).values(
                organization_id=shop.owner.organization_id,
                key="by hand",
                filament_id=red.id,
                material="PLA",
                delta_mg=-25_000,
                reason=MovementReason.USAGE,
                created_at=START,
            )
        )
    return shop


@covers("GET /api/analytics/dashboard")
async def test_dashboard_has_every_metric(busy_shop: Shop) -> None:
    answer = await busy_shop.client.get("/api/analytics/dashboard")
    body = assert_documented(
        answer,
        {
            "total_orders": 7,
            "orders_this_month": 7,
            "revenue_this_month": 149.97,
            "average_order_value": float,
            "total_prints": 2,
            "prints_completed": 1,
            "print_success_rate": 50.0,
            "filament_used_kg": float,
            "materials_in_stock": int,
            "low_stock_alerts": int,
        },
    )
    assert body["other_currencies"] == [{"currency": "USD", "revenue": 149.97, "order_count": 3}]


@covers("GET /api/analytics/revenue")
@pytest.mark.parametrize("period", ["daily", "weekly", "monthly"])
async def test_revenue_is_reported_by_period(busy_shop: Shop, period: str) -> None:
    answer = await busy_shop.client.get(
        "/api/analytics/revenue",
        params={"start_date": "2026-01-01", "end_date": "2026-03-31", "period": period},
    )
    body = assert_documented(answer, REVENUE)
    assert (body["period"], body["total_revenue"], body["total_orders"]) == (period, 149.97, 4)


@covers("GET /api/analytics/revenue")
async def test_report_that_ends_before_it_begins_is_refused(shop: Shop) -> None:
    answer = await shop.client.get(
        "/api/analytics/revenue?start_date=2026-03-31&end_date=2026-01-01"
    )
    assert answer.status_code == 400
    assert (
        answer.json()["error"] == "end_date 2026-01-01 is before start_date 2026-03-31. Swap them."
    )


@covers("GET /api/analytics/revenue-trends")
async def test_revenue_trends_are_revenue_by_another_name(busy_shop: Shop) -> None:
    answer = await busy_shop.client.get("/api/analytics/revenue-trends?period=weekly")
    assert_documented(answer, REVENUE)


@covers("GET /api/analytics/summary")
async def test_summary_tells_profit(busy_shop: Shop) -> None:
    answer = await busy_shop.client.get("/api/analytics/summary")
    assert_documented(
        answer,
        {
            "total_orders": 7,
            "total_revenue": 149.97,
            "total_filament_cost": 0.5,
            "total_expenses": 0.0,
            "total_profit": 149.47,
            "profit_margin": 99.7,
            "avg_order_value": float,
            "orders_by_status": {"paid": 7, "shipped": 0, "canceled": 0, "refunded": 0},
            "recent_orders_count": 4,
            "recent_revenue": 149.97,
        },
    )


@covers("GET /api/analytics/product-performance")
async def test_products_are_told_by_what_they_brought(busy_shop: Shop) -> None:
    answer = await busy_shop.client.get("/api/analytics/product-performance")
    body = assert_documented(
        answer, {"products": [{"product_name": str, "units_sold": int, "revenue": float}]}
    )
    first = body["products"][0]
    assert (first["product_name"], first["units_sold"], first["revenue"]) == (
        "Custom Bracket", 3, 149.97,
    )  # fmt: skip


@covers("GET /api/analytics/materials")
async def test_materials_are_told_by_what_was_used(busy_shop: Shop) -> None:
    answer = await busy_shop.client.get("/api/analytics/materials")
    assert_documented(
        answer, {"materials": [{"material_type": str, "used_grams": number}], "total_cost": 0.5}
    )


async def test_expenses_are_created_changed_listed_and_deleted(shop: Shop) -> None:
    """The document names no expenses; the program it describes has them."""
    for category in ("filament", "shipping", "equipment", "overhead", "other"):
        answer = await shop.client.post(
            "/api/expenses",
            json={"category": category, "amount": 12.5, "description": "Boxes", "unknown": 1},
        )
        made = assert_documented(
            answer,
            {
                "id": int,
                "category": category,
                "amount": 12.5,
                "description": "Boxes",
                "date": plain_date,
                "created_at": plain_time,
            },
            status=201,
        )
    url = f"/api/expenses/{made['id']}"
    changed = await shop.client.put(url, json={**made, "amount": 20})
    assert_documented(changed, {"amount": 20.0, "category": "other"})
    assert_documented(await shop.client.get("/api/expenses/"), {"expenses": [{"id": int}]})
    assert_documented(await shop.client.delete(url), {"message": str})
