"""An outside single-page app at /: its files, its own paths, and ours beside it."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import ValidationError

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.server.app import create_app
from shopwright.server.frontend import OwnPaths
from tests.web.conftest import HTML, OWN_ORIGIN, open_cookie

INDEX = "<!doctype html><title>Team</title><div id=app></div>"
LINK = re.compile(r'(?:href|action|src|hx-get|hx-post|data-worker|data-[a-z]+)="(/[^"]*)"')


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build of somebody's app looks like, and beside it what nobody may have."""
    around = tmp_path_factory.mktemp("frontend")
    folder = around / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "assets" / "index-B4x9Tq2z.js").write_text("start()")
    (folder / "assets" / "my-component-library.css").write_text("a{}")
    (folder / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / ".env").write_text("SECRET=1")
    (around / "secret.txt").write_text("SECRET=2")
    (folder / "way-out").symlink_to(around)
    return folder


@pytest.fixture(scope="module", params=["", "/workshop"])
def built(request: pytest.FixtureRequest, dist: Path) -> FastAPI:
    """The program with that app, at the root and below BASE_PATH; built once, which costs most."""
    settings = Settings(frontend_dist=str(dist), base_path=request.param)
    return create_app(settings, lifespan=lambda _app: pytest.fail("not opened here"))


@pytest.fixture
async def files(built: FastAPI) -> AsyncIterator[AsyncClient]:
    """Somebody who looks at the app; the program behind it is not open yet."""
    transport = ASGITransport(built, client=("127.0.0.1", 50000))
    base_url = f"http://shop.test{built.state.settings.base_path}"
    async with AsyncClient(transport=transport, base_url=base_url) as client:
        yield client


@pytest.fixture
def site(files: AsyncClient, built: FastAPI, process: Process, dist: Path) -> Iterator[AsyncClient]:
    """The same with the program open."""
    base_path = built.state.settings.base_path
    own = process.settings.model_copy(update={"frontend_dist": str(dist), "base_path": base_path})
    own.__dict__.pop("frontend", None)  # worked out anew
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "settings", own)
        patch.setattr(built.state, "process", process, raising=False)
        yield files


async def test_files_come_with_their_type_and_hashed_ones_are_kept_for_ever(
    files: AsyncClient,
) -> None:
    answers = {
        path: await files.get(path)
        for path in (
            "/", "/assets/index-B4x9Tq2z.js", "/assets/my-component-library.css", "/logo.svg",
        )
    }  # fmt: skip
    assert [
        (a.status_code, a.headers["content-type"], a.headers["cache-control"])
        for a in answers.values()
    ] == [
        (200, "text/html; charset=utf-8", "no-cache"),
        (200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        (200, "text/css; charset=utf-8", "no-cache"),
        (200, "image/svg+xml", "no-cache"),
    ]
    assert answers["/"].text == INDEX
    assert "script-src 'self' 'unsafe-inline'" in answers["/"].headers["content-security-policy"]
    assert answers["/"].headers["x-content-type-options"] == "nosniff"
    etag = answers["/"].headers["etag"]
    assert (await files.get("/", headers={"If-None-Match": etag})).status_code == 304
    head = await files.head("/logo.svg")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path", ["/parts", "/orders/7", "/a/deep/route", "/assets/gone.js", "/login"]
)
async def test_paths_of_the_app_answer_its_index(files: AsyncClient, path: str) -> None:
    answer = await files.get(path)
    assert (answer.status_code, answer.text) == (200, INDEX)
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/way-out/secret.txt",
        "/.env",
        "/%2Fetc/passwd",
        "/c:/secret.txt",
        "/logo.svg%00.js",
        "/" + "x" * 5000,
    ],
)
async def test_path_tricks_find_nothing(files: AsyncClient, path: str) -> None:
    answer = await files.get(path)
    assert (answer.status_code, answer.text) == (200, INDEX)


async def test_api_files_and_customers_pages_stay_ours(site: AsyncClient) -> None:
    for path, status in (
        ("/health", 200),
        ("/api/health", 200),
        ("/api/parts", 401),
        ("/api/nothing", 404),
        ("/files/nothing", 403),
        ("/static/old/css/app.css", 200),
        ("/static/old/nothing.css", 404),
        ("/docs", 200),
    ):
        answer = await site.get(path)
        assert (path, answer.status_code) == (path, status)
        assert INDEX not in answer.text
    listing = await site.get("/", headers={"Accept": "application/json"})
    assert listing.json()["endpoints"]["health"].endswith("/health")
    sent = await site.post("/logout")
    assert (sent.status_code, sent.json()["code"]) == (404, "not-found")


async def test_our_pages_are_below_app_with_every_link(
    site: AsyncClient, process: Process, owner: Actor
) -> None:
    own = process.settings
    site.headers.update(HTML | OWN_ORIGIN)
    stranger = await site.get("/app/orders")
    assert (stranger.status_code, stranger.headers["location"]) == (
        303, f"{own.pages_path}/login?next=/orders",
    )  # fmt: skip
    assert f'action="{own.pages_path}/login"' in (await site.get("/app/login")).text

    site.cookies.set("shopwright", await open_cookie(process.database, owner))
    for path in ("/app", "/app/", "/app/orders", "/app/parts", "/app/catalog", "/app/people"):
        page = await site.get(path)
        assert (path, page.status_code) == (path, 200)
        outside = [link for link in LINK.findall(page.text) if not is_ours(link, own)]
        assert outside == []
    made = await site.post("/app/parts", data={"name": "Lid", "kind": "cnc"})
    assert made.headers["location"].startswith(f"{own.pages_path}/parts/")


@pytest.mark.parametrize("built", ["/workshop"], indirect=True)
async def test_each_link_of_a_page_leads_somewhere(
    site: AsyncClient, process: Process, owner: Actor
) -> None:
    """Sent to a page below /app, none of its links ends in the outside app."""
    site.headers.update(HTML | OWN_ORIGIN)
    site.cookies.set("shopwright", await open_cookie(process.database, owner))
    html = (await site.get("/app")).text
    links = sorted(set(re.findall(r'href="(/[^"#]*)"', html)))
    assert len(links) > 10
    for link in links:
        answer = await site.get(f"http://shop.test{link}")
        assert (link, answer.status_code) == (link, 200)
        assert INDEX not in answer.text


def is_ours(link: str, settings: Settings) -> bool:
    base = settings.base_path
    return link.startswith((f"{settings.pages_path}/", f"{base}/static/")) or link == base + "/app"


async def test_without_an_app_pages_are_at_the_root(application: FastAPI) -> None:
    settings: Settings = application.state.settings
    assert (settings.frontend, settings.pages_path) == (None, settings.base_path)


def test_own_paths_are_known_by_their_routes(application: FastAPI) -> None:
    own = OwnPaths(application.routes)
    ours = ("/api/parts/1", "/health", "/metrics", "/files/x", "/shop/cart", "/kiosk", "/api")
    assert [path for path in ours if not own.has("GET", path)] == []
    theirs = ("/parts", "/orders/7", "/account", "/printers/1", "/", "/index.html", "/assets/x.js")
    assert [path for path in theirs if own.has("GET", path)] == []
    assert own.has("POST", "/create-checkout-session")
    assert not own.has("POST", "/parts")


@pytest.mark.parametrize(
    ("named", "is_there", "expected"),
    [(None, True, "dist"), (None, False, None), ("", True, None), ("dist", True, "dist")],
)
def test_the_default_folder_is_taken_only_with_an_index(
    named: str | None,
    is_there: bool,
    expected: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "dist").mkdir()
    if is_there:
        (tmp_path / "dist" / "index.html").write_text(INDEX)
    monkeypatch.chdir(tmp_path)
    facts: dict[str, Any] = {} if named is None else {"frontend_dist": named}
    found = Settings(**facts).frontend
    assert found == (tmp_path / expected if expected else None)


def test_a_folder_without_an_index_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"where there is no index\.html"):
        Settings(frontend_dist=str(tmp_path))
