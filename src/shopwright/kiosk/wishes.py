"""What a client says is ordered, found in the catalogue: nothing else says what is made or what it
costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork import printing
from shopwright.artwork import service as artwork
from shopwright.catalog.designs import queries as design_queries
from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices import queries as device_queries
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, parse_ref
from shopwright.kernel.errors import Invalid
from shopwright.kiosk import rules
from shopwright.orders.storefront.pricing import Line, NotSold

MAX_QUANTITY = 20  # one customer before one machine
MAX_WORD = 200
PICTURES = ("finalImagePublicUrl", "final_image_url", "finalImageUrl")
MODELS = ("model_id", "chinese_model_id", "model")
BRANDS = ("brand_id", "brand")
TEMPLATES = ("template_id", "template")


@dataclass(frozen=True, slots=True)
class Wish:
    """``summary`` is what is kept of the client's words, to be shown."""

    line: Line
    summary: dict[str, Any]


async def read_wish(process: Process, ctx: Actor, said: Mapping[str, Any]) -> Wish:
    """A design of ours with its token, a variant, or a template for a model with its picture.

    Raises Invalid, NotSold, DesignMissing, DesignExpired or FinalImageRefused.
    """
    rules.check_size(dict(said), "order_data", rules.MAX_ORDER_BYTES)
    cleaned: dict[str, Any] = rules.clean_values(dict(said))
    quantity = _quantity(cleaned.get("quantity"))
    if cleaned.get("design_id") is not None:
        line = await _of_design(process, ctx, cleaned, quantity)
    elif cleaned.get("variant_id") is not None:
        line = Line(quantity, variant_id=_id(cleaned["variant_id"], "variant_id"))
    else:
        line = await _of_template(process, ctx, cleaned, quantity)
    return Wish(line, _kept(cleaned))


async def _of_design(process: Process, ctx: Actor, said: Mapping[str, Any], quantity: int) -> Line:
    ref = parse_ref(_word(said, "design_id") or "")
    token = _word(said, "design_token", "token") or ""
    async with process.database.read() as session:
        design = await artwork.open_design(session, ctx, ref, token, now=process.clock.now())
    return Line(quantity, design_id=design.id)


async def _of_template(
    process: Process, ctx: Actor, said: Mapping[str, Any], quantity: int
) -> Line:
    async with process.database.read() as session:
        template = await _find_template(session, ctx, said)
        model = await _find_model(session, ctx, said)
    picture = _word(said, *PICTURES, most=4000)
    if picture is None:
        raise Invalid("The picture is missing: send finalImagePublicUrl, or design_id.")
    design = await printing.adopt_final_image(
        process, ctx, template=template, model=model, url=picture
    )
    return Line(quantity, design_id=design.id)


async def _find_template(session: AsyncSession, ctx: Actor, said: Mapping[str, Any]) -> Template:
    word = _word(said, *TEMPLATES)
    found = await design_queries.find_template(session, ctx, word) if word else None
    if found is None:
        raise NotSold(f"There is no template {(word or '')[:60]!r} here.")
    return found


async def _find_model(session: AsyncSession, ctx: Actor, said: Mapping[str, Any]) -> DeviceModel:
    brand_word, brand_id = _word(said, *BRANDS), None
    if brand_word is not None:
        brand = await device_queries.find_brand(session, ctx, brand_word)
        brand_id = brand.id if brand is not None else None
    for name in MODELS:
        word = _word(said, name)
        found = await device_queries.find_model(session, ctx, word, brand_id) if word else None
        if found is not None:
            return found
    raise NotSold(f"There is no model {(_word(said, *MODELS) or '')[:60]!r} here.")


def _word(said: Mapping[str, Any], *names: str, most: int = MAX_WORD) -> str | None:
    """The first of these members that says something; clients send a template as its object."""
    for name in names:
        value = said.get(name)
        if isinstance(value, Mapping):
            value = value.get("id") or value.get("code")
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return _checked(value.strip(), name, most)
    return None


def _checked(word: str, name: str, most: int) -> str:
    if len(word) > most:
        raise Invalid(f"{name} has {len(word):,} characters; at most {most:,} are taken.")
    return word


def _id(value: Any, name: str) -> int:
    ref = parse_ref(str(value)) if isinstance(value, int | str) else None
    if ref is None or ref.id is None:
        raise Invalid(f"{name} must be a whole number.")
    return ref.id


def _quantity(value: Any) -> int:
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_QUANTITY:
        raise Invalid(f"quantity must be between 1 and {MAX_QUANTITY}.")
    return value


def _kept(said: Mapping[str, Any]) -> dict[str, Any]:
    """Without tokens and pictures: whoever has the session must not get the customer's design."""
    return {
        name: value
        for name, value in said.items()
        if name not in {*PICTURES, "design_token", "token"} and not _is_picture(value)
    }


def _is_picture(value: Any) -> bool:
    return isinstance(value, str) and value[:5].lower() == "data:"
