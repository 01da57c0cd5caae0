"""The manufacturer's routes about our orders: updates, print commands, pictures, and relays."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from shopwright.artwork import pictures as artwork_pictures
from shopwright.artwork.models import DesignImage
from shopwright.files.links import LinkFor
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Now, Process, ProcessDep, Read, problems
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders.models import Order
from shopwright.orders.storefront.words import word_of
from shopwright.suppliers import pictures, queries
from shopwright.suppliers.connections import SupplierNotSetUp
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.partner import orders as partner_orders
from shopwright.suppliers.partner import relays
from shopwright.suppliers.partner.door import PartnerCtx
from shopwright.suppliers.partner.orders import Known, MoveRefused, NotMadeOutside, NotPaid
from shopwright.suppliers.partner.schemas import (
    BatchDownloads,
    BatchOrder,
    DownloadLink,
    DownloadLinks,
    OrderData,
    OrderUpdate,
    OrderUpdated,
    PayData,
    PrintCommand,
    PrintCommanded,
    PrintStatusRead,
    PrintTrigger,
    PrintTriggered,
    Relayed,
)

router = APIRouter(prefix="/api/chinese", tags=["manufacturer"], route_class=RepeatableRoute)

MAX_BATCH = 50
BATCH = 20
OrderName = Annotated[str, Path(alias="order", max_length=40)]
ORDER_PROBLEMS = problems(NotFound, NotMadeOutside, MoveRefused, NotPaid)


@router.post("/order-status-update", responses=ORDER_PROBLEMS)
async def take_order_update(
    ctx: PartnerCtx, body: OrderUpdate, process: ProcessDep, now: Now
) -> OrderUpdated:
    """How far the manufacturer is with an order. It is asked whether that is so; a move that is not
    possible is 400."""
    known = await partner_orders.take_update(process, ctx, body)
    return OrderUpdated(
        message="Order status updated successfully",
        order_id=known.order.id,
        status=body.status,
        order_status=known.word,
        queue_number=known.order.queue_number,
        updated_at=now,
    )


@router.post("/send-print-command", responses=ORDER_PROBLEMS)
async def send_print_command(
    ctx: PartnerCtx, body: PrintCommand, process: ProcessDep, now: Now
) -> PrintCommanded:
    """Send a paid order to the manufacturer, if it was not sent yet; the same again is the same
    command."""
    known = await partner_orders.command_print(process, ctx, body)
    async with process.database.read() as session:
        told = await partner_orders.describe(session, ctx, known)
    told |= {"image_urls": await _urls(process, ctx, known), "priority": body.priority}
    told |= {"customer_info": body.customer_info}
    return PrintCommanded(
        message="Print command sent successfully to the manufacturer",
        order_id=known.order.id,
        command_id=partner_orders.command_id(known, "CMD"),
        timestamp=now,
        print_command_data=told,
    )


@router.post("/print/trigger", responses=ORDER_PROBLEMS)
async def trigger_print(
    ctx: PartnerCtx, body: PrintTrigger, process: ProcessDep, now: Now
) -> PrintTriggered:
    """The same for an order that must be paid."""
    command = PrintCommand(order_id=body.order_id, equipment_id=body.equipment_id)
    known = await partner_orders.command_print(process, ctx, command)
    async with process.database.read() as session:
        told = await partner_orders.describe(session, ctx, known)
    return PrintTriggered(
        order_id=known.order.id,
        print_job_id=partner_orders.command_id(known, "PRINT"),
        image_urls=await _urls(process, ctx, known),
        phone_model=told["phone_model"],
        timestamp=now,
    )


@router.get("/print/{order}/status", responses=problems(NotFound))
async def read_print_status(order: OrderName, ctx: PartnerCtx, session: Read) -> PrintStatusRead:
    known = await partner_orders.get_known(session, ctx, order)
    return PrintStatusRead(
        order_id=known.order.id,
        status=known.word,
        payment_status=known.payment_word,
        queue_number=known.order.queue_number,
        estimated_completion=known.promised_at,
        notes=known.order.notes,
        created_at=known.order.created_at,
        updated_at=known.order.updated_at,
    )


@router.get("/order/{order}/download-links", responses=problems(NotFound))
async def list_download_links(
    order: OrderName, ctx: PartnerCtx, process: ProcessDep, session: Read, now: Now
) -> DownloadLinks:
    """The order's print-ready pictures, by links of 48 hours."""
    known = await partner_orders.get_known(session, ctx, order)
    lasts = pictures.MANUFACTURER_LINK
    images = await partner_orders.list_pictures(session, ctx, [known.order])
    links = [_link(process, image, now + lasts, lasts) for image in images[known.order.id]]
    links += [_offered(process, row, lasts) for row in _without_design(known)]
    return DownloadLinks(
        order_id=known.order.id,
        download_links=links,
        total_images=len(links),
        expires_at=now + lasts,
    )


@router.get("/images/batch-download", responses=problems(Invalid, NotFound))
async def list_batch_links(
    ctx: PartnerCtx,
    process: ProcessDep,
    session: Read,
    now: Now,
    order_ids: Annotated[str, Query(max_length=2000, description="separated by commas")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_BATCH)] = BATCH,
) -> BatchDownloads:
    """Of several orders, or of the newest that the manufacturer took, by links of 24 hours."""
    names = [name.strip() for name in order_ids.split(",") if name.strip()]
    if len(names) > MAX_BATCH:
        raise Invalid(f"At most {MAX_BATCH} orders at once; you named {len(names)}.")
    found = await partner_orders.find_orders(session, ctx, names, max(limit, len(names)))
    images = await partner_orders.list_pictures(session, ctx, found)
    lasts = pictures.BATCH_LINK
    batch = [_batch(process, order, images[order.id], now + lasts, lasts) for order in found]
    return BatchDownloads(
        batch_downloads=batch,
        total_orders=len(batch),
        total_images=sum(one.image_count for one in batch),
        expires_at=now + lasts,
        timestamp=now,
    )


@router.post("/order/payData", responses=problems(Invalid, relays.IdUsed, SupplierNotSetUp))
async def relay_pay_data(ctx: PartnerCtx, body: PayData, process: ProcessDep) -> Relayed:
    """Announce a payment to the manufacturer, once; its own words come back."""
    return await relays.relay_payment(process, ctx, body)


@router.post(
    "/order/orderData",
    responses=problems(Invalid, relays.IdUsed, relays.PaymentNotProven, SupplierNotSetUp),
)
async def relay_order_data(ctx: PartnerCtx, body: OrderData, process: ProcessDep) -> Relayed:
    """Place an order whose payment the manufacturer calls paid, once for each payment."""
    return await relays.relay_order(process, ctx, body)


async def _urls(process: Process, ctx: Actor, known: Known) -> list[str]:
    """Of what is ready to be printed; the rest follows when it is drawn."""
    async with process.database.read() as session:
        rows = await queries.list_of_order(session, ctx, known.order.id)
        ready = [one for one in rows if one.picture_sha256 is not None]
    return [await pictures.make_link(process, ctx, one) for one in ready]


def _without_design(known: Known) -> list[SupplierOrder]:
    """What is printed from the picture of an offer."""
    return [one for one in known.supplier_orders if one.picture_sha256 and not one.design_id]


def _offered(process: Process, row: SupplierOrder, lasts: timedelta) -> DownloadLink:
    name = f"{row.key}.png"
    url = pictures.link_of(process, row.picture_sha256 or "", "image/png", name, lasts)
    return DownloadLink(
        image_id=row.id,
        filename=name,
        download_url=url,
        secure_url=url,
        image_type="final",
        created_at=row.created_at,
    )


def _batch(
    process: Process, order: Order, images: list[DesignImage], ends: Now, lasts: timedelta
) -> BatchOrder:
    links = [_link(process, image, ends, lasts) for image in images]
    return BatchOrder(
        order_id=order.id,
        status=word_of(order),
        created_at=order.created_at,
        images=links,
        image_count=len(links),
    )


def _link(process: Process, image: DesignImage, ends: Now, lasts: timedelta) -> DownloadLink:
    url = artwork_pictures.image_url(
        process, image, now=ends - lasts, audience=LinkFor.MANUFACTURER, life=lasts
    )
    return DownloadLink(
        image_id=image.id,
        filename=image.filename,
        download_url=url,
        secure_url=url,
        image_type=image.kind,
        created_at=image.created_at,
    )
