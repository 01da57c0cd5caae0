"""The webstore's catalogue in the back office."""

import io

from PIL import Image

from shopwright.catalog.designs import queries as designs
from shopwright.catalog.devices import queries as devices
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests import factories
from tests.web.conftest import BrowserAs


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(target, "PNG")
    return target.getvalue()


async def test_devices_are_added_counted_and_hidden(
    browser_as: BrowserAs, database: Database, owner: Actor
) -> None:
    browser = await browser_as(owner)
    assert "No brands yet" in (await browser.get("/webstore")).text
    await browser.post("/webstore/brands", data={"name": "Fruit"})
    phone = {"name": "Pear 5", "width": "70,6", "height": "146.6", "price": "2.5", "stock": "3"}
    await browser.post("/webstore/brands/fruit/models", data=phone)
    await browser.post("/webstore/models/pear-5/stock", data={"stock": "8"})
    page = (await browser.get("/webstore")).text
    assert "70.6 × 146.6 mm" in page
    assert 'value="8"' in page
    async with database.read() as session:
        model = await devices.find_model(session, owner, "pear-5")
    assert model is not None
    assert (model.width_um, model.price_minor, model.is_available) == (70_600, 250, True)

    refused = await browser.post("/webstore/models/pear-5", data=phone | {"width": "20"})
    assert refused.status_code == 400
    assert "30 to 200 mm" in refused.text
    await browser.post("/webstore/models/pear-5", data=phone)  # without the tick it is hidden
    assert "hidden" in (await browser.get("/webstore")).text


async def test_templates_begin_are_priced_and_get_styles(
    browser_as: BrowserAs, database: Database, owner: Actor
) -> None:
    browser = await browser_as(owner)
    await browser.post("/webstore/begin", data={"price": "29"})
    assert "11 styles" in (await browser.get("/webstore/designs")).text
    form = {"name": "Retro", "price": "31,50", "category": "ai", "features": "One\n\n Two "}
    await browser.post("/webstore/designs/retro-remix", data=form)
    await browser.post(
        "/webstore/designs/retro-remix/styles",
        data={"name": "Sepia", "prompt": "Redraw it brown, with {keyword}."},
    )
    await browser.post(
        "/webstore/designs/retro-remix/picture", files={"file": ("a.png", picture())}
    )
    async with database.read() as session:
        template = await designs.find_template(session, owner, "retro-remix")
        assert template is not None
        styles = await designs.list_styles(session, owner, template.id)
    assert (template.price_minor, template.features) == (3150, ["One", "Two"])
    assert not template.is_active
    assert template.picture_sha256 is not None
    assert "Sepia" in [style.name for style in styles]
    assert "Sepia" in (await browser.get("/webstore/designs/retro-remix")).text


async def test_stickers_fonts_and_colors_are_offered_and_hidden(
    browser_as: BrowserAs, owner: Actor
) -> None:
    browser = await browser_as(owner)
    await browser.post("/webstore/sticker-categories", data={"name": "Cats"})
    path = "/webstore/sticker-categories/cats/stickers"
    await browser.post(path, data={"name": "Tabby"}, files={"file": ("t.png", picture())})
    svg = await browser.post(path, files={"file": ("t.svg", b"<svg/>")})
    assert "SVG drawings are not taken" in svg.text
    page = (await browser.get("/webstore/stickers?category=cats")).text
    assert "Tabby" in page
    assert "/api/stickers/image/cats/thumbnails/tabby.png" in page
    await browser.post("/webstore/colors", data={"kind": "text", "value": "#1E40AF"})
    assert "#1e40af" in (await browser.get("/webstore/palette")).text
    font = await browser.post("/webstore/fonts", files={"file": ("f.ttf", b"no font")})
    assert "This is no TrueType or OpenType font" in font.text


async def test_a_product_is_put_into_the_shop_with_a_picture(
    browser_as: BrowserAs, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        product = await factories.make_product(session, owner)
        variant = await factories.make_variant(session, owner, product=product)
        variant.price_minor, variant.currency = 900, "EUR"
    browser = await browser_as(owner)
    await browser.post(f"/webstore/products/{product.id}", data={"is_in_shop": "true"})
    path = f"/webstore/products/{product.id}/picture"
    await browser.post(path, files={"file": ("p.png", picture())})
    assert "sold there" in (await browser.get(f"/catalog/{product.id}")).text
    shown = await (await browser_as(None)).get(f"/shop/products/{product.id}/picture")
    assert shown.headers["content-type"] == "image/webp"
    assert shown.headers["cache-control"] == "public, max-age=31536000"


async def test_only_the_owner_sets_prices_and_only_admins_look(
    browser_as: BrowserAs, owner: Actor, admin: Actor, member: Actor
) -> None:
    form = {"shop_name": "Nordlicht", "currency": "EUR", "shipping": "4,90", "is_open": "true"}
    denied = await (await browser_as(admin)).post("/webstore/settings", data=form)
    assert denied.status_code == 403
    assert "Only the owner" in (await (await browser_as(admin)).get("/webstore/settings")).text
    assert (await (await browser_as(member)).get("/webstore")).status_code == 403
    browser = await browser_as(owner)
    await browser.post("/webstore/settings", data=form)
    page = (await browser.get("/webstore/settings")).text
    assert 'value="4.90"' in page
    assert "Nordlicht" in (await browser.get("/shop")).text
