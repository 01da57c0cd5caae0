"""Manufacturers and what they offer, as people enter them."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.catalog.devices.models import DeviceModel
from shopwright.catalog.models import Variant
from shopwright.catalog.states import StepKind
from shopwright.files import service as files
from shopwright.kernel import events
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.egress import check_url
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.money import check_currency
from shopwright.orders import piece_queries
from shopwright.orders.events import StepsOwed
from shopwright.suppliers import connections, queries, readiness
from shopwright.suppliers.connections import SupplierDefaults
from shopwright.suppliers.models import Supplier, SupplierOffer
from shopwright.suppliers.port import SupplierAccount, SupplierError
from shopwright.suppliers.states import SupplierHealth


class OfferExists(Conflict):
    code = "offer-exists"
    title = "There is an offer for this already"


class SupplierExists(Conflict):
    code = "supplier-exists"
    title = "There is a manufacturer of this name already"


@dataclass(frozen=True, slots=True)
class SupplierSpec:
    """None leaves a member as it is; an account is entered whole, or its secrets kept."""

    name: str | None = None
    currency: str | None = None
    ships: bool | None = None
    is_active: bool | None = None
    base_url: str | None = None
    account: str | None = None
    password: str | None = None
    system_name: str | None = None
    fixed_key: str | None = None
    device_id: str | None = None
    signature: str | None = None

    @property
    def has_account(self) -> bool:
        told = (self.base_url, self.account, self.password, self.system_name, self.fixed_key)
        return any(told) or self.device_id is not None or self.signature is not None


@dataclass(frozen=True, slots=True)
class OfferSpec:
    variant: Ref | None = None
    device_model: Ref | None = None
    sku: str = ""
    partner_model_id: str | None = None
    partner_shell_id: str | None = None
    cost_minor: int | None = None
    currency: str | None = None
    lead_days: int = 0
    picture_sha256: str | None = None


async def get_supplier(session: AsyncSession, ctx: Actor, ref: Ref) -> Supplier:
    """Raises NotFound."""
    supplier = await queries.find_supplier(session, ctx, ref)
    if supplier is None:
        raise NotFound(f"There is no manufacturer {ref}.")
    return supplier


async def create_supplier(
    session: WriteSession, ctx: Actor, spec: SupplierSpec, now: datetime
) -> Supplier:
    """Raises SupplierExists or Invalid."""
    ctx.require(Role.ADMIN)
    supplier = Supplier(
        organization_id=ctx.organization_id,
        adapter=queries.MANUFACTURER,
        name="",
        currency=check_currency(spec.currency or "GBP"),
        created_at=now,
        updated_at=now,
    )
    await _describe(session, ctx, supplier, replace(spec, name=spec.name or "Manufacturer"))
    session.add(supplier)
    await session.flush()
    audit.record(session, ctx, "supplier.created", supplier.id, name=supplier.name)
    touch(session, ctx.organization_id, queries.TOPIC, supplier.id)
    await order_waiting(session, ctx)
    return supplier


async def update_supplier(
    session: WriteSession, ctx: Actor, ref: Ref, spec: SupplierSpec, now: datetime
) -> Supplier:
    """Raises NotFound, SupplierExists or Invalid."""
    ctx.require(Role.ADMIN)
    supplier = await get_supplier(session, ctx, ref)
    await _describe(session, ctx, supplier, spec)
    supplier.updated_at = now
    if spec.has_account:
        supplier.health, supplier.last_error = SupplierHealth.UNTRIED, None
    await session.flush()
    audit.record(session, ctx, "supplier.changed", supplier.id, is_active=supplier.is_active)
    touch(session, ctx.organization_id, queries.TOPIC, supplier.id)
    await order_waiting(session, ctx)
    return supplier


async def check_supplier(process: Process, ctx: Actor, ref: Ref) -> Supplier:
    """Sign in there now; how it went stands on the page. Raises NotFound or SupplierNotSetUp."""
    async with process.database.read() as session:
        supplier = await get_supplier(session, ctx, ref)
    port = connections.open_port(process, supplier)
    try:
        await port.check()
    except SupplierError as err:
        await readiness.note_trouble(process, ctx, supplier, err)
    else:
        await readiness.note_health(process, ctx, supplier, SupplierHealth.WORKING)
    async with process.database.read() as session:
        return await get_supplier(session, ctx, ref)


async def create_offer(
    session: WriteSession, ctx: Actor, supplier_ref: Ref, spec: OfferSpec, now: datetime
) -> SupplierOffer:
    """What waited for it is ordered in the same transaction. Raises NotFound, Invalid or
    OfferExists."""
    supplier = await get_supplier(session, ctx, supplier_ref)
    variant_id, device_model_id = await _find_subject(session, ctx, spec)
    if spec.picture_sha256 is not None:
        await files.get_file(session, ctx, spec.picture_sha256)
    for known in await queries.list_offers(session, ctx, supplier_id=supplier.id):
        if (known.variant_id, known.device_model_id) == (variant_id, device_model_id):
            raise OfferExists(f"{supplier.name} offers this already. Remove that offer first.")
    offer = SupplierOffer(
        organization_id=ctx.organization_id,
        supplier_id=supplier.id,
        variant_id=variant_id,
        device_model_id=device_model_id,
        sku=spec.sku.strip(),
        partner_model_id=(spec.partner_model_id or "").strip() or None,
        partner_shell_id=(spec.partner_shell_id or "").strip() or None,
        cost_minor=spec.cost_minor,
        currency=check_currency(spec.currency or supplier.currency),
        lead_days=spec.lead_days,
        picture_sha256=spec.picture_sha256,
        created_at=now,
        updated_at=now,
    )
    session.add(offer)
    await session.flush()
    audit.record(session, ctx, "supplier_offer.created", offer.id, supplier_id=supplier.id)
    touch(session, ctx.organization_id, queries.TOPIC, supplier.id)
    await order_waiting(session, ctx)
    return offer


async def remove_offer(session: WriteSession, ctx: Actor, ref: Ref, now: datetime) -> SupplierOffer:
    """Nothing is ordered by it any more; what was, goes on. Raises NotFound."""
    offer = await queries.find_offer(session, ctx, ref)
    if offer is None or not offer.is_active:
        raise NotFound(f"There is no offer {ref}.")
    offer.is_active, offer.updated_at = False, now
    await session.flush()
    audit.record(session, ctx, "supplier_offer.removed", offer.id)
    touch(session, ctx.organization_id, queries.TOPIC, offer.supplier_id)
    return offer


async def order_waiting(session: WriteSession, ctx: Actor) -> None:
    """Owed pieces that nobody offered until now are planned again."""
    await piece_queries.lock_pieces(session, ctx)
    owed = await piece_queries.list_owed_steps(session, ctx)
    items = {step.order_item_id for step in owed if step.kind is StepKind.OUTSOURCE}
    if items:
        await events.publish(session, StepsOwed(ctx.organization_id, tuple(sorted(items))))


async def _describe(
    session: WriteSession, ctx: Actor, supplier: Supplier, spec: SupplierSpec
) -> None:
    if spec.name is not None and spec.name.strip() != supplier.name:
        await _check_name(session, ctx, spec.name.strip())
        supplier.name = spec.name.strip()
    if spec.currency is not None:
        supplier.currency = check_currency(spec.currency)
    if spec.ships is not None:
        supplier.ships = spec.ships
    if spec.is_active is not None:
        supplier.is_active = spec.is_active
    if spec.has_account:
        supplier.settings = _sealed(session, supplier, spec)


async def _check_name(session: WriteSession, ctx: Actor, name: str) -> None:
    if not name:
        raise Invalid("A manufacturer has a name.")
    if name in {one.name for one in await queries.list_suppliers(session, ctx)}:
        raise SupplierExists(f"There is a manufacturer {name} already.")


def _sealed(session: WriteSession, supplier: Supplier, spec: SupplierSpec) -> str:
    """Secrets that are not entered anew stay, but never go to another address."""
    vault = session.context.vault
    known = connections.unseal(vault, supplier.settings) if supplier.settings else None
    defaults = session.context.keep(SupplierDefaults)
    if known is None and not spec.password:
        known = defaults.account
    url = check_url(spec.base_url or (known.base_url if known else ""))
    is_moved = known is not None and url != known.base_url
    password = spec.password or ("" if is_moved or known is None else known.password)
    fixed_key = spec.fixed_key or ("" if is_moved or known is None else known.fixed_key)
    if not password or not fixed_key:
        raise Invalid("Enter the password and the fixed key with the address.")
    if spec.signature not in {None, "values", "pairs"}:
        raise Invalid("The signature is values or pairs.")
    account = SupplierAccount(
        base_url=url,
        account=spec.account or (known.account if known else ""),
        password=password,
        system_name=spec.system_name or (known.system_name if known else ""),
        fixed_key=fixed_key,
        device_id=_kept(spec.device_id, known.device_id if known else ""),
        currency=supplier.currency,
        signature=spec.signature or (known.signature if known else "values"),
    )
    if not account.account or not account.system_name:
        raise Invalid("Enter the account and the system name.")
    return connections.seal(vault, account)


def _kept(told: str | None, known: str) -> str:
    return known if told is None else told


async def _find_subject(
    session: AsyncSession, ctx: Actor, spec: OfferSpec
) -> tuple[int | None, int | None]:
    """Exactly one of a variant and a device model."""
    if (spec.variant is None) == (spec.device_model is None):
        raise Invalid("An offer is for a variant, or for a device model.")
    model: type[Variant | DeviceModel] = Variant if spec.variant else DeviceModel
    ref = spec.variant or spec.device_model
    assert ref is not None  # noqa: S101  one of them is there
    found = await session.scalar(
        select(model.id).where(model.organization_id == ctx.organization_id, ref.where(model))
    )
    if found is None:
        raise NotFound(f"There is nothing with the id {ref}.")
    return (found, None) if spec.variant else (None, found)
