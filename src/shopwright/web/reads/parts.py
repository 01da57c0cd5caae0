"""What the part board and the page of one part show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shopwright.kernel.actor import Actor
from shopwright.parts import queries, rules
from shopwright.parts.materials import find_material, mass_g
from shopwright.parts.models import CadConversion, Part, PartFile
from shopwright.parts.order_part_queries import ENDED, list_of_orders
from shopwright.parts.queries import FoundPart
from shopwright.parts.states import SOLID, WORKSHOP, PartCategory, PartStatus
from shopwright.web.pips import PARTS, Pip

SHOWN_PER_COLUMN = 60


@dataclass(frozen=True, slots=True)
class PartCard:
    """One part on the board, and what whoever looks may do with it by one tap."""

    part: Part
    preview: str | None  # the picture's hash
    pip: Pip
    is_mine: bool

    @property
    def is_open(self) -> bool:
        return self.part.status not in (PartStatus.CANCELLED, PartStatus.COMPLETED)

    @property
    def made(self) -> int:
        is_completed = self.part.status is PartStatus.COMPLETED
        return self.part.amount if is_completed else self.part.made

    @property
    def can_approve(self) -> bool:
        is_waiting = self.part.category is PartCategory.REVIEW
        return is_waiting and self.part.status is not PartStatus.CANCELLED

    @property
    def can_take(self) -> bool:
        return self._is_in_work and not self.part.assigned

    @property
    def can_finish(self) -> bool:
        return self._is_in_work and self.is_mine

    @property
    def can_revert(self) -> bool:
        return self.part.category is PartCategory.COMPLETED

    @property
    def _is_in_work(self) -> bool:
        is_free = self.is_open and self.part.held_reason is None
        return self.part.category in WORKSHOP and is_free


@dataclass(frozen=True, slots=True)
class Board:
    cards: Mapping[PartCategory, Sequence[PartCard]]
    totals: Mapping[PartCategory, int]


async def read_board(session: AsyncSession, ctx: Actor, text: str) -> Board:
    """Of each category what is due first, then the latest, with how many there are; one
    statement."""
    due = case((Part.status.not_in(ENDED), Part.due_on), else_=None)
    first = (due.is_(None), due, Part.updated_at.desc(), Part.id.desc())
    place = func.row_number().over(partition_by=Part.category, order_by=first)
    total = func.count().over(partition_by=Part.category)
    counted = (
        select(Part, place.label("place"), total.label("total"))
        .where(*queries.matching(ctx, queries.PartFilter(text=text)))
        .subquery()
    )
    part = aliased(Part, counted)
    made = and_(
        CadConversion.id == part.conversion_id,
        CadConversion.organization_id == ctx.organization_id,
    )
    rows = await session.execute(
        select(part, CadConversion.preview_sha256, counted.c.total)
        .outerjoin(CadConversion, made)
        .where(part.organization_id == ctx.organization_id, counted.c.place <= SHOWN_PER_COLUMN)
        .order_by(counted.c.place)
    )
    cards: dict[PartCategory, list[PartCard]] = {category: [] for category in PartCategory}
    totals: dict[PartCategory, int] = {}
    for found, preview, number in rows:
        cards[found.category].append(card_of(found, preview, ctx))
        totals[found.category] = number
    return Board(cards, totals)


async def list_of_order(session: AsyncSession, ctx: Actor, order_id: int) -> list[PartCard]:
    """What the workshop makes for an order, cancelled ones too."""
    found = await list_of_orders(session, ctx, [order_id])
    return [card_of(part, None, ctx) for part in found]


def card_of(part: Part, preview: str | None, ctx: Actor) -> PartCard:
    is_mine = bool(part.assigned) and (part.assigned or "").casefold() == ctx.name.casefold()
    return PartCard(part, preview, PARTS[part.status], is_mine)


def measures_of(found: FoundPart) -> list[tuple[str, str]]:
    """In words, with units; empty while nothing was measured."""
    made = found.conversion
    if made is None or made.size_x_mm is None:
        return []
    sides = (made.size_x_mm, made.size_y_mm or 0, made.size_z_mm or 0)
    shown = [("Size", " × ".join(f"{side:.4g}" for side in sides) + " mm")]
    if made.volume_mm3 is not None:
        shown.append(("Volume", f"{made.volume_mm3 / 1000:.4g} cm³"))
        material = find_material(found.part.material)
        if material is not None:
            shown.append(("Weight", f"{mass_g(made.volume_mm3, material):.4g} g"))
    if made.area_mm2 is not None:
        shown.append(("Surface", f"{made.area_mm2 / 100:.4g} cm²"))
    if made.body_count is not None:
        shown.append(("Bodies", str(made.body_count)))
    if made.is_watertight is False:
        shown.append(("Surface is", "not closed; the volume is a guess"))
    return shown


def current_versions(files: Sequence[PartFile]) -> set[int]:
    """The newest model and the newest drawing; ``files`` come newest first."""
    models = [file.version for file in files if file.kind in SOLID]
    drawings = [file.version for file in files if file.kind not in SOLID]
    return {*models[:1], *drawings[:1]}


def workers_of(part: Part) -> list[str]:
    """Who worked on it, in order."""
    workers = part.misc_info.get(rules.HAND_WORKERS)
    return [rules.worker_name(one) for one in workers] if isinstance(workers, list) else []
