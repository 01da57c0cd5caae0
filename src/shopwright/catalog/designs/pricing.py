"""What a designed product costs. Nothing else says a price, whatever a browser sends."""

from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.errors import Conflict


class PriceUnsettled(Conflict):
    code = "price-unsettled"
    title = "This has no price in one currency"


def price_of(template: Template, model: DeviceModel) -> tuple[int, str]:
    """The template's price and what this model costs on top, in minor units, with the currency.

    Raises PriceUnsettled when the two are priced in different currencies.
    """
    if model.price_minor and model.currency != template.currency:
        raise PriceUnsettled(
            f"{template.name} is priced in {template.currency}, "
            f"{model.display_name} in {model.currency}. Set one currency for both."
        )
    return template.price_minor + model.price_minor, template.currency
