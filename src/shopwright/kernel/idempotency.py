"""``Idempotency-Key``: the same request twice does its work once (reference decisions 5).

The key is claimed by the first statement of the request's own write transaction, and the answer is
stored by the last one, so work and record commit together: a crash leaves both or neither, and
nothing has to be cleared up. A second request with the same key waits at the claim (PostgreSQL: for
the unique index; SQLite: for the one writer). Then it finds the first answer, or, if that was
rolled back, does the work itself. Only answers of 2xx are kept; a refusal changes nothing and may
be tried again.

A route that opens its transaction by itself (an upload is stored before it) uses
``edge.writing(request)``. Its answer is stored right after the commit instead; if the process dies
between the two, a repetition is refused with a sentence that says so. A route without any write
transaction ignores the header.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, Text, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column
from starlette.requests import Request
from starlette.responses import Response

from shopwright.kernel.db import Base, Id, WriteSession, insert_for
from shopwright.kernel.errors import Conflict, Invalid

KEPT = timedelta(hours=24)
MAX_KEY_LENGTH = 200
MAX_ANSWER = 1_000_000  # characters; longer answers are not kept, their repetition is refused
HASHED_TYPES = ("application/json", "application/x-www-form-urlencoded", "text/")
SECRET_MEMBERS = frozenset(
    {"token", "refresh_token", "key", "secret", "access_code", "code_verifier", "password", "link"}
)


class IdempotencyRecord(Base):
    """``answer_status`` None: the work is committed, its answer was not stored (yet)."""

    __tablename__ = "idempotency_records"
    __table_args__ = (
        Index("uq_idempotency_records_request", "principal", "method", "path", "key", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    principal: Mapped[str] = mapped_column(String(80))
    method: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(String(500))
    key: Mapped[str] = mapped_column(String(MAX_KEY_LENGTH))
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer_status: Mapped[int | None]
    answer_type: Mapped[str | None] = mapped_column(String(100))
    answer: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(index=True)


class KeyReused(Conflict):
    code = "idempotency-key-reused"
    title = "This Idempotency-Key belongs to another request"


class AnswerLost(Conflict):
    code = "idempotency-answer-lost"
    title = "This was done, but its answer is lost"


class Repeated(Exception):
    """Not an error: the work was done before, and this is its answer."""

    def __init__(self, response: Response) -> None:
        super().__init__("repeated request")
        self.response = response


@dataclass(slots=True)
class Claim:
    """One request's key on its way through the route."""

    key: str
    method: str
    path: str
    fingerprint: str
    is_exact: bool = True  # the fingerprint is of the whole body, not of its length
    record_id: int | None = None
    session: WriteSession | None = None

    async def enter(self, session: WriteSession, principal: str, now: datetime) -> None:
        """Claim the key in this transaction; raises Repeated with the first answer, or Conflict."""
        if self.record_id is not None:
            return  # a route's second transaction belongs to the same request
        if not self.is_exact and principal.startswith("address:"):
            return  # nothing tells two strangers' files behind one address apart
        await session.execute(
            delete(IdempotencyRecord).where(
                IdempotencyRecord.principal == principal, IdempotencyRecord.created_at < now - KEPT
            )
        )
        record_id = await self._insert(session, principal, now)
        if record_id is None:
            raise Repeated(await self._first_answer(session, principal))
        self.record_id, self.session = record_id, session

    async def _insert(self, session: WriteSession, principal: str, now: datetime) -> int | None:
        inserted: int | None = await session.scalar(
            insert_for(session, IdempotencyRecord)
            .values(
                principal=principal,
                method=self.method,
                path=self.path,
                key=self.key,
                fingerprint=self.fingerprint,
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=["principal", "method", "path", "key"])
            .returning(IdempotencyRecord.id)
        )
        return inserted

    async def _first_answer(self, session: WriteSession, principal: str) -> Response:
        first = (
            await session.scalars(
                select(IdempotencyRecord)
                .where(IdempotencyRecord.principal == principal, IdempotencyRecord.key == self.key)
                .where(IdempotencyRecord.method == self.method)
                .where(IdempotencyRecord.path == self.path)
            )
        ).one()
        if first.fingerprint != self.fingerprint:
            raise KeyReused("This Idempotency-Key was used with another body. Take a new one.")
        if first.answer_status is None:
            raise AnswerLost("This was carried out, but its answer was lost. Look at the result.")
        return Response(
            first.answer,
            status_code=first.answer_status,
            media_type=first.answer_type,
            headers={"Idempotency-Replayed": "true"},
        )

    async def store(self, session: WriteSession, response: Response) -> None:
        """Keep the answer with the claim; an answer that is no success gives the key back."""
        if not 200 <= response.status_code < 300:  # noqa: PLR2004
            await session.execute(
                delete(IdempotencyRecord).where(IdempotencyRecord.id == self.record_id)
            )
            return
        body = getattr(response, "body", None)  # a streamed answer has none
        if body is None or len(body) > MAX_ANSWER:
            return
        await session.execute(
            update(IdempotencyRecord)
            .where(IdempotencyRecord.id == self.record_id)
            .values(
                answer_status=response.status_code,
                answer_type=response.headers.get("content-type"),
                answer=without_secrets(bytes(body)),
            )
        )


async def claim_of(request: Request) -> Claim | None:
    """The request's claim; None without the header; raises Invalid for a key that is none."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not key.strip() or len(key) > MAX_KEY_LENGTH:
        raise Invalid(f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} characters.")
    fingerprint, is_exact = await _fingerprint(request)
    return Claim(key, request.method, request.url.path[:500], fingerprint, is_exact)


async def _fingerprint(request: Request) -> tuple[str, bool]:
    """A hash of query and body; for files of the length, as their boundary differs each time."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    digest = hashlib.sha256(f"{request.url.query}\n{media_type}\n".encode())
    is_exact = not media_type or media_type.startswith(HASHED_TYPES) or media_type.endswith("+json")
    if is_exact:
        digest.update(await request.body())
    else:
        digest.update(request.headers.get("content-length", "").encode())
    return digest.hexdigest(), is_exact


def without_secrets(body: bytes) -> str:
    """The answer as it may be shown again; what was shown once is gone."""
    text = body.decode("utf-8", "replace")
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    return json.dumps(_stripped(parsed), separators=(",", ":"), ensure_ascii=False)


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: _stripped(v)
            for k, v in value.items()
            if k not in SECRET_MEMBERS or not isinstance(v, str)
        }
    if isinstance(value, list):
        return [_stripped(entry) for entry in value]
    return value
