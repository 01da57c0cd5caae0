"""A listing's inventory as Etsy wants it written back: always whole (fact sheet 1.8)."""

from decimal import Decimal
from typing import Any

import msgspec

from shopwright.channels.port import CallRefused
from shopwright.integrations.etsy.payloads import (
    EtsyInventory,
    EtsyInventoryProduct,
    EtsyOffering,
    EtsyPropertyValue,
)


def with_quantity(inventory: EtsyInventory, sku: str, quantity: int) -> dict[str, Any]:
    """The full body for updateListingInventory with one SKU's quantity changed.

    Raises CallRefused when no choice has this SKU, or when others share their quantity with it.
    """
    _check_sku(inventory, sku)
    return {
        "products": [
            _product(product, quantity if product.sku == sku else None)
            for product in inventory.products
            if not product.is_deleted
        ],
        "price_on_property": inventory.price_on_property,
        "quantity_on_property": inventory.quantity_on_property,
        "sku_on_property": inventory.sku_on_property,
        "readiness_state_on_property": inventory.readiness_state_on_property,
    }


def _check_sku(inventory: EtsyInventory, sku: str) -> None:
    skus = [product.sku for product in inventory.products if not product.is_deleted]
    if sku not in skus:
        raise CallRefused(f"The listing has no choice with the SKU {sku!r}.")
    if len(set(skus)) > 1 and not inventory.quantity_on_property:
        raise CallRefused("All choices of this listing share one quantity at Etsy.")


def _product(product: EtsyInventoryProduct, quantity: int | None) -> dict[str, Any]:
    return {
        "sku": product.sku,
        "property_values": [_property_value(value) for value in product.property_values],
        "offerings": [_offering(o, quantity) for o in product.offerings if not o.is_deleted],
    }


def _property_value(value: EtsyPropertyValue) -> dict[str, Any]:
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
