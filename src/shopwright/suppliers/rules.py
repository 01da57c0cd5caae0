"""Which offer makes a piece, and when to look again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shopwright.suppliers.models import Supplier, SupplierOffer
from shopwright.suppliers.states import SupplierOrderStatus

FIRST_LOOK_S = 10.0
LONGEST_LOOK_S = 600.0
SHORT = frozenset({SupplierOrderStatus.PICKING_UP, SupplierOrderStatus.PRINTING})
SHORT_LOOK_S = 60.0  # while a machine is at it, something happens every minute


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one piece step asks for; the ids of a device model are the catalogue's."""

    variant_id: int | None
    device_model_id: int | None
    model_id: str | None
    shell_id: str | None
    supplier_id: int | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Who makes it, as what, and what for. ``cost_minor`` None: nobody told us."""

    supplier: Supplier
    offer: SupplierOffer | None
    model_id: str
    shell_id: str
    cost_minor: int | None
    currency: str
    lead_days: int


def choose(
    wanted: Wanted, suppliers: Collection[Supplier], offers: Collection[SupplierOffer]
) -> Source | None:
    """The offer that fits closest: by SKU, then the variant's, then the device model's; else a
    manufacturer who knows the device model by its own id. None when nobody makes it."""
    able = {
        supplier.id: supplier
        for supplier in sorted(suppliers, key=lambda one: one.id)
        if supplier.is_active and wanted.supplier_id in {None, supplier.id}
    }
    fitting = [offer for offer in offers if offer.supplier_id in able and _fits(wanted, offer)]
    if fitting:
        best = min(fitting, key=lambda offer: (_distance(wanted, offer), offer.id))
        return _of_offer(wanted, able[best.supplier_id], best)
    if wanted.model_id and able and not wanted.sku:
        supplier = next(iter(able.values()))
        shell = wanted.shell_id or ""
        return Source(supplier, None, wanted.model_id, shell, None, supplier.currency, 0)
    return None


def look_after(status: SupplierOrderStatus, looks: int) -> timedelta:
    """Ever longer while nothing happens: the manufacturer wants to be asked rarely."""
    longest = SHORT_LOOK_S if status in SHORT else LONGEST_LOOK_S
    return timedelta(seconds=min(longest, FIRST_LOOK_S * 2 ** min(looks, 10)))


def joined_numbers(numbers: Sequence[str | None]) -> str | None:
    """The queue numbers of an order's pieces, as far as they fit its column."""
    told = list(dict.fromkeys(number for number in numbers if number))
    return ", ".join(told)[:50] or None


def _fits(wanted: Wanted, offer: SupplierOffer) -> bool:
    if not offer.is_active:
        return False
    if wanted.sku and offer.sku and wanted.sku != offer.sku:
        return False
    if offer.variant_id is not None and offer.variant_id == wanted.variant_id:
        return True
    if offer.device_model_id is not None:
        return offer.device_model_id == wanted.device_model_id
    return bool(wanted.sku) and wanted.sku == offer.sku


def _distance(wanted: Wanted, offer: SupplierOffer) -> int:
    if wanted.sku and offer.sku == wanted.sku:
        return 0
    return 1 if offer.variant_id == wanted.variant_id else 2


def _of_offer(wanted: Wanted, supplier: Supplier, offer: SupplierOffer) -> Source:
    return Source(
        supplier=supplier,
        offer=offer,
        model_id=offer.partner_model_id or wanted.model_id or "",
        shell_id=offer.partner_shell_id or wanted.shell_id or "",
        cost_minor=offer.cost_minor,
        currency=offer.currency,
        lead_days=offer.lead_days,
    )
