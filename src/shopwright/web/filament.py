"""Filaments and spools: bought, weighed, put into printers, thrown away."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx
from shopwright.inventory import filaments, rules, slots
from shopwright.inventory.filaments import FilamentSpec, SpoolSpec
from shopwright.kernel.edge import Now, Read, Ref, Write, parse_ref, path_ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.web.amounts import read_grams, read_price
from shopwright.web.page import PageCtx, done
from shopwright.web.reads import filament as reads

router = APIRouter(include_in_schema=False)

FilamentRef = Annotated[Ref, path_ref("filament")]
SpoolRef = Annotated[Ref, path_ref("spool")]
HERE = "/filament"
GRAMS_PER_KG = 1000
MAX_LENGTHS = {"material": 40, "color": 60, "vendor": 100}
NAMES = {"material": "material", "color": "colour", "vendor": "maker"}


class FilamentForm(BaseModel):
    """As typed."""

    material: str = ""
    color: str = ""
    color_hex: str = ""
    vendor: str = ""
    price: str = ""
    threshold: str = ""
    grams: str = ""


class SpoolForm(BaseModel):
    """As typed; what is empty stays."""

    grams: str = ""
    location: Annotated[str, Form(max_length=100)] = ""


@router.get(HERE)
async def show_filament(page: PageCtx, session: Read) -> Response:
    mine = page.organization_id
    filaments_shown = await reads.list_filaments(session, mine)
    await reads.add_outlooks(session, page.actor, filaments_shown, page.now)
    return page.render(
        "filament.html",
        active="filament",
        topics="filament",
        filaments=filaments_shown,
        low=sum(one.is_low for one in filaments_shown),
        reorder=[one for one in filaments_shown if one.outlook.should_reorder],
        slots=await reads.list_slots(session, mine),
    )


@router.post(HERE)
async def create_filament(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    form: Annotated[FilamentForm, Form()],
) -> Response:
    """A filament with its first roll."""
    spec = read_filament(form)
    if not spec.initial_mg:
        raise Invalid("Say how many grams the roll holds, like 1000.")
    stock = await filaments.create_filament(session, ctx, spec=spec, now=now)
    name = f"{stock.filament.material} {stock.filament.color_name}"
    return done(request, f"{name} is on the shelf.", to=HERE)


@router.post("/filament/{filament}")
async def update_filament(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    filament: FilamentRef,
    form: Annotated[FilamentForm, Form()],
) -> Response:
    stock = await filaments.update_filament(
        session, ctx, ref=filament, spec=read_filament(form), now=now
    )
    name = f"{stock.filament.material} {stock.filament.color_name}"
    return done(request, f"{name} is changed.", to=HERE)


@router.post("/filament/{filament}/hide")
async def hide_filament(
    request: Request, ctx: MemberCtx, session: Write, filament: FilamentRef
) -> Response:
    await filaments.hide_filament(session, ctx, ref=filament)
    return done(request, "The filament left the list; what it printed stays known.", to=HERE)


@router.post("/filament/{filament}/spools")
async def create_spools(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    filament: FilamentRef,
    form: Annotated[SpoolForm, Form()],
    count: Annotated[int, Form(ge=1, le=50)] = 1,
) -> Response:
    """Rolls of the same weight."""
    spec = SpoolSpec(initial_mg=read_grams(form.grams), location=form.location.strip())
    if not spec.initial_mg:
        raise Invalid("Say how many grams a roll holds, like 1000.")
    for _ in range(count):
        await filaments.create_spool(session, ctx, filament=filament, spec=spec, now=now)
    words = "A spool is" if count == 1 else f"{count} spools are"
    return done(request, f"{words} on the shelf.", to=HERE)


@router.post("/filament/spools/{spool}")
async def update_spool(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    spool: SpoolRef,
    form: Annotated[SpoolForm, Form()],
) -> Response:
    """Weighed again or moved; other grams are a correction."""
    spec = SpoolSpec(remaining_mg=read_grams(form.grams), location=form.location.strip())
    spool_id = await filaments.update_spool(
        session, ctx, ref=spool, spec=spec, note=f"Weighed by {ctx.name}.", now=now
    )
    return done(request, f"Spool {spool_id} is corrected.", to=HERE)


@router.post("/filament/spools/{spool}/load")
async def load_spool(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    spool: SpoolRef,
    place: Annotated[str, Form(max_length=60)],
) -> Response:
    """Out of wherever it was, in place of what was there."""
    printer, slot = read_place(place)
    spool_id = await slots.load_spool(
        session, ctx, printer=printer, slot=slot, spool=spool, now=now
    )
    return done(request, f"Spool {spool_id} is in {reads.slot_words(slot)}.", to=HERE)


@router.post("/filament/spools/{spool}/unload")
async def unload_spool(
    request: Request, ctx: MemberCtx, session: Write, spool: SpoolRef
) -> Response:
    found = await filaments.get_spool(session, ctx, spool)
    if found.slot is None:
        raise NotFound(f"Spool {found.Spool.id} is in no printer.")
    printer = Ref(found.printer_id, None)
    await slots.unload_slot(session, ctx, printer=printer, slot=found.slot)
    return done(request, f"Spool {found.Spool.id} is on the shelf.", to=HERE)


@router.post("/filament/spools/{spool}/discard")
async def discard_spool(
    request: Request, ctx: MemberCtx, session: Write, now: Now, spool: SpoolRef
) -> Response:
    await filaments.discard_spool(session, ctx, ref=spool, now=now)
    return done(request, "The spool is thrown away; what it held is booked off.", to=HERE)


def read_filament(form: FilamentForm) -> FilamentSpec:
    """Raises Invalid with what is wrong; an empty colour code leaves what is known."""
    for name, limit in MAX_LENGTHS.items():
        if len(getattr(form, name).strip()) > limit:
            raise Invalid(f"A {NAMES[name]} has at most {limit} characters.")
    if not form.material.strip() or not form.color.strip():
        raise Invalid("A filament needs a material and a colour, like PLA and red.")
    if form.color_hex.strip() and rules.hex_of(form.color_hex) is None:
        raise Invalid(f"{form.color_hex.strip()[:20]!r} is no colour. Write it like C8102E.")
    price = read_price(form.price)
    return FilamentSpec(
        material=form.material,
        color=form.color,
        color_hex=form.color_hex.strip() or None,
        vendor=form.vendor,
        initial_mg=read_grams(form.grams),
        cost_per_gram_micros=None if price is None else rules.to_micros(price / GRAMS_PER_KG),
        low_stock_threshold_mg=read_grams(form.threshold),
    )


def read_place(place: str) -> tuple[Ref, int]:
    """``12:3`` is slot 3 of printer 12."""
    printer, _, slot = place.partition(":")
    if not (slot.isascii() and slot.isdigit()):
        raise Invalid("Choose the slot that the spool goes into.")
    return parse_ref(printer), int(slot)
