"""Which devices can be printed for, how large their print is, and how they are named."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwright.catalog.codes import CatalogCodeTaken
from shopwright.catalog.designs import pricing
from shopwright.catalog.designs.pricing import PriceUnsettled
from shopwright.catalog.devices import queries, rules, service
from shopwright.catalog.devices.rules import SizeNotPrintable
from shopwright.catalog.devices.service import BrandChange, ModelChange
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.errors import Invalid
from tests import factories


@pytest.mark.parametrize(
    ("width_um", "height_um", "height_px"),
    [(70_600, 146_600, 2886), (100_000, 120_000, 1668), (100_000, 300_000, 4170)],
)
def test_a_print_is_1390_wide_and_as_high_as_the_device(
    width_um: int, height_um: int, height_px: int
) -> None:
    assert rules.canvas_size(width_um, height_um) == (1390, height_px)


@pytest.mark.parametrize(
    ("width_um", "height_um", "says"),
    [
        (29_999, 100_000, "The width must be 30 to 200 mm; 29.999 mm is not printed here."),
        (200_001, 300_000, "The width must be 30 to 200 mm"),
        (70_000, 99_000, "The height must be 100 to 300 mm"),
        (100_000, 301_000, "The height must be 100 to 300 mm"),
        (90_000, 100_000, "Height by width must be 1.2 to 3.0; this one is 1.11."),
        (60_000, 200_000, "this one is 3.33."),
        (0, 0, "The width must be"),
    ],
)
def test_other_sizes_are_refused_with_the_limit(width_um: int, height_um: int, says: str) -> None:
    with pytest.raises(SizeNotPrintable, match=says.replace(".", r"\.")):
        rules.canvas_size(width_um, height_um)


@given(st.integers(30_000, 200_000), st.floats(1.2, 3.0))
def test_every_printable_size_fits_the_manufacturers_canvas(width_um: int, ratio: float) -> None:
    height_um = round(width_um * ratio)
    try:
        width, height = rules.canvas_size(width_um, height_um)
    except SizeNotPrintable:
        assert not 100_000 <= height_um <= 300_000 or not 1.2 <= height_um / width_um <= 3.0
        return
    assert width == 1390
    assert 1000 <= height <= 5000


def test_a_mask_is_read_back_as_it_was_kept() -> None:
    camera = {"x": 5, "y": 4, "width": 30, "height": 12, "radius": 20}
    kept = service.read_mask({"x": 8, "width": 85, "radius": 12, "camera": camera})
    assert rules.mask_of(kept) == rules.Mask(8, 0, 85, 100, 12, (5, 4, 30, 12, 20))
    assert service.read_mask({}) == {}
    for wrong in (
        {"width": 0}, {"x": 900}, {"x": "left"}, {"camera": [1, 2]}, {"y": 10**400},
        {"radius": "nan"}, {"camera": {"x": "inf"}},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            service.read_mask(wrong)


async def test_models_are_found_by_any_of_their_names_and_never_by_a_neighbours(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        brand = await service.create_brand(session, owner, BrandChange(display_name="Fruit"))
        change = ModelChange(
            display_name="Pear 50%_X", width_um=70_000, height_um=150_000, partner_model_id="MM7"
        )
        made = await service.create_model(
            session, owner, brand=brand, change=change, price=Decimal("1.50")
        )
        other = await factories.make_device_model(session, stranger, name="Pear")
    assert (made.code, made.price_minor) == ("pear-50-x", 150)
    async with database.read() as session:
        for name in ("pear-50-x", "PEAR 50%_x", "MM7", str(made.id), made.uuid):
            found = await queries.find_model(session, owner, name)
            assert found is not None, name
            assert found.id == made.id, name
        for name in ("Pear 50", "%", "Pear 50%%X", other.code, str(other.id), ""):
            assert await queries.find_model(session, owner, name) is None, name


async def test_the_same_device_is_not_added_twice_and_a_bad_size_adds_nothing(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        model = await factories.make_device_model(session, owner)
        brand = await queries.get_brand_of(session, owner, model)
    for change, refusal in (
        (ModelChange(code=model.code, display_name="Again"), CatalogCodeTaken),
        (ModelChange(display_name="Plank", width_um=30_000, height_um=300_000), SizeNotPrintable),
    ):
        with pytest.raises(refusal):
            async with database.write() as session:
                await service.create_model(session, owner, brand=brand, change=change, price=None)
    async with database.read() as session:
        assert [row.id for row in await queries.list_models(session, owner)] == [model.id]


async def test_the_price_is_the_templates_and_what_the_device_adds(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        template = await factories.make_template(session, owner, price_minor=3500)
        model = await factories.make_device_model(session, owner)
        model.price_minor = 250
    assert pricing.price_of(template, model) == (3750, "EUR")
    model.currency = "GBP"
    with pytest.raises(PriceUnsettled, match="is priced in EUR"):
        pricing.price_of(template, model)
