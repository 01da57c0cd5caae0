"""What every HTTP route takes and gives back: sessions, references, pages of rows, problem docs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, PlainValidator, WithJsonSchema
from starlette.responses import JSONResponse

from shopwright.kernel import ids
from shopwright.kernel.clock import Clock
from shopwright.kernel.context import ProcessContext
from shopwright.kernel.db import Database, ReadSession, WriteSession
from shopwright.kernel.errors import Invalid, NotFound, ShopError
from shopwright.kernel.idempotency import Claim
from shopwright.kernel.settings import Settings

MAX_ID = 2**63 - 1
MAX_BODY_BYTES = 2_000_000  # of a request that is parsed in memory; uploads are streamed
ALL_ROWS = 1_000_000_000  # the default limit of documented lists that return everything


@dataclass(slots=True)
class Process:
    """One running process: made by ``server.process``, found on ``app.state.process``."""

    settings: Settings
    clock: Clock
    context: ProcessContext
    database: Database
    is_ready: bool = False


def get_process(request: Request) -> Process:
    process: Process = request.app.state.process
    return process


async def find_process(request: Request) -> Process:
    """The dependency; a plain function would be called in a thread."""
    return get_process(request)


async def open_read(request: Request) -> AsyncIterator[ReadSession]:
    async with get_process(request).database.read() as session:
        yield session


async def open_write(request: Request) -> AsyncIterator[WriteSession]:
    async with writing(request) as session:
        yield session


@asynccontextmanager
async def writing(request: Request) -> AsyncIterator[WriteSession]:
    """The request's write transaction, for routes that cannot take ``Write`` as an argument.

    The first one also claims the request's ``Idempotency-Key`` (see ``kernel.idempotency``).
    """
    process = get_process(request)
    claim: Claim | None = getattr(request.state, "claim", None)
    async with process.database.write() as session:
        if claim is not None:
            await claim.enter(session, principal_of(request), process.clock.now())
        yield session
        if claim is not None:
            claim.session = (
                None  # an answer that is not stored by now needs a transaction of its own
            )


def allow_body(request: Request, max_bytes: int) -> None:
    """For a route that streams its body to disk: more than ``MAX_BODY_BYTES`` may come."""
    request.state.max_body_bytes = max_bytes


def route_path(request: Request) -> str:
    """The path as routes name it, without ``BASE_PATH``."""
    path: str = request.scope["path"]
    return path.removeprefix(request.scope.get("root_path") or "")


def principal_of(request: Request) -> str:
    """Who is counted: the one ``accounts`` let in, else the caller's address."""
    known: str | None = getattr(request.state, "principal", None)
    return known or f"address:{request.client.host if request.client else 'unknown'}"


async def get_now(request: Request) -> datetime:
    return get_process(request).clock.now()


async def get_settings(request: Request) -> Settings:
    return get_process(request).settings


# Function scope: committed, and the connection given back, before the response leaves.
Read = Annotated[ReadSession, Depends(open_read, scope="function")]
Write = Annotated[WriteSession, Depends(open_write, scope="function")]
Now = Annotated[datetime, Depends(get_now)]
ProcessDep = Annotated[Process, Depends(find_process)]
SettingsDep = Annotated[Settings, Depends(get_settings)]


@dataclass(frozen=True, slots=True)
class Ref:
    """A row named in a path, by its integer id or its uuid."""

    id: int | None
    uuid: str | None

    def where(self, model: Any) -> Any:
        """The condition on a table with ``id`` and ``uuid``."""
        return model.id == self.id if self.id is not None else model.uuid == self.uuid

    def __str__(self) -> str:
        return str(self.id) if self.id is not None else str(self.uuid)


def parse_ref(text: str) -> Ref:
    """Raises NotFound for what can be neither an id nor a uuid: nothing is there."""
    if text.isascii() and text.isdigit() and 0 < int(text) <= MAX_ID:
        return Ref(int(text), None)
    if ids.is_uuid(text):
        return Ref(None, text.lower())
    raise NotFound(f"There is nothing with the id {text[:40]!r}.")


def path_ref(name: str) -> Any:
    """A dependency that reads the path parameter ``name`` as a Ref."""

    async def read(value: Annotated[str, Path(alias=name, max_length=40)]) -> Ref:
        return parse_ref(value)

    return Depends(read)


def _read_body_ref(value: object) -> Ref:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("must be an id: an integer or a uuid")  # noqa: TRY004  pydantic wants it
    try:
        return parse_ref(str(value))
    except NotFound as err:
        raise ValueError("must be an id: an integer or a uuid") from err


# A row named in a body, by its integer id or its uuid.
BodyRef = Annotated[
    Ref,
    PlainValidator(_read_body_ref),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "format": "uuid"}]}),
]


@dataclass(frozen=True, slots=True)
class Paging:
    limit: int
    offset: int
    is_enveloped: bool = False  # the rows come under ``data`` instead of the list's own name


def make_paging(limit: int | None, offset: int, envelope: str | None, default_limit: int) -> Paging:
    """Raises Invalid with the range when a number is outside it."""
    if limit is not None and not 1 <= limit <= 1000:  # noqa: PLR2004  documented range
        raise Invalid("limit must be between 1 and 1000.", limit=limit)
    if not 0 <= offset <= MAX_ID:
        raise Invalid("offset must be 0 or more.", offset=offset)
    return Paging(default_limit if limit is None else limit, offset, envelope == "data")


def page_of(default_limit: int) -> Any:
    """A dependency for ``limit`` (1–1000) and ``offset``; out of range is 400 with the range named.

    ``ALL_ROWS`` as default returns everything unless the caller asks for less.
    """

    async def read(
        limit: Annotated[int | None, Query(description="1 to 1000")] = None,
        offset: Annotated[int, Query(description="rows to skip")] = 0,
        envelope: Annotated[Literal["data"] | None, Query(description="name the rows data")] = None,
    ) -> Paging:
        return make_paging(limit, offset, envelope, default_limit)

    return Depends(read)


def page_members(paging: Paging, total: int) -> dict[str, int]:
    """What every list says besides its rows: ``total limit offset page pages``."""
    limit = total if paging.limit == ALL_ROWS else paging.limit
    size = max(limit, 1)
    return {
        "total": total,
        "limit": limit,
        "offset": paging.offset,
        "page": paging.offset // size + 1,
        "pages": -(-total // size),
    }


def listed(name: str, rows: Sequence[BaseModel], total: int, paging: Paging) -> JSONResponse:
    """The answer of a list route: the rows under ``name`` (or ``data``) and the page's members."""
    key = "data" if paging.is_enveloped else name
    body = {key: [row.model_dump(mode="json") for row in rows], **page_members(paging, total)}
    return JSONResponse(body)


def listed_bare(rows: Sequence[BaseModel], total: int, paging: Paging) -> JSONResponse:
    """A list that the reference prints as a bare array; ``?envelope=data`` gives it members."""
    if paging.is_enveloped:
        return listed("data", rows, total, paging)
    return JSONResponse([row.model_dump(mode="json") for row in rows])


def problems(*errors: type[ShopError]) -> dict[int | str, dict[str, Any]]:
    """The ``responses=`` of a route: which refusals it documents."""
    found: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        entry = found.setdefault(
            error.status,
            {
                "description": error.title,
                "content": {"application/problem+json": {"schema": PROBLEM_SCHEMA}},
            },
        )
        if error.title not in entry["description"]:
            entry["description"] += f"; {error.title}"
    return found


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "error", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "error": {"type": "string"},
        "code": {"type": "string"},
        "details": {},
        "request_id": {"type": "string"},
    },
}
