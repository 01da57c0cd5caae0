"""Blanks of a device model on the shelf: taken by an order, given back by one that was stopped."""

from collections.abc import Mapping

from sqlalchemy import select, update

from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Invalid


class OutOfStock(Invalid):
    code = "out-of-stock"
    title = "This is out of stock"


async def take(session: WriteSession, ctx: Actor, wanted: Mapping[int, int]) -> None:
    """Quantities by the model's id, all or none; raises OutOfStock with what is left."""
    for model_id, quantity in sorted(wanted.items()):  # one order of locks for everybody
        left = await session.scalar(
            update(DeviceModel)
            .where(DeviceModel.organization_id == ctx.organization_id, DeviceModel.id == model_id)
            .where(DeviceModel.stock >= quantity)
            .values(stock=DeviceModel.stock - quantity)
            .returning(DeviceModel.stock)
            .execution_options(synchronize_session=False)
        )
        if left is None:
            raise await _out_of_stock(session, ctx, model_id, quantity)


async def give_back(session: WriteSession, ctx: Actor, quantities: Mapping[int, int]) -> None:
    for model_id, quantity in sorted(quantities.items()):
        await session.execute(
            update(DeviceModel)
            .where(DeviceModel.organization_id == ctx.organization_id, DeviceModel.id == model_id)
            .values(stock=DeviceModel.stock + quantity)
            .execution_options(synchronize_session=False)
        )


async def _out_of_stock(
    session: WriteSession, ctx: Actor, model_id: int, quantity: int
) -> OutOfStock:
    rows = await session.scalars(
        select(DeviceModel)
        .where(DeviceModel.organization_id == ctx.organization_id, DeviceModel.id == model_id)
        .execution_options(populate_existing=True)
    )
    model = rows.one()
    left = f"{model.stock} left" if model.stock else "none left"
    return OutOfStock(
        f"{model.display_name} is out of stock: {left}, {quantity} wanted.",
        model=model.code,
        stock=model.stock,
    )
