"""Templates and the words of their styles, colours, stickers, and how the shop sells."""

from dataclasses import replace
from decimal import Decimal

import pytest

from shopwright.accounts import shop_hosts
from shopwright.accounts.shop_hosts import HostTaken
from shopwright.catalog.codes import CatalogCodeTaken, check_color, code_of
from shopwright.catalog.designs import palette, queries, service, shop_settings, starting
from shopwright.catalog.designs.palette import ColorChange
from shopwright.catalog.designs.service import Parameter, StyleChange, TemplateChange
from shopwright.catalog.designs.shop_settings import ShopSpec
from shopwright.catalog.designs.states import ColorKind, TemplateCategory
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.errors import Invalid
from tests import factories

SHOP = ShopSpec(
    "Nordlicht",
    "eur",
    shipping=Decimal("4.90"),
    free_shipping_from=Decimal(60),
    tax_percent=Decimal("7.7"),
    countries=["de", "AT", "DE"],
    shop_host="Shop.Example.COM.",
)


async def test_a_style_may_ask_only_for_words_that_its_template_has(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        template = await factories.make_template(session, owner, category=TemplateCategory.AI)
        await service.set_parameters(session, owner, template, [Parameter("team", "Your team")])
        await service.create_style(
            session,
            owner,
            template=template,
            change=StyleChange(name="Wave", prompt="A wave of fans for {team}."),
        )
    for name, prompt, says in (
        ("Fire", "A fire for {club}.", r"asks for \{club\}; the template's words are: team"),
        ("Fire", "  ", "1 to 4000 characters"),
    ):
        change = StyleChange(name=name, prompt=prompt)
        with pytest.raises(Invalid, match=says):
            async with database.write() as session:
                await service.create_style(session, owner, template=template, change=change)
    with pytest.raises(Invalid, match=r"asks for \{team\}"):
        async with database.write() as session:
            await service.set_parameters(session, owner, template, [])
    async with database.read() as session:
        rows = await queries.list_styles(session, owner, template.id)
        assert [row.name for row in rows] == ["Wave"]


async def test_styles_are_found_by_name_in_any_case_while_they_are_offered(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await starting.add_documented(session, owner)
        template = await service.get_template(session, owner, "glitch-pro")
        chaos = await queries.find_style(session, owner, template.id, "CHAOS")
        assert chaos is not None
        await service.update_style(session, owner, chaos, StyleChange(is_active=False))
    async with database.read() as session:
        assert await queries.find_style(session, owner, template.id, "chaos") is None
        assert await queries.find_style(session, owner, template.id, "retro") is not None


async def test_beginning_a_shop_twice_adds_nothing_and_changes_nothing(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        first = await starting.add_documented(session, owner, price=Decimal(20))
        template = await service.get_template(session, owner, "classic")
        await service.update_template(session, owner, template, TemplateChange(name="Ours"))
        assert await starting.add_documented(session, owner) == 0
    assert first == 11 + 9 + 30 + 17
    async with database.read() as session:
        again = await service.get_template(session, owner, "classic")
        assert (again.name, again.price_minor) == ("Ours", 2000)
        assert await queries.list_templates(session, stranger) == []


async def test_a_color_is_there_once_of_each_kind(database: Database, owner: Actor) -> None:
    blue = ColorChange(kind=ColorKind.TEXT, hex="#1E40AF")
    async with database.write() as session:
        color = await palette.create_color(session, owner, blue)
        await palette.create_color(session, owner, replace(blue, kind=ColorKind.BACKGROUND))
    assert (color.hex, color.name) == ("#1e40af", "#1e40af")
    with pytest.raises(CatalogCodeTaken, match="The text colour #1e40af is there already"):
        async with database.write() as session:
            await palette.create_color(session, owner, blue)


@pytest.mark.parametrize("text", ["blue", "#12", "#gggggg", "1e40af", "#1e40af00"])
def test_what_is_no_color_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is no colour"):
        check_color(text)
    assert check_color("#FA0") == "#ffaa00"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("iPhone 15 Pro", "iphone-15-pro"),
        ("Mamas & Papas", "mamas-and-papas"),
        ("  Größe  XL!", "groe-xl"),
        ("-- a --", "a"),
    ],
)
def test_codes_come_from_names(name: str, code: str) -> None:
    assert code_of(name) == code


async def test_settings_are_kept_and_the_next_currency_keeps_the_numbers(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        template = await factories.make_template(session, owner, price_minor=3550)
        unset = await shop_settings.get_settings(session, owner)
        assert (unset.shop_name, unset.currency, unset.is_open) == ("Print shop", "EUR", True)
        saved = await shop_settings.save_settings(session, owner, SHOP)
    assert (saved.shipping_minor, saved.free_shipping_from_minor) == (490, 6000)
    assert (saved.tax_rate_bp, saved.countries) == (770, ["AT", "DE"])

    async with database.write() as session:
        await shop_settings.save_settings(session, owner, replace(SHOP, currency="JPY"))
    async with database.read() as session:
        found = await service.get_template(session, owner, template.code)
        assert (found.price_minor, found.currency) == (36, "JPY")  # 35.50, to the even
        assert await shop_hosts.get_host(session, owner) == "shop.example.com"


IMPOSSIBLE: list[tuple[dict[str, object], str]] = [
    ({"shop_name": " "}, "has a name"),
    ({"currency": "XXQ"}, "is not known"),
    ({"countries": ["Germany"]}, "no country code"),
    ({"tax_percent": Decimal(101)}, "0 to 100 percent"),
    ({"shipping": Decimal(-1)}, "0 or more"),
    ({"terms_url": "javascript:alert(1)"}, "begins with https"),
    ({"shop_host": "https://shop.example.com"}, "A host name is like"),
    ({"shop_host": "a b"}, "A host name is like"),
]


async def test_impossible_settings_are_refused_and_not_kept(
    database: Database, owner: Actor
) -> None:
    for change, says in IMPOSSIBLE:
        with pytest.raises(Invalid, match=says):
            async with database.write() as session:
                await shop_settings.save_settings(session, owner, replace(SHOP, **change))  # type: ignore[arg-type]
    async with database.read() as session:
        assert await queries.find_settings(session, owner) is None


async def test_a_host_name_belongs_to_one_shop(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        await shop_hosts.set_host(session, owner, "shop.example.com")
    with pytest.raises(HostTaken):
        async with database.write() as session:
            await shop_hosts.set_host(session, stranger, "SHOP.example.com")
    async with database.write() as session:
        await shop_hosts.set_host(session, owner, "")
        await shop_hosts.set_host(session, stranger, "shop.example.com")
