"""Every route: guarded or named as public, repeatable, and blind to other organizations' rows.

The walk covers whatever ``server.routers`` includes. A new path parameter needs a factory in
``tests/factories.py`` (``@row_for``), a new public route a line here.
"""

import asyncio
from functools import lru_cache
from typing import Any

import jwt
import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import Table, text

from shopwright.accounts.access import Requires, RequiresNamed
from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Base, Database
from shopwright.kernel.edge import open_write
from shopwright.kernel.repeatable import RepeatableRoute
from tests.architecture.walk import Endpoint, body_of, endpoints
from tests.conftest import ClientAs
from tests.factories import PATH_ROWS

# Whoever comes; each has its own check or nothing to hide.
PUBLIC = {
    "GET /health",
    "GET /api/health",
    "GET /ready",
    "GET /metrics",  # its own token
    "POST /api/auth/login",
    "GET /api/auth/login",
    "POST /api/auth/callback",  # a code that only its verifier opens
    "POST /api/auth/refresh",
    "POST /api/auth/invitations/accept",  # the invitation's token
    "POST /api/agents/enrol",  # the enrolment code
    "GET /files/{token}",  # the link is signed
    "GET /printer-backend",
    "GET /printer-backend/health",
    "GET /printer-backend/fetch/{fetch_token}",  # so is this token, used once
    "GET /uploads/{file}",  # so is this one
    "GET /etsy/callback",  # its state is ours, used once
    "GET /api/parts/auth/onshape/callback",  # so is this one
    "POST /api/chinese/callbacks/{secret}/order/payStatus",  # its secret path
    "POST /api/chinese/callbacks/{secret}/order/status-update",
    "POST /api/webhooks/etsy/{token}",  # signed with the connection's secret
    # Whoever knows a session's 128 random bits; what proves money needs the machine's key.
    *(
        f"{method} {prefix}/session/{{session_id}}/{name}"
        for prefix in ("/api/vending", "")
        for method, name in (
            ("POST", "register-user"),
            ("POST", "progress"),
            ("GET", "health"),
            ("GET", "status"),
            ("POST", "validate"),
            ("GET", "qr.svg"),
            ("GET", "qr.png"),
            ("POST", "order-summary"),
            ("GET", "order-info"),
            ("POST", "init-payment"),
        )
    ),
    "GET /kiosk",  # its sealed cookie, else the pairing
    "GET /kiosk/pair",
    "POST /kiosk/pair",  # the machine's key
    *(f"POST /kiosk/{name}" for name in ("start", "leave", "alive")),  # the sealed cookie
    "GET /kiosk/screen",  # the same
    "GET /shop/k/{session_id}",  # as unguessable as the session
    "POST /shop/k/{session_id}/join",
    "POST /shop/k/{session_id}/pay",
    "GET /docs",
    "GET /api/docs",
    "GET /api/postman.json",
    "GET /login",
    "POST /login",
    "GET /login/etsy",
    "GET /login/etsy/callback",  # the sealed cookie of the browser that set out
    "GET /invitation",  # the invitation's token
    "POST /invitation",
    "GET /favicon.ico",
    "GET /shop",
    "GET /shop/cart",
    "GET /shop/checkout",
    "GET /shop/design/{template}",
    "GET /shop/orders/{order}",  # the order's token
    "GET /shop/orders/{order}/pictures/{number}",  # so is this
    "GET /shop/products/{product}",
    "GET /shop/products/{product}/picture",
    "GET /shop/templates/{template}",
    "GET /shop/templates/{template}/picture",
    "GET /api/brands",
    "GET /api/brands/{brand}/models",
    "GET /api/templates",
    "GET /api/templates/{template}",
    "GET /api/styles/{template}",
    "GET /api/fonts",
    "GET /api/fonts/{font}/file",
    "GET /api/colors/{color_type}",
    "GET /api/stickers/all",
    "GET /api/stickers/categories",
    "GET /api/stickers/category/{sticker_category}",
    "GET /api/stickers/image/{sticker_category}/{file_name:path}",
    "GET /api/stickers/url/{sticker_category}/{file_name:path}",
    "POST /api/designs",
    "GET /api/designs/fonts",
    "GET /api/designs/fonts/{file}",
    *(  # the design's own token, or the shop's people
        f"{method} /api/designs/{{design}}{rest}"
        for method, rest in (
            ("GET", ""),
            ("PUT", ""),
            ("DELETE", ""),
            ("POST", "/images"),
            ("POST", "/generate"),
            ("POST", "/preview"),
            ("GET", "/preview.png"),
        )
    ),
    "GET /image/{picture}",  # the link is signed
    "POST /api/images/generate",
    "POST /api/images/upload-final",
    "POST /upload/design",
    "POST /api/upload/design",
    *(  # a valid token of the picture, or the shop's people
        f"POST /api/{word}/{action}"
        for word in ("image", "images")
        for action in ("generate-secure-url", "refresh-token")
    ),
    "GET /static/{build}/{name:path}",
    # Strangers at the checkout; what is theirs they show a token or a session's id for.
    *(
        f"{method} {prefix}{path}"
        for prefix in ("", "/api")
        for method, path in (
            ("POST", "/create-checkout-session"),
            ("POST", "/process-payment-success"),
            ("GET", "/payment-success"),
            ("POST", "/stripe-webhook"),  # signed by Stripe
            ("POST", "/webhook/stripe"),
        )
    ),
    "POST /api/shop/quote",
    "POST /api/shop/checkout",
    "POST /api/orders/create",
    "GET /api/orders/{order}/status",  # the order's token, or a log-in
    "GET /api/orders/{order}/images",
}

# Path parameters that name no row.
PLAIN: dict[str, int | str] = {
    "category": "cnc",
    "number": 1,
    "slot": 1,
    "app_name": "shop",
    "recipient": "RID123",
    "third_id": "PYEN260302000001",
    "session_text": "VM001_20260302_090000_A1B2C3",
    "device_id": "SANDBOX01",
    "brand_id": "BR20250111000002",
    "file": "utilisation.csv",
}

# Bodies that the schema alone does not tell, by "METHOD /path".
BODIES: dict[str, Any] = {
    "POST /agents/{agent}/printers": {"printer": "1"},
    "POST /parts/{part}/slicings/{slicing}/recipe": {"sku": "GEAR"},
    "POST /orders/{order}/filament-used": {"filament": "1", "grams": "10"},
    "PUT /api/connections/{connection}/webhook": {"secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="},
    "POST /connections/{connection}/webhook": {"secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="},
    "POST /printers/cloud/{cloud_account}/code": {"code": "123456"},
    "POST /printers/{printer}/command": {"kind": "pause_print"},
    "POST /api/printers/{printer}/commands": {"command_type": "light_on"},
    "PUT /api/admin/models/{device_model}/stock": {"stock": 3},
    "PUT /api/admin/templates/{template}/price": {"price": 35},
    "POST /webstore/models/{device_model}": {"name": "iPhone"},
    "PUT /api/printers/{printer}": {"name": "Left"},
    "PUT /api/orders/{order}/status": {"status": "paid"},
    "POST /api/orders/{order}/images": {"image_url": "https://pictures.test/a.png"},
    "PUT /api/maintenance/plans/{maintenance_plan}": {
        "name": "Clean",
        "model": "P1S",
        "every_days": 3,
    },
    "PUT /api/maintenance/tasks/{maintenance_task}": {"title": "Clean"},
    "POST /maintenance/tasks/{maintenance_task}/done": {"minutes": "5"},
    "POST /maintenance/tasks/{maintenance_task}/assign": {"user_id": ""},
    "POST /maintenance/tasks/{maintenance_task}/skip": {"note": "It is new."},
    "POST /maintenance/parts/{spare_part}/receive": {"quantity": "2"},
    "POST /maintenance/parts/{spare_part}/count": {"on_hand": "2"},
    "POST /api/maintenance/tasks/{maintenance_task}/done": {"minutes": 5},
    "PUT /api/print-jobs/{job}/status": {"status": "queued"},
    "PUT /api/printer-commands/{command}/status": {"status": "sent"},
    "POST /api/print-jobs/{job}/backend-answer": {"has_it": True},
    "POST /backend/jobs/{job}/answer": {"has_it": "true"},
    "POST /printer-backend/products/{sender_product}/handshake": {"recipientId": "RID123"},
    "POST /printer-backend/products/{sender_product}/status": {"recipientId": "RID123"},
    "POST /printers/{printer}/edit": {"name": "Left", "host": "192.168.1.20"},
    "POST /queue/{job}/move": {"to": "top"},
    "POST /api/print-jobs/{job}/move": {"after": 1},
    "POST /api/listings/{listing}/quantity": {"from_stock": True},
    "POST /catalog/listings/{listing}/quantity": {"from_stock": "yes"},
    "POST /catalog/{product}/profile": {"product_name": "Gear"},
    "POST /filament/{filament}": {"material": "PLA", "color": "red"},
    "POST /customer-requests/{customer_request}": {"status": "open"},
    "POST /customers/{customer}/feedback": {"rating": "5"},
    "POST /filament/{filament}/spools": {"grams": "1000"},
    "POST /filament/spools/{spool}/load": {"place": "1:1"},
}

# A stream never ends, and a bare row has no bytes on disk; left to the tests of the slice.
NEED_MORE_THAN_A_ROW = {
    *(
        f"GET /api/parts/{{part}}/{name}"
        for name in ("download", "file", "drawing", "drawing/pages", "views/{number}")
    ),
    *(
        f"GET /api/parts/{{part}}/{name}"
        for name in ("conversion", "estimate", "geometry", "model", "preview")
    ),
    "GET /api/printers/{printer}/camera/snapshot",
    "GET /api/printers/{printer}/camera/stream",
    "GET /printers/{printer}/camera",
    "GET /api/print-files/{print_file}/download",
    "GET /api/print-files/{print_file}/link",
    "GET /api/print-files/{print_file}/plates/{number}/thumbnail",
    "GET /api/maintenance/reports/{printer_report}/photo",
    "GET /maintenance/reports/{printer_report}/photo",
    "GET /orders/{order}/photo",
    "GET /api/parts/{part}/drawing/pages/{number}",
    "GET /parts/{part}/drawing/{number}",
    "GET /parts/{part}/drawing",
    "GET /parts/{part}/model",
    "GET /parts/{part}/preview",
    "GET /parts/{part}/files/{number}",
    "GET /plates/{plate}/thumbnail",
}

ANSWER_S = 10


def walk(app: FastAPI) -> list[Endpoint]:
    return [endpoint for endpoint in endpoints(app) if str(endpoint) not in PUBLIC]


def with_rows(app: FastAPI) -> list[Endpoint]:
    """Those whose path names rows that we know how to make; the others fail a test of their own."""
    return [e for e in walk(app) if rows_named(e) and not unknown_rows(e)]


def rows_named(endpoint: Endpoint) -> list[str]:
    return [name for name in endpoint.parameters if name not in PLAIN]


def unknown_rows(endpoint: Endpoint) -> list[str]:
    return [n for n in rows_named(endpoint) if factory_name(endpoint, n) not in PATH_ROWS]


def test_every_route_decides_who_may_come_in(application: FastAPI) -> None:
    open_routes = [str(e) for e in walk(application) if not e.is_guarded]
    assert open_routes == [], "take one of accounts.access, or stand in PUBLIC"


def test_the_list_of_public_routes_is_true(application: FastAPI) -> None:
    found = {str(e) for e in endpoints(application)}
    guarded = {str(e) for e in endpoints(application) if e.is_guarded}
    assert PUBLIC - found == set()
    assert PUBLIC & guarded == set()


def test_every_creating_route_takes_idempotency_keys(application: FastAPI) -> None:
    missing = [
        str(e)
        for e in endpoints(application)
        if e.method == "POST"
        and e.path.startswith("/api/")
        and not isinstance(e.route, RepeatableRoute)
    ]
    assert missing == [], "APIRouter(..., route_class=RepeatableRoute)"


def test_the_write_transaction_opens_after_the_door(application: FastAPI) -> None:
    """Else a stranger would hold the one writer, and a stored answer could reach them."""
    late = []
    for endpoint in walk(application):
        calls = endpoint.calls
        if open_write in calls and endpoint.is_guarded:
            door = next(i for i, call in enumerate(calls) if hasattr(call, "scheme_name"))
            if calls.index(open_write) < door:
                late.append(str(endpoint))
    assert late == [], "name ctx before session"


def test_every_path_parameter_has_a_factory(application: FastAPI) -> None:
    unknown = {f"{name} in {e}" for e in walk(application) for name in unknown_rows(e)}
    assert unknown == set(), "register how to make such a row: tests.factories.row_for"


def factory_name(endpoint: Endpoint, name: str) -> str:
    """``/the/path:name`` where one name means several things, else the name."""
    exact = f"{endpoint.path}:{name}"
    return exact if exact in PATH_ROWS else name


async def make_rows(database: Database, actor: Actor, endpoint: Endpoint) -> dict[str, int | str]:
    """One row per path parameter, of the actor's organization."""
    async with database.write() as session:
        return {
            name: PLAIN[name]
            if name in PLAIN
            else await PATH_ROWS[factory_name(endpoint, name)](session, actor)
            for name in endpoint.parameters
        }


async def call(client: AsyncClient, endpoint: Endpoint, url: str, **changes: Any) -> Response:
    """With a body that passes validation; ``changes`` replace members of it."""
    arguments: dict[str, Any] = {}
    if any(isinstance(c, RequiresNamed) and c.is_needed for c in endpoint.calls):
        url += f"?organizationId={own_organization(client)}"
    body = body_of(endpoint)
    if body is not None:
        value = BODIES[str(endpoint)] if str(endpoint) in BODIES else body.example()
        arguments = _as_request(body.media_type, value, changes)
    elif str(endpoint) in BODIES:  # read by the route itself, as JSON or as a form
        arguments = _as_request("application/json", BODIES[str(endpoint)], changes)
    async with asyncio.timeout(ANSWER_S):
        return await client.request(endpoint.method, url, **arguments)


def own_organization(client: AsyncClient) -> str:
    """The one that the client's token names."""
    token = client.headers["authorization"].removeprefix("Bearer ")
    named: str = jwt.decode(token, options={"verify_signature": False})["org"]
    return named


def _as_request(media_type: str, body: Any, changes: dict[str, Any]) -> dict[str, Any]:
    body = {**body, **changes} if isinstance(body, dict) else body
    if media_type == "application/json":
        return {"json": body}
    if not isinstance(body, dict):
        return {"content": b"x", "headers": {"content-type": media_type}}
    files = {k: ("x.gcode", v) for k, v in body.items() if isinstance(v, bytes)}
    return {"data": {k: v for k, v in body.items() if k not in files}, "files": files or None}


def told(answer: Response) -> str:
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return f"{answer.status_code} {answer.json()['detail'] if is_problem else answer.text[:80]}"


async def snapshot(database: Database, organization_id: int) -> dict[str, str]:
    """Everything an organization has, as text by table; by one statement, as it is asked for
    before and after every call of the walk."""
    statement = text(everything(is_sqlite=database.is_sqlite))
    async with database.read() as session:
        rows = await session.execute(statement, {"organization_id": organization_id})
        found = {name: lines for name, lines in rows if lines}
    assert found
    return found


@lru_cache
def everything(*, is_sqlite: bool) -> str:
    joined = "group_concat(line, char(10))" if is_sqlite else "string_agg(line, chr(10))"
    tables = (t for t in Base.metadata.sorted_tables if "organization_id" in t.c)
    return " UNION ALL ".join(
        f"SELECT '{table.name}', {joined} FROM ("  # noqa: S608  names of our own tables
        f"SELECT {_line_of(table)} AS line FROM {table.name} "
        f"WHERE organization_id = :organization_id ORDER BY line) AS rows_of_{table.name}"
        for table in tables
    )


def _line_of(table: Table) -> str:
    return " || '|' || ".join(f'''coalesce(CAST("{c.name}" AS TEXT), '-')''' for c in table.columns)


async def test_nobody_comes_in_without_credentials(app: FastAPI, anonymous: AsyncClient) -> None:
    let_in = {}
    for endpoint in walk(app):
        answer = await anonymous.request(
            endpoint.method, endpoint.url(dict.fromkeys(endpoint.parameters, 1))
        )
        if answer.status_code not in {401, 303}:  # pages send people to the log-in
            let_in[str(endpoint)] = answer.status_code
    assert let_in == {}


async def test_naming_an_organization_of_others_is_forbidden(
    app: FastAPI, client: AsyncClient, other_organization: Organization
) -> None:
    let_in = {}
    for endpoint in walk(app):
        if any(isinstance(c, Requires) for c in endpoint.calls):
            url = endpoint.url(dict.fromkeys(endpoint.parameters, 1))
            answer = await client.request(
                endpoint.method, url, params={"organizationId": other_organization.uuid}
            )
            if answer.status_code != 403:
                let_in[str(endpoint)] = answer.status_code
    assert let_in == {}


@pytest.mark.timeout(300)
async def test_rows_of_another_organization_are_not_there(
    app: FastAPI, client: AsyncClient, database: Database, owner: Actor, stranger: Actor
) -> None:
    """All ids foreign, then each one alone with the others being ours."""
    reached = {}
    for endpoint in with_rows(app):
        foreign = await make_rows(database, stranger, endpoint)
        ours = await make_rows(database, owner, endpoint)
        before = await snapshot(database, stranger.organization_id)
        mixtures = [{**ours, name: foreign[name]} for name in rows_named(endpoint)]
        for values in [foreign, *mixtures]:
            answer = await call(client, endpoint, endpoint.url(values))
            if answer.status_code != 404:
                reached[f"{endpoint} {values}"] = told(answer)
        assert await snapshot(database, stranger.organization_id) == before, str(endpoint)
    assert reached == {}


@pytest.mark.timeout(300)
async def test_the_same_rows_are_there_for_their_owner(
    app: FastAPI, client: AsyncClient, database: Database, owner: Actor
) -> None:
    """So that the 404s above mean what they should; where one row alone makes the path."""
    missing = {}
    for endpoint in [e for e in with_rows(app) if e.method == "GET" and len(rows_named(e)) == 1]:
        if str(endpoint) not in NEED_MORE_THAN_A_ROW:
            values = await make_rows(database, owner, endpoint)
            answer = await call(client, endpoint, endpoint.url(values))
            if answer.status_code not in {200, 302, 303, 304, 409}:
                missing[str(endpoint)] = told(answer)
    assert missing == {}


@pytest.mark.timeout(300)
async def test_bodies_cannot_name_rows_of_another_organization(
    app: FastAPI, client_as: ClientAs, database: Database, owner: Actor, stranger: Actor
) -> None:
    """Every ``…_id`` member of a body, with the row of another organization."""
    client = await client_as(owner)
    reached = {}
    for endpoint in [e for e in walk(app) if not unknown_rows(e)]:
        for member in id_members(endpoint):
            async with database.write() as session:
                foreign = await PATH_ROWS[member.removesuffix("_id")](session, stranger)
            ours = await make_rows(database, owner, endpoint)
            before = await snapshot(database, stranger.organization_id)
            answer = await call(client, endpoint, endpoint.url(ours), **{member: foreign})
            if answer.status_code not in {400, 404, 409}:
                reached[f"{endpoint} {member}"] = told(answer)
            assert await snapshot(database, stranger.organization_id) == before, str(endpoint)
    assert reached == {}


def id_members(endpoint: Endpoint) -> list[str]:
    body = body_of(endpoint)
    if body is None or body.media_type != "application/json":
        return []
    return [m for m in body.members if m.endswith("_id") and m.removesuffix("_id") in PATH_ROWS]
