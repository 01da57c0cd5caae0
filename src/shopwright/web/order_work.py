"""What a person tells on the page of an order: priority, time, photo, label, filament, talks."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.files.access import Files
from shopwright.files.photos import CONTENT_TYPE
from shopwright.files.serving import send_picture
from shopwright.kernel.edge import Now, Read, Ref, Write, parse_ref, path_ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.orders import filament_use, labels, photos, service
from shopwright.orders.correspondence import service as correspondence
from shopwright.orders.labels import LabelSpec
from shopwright.orders.service import OrderChange
from shopwright.orders.states import LabelStatus
from shopwright.orders.work_schemas import MAX_PRINT_MINUTES, WebAddress
from shopwright.web.amounts import read_grams
from shopwright.web.page import done
from shopwright.web.reads.order_filters import PRIORITIES

router = APIRouter(include_in_schema=False)

OrderRef = Annotated[Ref, path_ref("order")]


@router.post("/orders/{order}/priority")
async def set_priority(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    order: OrderRef,
    priority: Annotated[int, Form(ge=1, le=5)],
) -> Response:
    change = OrderChange(priority=priority)
    changed = await service.update_order(session, ctx, ref=order, change=change, now=now)
    words = f"Order #{changed.number} has the priority {PRIORITIES[priority]} now."
    return done(request, words, to=f"/orders/{changed.id}")


@router.post("/orders/{order}/making")
async def describe_making(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    order: OrderRef,
    minutes: Annotated[str, Form(max_length=10)] = "",
    print_notes: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:
    """How long its printing is thought to take, and what to mind."""
    change = OrderChange(print_notes=print_notes.strip(), estimated_print_min=_minutes(minutes))
    changed = await service.update_order(session, ctx, ref=order, change=change, now=now)
    return done(request, "Noted with the order.", to=f"/orders/{changed.id}")


@router.post("/orders/{order}/photo")
async def add_photo(request: Request, ctx: MemberCtx, order: OrderRef) -> Response:
    order_id = await photos.take_photo(request, ctx, order)
    return done(request, "The photo is kept with the order.", to=f"/orders/{order_id}")


@router.get("/orders/{order}/photo")
async def show_photo(
    request: Request, ctx: ViewerCtx, session: Read, files: Files, order: OrderRef
) -> Response:
    found = await service.get_order(session, ctx, order)
    if found.photo_sha256 is None:
        raise NotFound(f"Order #{found.number} has no photo.")
    return await send_picture(request, files, found.photo_sha256, content_type=CONTENT_TYPE)


@router.post("/orders/{order}/label")
async def set_label(
    *,
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    order: OrderRef,
    status: Annotated[LabelStatus, Form()],
    provider: Annotated[str, Form(max_length=60)] = "",
    tracking_number: Annotated[str, Form(max_length=100)] = "",
    label_url: Annotated[WebAddress, Form()] = "",
) -> Response:
    spec = LabelSpec(provider, status, label_url, tracking_number)
    changed = await labels.set_label(session, ctx, ref=order, spec=spec, now=now)
    return done(request, "The label is noted.", to=f"/orders/{changed.id}")


@router.post("/orders/{order}/filament")
async def assign_filament(
    request: Request, ctx: MemberCtx, session: Write, now: Now, order: OrderRef
) -> Response:
    """By the profiles of its items."""
    found, made = await filament_use.assign_filament(session, ctx, ref=order, now=now)
    return done(request, filament_use.sentence_of(made), to=f"/orders/{found.id}")


@router.post("/orders/{order}/filament-used")
async def record_usage(
    *,
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    order: OrderRef,
    filament: Annotated[str, Form(max_length=40)],
    grams: Annotated[str, Form(max_length=20)],
    description: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Used by hand; the stock falls."""
    amount_mg = read_grams(grams)
    if not amount_mg:
        raise Invalid("Say how many grams were used.")
    row = await filament_use.record_usage(
        session,
        ctx,
        filament=parse_ref(filament),
        amount_mg=amount_mg,
        order=order,
        description=description.strip(),
        now=now,
    )
    words = f"{row.material} {row.color}: the stock is lower now."
    return done(request, words, to=f"/orders/{row.usage.order_id}")


@router.post("/orders/{order}/messages")
async def log_message(
    *,
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    order: OrderRef,
    message: Annotated[str, Form(min_length=1, max_length=10_000)],
    direction: Annotated[Literal["inbound", "outbound"], Form()] = "inbound",
    channel: Annotated[str, Form(min_length=1, max_length=40)] = "message",
) -> Response:
    """Only the log: nothing is sent."""
    await correspondence.log_communication(
        session,
        ctx,
        order=order,
        message=message.strip(),
        direction=direction,
        channel=channel,
        now=now,
    )
    return done(request, "The talk is noted; nothing was sent.", to=f"/orders/{order}")


def _minutes(text: str) -> int | None:
    """Of ``90`` or ``1:30``; nothing leaves the estimate as it is."""
    hours, colon, minutes = text.strip().rpartition(":")
    if not text.strip():
        return None
    if not (minutes.isdigit() and (not colon or hours.isdigit())):
        raise Invalid(f"“{text}” is no time like 90 (minutes) or 1:30 (hours and minutes).")
    found = int(hours or 0) * 60 + int(minutes)
    if found > MAX_PRINT_MINUTES:
        raise Invalid("That is longer than two years.")
    return found
