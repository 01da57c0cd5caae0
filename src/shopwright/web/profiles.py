"""Within the catalogue: product profiles with their prices, and how channels offer a product."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx, MemberCtx
from shopwright.catalog import listings as catalog_listings
from shopwright.catalog import profiles
from shopwright.catalog.profile_schemas import ProfileUpdate
from shopwright.channels import listings, quantities
from shopwright.channels import service as channels
from shopwright.kernel.edge import Now, Ref, Write, path_ref
from shopwright.kernel.errors import Invalid
from shopwright.web.amounts import read_price
from shopwright.web.page import done

router = APIRouter(include_in_schema=False)

ProductRef = Annotated[Ref, path_ref("product")]
ListingRef = Annotated[Ref, path_ref("listing")]
ConnectionRef = Annotated[Ref, path_ref("connection")]
Number = Annotated[str, Form(max_length=20)]
QUANTITY = re.compile(r"[0-9]{1,3}")
LABELS = {
    "product_name": "The name",
    "standard_filament_amount": "Filament",
    "print_time_minutes": "Printing time",
    "nozzle_temp_c": "Nozzle",
    "bed_temp_c": "Bed",
    "print_speed_mms": "Speed",
    "infill_percent": "Infill",
    "layer_height_mm": "Layer height",
    "material_cost": "Material cost",
    "labor_minutes": "Work",
    "overhead_cost": "Overhead",
    "target_margin_pct": "Margin",
}


class ProfileForm(BaseModel):
    """As typed; an empty number is none."""

    product_name: Annotated[str, Form(max_length=200)] = ""
    category: Annotated[str, Form(max_length=100)] = ""
    description: Annotated[str, Form(max_length=20_000)] = ""
    notes: Annotated[str, Form(max_length=20_000)] = ""
    preferred_material: Annotated[str, Form(max_length=40)] = ""
    preferred_color: Annotated[str, Form(max_length=60)] = ""
    support_settings: Annotated[str, Form(max_length=500)] = ""
    standard_filament_amount: Number = ""
    print_time_minutes: Number = ""
    nozzle_temp_c: Number = ""
    bed_temp_c: Number = ""
    print_speed_mms: Number = ""
    infill_percent: Number = ""
    layer_height_mm: Number = ""
    material_cost: Number = ""
    labor_minutes: Number = ""
    overhead_cost: Number = ""
    target_margin_pct: Number = ""


class QuantityForm(BaseModel):
    """One ``quantity`` for each ``sku``, as typed; or the button that takes the shelf's."""

    sku: list[Annotated[str, Form(max_length=100)]] = []
    quantity: list[Annotated[str, Form(max_length=20)]] = []
    from_stock: Annotated[str, Form(max_length=5)] = ""


@router.post("/catalog/{product}/profile")
async def update_profile(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    product: ProductRef,
    form: Annotated[ProfileForm, Form()],
) -> Response:
    """Everything that the form shows, as it is in the form."""
    change = read_profile(form).change()
    found = await profiles.update_profile(session, ctx, ref=product, change=change, now=now)
    return done(request, f"The profile of {found.name} is saved.", to=f"/catalog/{product}")


@router.post("/catalog/labor-rate")
async def set_labor_rate(
    request: Request, ctx: AdminCtx, session: Write, per_hour: Annotated[str, Form(max_length=20)]
) -> Response:
    """What an hour of work costs, for every calculation."""
    rate = read_price(per_hour)
    if rate is None:
        raise Invalid("Say what an hour of work costs, like 24.")
    await profiles.set_labor_rate(session, ctx, rate)
    return done(request, "Prices are calculated with this hour from now on.", to="/catalog")


@router.post("/catalog/listings/sync")
async def sync_listings(request: Request, ctx: MemberCtx, session: Write, now: Now) -> Response:
    """Ask for the shops' listings; the page shows what they bring."""
    await listings.request_all(session, ctx, is_fresh_wanted=True, now=now)
    return done(request, "The shop's listings are being read.", to="/catalog")


@router.post("/catalog/listings/{listing}/quantity")
async def set_quantity(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    listing: ListingRef,
    form: Annotated[QuantityForm, Form()],
) -> Response:
    """What people typed, or what lies on the shelf."""
    found = await catalog_listings.get_listing(session, ctx, listing)
    if form.from_stock:
        await quantities.ask_shelf(session, ctx, listing=found, now=now)
    else:
        wanted = read_quantities(form)
        await quantities.ask_quantities(session, ctx, listing=found, quantities=wanted, now=now)
    return done(
        request, f"{found.title}: the shop is being told.", to=f"/catalog/{found.product_id}"
    )


@router.post("/catalog/shops/{connection}/follow")
async def follow_shelf(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    connection: ConnectionRef,
    is_on: Annotated[bool, Form()] = False,
) -> Response:
    """Whether a shop offers what lies on the shelf, whenever that changes."""
    found = await channels.get_connection(session, ctx, connection)
    await listings.push_stock(session, ctx, connection=found, is_on=is_on, now=now)
    words = "follows the shelf from now on" if is_on else "no longer follows the shelf"
    return done(request, f"{found.name} {words}.", to="/catalog")


def read_profile(form: ProfileForm) -> ProfileUpdate:
    """Raises Invalid naming the field in the form's words."""
    typed = form.model_dump()
    numbers = set(LABELS) - {"product_name"}
    try:
        return ProfileUpdate(
            **{name: _plain(text) if name in numbers else text for name, text in typed.items()}
        )
    except ValidationError as err:
        raise Invalid(_sentence(err.errors()[0])) from err


def read_quantities(form: QuantityForm) -> dict[str, int]:
    """Fields left empty are not changed."""
    wanted = {}
    for sku, typed in zip(form.sku, form.quantity, strict=False):
        text = typed.strip()
        if not text:
            continue
        if not QUANTITY.fullmatch(text):
            raise Invalid(f"{sku}: write how many to offer, 0 to {quantities.MAX_QUANTITY}.")
        wanted[sku] = int(text)
    if not wanted:
        raise Invalid("Write how many to offer of at least one choice.")
    return wanted


def _plain(text: str) -> str:
    return text.strip().replace(",", ".")


def _sentence(error: Any) -> str:
    name = str(error["loc"][0])
    return f"{LABELS.get(name, name)}: {error['msg'][:1].lower()}{error['msg'][1:]}."
