"""What a stranger names in the webstore's words, as lines of an order."""

from dataclasses import dataclass

from shopwright.catalog.designs import queries as design_queries
from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices import queries as device_queries
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.orders.storefront.pricing import Line, NotSold
from shopwright.orders.storefront.service import Buyer
from shopwright.payments.checkout import Picture, Wish


@dataclass(frozen=True, slots=True)
class Named:
    """Brand and model by code, id, display name or partner id (reference decision 41)."""

    template: str
    brand: str
    model: str
    quantity: int = 1
    color: str | None = None


async def of_template(
    process: Process,
    ctx: Actor,
    named: Named,
    *,
    buyer: Buyer,
    expected_minor: int | None,
    picture_url: str | None,
    reference: str | None,
    success_url: str | None = None,
    cancel_url: str | None = None,
) -> Wish:
    """Raises NotSold for what is not in the catalogue. Clients of the webstore know the price of
    the goods, and some the total: ``expected_minor`` may be either."""
    template, model = await _find(process, ctx, named)
    line = Line(
        quantity=named.quantity,
        template_id=template.id,
        device_model_id=model.id,
        options=(("Color", named.color),) if named.color else (),
    )
    return Wish(
        lines=[line],
        buyer=buyer,
        expected_minor=expected_minor,
        goods_minor=expected_minor,
        reference=reference,
        pictures={0: Picture(template, model, picture_url)} if picture_url else {},
        success_url=success_url,
        cancel_url=cancel_url,
    )


async def _find(process: Process, ctx: Actor, named: Named) -> tuple[Template, DeviceModel]:
    async with process.database.read() as session:
        template = await design_queries.find_template(session, ctx, named.template)
        if template is None:
            raise NotSold(f"There is no template {named.template!r} here.")
        brand = await device_queries.find_brand(session, ctx, named.brand)
        if brand is None:
            raise NotSold(f"There is no brand {named.brand!r} here.")
        model = await device_queries.find_model(session, ctx, named.model, brand.id)
    if model is None:
        raise NotSold(f"There is no model {named.model!r} of {brand.display_name} here.")
    return template, model
