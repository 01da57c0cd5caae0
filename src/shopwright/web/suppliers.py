"""Manufacturers: their connection, what they offer, what is open there, and what a person must
decide."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx, MemberCtx
from shopwright.kernel.edge import (
    Now,
    ProcessDep,
    Read,
    Ref,
    SettingsDep,
    Write,
    parse_ref,
    path_ref,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.money import Money
from shopwright.suppliers import deciding, offers, queries, switching
from shopwright.suppliers.connections import account_of_settings
from shopwright.suppliers.offers import OfferSpec, SupplierSpec
from shopwright.suppliers.states import SupplierHealth
from shopwright.suppliers.switching import Way
from shopwright.web.page import PageCtx, done
from shopwright.web.reads import suppliers

router = APIRouter(include_in_schema=False)

SupplierRef = Annotated[Ref, path_ref("supplier")]
OfferRef = Annotated[Ref, path_ref("offer")]
SupplierOrderRef = Annotated[Ref, path_ref("supplier_order")]
ItemRef = Annotated[Ref, path_ref("item")]
Line = Annotated[str, Form(max_length=200)]
CALLBACKS = "/api/chinese/callbacks"


@router.get("/suppliers")
async def show_suppliers(page: PageCtx, session: Read, settings: SettingsDep) -> Response:
    ctx = page.actor
    return page.render(
        "suppliers.html",
        active="suppliers",
        topics="suppliers",
        suppliers=await suppliers.list_suppliers(session, ctx),
        problems=await suppliers.list_problems(session, ctx),
        latest=await suppliers.list_latest(session, ctx),
        balances=await suppliers.list_balances(session, ctx),
        offers=await suppliers.list_offers(session, ctx),
        variants=await suppliers.list_variants(session, ctx),
        unordered=await suppliers.count_unordered(session, ctx),
        has_settings=account_of_settings(settings) is not None,
        callback_base=f"{settings.base_url}{CALLBACKS}",
        has_callback=settings.chinese_api_callback_secret is not None,
    )


@router.post("/suppliers")
async def add_supplier(
    *,
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    name: Annotated[str, Form(min_length=1, max_length=120)],
    base_url: Annotated[str, Form(max_length=2000)],
    account: Line,
    password: Line,
    system_name: Line,
    fixed_key: Line,
    device_id: Line = "",
    currency: Annotated[str, Form(min_length=3, max_length=3)] = "GBP",
    signature: Annotated[Literal["values", "pairs"], Form()] = "values",
) -> Response:
    spec = SupplierSpec(
        name=name,
        currency=currency,
        base_url=base_url,
        account=account,
        password=password,
        system_name=system_name,
        fixed_key=fixed_key,
        device_id=device_id,
        signature=signature,
    )
    made = await offers.create_supplier(session, ctx, spec, now)
    return done(request, f"{made.name} is a manufacturer of this shop now.", to="/suppliers")


@router.post("/suppliers/{supplier}/check")
async def check_supplier(
    request: Request, ctx: AdminCtx, process: ProcessDep, supplier: SupplierRef
) -> Response:
    found = await offers.check_supplier(process, ctx, supplier)
    if found.health is not SupplierHealth.WORKING:
        raise Invalid(found.last_error or f"{found.name} does not answer.")
    return done(request, f"{found.name} answers and knows our account.", to="/suppliers")


@router.post("/suppliers/{supplier}/settings")
async def change_supplier(
    *,
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    supplier: SupplierRef,
    name: Annotated[str, Form(min_length=1, max_length=120)],
    ships: Annotated[bool, Form()] = False,
    is_active: Annotated[bool, Form()] = False,
) -> Response:
    spec = SupplierSpec(name=name, ships=ships, is_active=is_active)
    changed = await offers.update_supplier(session, ctx, supplier, spec, now)
    return done(request, f"{changed.name} is changed.", to="/suppliers")


@router.post("/suppliers/{supplier}/offers")
async def add_offer(
    *,
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    supplier: SupplierRef,
    variant: Annotated[str, Form(max_length=40)],
    cost: Annotated[str, Form(max_length=20)] = "",
    lead_days: Annotated[int, Form(ge=0, le=3650)] = 0,
    sku: Annotated[str, Form(max_length=100)] = "",
    partner_model_id: Annotated[str, Form(max_length=100)] = "",
    partner_shell_id: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    found = await offers.get_supplier(session, ctx, supplier)
    spec = OfferSpec(
        variant=parse_ref(variant),
        sku=sku,
        partner_model_id=partner_model_id,
        partner_shell_id=partner_shell_id,
        cost_minor=_minor(cost, found.currency),
        lead_days=lead_days,
    )
    await offers.create_offer(session, ctx, supplier, spec, now)
    return done(request, "The offer is kept; what waited for it is ordered.", to="/suppliers")


@router.post("/suppliers/offers/{offer}/remove")
async def remove_offer(
    request: Request, ctx: AdminCtx, session: Write, now: Now, offer: OfferRef
) -> Response:
    await offers.remove_offer(session, ctx, offer, now)
    return done(request, "Nothing is ordered by this offer any more.", to="/suppliers")


@router.post("/suppliers/orders/{supplier_order}/resolve")
async def resolve_order(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    supplier_order: SupplierOrderRef,
    outcome: Annotated[Literal["placed", "not_placed", "seen_to"], Form()],
) -> Response:
    """«Was it placed?», answered by somebody who looked at the manufacturer."""
    if outcome == "placed":
        await deciding.say_placed(session, ctx, supplier_order, now)
        words = "Noted: it was placed. It is asked about from here on."
    elif outcome == "not_placed":
        await deciding.say_not_placed(session, ctx, supplier_order, now)
        words = "Noted. The order is held; release it to have the piece ordered anew."
    else:
        await deciding.dismiss_problem(session, ctx, supplier_order, now)
        words = "It is seen to."
    return done(request, words, to="/suppliers")


@router.post("/suppliers/orders/{supplier_order}/look")
async def look_now(
    request: Request, ctx: MemberCtx, session: Write, now: Now, supplier_order: SupplierOrderRef
) -> Response:
    row = await deciding.look_now(session, ctx, supplier_order, now)
    return done(request, f"{row.key} is looked after now.", to="/suppliers")


@router.post("/items/{item}/switch")
async def switch_item(
    *,
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    item: ItemRef,
    way: Annotated[Way, Form()],
    as_variant: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Make instead of buy, or buy instead of make, what nobody has begun."""
    found = await queries.find_item(session, ctx, item)
    if found is None:
        raise NotFound(f"There is no order line {item}.")
    pieces = await switching.switch_line(
        session,
        ctx,
        item_id=found.id,
        way=way,
        as_variant=parse_ref(as_variant) if as_variant else None,
        now=now,
    )
    how = "bought" if way is Way.BUY else "made here"
    noun = "piece is" if pieces == 1 else "pieces are"
    return done(request, f"{pieces} {noun} {how} now.", to=f"/orders/{found.order_id}")


def _minor(text: str, currency: str) -> int | None:
    """Of ``12.50``; nothing means that the manufacturer's price of the day counts."""
    if not text.strip():
        return None
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation as err:
        raise Invalid(f"“{text}” is no amount like 12.50.") from err
    if not amount.is_finite() or not 0 <= amount < 10**9:
        raise Invalid(f"“{text}” is no price.")
    return Money.from_decimal(amount, currency).minor
