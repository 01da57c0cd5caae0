"""The shop as a stranger walks through it: from the list to the order's own page."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from playwright.async_api import Locator, Page, Response, expect

from shopwright.catalog import in_shop, products, queries
from shopwright.catalog.designs import shop_settings, starting
from shopwright.catalog.designs.shop_settings import ShopSpec
from shopwright.catalog.products import ProductSpec, VariantSpec
from shopwright.catalog.queries import ProductFilter
from shopwright.kernel.edge import Paging, Ref
from shopwright.payments import accounts
from shopwright.sandbox.stripe.server import StripeSandbox
from shopwright.sandbox.stripe.world import SandboxConfig
from tests import factories
from tests.browser.scene import Scene

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)  # two busy cores

SMALL = {"width": 360, "height": 740}
SCRIPT_BUDGET = 150_000  # bytes before the designer loads, unpacked
SHIPPING = ShopSpec("Nordlicht", "EUR", shipping=Decimal("4.90"), tax_percent=Decimal(19))

# Every text against what lies behind it: WCAG AA asks for 4.5, and 3 where it is large.
FAINT_TEXTS = """() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const read = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = read(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest('[disabled], .hidden-text, .skip-link, noscript, option')) continue;
    const style = getComputedStyle(element);
    if (!style.color.startsWith('rgb(')) continue;
    const [a, b] = [light(read(style.color)), light(ground(element))].sort((x, y) => y - x);
    const isLarge = parseFloat(style.fontSize) >= 24;
    if ((a + 0.05) / (b + 0.05) < (isLarge ? 3 : 4.5)) {
      faint.push(`${walker.currentNode.textContent.trim()} ${style.color} on ${ground(element)}`);
    }
  }
  return faint;
}"""
# What a screen reader would have no name for, and headings that are missing or doubled.
NAMELESS = """() => [
  ...[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter((field) => !field.labels.length && !field.getAttribute('aria-label')),
  ...[...document.querySelectorAll('img:not([alt])')],
  ...[...document.querySelectorAll('a, button')].filter((one) =>
    !one.textContent.trim() && !one.getAttribute('aria-label')),
  ...(document.querySelectorAll('h1').length === 1 ? [] : [document.body]),
].map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture
async def store(scene: Scene) -> AsyncIterator[StripeSandbox]:
    """The scene's shop sells a gear, and cases of its own design; Stripe is a stand-in."""
    config = SandboxConfig(retry_s=())
    async with StripeSandbox(config) as stripe:
        scene.process.settings = scene.process.settings.model_copy(
            update={"stripe_api_url": stripe.url, "public_url": scene.address}
        )
        await _stock_up(scene, config)
        yield stripe


async def test_a_stranger_buys_and_follows_the_order(
    page: Page, scene: Scene, store: StripeSandbox
) -> None:
    scripts: dict[str, int] = {}
    page.on("response", lambda response: scripts.update(_script_of(response)))
    await page.goto(f"{scene.address}/shop")
    await page.get_by_role("link", name="Brass gear").click()
    await page.get_by_label("How many").fill("2")
    await page.get_by_role("button", name="Add to cart").click()

    await expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    totals = page.get_by_label("Total", exact=True)
    await expect(totals).to_contain_text("€29.90")
    await page.get_by_role("link", name="To the checkout").click()
    await fill_in(page)
    await page.get_by_role("button", name="Pay €29.90").click()

    await page.get_by_role("button", name="Pay", exact=True).click()  # Stripe's own page
    await page.wait_for_url("**/shop/orders/**")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Order")
    await expect(page.locator("[data-headline]")).to_have_text(
        "Thank you. It is paid, and we are making it."
    )
    await expect(page.locator("[aria-current=step]")).to_have_text("Being made")
    await expect(page.locator("[data-cart-count]")).to_be_hidden()  # the cart is done with
    assert len(store.world.sessions) == 1
    loaded = [await (await page.request.get(url)).body() for url in scripts]
    assert 0 < sum(map(len, loaded)) < SCRIPT_BUDGET


async def test_refusals_are_told_where_they_belong_and_nothing_is_ordered(
    page: Page, scene: Scene, store: StripeSandbox
) -> None:
    """Wrong fields, a price that has changed meanwhile, and a product that is sold no more."""
    await put_gear_in_cart(page, scene)
    await page.goto(f"{scene.address}/shop/checkout")
    await page.get_by_role("button", name="Pay €17.40").press("Enter")
    name, email = page.get_by_label("Name", exact=True), page.get_by_label("E-mail address")
    await expect(name).to_be_focused()
    await expect(name).to_have_attribute("aria-invalid", "true")
    assert await described(name) == "This is needed."
    await fill_in(page)
    await email.fill("anna")
    await page.get_by_role("button", name="Pay").click()
    await expect(email).to_be_focused()
    assert (await described(email)).startswith("Write an e-mail address like anna@example.com.")

    await email.fill("anna@example.com")
    async with scene.process.database.write() as session:
        dearer = ShopSpec("Nordlicht", "EUR", shipping=Decimal(9), tax_percent=Decimal(19))
        await shop_settings.save_settings(session, scene.actor, dearer)
    await page.get_by_role("button", name="Pay €17.40").click()
    await expect(page.get_by_role("alert")).to_contain_text("The price has changed: it is €21.50")
    await expect(page.get_by_role("button", name="Pay €21.50")).to_be_enabled()
    assert store.world.sessions == {}

    async with scene.process.database.write() as session:
        found = await products.get_product(session, scene.actor, await _gear(scene))
        await in_shop.show_in_shop(session, scene.actor, found, is_in_shop=False)
    await page.goto(f"{scene.address}/shop/cart")
    await expect(page.get_by_text("One of these is not sold any more.")).to_be_visible()
    await expect(page.get_by_role("link", name="To the checkout")).to_be_hidden()
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("heading", name="Your cart is empty")).to_be_visible()


async def test_pages_are_named_legible_and_fit_a_small_phone(
    page: Page, scene: Scene, store: StripeSandbox
) -> None:
    """In both themes; and the device is chosen by its brand."""
    await page.set_viewport_size({"width": SMALL["width"], "height": SMALL["height"]})
    await put_gear_in_cart(page, scene)
    for path in ("/shop", "/shop/cart", "/shop/checkout", "/shop/none", "/shop/templates/classic"):
        await page.goto(scene.address + path)
        if path in {"/shop/cart", "/shop/checkout"}:
            await expect(page.locator(".sum-total")).to_be_visible()
        for theme in ("Light", "Dark"):
            await page.get_by_role("button", name=theme, exact=True).click()
            assert await page.evaluate(FAINT_TEXTS) == [], f"{path} {theme}"
        assert await page.evaluate(NAMELESS) == [], path
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= SMALL["width"], path

    choice = page.get_by_label("Your device")
    await expect(choice.locator("option")).to_contain_text(["iPhone"])
    await page.get_by_role("radio", name="Samsung").check()
    await expect(choice.locator("option")).to_contain_text(["Galaxy"])
    form = page.locator("form[data-choose]")
    assert (await form.get_attribute("action") or "").endswith("/shop/design/classic")


async def fill_in(page: Page) -> None:
    for label, text in (
        ("Name", "Anna Berg"),
        ("E-mail address", "anna@example.com"),
        ("Street and number", "Hafenstraße 1"),
        ("Postal code", "20457"),
        ("Town or city", "Hamburg"),
        ("Country", "Germany"),
    ):
        await page.get_by_label(label, exact=True).fill(text)


async def put_gear_in_cart(page: Page, scene: Scene) -> None:
    await page.goto(f"{scene.address}/shop")
    await page.get_by_role("link", name="Brass gear").click()
    await page.get_by_role("button", name="Add to cart").press("Enter")
    await page.wait_for_url("**/shop/cart*")


async def described(field: Locator) -> str:
    """What a screen reader says after the field's name."""
    said: str = await field.evaluate(
        "(e) => e.getAttribute('aria-describedby').split(' ')"
        ".map((id) => document.getElementById(id).textContent).join(' ')"
    )
    return said


def _script_of(response: Response) -> dict[str, int]:
    return {response.url: response.status} if response.url.endswith(".js") else {}


async def _gear(scene: Scene) -> Ref:
    async with scene.process.database.read() as session:
        found, _ = await queries.list_products(
            session, scene.actor, ProductFilter("Brass gear"), Paging(1, 0)
        )
    return Ref(found[0].id, None)


async def _stock_up(scene: Scene, config: SandboxConfig) -> None:
    ctx = scene.actor
    async with scene.process.database.write() as session:
        gear = await products.create_product(session, ctx, spec=ProductSpec("Brass gear"))
        spec = VariantSpec("GEAR-BRASS", price=Decimal("12.50"))
        await products.create_variant(session, ctx, product=Ref(gear.id, None), spec=spec)
        await in_shop.show_in_shop(session, ctx, gear, is_in_shop=True)
        await shop_settings.save_settings(session, ctx, SHIPPING)
        await starting.add_documented(session, ctx)
        for name, model in (("Apple", "iPhone"), ("Samsung", "Galaxy")):
            brand = await factories.make_brand(session, ctx, name)
            await factories.make_device_model(session, ctx, brand, name=model)
        await accounts.set_account(
            session,
            ctx,
            secret_key=config.secret_key,
            webhook_secret=config.webhook_secret,
            now=scene.process.clock.now(),
        )
