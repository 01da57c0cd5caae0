"""What the reports say, from the roll-ups and from the rows alike."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import delete, update

from shopwright.accounts.models import Organization
from shopwright.analytics import rollups
from shopwright.analytics.models import RollupState
from shopwright.fleet.states import Outcome
from shopwright.inventory.models import Filament, FilamentMovement, Spool
from shopwright.inventory.states import MovementReason
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.orders.models import OrderItem
from shopwright.orders.states import OrderStatus
from tests.clock import START
from tests.conftest import ClientAs
from tests.workshop import list_jobs, make_recipe, place, ready_printer, report, start

REPORTS = [
    "dashboard",
    "revenue?period=daily",
    "revenue?period=weekly&start_date=2026-02-11",
    "revenue-trends?period=monthly",
    "summary?end_date=2026-03-01",
    "product-performance",
    "materials",
    "failure-rates",
]


@pytest.fixture
async def shop(database: Database, owner: Actor) -> None:
    """Sales of February and March 2026, two prints, 12 g of red PLA at 0.02 a gram."""
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        for day, minor, status in SALES:
            order = await place(session, owner, ("VASE", 2), status=status, total_minor=minor)
            order.placed_at = datetime.combine(day, START.time(), UTC)
        dollars = await place(session, owner, (None, 1), total_minor=700)
        dollars.currency = "USD"
    async with database.write() as session:
        await place(session, owner, ("GEAR", 2), total_minor=1500)
        for job, outcome in zip(
            await list_jobs(session, owner), (Outcome.FINISHED, Outcome.FAILED), strict=True
        ):
            attempt = await start(session, owner, job, await ready_printer(session, owner))
            await report(session, owner, attempt, outcome=outcome, percent=50)
    async with database.write() as session:
        await use_red(session, owner)
    await rollups.rebuild(database, owner.organization_id)  # those rows came past the services


SALES = [
    (date(2026, 2, 10), 2000, OrderStatus.PAID),
    (date(2026, 2, 11), 3001, OrderStatus.SHIPPED),
    (date(2026, 2, 11), 9000, OrderStatus.CANCELED),
    (date(2026, 3, 1), 1000, OrderStatus.PENDING),
]


async def use_red(session: Any, owner: Actor) -> None:
    red = Filament(
        organization_id=owner.organization_id,
        material="PLA",
        color_name="red",
        cost_per_gram_micros=20_000,
        updated_at=START,
    )
    session.add(red)
    await session.flush()
    session.add(
        Spool(
            organization_id=owner.organization_id,
            filament_id=red.id,
            initial_mg=1_000_000,
            remaining_mg=90_000,
        )
    )
    session.add(
        FilamentMovement(
            organization_id=owner.organization_id,
            key="by-hand",
            filament_id=red.id,
            material="PLA",
            delta_mg=-12_000,
            reason=MovementReason.USAGE,
            created_at=START,
        )
    )


async def test_roll_ups_and_rows_say_the_same(
    client: AsyncClient, database: Database, owner: Actor, shop: None
) -> None:
    from_rollups = [(await client.get(f"/api/analytics/{name}")).json() for name in REPORTS]
    async with database.write() as session:
        await session.execute(
            delete(RollupState).where(RollupState.organization_id == owner.organization_id)
        )
    from_rows = [(await client.get(f"/api/analytics/{name}")).json() for name in REPORTS]
    assert from_rows == from_rollups


async def test_dashboard_says_how_the_shop_stands(client: AsyncClient, shop: None) -> None:
    answer = await client.get("/api/analytics/dashboard")
    assert answer.json() == {
        "total_orders": 6,
        "orders_this_month": 3,
        "revenue_this_month": 15.0,
        "average_order_value": 15.0,
        "total_prints": 2,
        "prints_completed": 1,
        "print_success_rate": 50.0,
        "filament_used_kg": pytest.approx(0.012, abs=0.2),
        "materials_in_stock": 1,
        "low_stock_alerts": 1,
        "currency": "EUR",
        "other_currencies": [{"currency": "USD", "revenue": 7.0, "order_count": 1}],
    }


@pytest.mark.parametrize(
    ("period", "firsts", "revenue"),
    [
        ("daily", ["2026-02-10", "2026-02-11"], [20.0, 30.01]),
        ("weekly", ["2026-02-09"], [50.01]),
        ("monthly", ["2026-02-01"], [50.01]),
    ],
)
async def test_revenue_is_grouped_by_period(
    client: AsyncClient, shop: None, period: str, firsts: list[str], revenue: list[float]
) -> None:
    answer = await client.get(
        "/api/analytics/revenue",
        params={"start_date": "2026-02-10", "end_date": "2026-02-11", "period": period},
    )
    body = answer.json()
    assert [one["date"] for one in body["data"]] == firsts
    assert [one["revenue"] for one in body["data"]] == revenue
    assert (body["period"], body["total_revenue"], body["total_orders"]) == (period, 50.01, 2)
    assert (body["average_order"], body["other_currencies"]) == (25.0, [])


async def test_periods_without_a_sale_have_no_average(client: AsyncClient, shop: None) -> None:
    body = (await client.get("/api/analytics/revenue-trends?period=weekly")).json()
    assert [(one["date"], one["order_count"], one["average_order"]) for one in body["data"]] == [
        ("2026-02-09", 2, 25.0),
        ("2026-02-16", 0, None),
        ("2026-02-23", 0, None),
        ("2026-03-02", 1, 15.0),
    ]


async def test_summary_takes_filament_and_expenses_off(client: AsyncClient, shop: None) -> None:
    for category, amount in (("shipping", 4.5), ("other", "1.25"), ("equipment", 3)):
        body = {"category": category, "amount": amount, "date": "2026-03-01"}
        assert (await client.post("/api/expenses", json=body)).status_code == 201
    dollars = {"category": "other", "amount": 99, "currency": "usd"}
    assert (await client.post("/api/expenses", json=dollars)).status_code == 201
    body = (await client.get("/api/analytics/summary")).json()
    assert body["orders_by_status"] == {
        "pending_payment": 0, "pending": 1, "paid": 3, "completed": 0, "shipped": 1,
        "delivered": 0, "canceled": 1, "refunded": 0,
    }  # fmt: skip
    assert body["expenses_by_category"]["shipping"] == 4.5
    assert (body["total_orders"], body["total_revenue"]) == (6, 65.01)
    assert (body["total_filament_cost"], body["total_expenses"]) == (0.24, 8.75)
    assert (body["total_profit"], body["profit_margin"]) == (56.02, 86.2)
    assert body["avg_order_value"] == 21.67
    assert (body["recent_orders_count"], body["recent_revenue"]) == (3, 65.01)


async def test_products_are_ranked_by_what_they_brought(
    client: AsyncClient, database: Database, owner: Actor, shop: None
) -> None:
    async with database.write() as session:
        await session.execute(
            update(OrderItem)
            .where(OrderItem.organization_id == owner.organization_id, OrderItem.sku == "GEAR")
            .values(price_minor=750)
        )
    body = (await client.get("/api/analytics/product-performance")).json()
    assert [
        (one["sku"], one["units_sold"], one["order_count"], one["revenue"], one["average_price"])
        for one in body["products"]
    ] == [("GEAR", 2, 1, 15.0, 7.5), ("VASE", 4, 2, 0.0, 0.0)]
    assert body["products"][0]["variant_id"] is not None
    assert body["products"][1]["product_name"] == "item VASE"
    early = await client.get("/api/analytics/product-performance?end_date=2026-02-10")
    assert [one["units_sold"] for one in early.json()["products"]] == [2]


async def test_materials_and_failures_are_told(client: AsyncClient, shop: None) -> None:
    materials = (await client.get("/api/analytics/materials")).json()
    by_color = {one["color"]: one for one in materials["materials"]}
    assert (by_color["red"]["used_grams"], by_color["red"]["cost"]) == (12, 0.24)
    assert by_color[None]["cost"] is None  # printed from a spool that nobody named
    assert materials["total_cost"] == 0.24
    failures = (await client.get("/api/analytics/failure-rates")).json()
    assert (failures["total_prints"], failures["failed_prints"]) == (2, 1)
    assert failures["failure_rate"] == 50.0
    assert sorted(one["failure_rate"] for one in failures["by_printer"]) == [0.0, 100.0]
    assert failures["by_reason"] == [{"reason": "the print failed", "count": 1}]


async def test_days_are_those_of_the_time_zone(
    client: AsyncClient, database: Database, owner: Actor, shop: None
) -> None:
    """23:30 on 10 February in Auckland is still the morning of that day in UTC."""
    async with database.write() as session:
        await session.execute(
            update(Organization)
            .where(Organization.id == owner.organization_id)
            .values(time_zone="Pacific/Auckland")
        )
    body = (await client.get("/api/analytics/revenue?period=daily&end_date=2026-02-28")).json()
    assert [(one["date"], one["revenue"]) for one in body["data"]] == [
        ("2026-02-10", 20.0),
        ("2026-02-11", 30.01),
    ]


async def test_amounts_of_another_currency_are_asked_for_by_name(
    client: AsyncClient, shop: None
) -> None:
    body = (await client.get("/api/analytics/revenue?currency=usd")).json()
    assert (body["currency"], body["total_revenue"], body["total_orders"]) == ("USD", 7.0, 1)
    assert body["other_currencies"] == [{"currency": "EUR", "revenue": 65.01, "order_count": 3}]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("start_date=2026-03-02&end_date=2026-03-01", "is before start_date"),
        ("start_date=yesterday", "is no date like 2025-01-31"),
        ("end_date=0001-01-01", "is not between"),
        ("period=hourly", "period"),
        ("currency=XXQ", "is not known here"),
        ("format=xls", "format"),
    ],
)
async def test_impossible_question_is_refused_in_a_sentence(
    client: AsyncClient, query: str, words: str
) -> None:
    answer = await client.get(f"/api/analytics/revenue?{query}")
    assert answer.status_code == 400
    assert words in answer.text


async def test_shop_without_anything_has_no_rates(client: AsyncClient) -> None:
    body = (await client.get("/api/analytics/dashboard")).json()
    assert (body["total_orders"], body["revenue_this_month"]) == (0, 0.0)
    assert (body["average_order_value"], body["print_success_rate"]) == (None, None)
    summary = (await client.get("/api/analytics/summary")).json()
    assert (summary["profit_margin"], summary["avg_order_value"]) == (None, None)
    assert (await client.get("/api/analytics/failure-rates")).json()["failure_rate"] is None
    assert (await client.get("/api/analytics/revenue")).json()["data"] == []


async def test_each_report_is_a_table_too(client: AsyncClient, shop: None) -> None:
    answer = await client.get("/api/analytics/revenue.csv?period=monthly")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="revenue.csv"'
    assert answer.text.splitlines() == [
        "date,revenue,order_count,average_order,currency",
        "2026-02-01,50.01,2,25.0,EUR",
        "2026-03-01,15.0,1,15.0,EUR",
    ]
    for name in ("dashboard", "summary", "product-performance", "materials", "failure-rates"):
        by_path = await client.get(f"/api/analytics/{name}.csv")
        by_query = await client.get(f"/api/analytics/{name}?format=csv")
        assert by_path.status_code == 200
        assert by_path.text == by_query.text
        assert len(by_path.text.splitlines()) > 1


async def test_text_in_a_table_is_no_formula(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await place(session, owner, ("=HYPERLINK(1)", 1), status=OrderStatus.SHIPPED)
    lines = (await client.get("/api/analytics/product-performance.csv")).text.splitlines()
    assert lines[1] == ",,item =HYPERLINK(1),'=HYPERLINK(1),1,1,0.0,0.0,EUR"


async def test_expense_is_written_down_corrected_and_removed(
    client: AsyncClient, client_as: ClientAs, viewer: Actor
) -> None:
    said = {"category": "filament", "amount": 12.345, "description": " three rolls "}
    made = (await client.post("/api/expenses", json=said)).json()
    assert (made["amount"], made["currency"], made["date"]) == (12.34, "EUR", "2026-03-02")
    assert made["description"] == "three rolls"
    url = f"/api/expenses/{made['id']}"
    changed = (await client.put(url, json={**made, "amount": 20, "date": "2026-02-01"})).json()
    assert (changed["amount"], changed["date"], changed["category"]) == (
        20.0, "2026-02-01", "filament",
    )  # fmt: skip
    listed = (await client.get("/api/expenses?end_date=2026-02-01&category=filament")).json()
    assert (listed["total"], listed["expenses"]) == (1, [changed])
    assert (await client.get("/api/expenses?start_date=2026-02-02")).json()["total"] == 0
    table = (await client.get("/api/expenses?format=csv")).text.splitlines()
    assert table[1].startswith(f"{made['id']},{made['uuid']},filament,20.0,EUR,three rolls")
    looking = await client_as(viewer)
    assert (await looking.delete(url)).status_code == 403
    assert (await client.delete(url)).json() == {"message": "Expense deleted"}
    assert (await client.get(url)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"category": "fun", "amount": 1},
        {"category": "other", "amount": -1},
        {"category": "other"},
        {"category": "other", "amount": 1, "date": "soon"},
        {"category": "other", "amount": 1, "currency": "QQQ"},
    ],
)
async def test_impossible_expense_is_refused(client: AsyncClient, body: dict[str, Any]) -> None:
    assert (await client.post("/api/expenses", json=body)).status_code == 400
    assert (await client.get("/api/expenses")).json()["total"] == 0
