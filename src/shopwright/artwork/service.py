"""What the rest of the house asks of a design: make it, open it, order it, link to its print."""

import hmac
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.artwork import canvas as canvases
from shopwright.artwork import queries
from shopwright.artwork.models import Design
from shopwright.artwork.states import DesignStatus
from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Gone, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.secrets import token_hash

COMPOSE = "artwork.compose"  # the durable work's name
DRAFT_LASTS = timedelta(days=14)


class DesignMissing(NotFound):
    """Not there, another shop's, or shown with another design's token."""

    code = "design-missing"
    title = "There is no such design"


class DesignExpired(Gone):
    code = "design-expired"
    title = "This design has expired"


class DesignOrdered(Conflict):
    code = "design-ordered"
    title = "This design is ordered"


class DesignMoved(Conflict):
    code = "design-moved"
    title = "Another tab saved this design"


class NewDesign(NamedTuple):
    """``token`` is shown once; whoever has it may see and change the design."""

    design: Design
    token: str


async def create_design(
    session: WriteSession,
    ctx: Actor,
    *,
    template: Template,
    model: DeviceModel,
    now: datetime,
    lasts: timedelta = DRAFT_LASTS,
) -> NewDesign:
    """An empty draft for a device. Raises SizeNotPrintable."""
    canvas = canvases.canvas_of(template, model)
    token = ids.new_token()
    design = Design(
        organization_id=ctx.organization_id,
        token_hash=token_hash(token),
        template_id=template.id,
        device_model_id=model.id,
        canvas=canvases.stored(canvas),
        width_px=canvas.width_px,
        height_px=canvas.height_px,
        created_at=now,
        updated_at=now,
        expires_at=now + lasts,
    )
    session.add(design)
    await session.flush()
    return NewDesign(design, token)


async def open_design(
    session: AsyncSession, ctx: Actor, design_ref: Ref, token: str, *, now: datetime
) -> Design:
    """The design of whoever shows its token; raises DesignMissing or DesignExpired."""
    design = await queries.find_design(session, ctx, design_ref)
    shown = token_hash(token)
    if design is None or not hmac.compare_digest(design.token_hash, shown):
        raise DesignMissing("There is no such design, or its key does not fit.")
    if design.expires_at is not None and design.expires_at <= now:
        raise DesignExpired("This design was not ordered in time and is gone. Begin a new one.")
    return design


async def freeze_design(
    session: WriteSession, ctx: Actor, design_id: int, *, now: datetime
) -> Design:
    """For whoever orders it: from here on it never changes; twice changes nothing. Its print is
    drawn after the commit. Raises DesignMissing.
    """
    frozen = await queries.freeze(session, ctx, design_id, now)
    if frozen is not None:
        await _enqueue_print(session, frozen)
        audit.record(session, ctx, "design.ordered", frozen.id, version=frozen.version)
        touch(session, ctx.organization_id, queries.TOPIC, frozen.id)
        return frozen
    return await get_design(session, ctx, design_id)


async def get_design(session: AsyncSession, ctx: Actor, design_id: int) -> Design:
    """For the shop's own code, without a token; raises DesignMissing."""
    design = await queries.find_design(session, ctx, Ref(design_id, None))
    if design is None:
        raise DesignMissing(f"There is no design {design_id}.")
    return design


async def _enqueue_print(session: WriteSession, design: Design) -> None:
    durable = session.context.durable
    if durable is not None:
        await durable.enqueue(
            session,
            COMPOSE,
            design.organization_id,
            design.id,
            workflow_id=f"{COMPOSE}-{design.uuid}",
        )


def is_draft(design: Design) -> bool:
    return design.status is DesignStatus.DRAFT
