"""Onshape over HTTP: the account, and what parts take of it."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shopwright.kernel.times import ZuluTime
from shopwright.parts.onshape.account import OnshapeStanding
from shopwright.parts.onshape.service import Pulled
from shopwright.parts.onshape.states import ExportStatus
from shopwright.parts.schemas import Answer, PartBody, PartRead, Url
from shopwright.parts.states import FileKind

Format = Annotated[str, Field(max_length=8, description="step, glb or pdf")]


class OnshapeStart(BaseModel):
    authorize_url: str


class OnshapeFinish(BaseModel):
    """What Onshape sent back to a callback page of the client's own."""

    model_config = ConfigDict(extra="ignore")

    code: Annotated[str, Field(min_length=1, max_length=1000)]
    state: Annotated[str, Field(min_length=1, max_length=200)]


class OnshapeKeys(BaseModel):
    model_config = ConfigDict(extra="forbid")

    access_key: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-9;-~]+$")]
    secret_key: Annotated[SecretStr, Field(min_length=1, max_length=200)]


class OnshapeRead(Answer):
    """``way`` is oauth, keys, or settings for the server's own keys."""

    is_app_set_up: bool
    is_connected: bool
    way: str | None
    connected_as: str | None
    connected_by: str | None
    needs_connecting_again: bool
    year: int
    calls_used: int
    calls_left: int
    calls_allowed: int
    paused_until: ZuluTime | None
    pause_reason: str | None

    @classmethod
    def of(cls, standing: OnshapeStanding) -> Self:
        return cls(
            is_app_set_up=standing.is_app_set_up,
            is_connected=standing.is_connected,
            way=standing.way,
            connected_as=standing.connected_as,
            connected_by=standing.connected_by,
            needs_connecting_again=standing.is_refused,
            year=standing.year,
            calls_used=standing.calls_used,
            calls_left=standing.calls_left,
            calls_allowed=standing.calls_allowed,
            paused_until=standing.paused_until,
            pause_reason=standing.pause_reason,
        )


class PullBody(BaseModel):
    """Without ``url`` the part's own Onshape address is meant."""

    model_config = ConfigDict(extra="ignore")

    format: Format = "step"
    url: Url = None


class OnshapePartBody(PartBody):
    """A part whose file comes from its ``onshapeUrl``."""

    format: Format = "step"


class PullRead(Answer):
    """``version`` is the part's, once it has the file; ``error`` says why it has none."""

    part_id: int
    format: FileKind
    tab: str
    file_name: str
    status: ExportStatus
    phase: str
    progress: int
    error: str | None
    version: int | None
    asked_by: str
    created_at: ZuluTime

    @classmethod
    def of(cls, pulled: Pulled) -> Self:
        pull, export = pulled.pull, pulled.export
        return cls(
            part_id=pull.part_id,
            format=export.format,
            tab=export.element_name,
            file_name=pull.file_name,
            status=export.status,
            phase=export.phase,
            progress=export.progress,
            error=export.error,
            version=pull.version or None,
            asked_by=pull.asked_by,
            created_at=pull.created_at,
        )


class OnshapePartRead(Answer):
    part: PartRead
    file: PullRead
