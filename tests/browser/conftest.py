"""A real Chromium, driven by Playwright's asynchronous side on the tests' own loop.

The synchronous side keeps a loop running in the thread, which breaks asynchronous tests after it.
"""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize, async_playwright

from tests.browser.scene import Scene, open_scene
from tests.conftest import build_migrated
from tests.databases import SqliteDatabases

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")

FLAGS = [
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # 3D without a graphics card
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A page under test reaches nothing but this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

WINDOW = ViewportSize(width=1280, height=900)
PATIENCE_MS = 10_000  # two busy cores; what is awaited usually takes milliseconds


def find_chromium() -> str:
    named = os.environ.get("CHROMIUM")
    program = next(filter(None, map(shutil.which, [named] if named else CHROMIUM_NAMES)), None)
    if program is None:
        raise RuntimeError(
            f"No Chromium found ({named or ', '.join(CHROMIUM_NAMES)}). `make test` installs one as"
            " root; otherwise install it, or name it with CHROMIUM=/path/to/it."
        )
    return program


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser per worker; a missing one is a failure, not a skip."""
    program = find_chromium()
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        await chromium.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A fresh visitor. A script error or a breach of the content policy fails the test."""
    context = await browser.new_context(viewport=WINDOW, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: _note_breach(message, complaints))
    yield page
    await context.close()
    assert complaints == []


@pytest.fixture
async def scene(
    sqlite_databases: SqliteDatabases, application: FastAPI, tmp_path: Path
) -> AsyncIterator[Scene]:
    """A filled shop that answers."""
    url = sqlite_databases.create_from("migrated", build_migrated)
    async with open_scene(url, application, tmp_path) as scene:
        yield scene


def _note_breach(message: ConsoleMessage, complaints: list[str]) -> None:
    if "Content Security Policy" in message.text:
        complaints.append(message.text)
