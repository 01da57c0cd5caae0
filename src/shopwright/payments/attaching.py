"""The print picture of an order that came without one."""

from typing import NamedTuple

from sqlalchemy import select

from shopwright.artwork import printing
from shopwright.artwork import queries as artwork_queries
from shopwright.artwork.models import Design, DesignImage
from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.actor import Actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Conflict
from shopwright.orders import service as orders
from shopwright.orders.models import OrderItem
from shopwright.orders.storefront import service as storefront


class NoPictureWanted(Conflict):
    code = "no-picture-wanted"
    title = "This order waits for no picture"


class Attached(NamedTuple):
    order_id: int
    row: DesignImage

    @property
    def id(self) -> int:
        return self.row.id

    @property
    def kind(self) -> str:
        return self.row.kind

    @property
    def filename(self) -> str:
        return self.row.filename


async def attach_picture(process: Process, ctx: Actor, *, ref: Ref, url: str) -> Attached:
    """Fetched and checked as at checkout, for the first item that lacks its picture. Raises
    NotFound, NoPictureWanted, or what ``adopt_final_image`` raises."""
    item, template, model = await _find_item(process, ctx, ref)
    design = await printing.adopt_final_image(process, ctx, template=template, model=model, url=url)

    async def attach(session: WriteSession) -> None:
        order = await orders.get_order(session, ctx, Ref(item.order_id, None))
        for each in order.items:
            if each.id == item.id and each.design_id is None:
                now = process.clock.now()
                await storefront.take_design(session, ctx, item=each, design_id=design.id, now=now)

    await write_again(process.database, attach)
    return Attached(item.order_id, await _picture_of(process, ctx, design))


async def _find_item(
    process: Process, ctx: Actor, ref: Ref
) -> tuple[OrderItem, Template, DeviceModel]:
    async with process.database.read() as session:
        order = await orders.get_order(session, ctx, ref)
        for item in order.items:
            if item.template_id is None or item.design_id is not None or item.is_cancelled:
                continue
            rows = await session.execute(
                select(Template, DeviceModel)
                .join(DeviceModel, DeviceModel.organization_id == Template.organization_id)
                .where(Template.organization_id == ctx.organization_id)
                .where(Template.id == item.template_id, DeviceModel.id == item.device_model_id)
            )
            template, model = rows.one()
            return item, template, model
    raise NoPictureWanted(f"Order {order.number} has all its pictures.")


async def _picture_of(process: Process, ctx: Actor, design: Design) -> DesignImage:
    async with process.database.read() as session:
        images = await artwork_queries.find_images(session, ctx, design.id)
    return images[-1]
