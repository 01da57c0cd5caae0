"""A listing's inventory as Etsy wants it written back: always whole (fact sheet 1.8)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from shopwright.channels.port import BadAnswer, CallRefused
from shopwright.integrations.etsy.payloads import (
    EtsyInventory,
    EtsyInventoryProduct,
    EtsyOffering,
    EtsyPropertyValue,
)

MAX_QUANTITY = 999  # of one choice


def with_quantities(inventory: EtsyInventory, quantities: Mapping[str, int]) -> dict[str, Any]:
    """The full body for updateListingInventory with the quantities of some SKUs changed.

    Raises CallRefused for what Etsy would refuse, or would do more than was asked for.
    """
    products = [product for product in inventory.products if not product.is_deleted]
    _check_quantities(products, quantities)
    _check_shared(inventory, products, quantities)
    _check_any_left(products, quantities)
    return {
        "products": [_product(product, quantities.get(product.sku)) for product in products],
        "price_on_property": inventory.price_on_property,
        "quantity_on_property": inventory.quantity_on_property,
        "sku_on_property": inventory.sku_on_property,
        "readiness_state_on_property": inventory.readiness_state_on_property,
    }


def check_taken(inventory: EtsyInventory, quantities: Mapping[str, int]) -> None:
    """Etsy's answer to the write; raises BadAnswer unless it shows what was asked for."""
    shown = {
        product.sku: {offering.quantity for offering in product.offerings}
        for product in inventory.products
        if product.sku in quantities and not product.is_deleted
    }
    if any(shown.get(sku) != {quantity} for sku, quantity in quantities.items()):
        raise BadAnswer("Etsy took the quantities, but its answer shows others.")


def _check_quantities(products: list[EtsyInventoryProduct], quantities: Mapping[str, int]) -> None:
    known = {product.sku for product in products}
    for sku, quantity in quantities.items():
        if sku not in known:
            raise CallRefused(f"The listing has no choice with the SKU {sku!r}.")
        if not 0 <= quantity <= MAX_QUANTITY:
            raise CallRefused(f"Etsy offers 0 to {MAX_QUANTITY} of a choice, not {quantity}.")


def _check_shared(
    inventory: EtsyInventory,
    products: list[EtsyInventoryProduct],
    quantities: Mapping[str, int],
) -> None:
    """Without ``quantity_on_property`` all choices have one quantity; nobody asked for that."""
    if inventory.quantity_on_property:
        return
    changed = {quantities.get(product.sku) for product in products}
    if len(changed) > 1:
        raise CallRefused("All choices of this listing share one quantity at Etsy.")


def _check_any_left(products: list[EtsyInventoryProduct], quantities: Mapping[str, int]) -> None:
    left = (
        quantities.get(product.sku, offering.quantity)
        for product in products
        for offering in product.offerings
        if offering.is_enabled and not offering.is_deleted
    )
    if not any(left):
        raise CallRefused(
            "Etsy wants at least one choice with stock. Deactivate the listing at Etsy instead."
        )


def _product(product: EtsyInventoryProduct, quantity: int | None) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "property_values": [_property_value(value) for value in product.property_values],
        "offerings": [_offering(o, quantity) for o in product.offerings if not o.is_deleted],
    }


def _property_value(value: EtsyPropertyValue) -> dict[str, Any]:
    """Raises CallRefused for an older choice that Etsy shows but no longer takes back."""
    name = value.property_name or value.property_id
    if not value.values:
        raise CallRefused(f"The choice {name} of this listing is empty. Mend it at Etsy first.")
    bracketed = next((text for text in value.values if "(" in text or ")" in text), None)
    if bracketed:
        raise CallRefused(
            f"Etsy takes no brackets in choices any more. Rename {bracketed!r} at Etsy first."
        )
    fields: dict[str, Any] = msgspec.to_builtins(value)
    return fields


def _offering(offering: EtsyOffering, quantity: int | None) -> dict[str, Any]:
    """The price goes back as a plain number, not as the Money it came in."""
    price = Decimal(offering.price.amount) / offering.price.divisor
    return {
        "price": float(price),
        "quantity": offering.quantity if quantity is None else quantity,
        "is_enabled": offering.is_enabled,
        "readiness_state_id": offering.readiness_state_id,
    }
