"""What pages show of Onshape: the account, and how far a part's file is."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.parts.models import Part
from shopwright.parts.onshape import account, pulls
from shopwright.parts.onshape.exports import is_settled
from shopwright.parts.onshape.models import OnshapeExport, OnshapePull
from shopwright.parts.onshape.states import ExportStatus
from shopwright.web.pips import Pip

SHOWN_PULLS = 20
PIPS = {
    ExportStatus.QUEUED: Pip("waiting", "blue", "clock"),
    ExportStatus.RUNNING: Pip("under way", "blue", "refresh"),
    ExportStatus.DONE: Pip("fetched", "green", "circle-check"),
    ExportStatus.FAILED: Pip("failed", "red", "alert-triangle"),
}


@dataclass(frozen=True, slots=True)
class PullRow:
    pull: OnshapePull
    export: OnshapeExport
    part: Part | None = None

    @property
    def pip(self) -> Pip:
        return PIPS[self.export.status]

    @property
    def is_under_way(self) -> bool:
        return not is_settled(self.export)

    @property
    def error(self) -> str | None:
        return self.export.error if self.export.status is ExportStatus.FAILED else None


@dataclass(frozen=True, slots=True)
class PartOnshape:
    """``is_connected``: its model can be fetched."""

    is_connected: bool
    latest: PullRow | None


async def read_part(process: Process, session: AsyncSession, ctx: Actor, part: Part) -> PartOnshape:
    if not part.onshape_url:
        return PartOnshape(is_connected=False, latest=None)
    now = process.clock.now()
    standing = await account.read_standing(process, session, ctx, now)
    found = await pulls.find_latest(session, ctx, part.id)
    return PartOnshape(standing.is_connected, PullRow(*found) if found else None)


async def list_pulls(session: AsyncSession, ctx: Actor) -> Sequence[PullRow]:
    return [PullRow(*row) for row in await pulls.list_latest(session, ctx, SHOWN_PULLS)]
