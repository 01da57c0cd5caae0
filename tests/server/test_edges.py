"""What a stranger at the door meets: other origins, forged forms, floods, broken lines, secrets
that stay secret, and the same below a base path."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pydantic import ValidationError
from structlog.testing import capture_logs

from shopwright.accounts import bootstrap, people
from shopwright.accounts.passwords import Passwords
from shopwright.files.disk import DiskFileStore
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import MAX_BODY_BYTES, Process
from shopwright.kernel.settings import Settings
from shopwright.server.app import create_app
from shopwright.telemetry.latest import LatestSnapshots
from tests.architecture.walk import endpoints
from tests.conftest import TestSettings, bearer, unopened
from tests.factories import PATH_ROWS

FRIEND, STRANGER = "https://shop.example", "https://evil.example"
BASE = "/shop"
EMAIL, PASSWORD = "owner@shop.test", "correct horse battery staple"
PAGE_HEADERS = {"accept": "text/html"}
PATIENCE_S = 10


@pytest.fixture(scope="module")
def strict_application() -> FastAPI:
    """Below a base path, with one friendly origin, and with a route that crashes."""
    app = create_app(TestSettings(cors_origins=[FRIEND], base_path=BASE), unopened)

    @app.get("/api/crash")
    async def crash() -> None:
        raise RuntimeError("the vault's combination is 1234")

    return app


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"cors_origins": [FRIEND], "base_path": BASE})


@pytest.fixture
def strict_app(strict_application: FastAPI, process: Process, files: DiskFileStore) -> FastAPI:
    strict_application.state.process = process
    strict_application.state.files = files
    strict_application.state.telemetry = LatestSnapshots()
    return strict_application


@pytest.fixture
async def visitor(strict_app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with open_client(strict_app, "http://shop.test") as client:
        yield client


@asynccontextmanager
async def open_client(app: FastAPI, url: str) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app, client=("127.0.0.1", 50000))
    async with AsyncClient(transport=transport, base_url=url) as client:
        yield client


async def sign_in(client: AsyncClient, process: Process) -> Response:
    """The log-in form of a new installation's owner, as a browser sends it."""
    await bootstrap.found(process, email=EMAIL, password=PASSWORD)
    return await client.post(
        f"{BASE}/login",
        data={"email": EMAIL, "password": PASSWORD},
        headers={"origin": str(client.base_url).rstrip("/"), **PAGE_HEADERS},
    )


# Other origins


async def test_named_origin_may_read_answers_with_credentials(visitor: AsyncClient) -> None:
    headers = (await visitor.get(f"{BASE}/health", headers={"origin": FRIEND})).headers
    assert headers["access-control-allow-origin"] == FRIEND
    assert headers["access-control-allow-credentials"] == "true"
    assert "origin" in headers["vary"].lower()


async def test_other_origins_may_not_read_answers(visitor: AsyncClient) -> None:
    headers = (await visitor.get(f"{BASE}/health", headers={"origin": STRANGER})).headers
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(("origin", "status"), [(FRIEND, 200), (STRANGER, 400)])
async def test_preflight_is_answered_to_named_origins_only(
    visitor: AsyncClient, origin: str, status: int
) -> None:
    asked = {"origin": origin, "access-control-request-method": "PUT"}
    answer = await visitor.options(f"{BASE}/api/products/1", headers=asked)
    assert answer.status_code == status
    assert answer.headers.get("access-control-allow-origin") == (
        FRIEND if origin == FRIEND else None
    )


async def test_without_named_origins_there_is_no_cors_at_all(anonymous: AsyncClient) -> None:
    headers = (await anonymous.get("/health", headers={"origin": FRIEND})).headers
    assert [name for name in headers if name.startswith("access-control")] == []


def test_star_as_origin_is_refused_at_start() -> None:
    with pytest.raises(ValidationError, match="must name origins"):
        TestSettings(cors_origins=["*"])


# The session cookie


async def test_cookie_is_out_of_reach_for_scripts_and_other_sites(
    visitor: AsyncClient, process: Process
) -> None:
    answer = await sign_in(visitor, process)
    assert answer.status_code == 303
    name, *flags = answer.headers["set-cookie"].split("; ")
    assert name.startswith("shopwright=")
    assert {flag.lower() for flag in flags if "=" not in flag} == {"httponly"}
    assert {"SameSite=lax", "Path=/"} <= set(flags)


async def test_cookie_over_https_is_secure_and_bound_to_the_host(
    strict_app: FastAPI, process: Process
) -> None:
    async with open_client(strict_app, "https://shop.test") as client:
        answer = await sign_in(client, process)
    name, *flags = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-shopwright=")
    assert {flag.lower() for flag in flags if "=" not in flag} == {"httponly", "secure"}
    assert [flag for flag in flags if flag.lower().startswith("domain")] == []


@pytest.mark.parametrize(
    "headers", [{"origin": STRANGER}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}, {}]
)
async def test_form_of_another_site_is_refused(
    visitor: AsyncClient, process: Process, headers: dict[str, str]
) -> None:
    await sign_in(visitor, process)
    answer = await visitor.post(f"{BASE}/logout", headers={**PAGE_HEADERS, **headers})
    assert answer.status_code == 403
    assert (await visitor.get(f"{BASE}/", headers=PAGE_HEADERS)).status_code == 200


async def test_log_in_form_of_another_site_is_refused(visitor: AsyncClient) -> None:
    form = {"email": EMAIL, "password": PASSWORD}
    answer = await visitor.post(f"{BASE}/login", data=form, headers={"origin": STRANGER})
    assert answer.status_code == 403


async def test_own_form_is_taken(visitor: AsyncClient, process: Process) -> None:
    await sign_in(visitor, process)
    answer = await visitor.post(f"{BASE}/logout", headers={"origin": "http://shop.test"})
    assert answer.status_code == 303
    assert (await visitor.get(f"{BASE}/", headers=PAGE_HEADERS)).status_code == 303


async def test_api_takes_the_page_cookie_only_with_the_token_of_the_page(
    visitor: AsyncClient, process: Process
) -> None:
    await sign_in(visitor, process)
    page = await visitor.get(f"{BASE}/", headers=PAGE_HEADERS)
    token = page.text.split('"X-CSRF-Token":"', 1)[1].split('"', 1)[0]
    same = {"origin": "http://shop.test"}
    for path in ("/api/orders", "/api/keys"):
        assert (await visitor.get(BASE + path, headers=same)).status_code == 401
        wrong = {**same, "x-csrf-token": "0" * 64}
        assert (await visitor.get(BASE + path, headers=wrong)).status_code == 401
        right = {**same, "x-csrf-token": token}
        assert (await visitor.get(BASE + path, headers=right)).status_code == 200
    assert (await visitor.post(f"{BASE}/api/keys", json={"name": "x"})).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_other_kinds_of_credentials_are_refused_with_a_reason(
    visitor: AsyncClient, method: str
) -> None:
    answer = await visitor.request(
        method, f"{BASE}/api/keys", headers={"authorization": "Basic b3duZXI6eA=="}
    )
    assert answer.status_code == 401
    assert "Bearer" in answer.json()["detail"]


async def test_limited_key_reaches_its_scope_and_no_other(
    visitor: AsyncClient, process: Process, owner: Actor
) -> None:
    token = await bearer(process, owner)
    body = {"name": "till", "scopes": ["catalog"]}
    key = (await visitor.post(f"{BASE}/api/keys", json=body, headers=token)).json()["key"]
    limited = {"x-api-key": key}
    assert (await visitor.get(f"{BASE}/api/products", headers=limited)).status_code == 200
    assert (await visitor.get(f"{BASE}/api/orders", headers=limited)).status_code == 403


# Secrets


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")
async def test_secrets_are_in_no_later_answer_and_in_no_log(
    app: FastAPI, client: AsyncClient, database: Database, owner: Actor, process: Process
) -> None:
    with capture_logs() as logs:
        secrets = await make_secrets(client, process)
        texts = await read_everything(app, client, database, owner)
    texts["the logs"] = json.dumps(logs, default=str)
    assert {
        w: name for w, t in texts.items() for name, value in secrets.items() if value in t
    } == {}
    assert len(texts) > 40


async def make_secrets(client: AsyncClient, process: Process) -> dict[str, str]:
    """What is said or shown only once."""
    code = "zq81access"
    printer = {
        "name": "left",
        "host": "127.0.0.1",
        "access_code": code,
        "serial": "01P00A000000001",
    }
    made = await client.post("/api/printers", json=printer)
    assert made.status_code in {200, 201}, made.text
    assert code not in made.text
    key = (await client.post("/api/keys", json={"name": "till"})).json()
    invited = await client.post(
        "/api/members/invitations", json={"email": "new@shop.test", "role": "viewer"}
    )
    await add_person(process)
    signed_in = await client.post("/api/auth/login", json={"email": EMAIL, "password": PASSWORD})
    tokens = {k: v for k, v in signed_in.json().items() if "token" in k and len(str(v)) > 20}
    assert signed_in.status_code == 200
    assert len(tokens) >= 2
    link = next(v for v in invited.json().values() if isinstance(v, str) and "http" in v)
    return {
        "access code": code,
        "key": next(v for v in key.values() if str(v).startswith("sk_") and len(v) > 20),
        "invitation": link.rsplit("/", 1)[-1].rsplit("=", 1)[-1],
        "password": PASSWORD,
        **tokens,
    }


async def add_person(process: Process) -> None:
    """Beside the fixtures' users, one with a password."""
    password_hash = await process.context.keep(Passwords).hash(PASSWORD)
    async with process.database.write() as session:
        person = people.NewPerson(EMAIL, "Olga", password_hash, is_email_verified=True)
        await people.create_user(session, person, process.clock.now())


async def read_everything(
    app: FastAPI, client: AsyncClient, database: Database, owner: Actor
) -> dict[str, str]:
    """The text of every page and every GET of the API, of the newest rows and of made ones."""
    texts = {}
    for endpoint in endpoints(app):
        names = endpoint.parameters
        if endpoint.method != "GET" or endpoint.path == "/live" or set(names) - set(PATH_ROWS):
            continue
        async with database.write() as session:
            rows: dict[str, int | str] = {
                name: await PATH_ROWS[name](session, owner) for name in names
            }
        firsts: dict[str, int | str] = dict.fromkeys(names, 1)
        for values in (rows, firsts):
            answer = await client.get(endpoint.url(values))
            texts[f"{endpoint} {values}"] = answer.text + str(dict(answer.headers))
    return texts


# Errors


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
async def test_crash_tells_nothing_but_its_request(visitor: AsyncClient, accept: str) -> None:
    headers = {"accept": accept, "origin": FRIEND, "x-request-id": "abc-1"}
    with capture_logs() as logs:
        answer = await visitor.get(f"{BASE}/api/crash", headers=headers)
    assert answer.status_code == 500
    assert answer.json()["detail"] == answer.json()["error"] == "Internal server error"
    assert answer.json()["request_id"] == "abc-1"
    for word in ("RuntimeError", "combination", "Traceback", ".py"):
        assert word not in answer.text
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [
        "unexpected error"
    ]


async def test_crash_carries_the_headers_of_every_answer(visitor: AsyncClient) -> None:
    answer = await visitor.get(f"{BASE}/api/crash", headers={"origin": FRIEND})
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


# Floods


class Flood:
    """A body of endless megabytes; counts those that were taken."""

    def __init__(self) -> None:
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"name": "'
        while self.taken < 50:
            self.taken += 1
            yield b"x" * 1_000_000


@pytest.mark.parametrize("path", ["/api/products", "/api/auth/login", "/api/orders"])
async def test_long_body_is_refused_before_any_of_it_is_read(
    client: AsyncClient, path: str
) -> None:
    flood = Flood()
    headers = {"content-type": "application/json", "content-length": "50000000"}
    answer = await client.post(path, content=flood, headers=headers)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too-large"
    assert flood.taken == 0


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "k1"}])
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
async def test_long_body_of_untold_length_is_refused_while_it_is_read(
    client: AsyncClient, kind: str, headers: dict[str, str]
) -> None:
    flood = Flood()
    answer = await client.post(
        "/api/products", content=flood, headers={"content-type": kind, **headers}
    )
    assert answer.status_code == 413
    assert flood.taken <= MAX_BODY_BYTES // 1_000_000 + 1
    assert (await client.get("/api/products")).json()["total"] == 0


async def test_long_form_is_refused_as_well(anonymous: AsyncClient) -> None:
    flood = Flood()
    headers = {
        "content-type": "multipart/form-data; boundary=b",
        "origin": "http://shop.test",
    }
    answer = await anonymous.post("/login", content=flood, headers=headers)
    assert answer.status_code in {400, 413}
    assert flood.taken <= 3


async def test_upload_may_be_longer_than_other_bodies(client: AsyncClient) -> None:
    files = {"file": ("x.gcode.3mf", b"x" * (MAX_BODY_BYTES + 1))}
    answer = await client.post("/api/print-files", files=files)
    assert answer.status_code == 400
    assert answer.json()["code"] == "print-file-unreadable"


# Slow and broken clients, on a real socket


@pytest.fixture
async def port(strict_app: FastAPI) -> AsyncIterator[int]:
    config = uvicorn.Config(
        strict_app, http="httptools", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        await serving


async def send_raw(port: int, text: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    await writer.drain()
    return reader, writer


def half_a_request(headers: dict[str, str]) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"POST {BASE}/api/products HTTP/1.1", "Host: shop.test", *lines])
    return f'{head}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{{"na'.encode()


async def test_slow_client_holds_up_nobody_and_a_broken_one_writes_nothing(
    port: int, process: Process, owner: Actor
) -> None:
    token = await bearer(process, owner)
    slow = [await send_raw(port, half_a_request(token)) for _ in range(20)]
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}{BASE}", headers=token) as client:
        async with asyncio.timeout(PATIENCE_S):
            made = await client.post("/api/products", json={"name": "gear"})
        assert made.status_code == 201
        for _, writer in slow:
            writer.close()
            await writer.wait_closed()
        assert (await client.get("/api/products")).json()["total"] == 1


@pytest.mark.parametrize(
    "noise", [b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\n\r\n", b"\x00" * 4096]
)
async def test_noise_on_the_line_is_refused_and_the_server_lives(port: int, noise: bytes) -> None:
    reader, writer = await send_raw(port, noise)
    async with asyncio.timeout(PATIENCE_S):
        answer = await reader.read(4096)
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 400")
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get(f"{BASE}/health")).status_code == 200


# Below a base path


async def test_base_path_stands_before_the_api_and_may_be_left_out_behind_a_proxy(
    visitor: AsyncClient, process: Process, owner: Actor
) -> None:
    token = await bearer(process, owner)
    for prefix in (BASE, ""):
        assert (await visitor.get(f"{prefix}/api/products", headers=token)).status_code == 200
        assert (await visitor.get(f"{prefix}/api/products/", headers=token)).status_code == 200
        assert (await visitor.get(f"{prefix}/api/openapi.json")).status_code == 200
        assert (await visitor.get(f"{prefix}/ready")).status_code == 200
    assert (await visitor.get(f"{BASE}ping/health")).status_code == 404


async def test_pages_link_below_the_base_path_only(visitor: AsyncClient, process: Process) -> None:
    sent_on = await visitor.get(f"{BASE}/printers", headers=PAGE_HEADERS)
    assert sent_on.headers["location"] == f"{BASE}/login?next=/printers"
    signed_in = await sign_in(visitor, process)
    assert signed_in.headers["location"] == f"{BASE}/"
    for path in ("/", "/printers", "/orders", "/queue"):
        page = await visitor.get(BASE + path, headers=PAGE_HEADERS)
        assert page.status_code == 200
        links = [part.split('"', 1)[0] for part in attributes(page.text)]
        assert len(links) > 10
        assert [link for link in links if link.startswith("/") and not link.startswith(BASE)] == []


def attributes(html: str) -> list[str]:
    names = ("href", "src", "action", "hx-get", "hx-post", "data-live", "data-worker")
    return [part for name in names for part in html.split(f' {name}="')[1:]]


async def test_assets_are_below_the_base_path(visitor: AsyncClient) -> None:
    page = await visitor.get(f"{BASE}/login", headers=PAGE_HEADERS)
    names = [p.split('"', 1)[0] for p in attributes(page.text) if p.startswith(f"{BASE}/static/")]
    assert len(names) >= 3
    for name in names:
        assert (await visitor.get(name.partition("#")[0])).status_code == 200


async def test_live_events_are_below_the_base_path(
    port: int, process: Process, owner: Actor
) -> None:
    token = await bearer(process, owner)
    url = f"http://127.0.0.1:{port}{BASE}/live?topics=nav"
    async with AsyncClient(headers=token) as client, client.stream("GET", url) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        async with asyncio.timeout(PATIENCE_S):
            first = await anext(answer.aiter_text())
    assert "event: hello" in first


@pytest.mark.parametrize("path", ["/api/parts", "/printer-backend/sendPrintJob", "/api/printers"])
async def test_json_nested_too_deep_is_refused_whoever_sends_it(
    anonymous: AsyncClient, client: AsyncClient, path: str
) -> None:
    deep, told = b"[" * 100_000, {"Content-Type": "application/json"}
    unknown = await anonymous.post(path, content=deep, headers=told)
    assert unknown.status_code in {400, 401}
    assert (await client.post(path, content=deep, headers=told)).status_code == 400
