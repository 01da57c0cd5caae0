"""Parts that order items owe, as planning and the orders make and change them.

One part stands for all pieces of an item that need the same recipe step. Whoever calls holds the
shop's work lock; nothing here tells the orders what they said themselves.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import touch
from shopwright.parts import order_part_queries, queries, rules, service
from shopwright.parts.models import Part, PartFile
from shopwright.parts.queries import TOPIC
from shopwright.parts.service import PartSpec
from shopwright.parts.states import SOLID, FileKind, PartCategory, PartStatus, PartType

DRAWINGS = frozenset({FileKind.PDF})


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """Of the order item that owes the part; ``personalisation`` as [question, answer]."""

    order_id: int
    order_item_id: int
    order_number: int
    title: str
    due_on: date | None
    personalisation: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Design:
    """What the recipe step says of one piece."""

    recipe_step_id: int
    name: str
    type: PartType
    material: str | None
    thickness: str | None
    notes: str | None
    amount: int
    is_approved: bool
    template_id: int | None
    template_version: int | None


@dataclass(frozen=True, slots=True)
class Need:
    """How many pieces still are to be made of a part, and how many of it are good already."""

    open: int
    good: int


async def want_part(
    session: WriteSession, ctx: Actor, *, facts: OrderFacts, design: Design, pieces: int,
    now: datetime,
) -> int:  # fmt: skip
    """The part that makes ``pieces`` more: the item's own while nobody has begun it, else one
    more, for review or straight in the workshop of its type."""
    part_id = await order_part_queries.grow_unbegun(
        session,
        ctx,
        item_id=facts.order_item_id,
        recipe_step_id=design.recipe_step_id,
        pieces=pieces,
    )
    if part_id is None:
        return await _create(session, ctx, facts, design, pieces, now)
    audit.record(session, ctx, "part.grown", part_id, pieces=pieces)
    touch(session, ctx.organization_id, TOPIC, part_id)
    return part_id


async def follow_needs(
    session: WriteSession, ctx: Actor, *, needs: dict[int, Need], why: str, now: datetime
) -> None:
    """Fewer are needed than were planned: the part gets smaller, is finished with those that are
    there, or is cancelled because its order ``why``."""
    for part in await order_part_queries.list_open(session, ctx, list(needs)):
        values = _followed(part, needs[part.id], why, now)
        audit.record(session, ctx, "part.followed_order", part.id, **_plain(values))
        session.expunge(part)
        await order_part_queries.set_open(session, ctx, part.id, values | {"updated_at": now})
        touch(session, ctx.organization_id, TOPIC, part.id)


async def set_pieces(session: WriteSession, ctx: Actor, *, part_id: int, pieces: int) -> None:
    await order_part_queries.set_amount(session, ctx, part_id, pieces)


async def hold_parts(
    session: WriteSession, ctx: Actor, *, order_id: int, reason: str | None
) -> None:
    """Nobody takes or finishes a part of a held order; None lets them again."""
    _touch_all(session, ctx, await order_part_queries.hold_parts(session, ctx, order_id, reason))


async def describe_parts(
    session: WriteSession,
    ctx: Actor,
    *,
    order_item_id: int,
    due_on: date | None,
    personalisation: Sequence[Any],
) -> None:
    """The channel says something else now."""
    values = {"due_on": due_on, "personalisation": list(personalisation)}
    found = await order_part_queries.describe_item_parts(session, ctx, order_item_id, values)
    _touch_all(session, ctx, found)


async def forget_customer(session: WriteSession, ctx: Actor, *, order_ids: Collection[int]) -> None:
    """Nothing that the customer wrote stays with the parts."""
    await order_part_queries.blank_order_parts(session, ctx, order_ids)
    touch(session, ctx.organization_id, TOPIC)


async def _create(
    session: WriteSession, ctx: Actor, facts: OrderFacts, design: Design, pieces: int, now: datetime
) -> int:
    template = None
    if design.template_id is not None:
        template = await queries.find_part(session, ctx, Ref(design.template_id, None))
    made = await service.create_part(session, ctx, spec=_spec(facts, design, pieces), now=now)
    if template is not None:
        await _copy_files(session, ctx, design, template.part, made.part, now)
    return made.part.id


def _spec(facts: OrderFacts, design: Design, pieces: int) -> PartSpec:
    workshop = rules.workshop_of(design.type)
    return PartSpec(
        name=design.name,
        type=design.type,
        category=workshop if design.is_approved else PartCategory.REVIEW,
        status=PartStatus.APPROVED if design.is_approved else PartStatus.PENDING,
        facts={
            "subsystem": facts.title[:100] or None,
            "material": design.material,
            "material_thickness": design.thickness,
            "notes": design.notes,
            "amount": pieces * design.amount,
            "amount_each": design.amount,
            "order_id": facts.order_id,
            "order_item_id": facts.order_item_id,
            "recipe_step_id": design.recipe_step_id,
            "order_number": facts.order_number,
            "due_on": facts.due_on,
            "personalisation": list(facts.personalisation),
        },
    )


async def _copy_files(
    session: WriteSession, ctx: Actor, design: Design, template: Part, part: Part, now: datetime
) -> None:
    """The template's newest drawing, and over it its model, or the version the recipe names; the
    bytes and what was converted are shared."""
    wanted = frozenset(FileKind) if design.template_version else SOLID
    drawing = await queries.find_file(session, ctx, template.id, kinds=DRAWINGS)
    chosen = await queries.find_file(
        session, ctx, template.id, version=design.template_version, kinds=wanted
    )
    files = {file.id: file for file in (drawing, chosen) if file is not None}
    copies = [_copy(file, part, number, now) for number, file in enumerate(files.values(), 1)]
    if not copies:
        return
    session.add_all(copies)
    conversions = [copy.conversion_id for copy in copies if copy.conversion_id is not None]
    newest = {
        "version": len(copies),
        "file_name": copies[-1].name,
        "onshape_url": template.onshape_url,
        "conversion_id": conversions[-1] if conversions else None,
    }
    await queries.set_file(session, ctx, part.id, newest)
    await session.flush()


def _copy(file: PartFile, part: Part, number: int, now: datetime) -> PartFile:
    return PartFile(
        organization_id=file.organization_id,
        part_id=part.id,
        version=number,
        name=file.name,
        kind=file.kind,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        uploaded_by=file.uploaded_by,
        conversion_id=file.conversion_id,
        created_at=now,
    )


def _followed(part: Part, need: Need, why: str, now: datetime) -> dict[str, Any]:
    pieces = need.open + need.good
    if pieces == 0:
        reason = f"order #{part.order_number} was {why}"
        return {"status": PartStatus.CANCELLED, "cancelled_reason": reason}
    amount = pieces * part.amount_each
    if need.open == 0:
        return {
            "category": PartCategory.COMPLETED,
            "status": PartStatus.COMPLETED,
            "completed_at": now,
            "amount": amount,
            "made": amount,
        }
    return {"amount": amount, "made": need.good * part.amount_each + part.made % part.amount_each}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "completed_at"}


def _touch_all(session: WriteSession, ctx: Actor, part_ids: Sequence[int]) -> None:
    for part_id in part_ids:
        touch(session, ctx.organization_id, TOPIC, part_id)
