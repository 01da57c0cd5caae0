"""What an adapter for Onshape does for us, what it needs from us, and how it refuses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from shopwright.kernel.errors import Conflict, NotFound, Unavailable
from shopwright.parts.onshape.states import TabType
from shopwright.parts.states import FileKind


class OnshapeReconnect(Conflict):
    """The consent is over, or a key is refused: a person has to connect anew."""

    code = "onshape-reconnect"
    title = "Onshape no longer accepts our access"


class OnshapeRefused(Conflict):
    code = "onshape-refused"
    title = "Onshape refuses this"


class OnshapeMissing(NotFound):
    code = "onshape-missing"
    title = "Onshape does not have it"


class OnshapeBudgetSpent(Conflict):
    code = "onshape-calls-used-up"
    title = "The year's calls to Onshape are used up"


class OnshapeBusy(Unavailable):
    """Not now; ``retry_after_s`` says when."""

    code = "onshape-busy"
    title = "Onshape does not answer right now"


@dataclass(frozen=True, slots=True)
class OnshapeApp:
    """The OAuth app and where Onshape is; ``client_id`` is empty where only keys are used."""

    site_url: str
    oauth_url: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OnshapeTokens:
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Tab:
    """An element of a document."""

    id: str
    name: str
    type: TabType


@dataclass(frozen=True, slots=True)
class Source:
    """One tab at one fixed state of its document: ``pin`` is v or m and ``pin_id`` names it.
    ``workspace`` is set where it was asked for in a workspace, which translations need."""

    host: str
    document: str
    pin: str
    pin_id: str
    tab: Tab
    workspace: str | None = None
    configuration: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """``is_over`` with a ``failure``, or with files; both empty: there was nothing to export."""

    id: str
    is_over: bool
    failure: str | None = None
    files: tuple[str, ...] = ()  # ids of external data
    elements: tuple[str, ...] = ()  # tabs of a document, where it was stored there
    document: str = ""
    workspace: str = ""


class Access(Protocol):
    """Whose account is used."""

    async def header(self) -> str:
        """For ``Authorization``; raises OnshapeReconnect."""

    async def renewed(self, stale: str) -> str:
        """After ``stale`` was refused; raises OnshapeReconnect when nothing newer is to be had."""


class CallMeter(Protocol):
    """Counts the calls of the year."""

    async def count(self) -> None:
        """Before every call; raises OnshapeBudgetSpent or OnshapeBusy, and nothing is called."""

    async def give_back(self) -> None:
        """Onshape does not count what it refused."""

    async def pause(self, seconds: float, reason: str) -> None:
        """Nobody of this organization calls before that."""


class OnshapePort(Protocol):
    """One organization's Onshape, in a block. Every method raises the errors above, or
    BrokenUpstream for an answer that is none."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def read_name(self) -> str:
        """Whose account it is."""

    async def find_workspace(self, host: str, document: str) -> str:
        """The document's main workspace."""

    async def read_microversion(self, host: str, document: str, workspace: str) -> str: ...

    async def list_tabs(
        self, host: str, document: str, place: str, place_id: str
    ) -> Sequence[Tab]: ...

    async def start_translation(self, source: Source, wanted: FileKind) -> Translation: ...

    async def read_translation(self, host: str, translation_id: str) -> Translation: ...

    async def fetch_result(
        self, host: str, result: Translation, target: Path, *, max_bytes: int
    ) -> None:
        """Raises TooLarge; what was written until then is the caller's to remove."""

    async def fetch_directly(self, source: Source, target: Path, *, max_bytes: int) -> None:
        """A tab that is a file, or the GLB of a fixed state, which need no translation."""


class OnshapeConsents(Protocol):
    """The OAuth side, which is not counted among the calls."""

    def authorization_url(self, redirect_uri: str, state: str) -> str: ...
    async def trade_code(self, code: str, redirect_uri: str, now: datetime) -> OnshapeTokens: ...
    async def refresh(self, refresh_token: str, now: datetime) -> OnshapeTokens: ...


class OnshapeVendor(Protocol):
    """What the entry point names."""

    def consents(self, app: OnshapeApp) -> OnshapeConsents: ...
    def open(self, app: OnshapeApp, access: Access, meter: CallMeter) -> OnshapePort: ...
