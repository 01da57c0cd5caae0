"""Use cases of templates and their AI styles. What designs were made with is hidden, never
erased."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog import service as catalog
from shopwright.catalog.changes import apply_change, note
from shopwright.catalog.codes import CatalogCodeTaken, check_code, code_of
from shopwright.catalog.designs import queries, shop_settings
from shopwright.catalog.designs.models import AiStyle, Template
from shopwright.catalog.designs.states import TemplateCategory
from shopwright.files import service as files
from shopwright.files.service import NewFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.money import Money

MAX_IMAGES = 12
MAX_PARAMETERS = 5
MAX_PROMPT = 4000
WORD = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A word that the customer gives to the styles of a template, such as the team's name."""

    name: str
    label: str
    is_required: bool = True
    max_length: int = 60


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """None leaves a member as it is."""

    code: str | None = None
    name: str | None = None
    description: str | None = None
    category: TemplateCategory | None = None
    image_count: int | None = None
    features: list[str] | None = None
    is_active: bool | None = None
    display_order: int | None = None


@dataclass(frozen=True, slots=True)
class StyleChange:
    """``prompt`` may hold the template's parameters in braces."""

    code: str | None = None
    name: str | None = None
    prompt: str | None = None
    parameters: dict[str, Any] | None = None
    is_active: bool | None = None
    display_order: int | None = None


async def get_template(session: AsyncSession, ctx: Actor, code: str) -> Template:
    """Hidden ones too; raises NotFound."""
    template = await queries.find_template(session, ctx, code)
    if template is None:
        raise NotFound(f"There is no template {code[:60]!r}.")
    return template


async def get_offered(session: AsyncSession, ctx: Actor, code: str) -> Template:
    """As strangers see it: a hidden one is not there."""
    template = await get_template(session, ctx, code)
    if not template.is_active:
        raise NotFound(f"There is no template {code[:60]!r}.")
    return template


async def get_style(session: AsyncSession, ctx: Actor, ref: Ref) -> AiStyle:
    """Hidden ones too; raises NotFound."""
    style = await queries.find_style_row(session, ctx, ref)
    if style is None:
        raise NotFound(f"There is no AI style {ref}.")
    return style


async def create_template(
    session: WriteSession, ctx: Actor, *, change: TemplateChange, price: Decimal
) -> Template:
    """Its code comes from its name when none is given; raises CatalogCodeTaken."""
    name = (change.name or "").strip()
    code = check_code(change.code) if change.code else code_of(name)
    if await queries.find_template_by_code(session, ctx, code):
        raise CatalogCodeTaken(f"The template {code} is there already; it may be hidden.")
    settings = await shop_settings.get_settings(session, ctx)
    template = Template(
        organization_id=ctx.organization_id,
        name=name,
        category=change.category or TemplateCategory.BASIC,
        parameters=[],
        price_minor=0,
        currency=settings.currency,
    )
    _describe(template, replace(change, code=code))
    _set_price(template, price, settings.currency)
    session.add(template)
    await session.flush()
    note(session, ctx, "template.created", template.id, code=code)
    return template


async def update_template(
    session: WriteSession, ctx: Actor, template: Template, change: TemplateChange
) -> Template:
    if change.code is not None and check_code(change.code) != template.code:
        raise Invalid("The code of a template stays; links and designs name it.")
    _describe(template, change)
    await session.flush()
    note(session, ctx, "template.updated", template.id)
    return template


async def set_price(
    session: WriteSession, ctx: Actor, template: Template, price: Decimal
) -> Template:
    """Orders placed before keep the price that they were placed at."""
    settings = await shop_settings.get_settings(session, ctx)
    before = template.price_minor
    _set_price(template, price, settings.currency)
    await session.flush()
    note(session, ctx, "template.priced", template.id, before=before, minor=template.price_minor)
    return template


async def set_variant(
    session: WriteSession, ctx: Actor, template: Template, variant: Ref | None
) -> None:
    """Which variant's recipe makes it; None: nothing says yet how it is made."""
    found = await catalog.get_variant(session, ctx, variant) if variant else None
    template.variant_id = found.id if found else None
    await session.flush()
    note(session, ctx, "template.updated", template.id, variant_id=template.variant_id)


async def set_picture(
    session: WriteSession, ctx: Actor, template: Template, picture: NewFile
) -> None:
    """What the shop shows of it; the picture lies in the store already."""
    await files.record_files(session, ctx, [picture])
    template.picture_sha256 = picture.stored.sha256
    await session.flush()
    note(session, ctx, "template.updated", template.id, picture=picture.stored.sha256)


async def set_parameters(
    session: WriteSession, ctx: Actor, template: Template, parameters: Sequence[Parameter]
) -> None:
    """What its styles may ask the customer for."""
    _check_parameters(parameters)
    template.parameters = [asdict(parameter) for parameter in parameters]
    for style in await queries.list_styles(session, ctx, template.id, is_active=None):
        _check_words(template, style.prompt)
    await session.flush()
    note(session, ctx, "template.updated", template.id, parameters=len(parameters))


async def hide_template(session: WriteSession, ctx: Actor, template: Template) -> None:
    template.is_active = False
    await session.flush()
    note(session, ctx, "template.hidden", template.id)


async def create_style(
    session: WriteSession, ctx: Actor, *, template: Template, change: StyleChange
) -> AiStyle:
    """Raises CatalogCodeTaken, or Invalid when the template has no AI or lacks a word of it."""
    if template.category is not TemplateCategory.AI:
        raise Invalid(f"{template.name} is no AI template; only those have styles.")
    name = (change.name or "").strip()
    code = check_code(change.code) if change.code else code_of(name)
    if code in {
        row.code for row in await queries.list_styles(session, ctx, template.id, is_active=None)
    }:
        raise CatalogCodeTaken(f"{template.name} has the style {code} already.")
    style = AiStyle(organization_id=ctx.organization_id, template_id=template.id, name=name)
    _describe_style(template, style, replace(change, code=code, prompt=change.prompt or ""))
    session.add(style)
    await session.flush()
    note(session, ctx, "ai_style.created", style.id, code=code)
    return style


async def update_style(
    session: WriteSession, ctx: Actor, style: AiStyle, change: StyleChange
) -> AiStyle:
    if change.code is not None and check_code(change.code) != style.code:
        raise Invalid("The code of a style stays; clients name it.")
    template = await queries.get_template_of(session, ctx, style)
    _describe_style(template, style, change)
    await session.flush()
    note(session, ctx, "ai_style.updated", style.id)
    return style


def _describe(template: Template, change: TemplateChange) -> None:
    if change.name is not None and not change.name.strip():
        raise Invalid("A template has a name.")
    if change.image_count is not None and not 0 <= change.image_count <= MAX_IMAGES:
        raise Invalid(f"A template takes 0 to {MAX_IMAGES} pictures.")
    apply_change(template, change)


def _describe_style(template: Template, style: AiStyle, change: StyleChange) -> None:
    if change.name is not None and not change.name.strip():
        raise Invalid("A style has a name.")
    if change.prompt is not None:
        _check_prompt(template, change.prompt)
    apply_change(style, change)


def _check_prompt(template: Template, prompt: str) -> None:
    if not prompt.strip() or len(prompt) > MAX_PROMPT:
        raise Invalid(f"A style has a prompt of 1 to {MAX_PROMPT} characters.")
    _check_words(template, prompt)


def _check_words(template: Template, prompt: str) -> None:
    known = {parameter["name"] for parameter in template.parameters}
    unknown = sorted(set(WORD.findall(prompt)) - known)
    if unknown:
        has = ", ".join(sorted(known)) or "none"
        raise Invalid(f"The prompt asks for {{{unknown[0]}}}; the template's words are: {has}.")


def _check_parameters(parameters: Sequence[Parameter]) -> None:
    names = [parameter.name for parameter in parameters]
    if len(names) > MAX_PARAMETERS or len(set(names)) < len(names):
        raise Invalid(f"A template asks for at most {MAX_PARAMETERS} different words.")
    if not all(re.fullmatch(r"[a-z][a-z_]{0,29}", name) for name in names):
        raise Invalid("The name of a word has letters a-z and underscores, like team.")


def _set_price(template: Template, price: Decimal, currency: str) -> None:
    money = Money.from_decimal(price, currency)
    if money.minor < 0:
        raise Invalid("Price cannot be negative.")
    template.price_minor, template.currency = money.minor, money.currency
