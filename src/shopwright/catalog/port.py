"""What the catalogue asks of a library of models: which there are, and who made them."""

from dataclasses import dataclass
from typing import Protocol

import httpx

from shopwright.kernel.errors import BrokenUpstream


class LibraryUnreachable(BrokenUpstream):
    code = "model-library-unreachable"
    title = "The model library does not answer as it should"


@dataclass(frozen=True, slots=True)
class LibraryAccess:
    base_url: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """``id`` is the library's own, a path or URL there."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class LibraryPage:
    """``links`` are the library's own words for next, prev, first and last."""

    entries: tuple[LibraryEntry, ...]
    total: int
    links: dict[str, str]


@dataclass(frozen=True, slots=True)
class ModelWish:
    page: int = 1
    creator: str | None = None
    collection: str | None = None
    order: str | None = None


class ModelLibrary(Protocol):
    """Every method raises LibraryUnreachable. ``http`` is guarded: people typed the address."""

    def __init__(self, access: LibraryAccess, http: httpx.AsyncClient) -> None: ...
    async def list_models(self, wish: ModelWish) -> LibraryPage: ...
    async def list_creators(self, page: int) -> LibraryPage: ...
