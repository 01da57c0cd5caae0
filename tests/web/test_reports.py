"""The reports page: figures, tables and CSV without script; charts from the JSON beside them."""

import json
import re
from html import unescape
from typing import Any

import pytest
from httpx import AsyncClient

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.intake import place_order
from shopwright.orders.states import OrderStatus
from tests.clock import START
from tests.web.conftest import BrowserAs


@pytest.fixture
async def browser(browser_as: BrowserAs, member: Actor) -> AsyncClient:
    return await browser_as(member)


@pytest.fixture
async def two_sales(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        for title, minor in (("Vase </script>", 2000), ("Gear", 3050)):
            draft = OrderDraft(
                status=OrderStatus.PAID,
                currency="EUR",
                placed_at=START,
                items=(ItemDraft(title=title, quantity=1, price_minor=minor),),
                total_minor=minor,
            )
            await place_order(session, owner, draft=draft, now=START)


def charts_of(html: str) -> dict[str, dict[str, Any]]:
    found = re.findall(r'<script type="application/json" id="chart-(\w+)">(.*?)</script>', html)
    return {name: json.loads(text) for name, text in found}


async def test_page_shows_figures_tables_and_charts(browser: AsyncClient, two_sales: None) -> None:
    html = (await browser.get("/reports")).text
    assert ">50.50<" in html
    assert "chart.umd.min.js" in html
    assert "chart.umd.min.js" not in (await browser.get("/orders")).text
    charts = charts_of(html)
    assert charts["revenue"]["series"] == [
        {"label": "Revenue", "tone": "blue", "values": [0.0] * 29 + [50.5]}
    ]
    assert charts["products"]["labels"] == ["Gear", "Vase </script>"]
    assert "Vase &lt;/script&gt;" in html


async def test_days_can_be_chosen_and_taken_along_as_csv(
    browser: AsyncClient, two_sales: None
) -> None:
    query = "start=2026-03-01&end=2026-03-31&period=monthly"
    html = (await browser.get(f"/reports?{query}")).text
    assert charts_of(html)["orders"]["labels"] == ["Mar 2026"]
    assert f"/reports/csv?name=revenue&{query}" in unescape(html)
    table = await browser.get(f"/reports/csv?name=revenue&{query}")
    assert table.text.splitlines()[1] == "2026-03-01,50.5,2,25.25,EUR"
    for name in ("products", "materials", "failures", "expenses"):
        assert (await browser.get(f"/reports/csv?name={name}&{query}")).status_code == 200


async def test_impossible_days_are_refused(browser: AsyncClient) -> None:
    for query, words in (
        ("start=2026-03-02&end=2026-03-01", "is before start_date"),
        ("start=soon", "is no date like"),
        ("start=1000-01-01&period=daily", "Choose weeks or months"),
    ):
        answer = await browser.get(f"/reports?{query}")
        assert answer.status_code == 400
        assert words in answer.text


async def test_expense_is_written_down_and_removed(browser: AsyncClient) -> None:
    form = {
        "category": "shipping",
        "amount": "4,50",
        "date": "2026-03-01",
        "description": "Postage to Iceland",
    }
    assert (await browser.post("/reports/expenses", data=form)).status_code == 303
    html = (await browser.get("/reports")).text
    assert "4.50 EUR" in html
    expense = re.search(r'data-id="expense-(\d+)"', html)
    assert expense is not None
    url = f"/reports/expenses/{expense[1]}/delete"
    assert (await browser.post(url)).status_code == 303
    assert "Postage to Iceland" not in (await browser.get("/reports")).text
    for wrong in ({"category": "fun", "amount": "1"}, {"category": "other", "amount": ""}):
        assert (await browser.post("/reports/expenses", data=wrong)).status_code == 400
