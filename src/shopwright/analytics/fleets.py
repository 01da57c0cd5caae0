"""Which printers a report is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.analytics import queries
from shopwright.analytics.queries import Fleet, Machine
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import NotFound

UNKNOWN = "unknown printer"
NO_MODEL = "no model named"


@dataclass(frozen=True, slots=True)
class Machines:
    """``words`` says which they are, empty for all; removed ones are among them."""

    all: Sequence[Machine]
    fleet: Fleet
    words: str = ""

    @property
    def chosen(self) -> list[Machine]:
        ids = self.fleet.ids
        return [one for one in self.all if ids is None or one.id in ids]

    def name_of(self, printer_id: int) -> str:
        return next((one.name for one in self.all if one.id == printer_id), UNKNOWN)

    def model_of(self, printer_id: int) -> str:
        found = next((one.model for one in self.all if one.id == printer_id), None)
        return found or NO_MODEL


async def choose(
    session: AsyncSession, ctx: Actor, printer: Ref | None = None, model: str | None = None
) -> Machines:
    """One printer, all of a model, or every one; raises NotFound for a printer that is not there.

    Of a model that nobody has there is nothing to tell.
    """
    found = await queries.list_fleet(session, ctx.organization_id)
    if printer is not None:
        one = [m for m in found if printer.id == m.id or printer.uuid == m.uuid]
        if not one:
            raise NotFound(f"There is no printer {printer}.")
        found_model = [m for m in one if model is None or m.model == model]
        return Machines(found, Fleet([m.id for m in found_model]), one[0].name)
    if model is not None:
        return Machines(found, Fleet([m.id for m in found if m.model == model]), model)
    return Machines(found, Fleet())
