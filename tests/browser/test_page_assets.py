"""The vendored page assets in a real browser: htmx, styles and icons."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import shopwright

pytestmark = pytest.mark.browser

VENDOR = Path(shopwright.__file__).parent / "web" / "static" / "vendor"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

PAGE = """<!doctype html>
<html lang="en">
<link rel="stylesheet" href="/vendor/tabler.min.css">
<link rel="icon" href="data:,">
<script src="/vendor/htmx.min.js"></script>
<body>
<button class="btn btn-primary" hx-get="/pressed" hx-target="#answer">
<svg class="icon" width="24" height="24"><use href="/vendor/icons.svg#printer"/></svg>Print</button>
<p id="answer"></p>
</body>
</html>"""


async def show_page(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def show_answer(request: Request) -> Response:
    return HTMLResponse("<b>queued</b>")


@pytest.fixture
async def address() -> AsyncIterator[str]:
    routes = [
        Route("/", show_page),
        Route("/pressed", show_answer),
        Mount("/vendor", StaticFiles(directory=VENDOR)),
    ]
    app = Starlette(routes=routes)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off"))
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving


async def test_click_is_answered_by_a_fragment_from_the_server(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_role("button", name="Print").click()
    await expect(page.locator("#answer b")).to_have_text("queued")


async def test_styles_apply_and_the_page_can_be_pictured(page: Page, address: str) -> None:
    await page.goto(address)
    button = page.get_by_role("button", name="Print")
    await expect(button).to_have_css("border-radius", "6px")
    picture = await button.screenshot()
    assert picture.startswith(PNG_SIGNATURE)


async def test_icons_are_symbols_of_the_sprite(page: Page, address: str) -> None:
    await page.goto(f"{address}/vendor/icons.svg")
    assert await page.locator("symbol#printer path").count() == 3
