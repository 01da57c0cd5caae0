"""Manyfold's HTTP interface: client credentials (OAuth2), then JSON-LD lists of 0.x models."""

from collections.abc import Mapping
from typing import TypeVar

import httpx
import msgspec

from shopwright.catalog.port import (
    LibraryAccess,
    LibraryEntry,
    LibraryPage,
    LibraryUnreachable,
    ModelWish,
)
from shopwright.kernel.errors import ShopError
from shopwright.kernel.metrics import outside_call

MEDIA_TYPE = "application/vnd.manyfold.v0+json"
SCOPES = "public read"
MAX_BYTES = 5_000_000

T = TypeVar("T")


class _Token(msgspec.Struct):
    access_token: str


class _Member(msgspec.Struct):
    id: str = msgspec.field(name="@id")
    name: str = ""


class _Collection(msgspec.Struct):
    member: list[_Member]
    total: int = msgspec.field(name="totalItems", default=0)
    view: dict[str, object] = msgspec.field(default_factory=dict)


class Manyfold:
    def __init__(self, access: LibraryAccess, http: httpx.AsyncClient) -> None:
        self._access = access
        self._http = http

    async def list_models(self, wish: ModelWish) -> LibraryPage:
        wanted = {"creator": wish.creator, "collection": wish.collection, "order": wish.order}
        query = {"page": str(wish.page)} | {name: text for name, text in wanted.items() if text}
        return await self._list("/models", query)

    async def list_creators(self, page: int) -> LibraryPage:
        return await self._list("/creators", {"page": str(page)})

    async def _list(self, path: str, query: Mapping[str, str]) -> LibraryPage:
        headers = {"accept": MEDIA_TYPE, "authorization": f"Bearer {await self._sign_in()}"}
        body = await self._call("GET", path, params=query, headers=headers)
        found = _decode(body, _Collection)
        return LibraryPage(
            entries=tuple(LibraryEntry(member.id, member.name) for member in found.member),
            total=found.total,
            links={name: link for name, link in found.view.items() if isinstance(link, str)},
        )

    async def _sign_in(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._access.client_id,
            "client_secret": self._access.client_secret,
            "scope": SCOPES,
        }
        return _decode(await self._call("POST", "/oauth/token", data=form), _Token).access_token

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> bytes:
        url = f"{self._access.base_url.rstrip('/')}{path}"
        try:
            with outside_call("manyfold") as call:
                response = await self._http.request(
                    method, url, params=params, headers=headers, data=data
                )
                call.outcome = f"{response.status_code // 100}xx"
        except (httpx.HTTPError, ShopError) as err:
            raise LibraryUnreachable(f"Manyfold cannot be reached: {_why(err)}") from err
        if not response.is_success or len(response.content) > MAX_BYTES:
            raise LibraryUnreachable(_refusal(response.status_code, path))
        return response.content


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise LibraryUnreachable("Manyfold gave an answer that cannot be read.") from err


def _why(err: Exception) -> str:
    return err.detail if isinstance(err, ShopError) else f"{type(err).__name__}."


def _refusal(status: int, path: str) -> str:
    if status in {httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return f"Manyfold refuses our access (status {status}). Check client id and secret."
    return f"Manyfold answered {path} with status {status}."
