"""What the demo shop sells, and the sliced files it is printed from."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shopwright.sandbox.sliced_files import SlicedFilament, SlicedPlate, make_gcode_3mf
from shopwright.server.demo.pictures import draw

Json = dict[str, Any]

MINUTE_S = 60
LAYER_S = 40  # printing time of one layer, so that long prints have many


@dataclass(frozen=True, slots=True)
class Color:
    """A filament of the shop: what it is called, and its colour as RRGGBB."""

    name: str
    hex: str
    material: str = "PLA"


WALNUT = Color("Walnut", "5B3A1E")
OAK = Color("Oak", "C29A5B")
TERRACOTTA = Color("Terracotta", "C4553B")
BLACK = Color("Black", "161616")
WHITE = Color("White", "F2F2F2")
SUN = Color("Sun yellow", "F4C32D")
OCEAN = Color("Ocean blue", "0A6CA5")
STONE = Color("Stone grey", "8C8F94", "PETG")
COLORS = (WALNUT, OAK, TERRACOTTA, BLACK, WHITE, SUN, OCEAN, STONE)


@dataclass(frozen=True, slots=True)
class Plate:
    """One plate of a file: ``copies`` lie on it, all made of ``color``."""

    name: str
    color: Color
    minutes: int
    grams: int
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant with the file that makes it; every plate of the file is a step of its recipe."""

    sku: str
    name: str
    price: Decimal
    file: str
    plates: tuple[Plate, ...]
    option: tuple[str, str] | None = None
    popularity: int = 1  # what many printers can make sells more


@dataclass(frozen=True, slots=True)
class Article:
    """A product; its files are sliced for ``model``."""

    name: str
    listing_id: int
    category: str
    model: str
    choices: tuple[Choice, ...]
    description: str = ""
    is_personalised: bool = False


ARTICLES = (
    Article(
        "Engraved door plate",
        1500000001,
        "Home",
        "P1S",
        (
            Choice(
                "PLATE-M-WAL",
                "Walnut",
                Decimal("49.00"),
                "door-plate-walnut.gcode.3mf",
                (Plate("door plate", WALNUT, 25, 9),),
                ("Material", "Walnut"),
            ),
            Choice(
                "PLATE-M-OAK",
                "Oak",
                Decimal("47.00"),
                "door-plate-oak.gcode.3mf",
                (Plate("door plate", OAK, 25, 9),),
                ("Material", "Oak"),
            ),
        ),
        "Name or number in raised letters, 180 × 90 mm.",
        is_personalised=True,
    ),
    Article(
        "Planter Terra",
        1500000002,
        "Garden",
        "X1C",
        (
            Choice(
                "POT-S-TERRA",
                "Small",
                Decimal("18.50"),
                "planter-terra-small.gcode.3mf",
                (Plate("planter small", TERRACOTTA, 20, 12),),
                ("Size", "Small"),
                popularity=2,
            ),
            Choice(
                "POT-L-TERRA",
                "Large",
                Decimal("29.50"),
                "planter-terra-large.gcode.3mf",
                (Plate("planter large", TERRACOTTA, 40, 26),),
                ("Size", "Large"),
            ),
        ),
        "Watertight, with a saucer that clicks in.",
    ),
    Article(
        "Cable clip",
        1500000003,
        "Desk",
        "A1 mini",
        (
            Choice(
                "CLIP-BLK",
                "Black",
                Decimal("3.90"),
                "cable-clip-six.gcode.3mf",
                (Plate("cable clip", BLACK, 20, 8, copies=6),),
                popularity=4,
            ),
        ),
        "Six on a plate; what an order does not need goes to stock.",
    ),
    Article(
        "Name keychain",
        1500000004,
        "Gifts",
        "A1 mini",
        (
            Choice(
                "KEY-NAME-SUN",
                "Sun yellow",
                Decimal("9.50"),
                "keychain-name-sun.gcode.3mf",
                (Plate("keychain", SUN, 20, 3),),
                popularity=3,
            ),
        ),
        is_personalised=True,
    ),
    Article(
        "Moon lamp 15 cm",
        1500000005,
        "Home",
        "P1S",
        (
            Choice(
                "LAMP-MOON-15",
                "White",
                Decimal("54.00"),
                "moon-lamp-15.gcode.3mf",
                (Plate("lamp base", BLACK, 20, 11), Plate("lamp shade", WHITE, 35, 22)),
            ),
        ),
        "Two plates: the base and the shade. A shade that fails is made again alone.",
        is_personalised=True,
    ),
    Article(
        "Key hooks, set of 4",
        1500000006,
        "Home",
        "A1",
        (
            Choice(
                "HOOK-SET-4",
                "Stone grey",
                Decimal("16.00"),
                "key-hooks-two-sets.gcode.3mf",
                (Plate("key hooks", STONE, 30, 14, copies=2),),
                popularity=3,
            ),
        ),
    ),
)


# Sold at Etsy and unknown to the shop: orders of it wait in the SKU inbox.
UNKNOWN_GOODS: tuple[Json, ...] = (
    {
        "sku": "POT-M-TERRA",
        "title": "Planter Terra",
        "listing_id": 1500000002,
        "price_minor": 2400,
        "option": ("Size", "Medium"),
    },
    {
        "sku": "DICE-TOWER",
        "title": "Dice tower &amp; tray",
        "listing_id": 1500000007,
        "price_minor": 3900,
    },
)


def known_goods() -> tuple[Json, ...]:
    """What Etsy lists of the articles, as its sandbox takes it."""
    return tuple(
        {
            "sku": choice.sku,
            "title": article.name,
            "listing_id": article.listing_id,
            "price_minor": int(choice.price * 100),
            "option": choice.option,
            "is_personalised": article.is_personalised,
        }
        for article in ARTICLES
        for choice in article.choices
    )


def wanted_goods() -> tuple[Json, ...]:
    """The same, each as many times as it is popular: drawing from these is the demand."""
    popularity = [choice.popularity for article in ARTICLES for choice in article.choices]
    return tuple(
        goods for goods, times in zip(known_goods(), popularity, strict=True) for _ in range(times)
    )


def slice_file(article: Article, choice: Choice) -> bytes:
    """The ``.gcode.3mf`` of a choice, as a slicer would have written it."""
    colors = list(dict.fromkeys(plate.color for plate in choice.plates))
    plates = [
        SlicedPlate(
            index=number,
            name=plate.name,
            prediction_s=plate.minutes * MINUTE_S,
            layers=plate.minutes * MINUTE_S // LAYER_S,
            used_mg={colors.index(plate.color) + 1: plate.grams * 1000},
            copies=plate.copies,
            picture=draw(plate.name, plate.color.hex),
        )
        for number, plate in enumerate(choice.plates, 1)
    ]
    filaments = [SlicedFilament(color.material, f"#{color.hex}") for color in colors]
    return make_gcode_3mf(plates=plates, printer_model=article.model, filaments=filaments)
