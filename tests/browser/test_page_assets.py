"""The vendored page assets in a real browser: htmx, its event streams, styles and icons."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
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
<script src="/vendor/htmx-ext-sse.min.js"></script>
<body hx-ext="sse">
<button class="btn btn-primary" hx-get="/pressed" hx-target="#answer">
<svg class="icon" width="24" height="24"><use href="/vendor/icons.svg#printer"/></svg>Print</button>
<p id="answer"></p>
<div sse-connect="/events"><p id="progress" sse-swap="progress"></p></div>
</body>
</html>"""


async def show_page(request: Request) -> Response:
    return HTMLResponse(PAGE)


async def show_answer(request: Request) -> Response:
    return HTMLResponse("<b>queued</b>")


async def stream_progress(request: Request) -> Response:
    async def frames() -> AsyncIterator[str]:
        yield "event: progress\ndata: 42 %\n\n"
        await request.app.state.closing.wait()

    return StreamingResponse(frames(), media_type="text/event-stream")


@pytest.fixture
async def address() -> AsyncIterator[str]:
    routes = [
        Route("/", show_page),
        Route("/pressed", show_answer),
        Route("/events", stream_progress),
        Mount("/vendor", StaticFiles(directory=VENDOR)),
    ]
    app = Starlette(routes=routes)
    app.state.closing = asyncio.Event()
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off"))
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    app.state.closing.set()
    server.should_exit = True
    await serving


async def test_click_is_answered_by_a_fragment_from_the_server(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_role("button", name="Print").click()
    await expect(page.locator("#answer b")).to_have_text("queued")


async def test_event_from_the_server_reaches_the_open_page(page: Page, address: str) -> None:
    await page.goto(address)
    await expect(page.locator("#progress")).to_have_text("42 %")


async def test_styles_apply_and_the_page_can_be_pictured(page: Page, address: str) -> None:
    await page.goto(address)
    button = page.get_by_role("button", name="Print")
    await expect(button).to_have_css("border-radius", "6px")
    picture = await button.screenshot()
    assert picture.startswith(PNG_SIGNATURE)


async def test_icons_are_symbols_of_the_sprite(page: Page, address: str) -> None:
    await page.goto(f"{address}/vendor/icons.svg")
    assert await page.locator("symbol#printer path").count() == 3
