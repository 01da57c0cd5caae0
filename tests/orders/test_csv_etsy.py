"""The two files that Etsy gives sellers without API access, as they are read."""

from datetime import UTC, datetime

from shopwright.orders.csv_import import etsy as csv_etsy
from shopwright.orders.csv_import import forms as csv_forms
from shopwright.orders.csv_import.forms import Form
from shopwright.orders.csv_import.table import Customs, Reading
from shopwright.orders.states import OrderStatus

CUSTOMS = Customs("EUR", "Europe/Berlin", datetime(2026, 3, 2, 9, tzinfo=UTC))
ITEMS = (
    "Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Coupon Details,Discount Amount,"
    "Shipping Discount,Order Shipping,Order Sales Tax,Item Total,Currency,Transaction ID,"
    "Listing ID,Date Paid,Date Shipped,Ship Name,Ship Address1,Ship Address2,Ship City,Ship State,"
    "Ship Zipcode,Ship Country,Order ID,Variations,Order Type,Listings Type,Payment Type,SKU\n"
)
LAMP = (
    '02/28/26,"Lamp, round",ada77,2,"1,012.50",,,1.50,0,4.00,0,2025.00,USD,701,11,02/28/26,,'
    "Ada L,1 Lane,,Bonn,,53111,Germany,3301,"
    '"Colour:Red,Personalization:Ada, with love",online,listing,online_cc,LAMP-R\n'
)
HOOK = (
    "02/28/26,Hook,ada77,1,3.00,,,1.50,0,4.00,0,3.00,USD,702,12,02/28/26,,"
    "Ada L,1 Lane,,Bonn,,53111,Germany,3301,,online,listing,online_cc,\n"
)
ORDERS = (
    "Sale Date,Order ID,Buyer User ID,Full Name,First Name,Last Name,Number of Items,"
    "Date Shipped,Street 1,Street 2,Ship City,Ship State,Ship Zipcode,Ship Country,Currency,"
    "Order Value,Discount Amount,Shipping,Sales Tax,Order Total,Status,Buyer,SKU\n"
)


def read(text: str) -> Reading:
    return csv_forms.read(text, CUSTOMS)[1]


def test_the_heading_tells_which_file_it_is() -> None:
    assert csv_forms.form_of(ITEMS) is Form.ETSY_ITEMS
    assert csv_forms.form_of(ORDERS) is Form.ETSY_ORDERS
    assert csv_forms.form_of("number;title;quantity\n") is Form.OWN


def test_lines_of_one_order_are_one_order_with_etsys_own_ids() -> None:
    [order] = read(ITEMS + LAMP + HOOK).orders
    draft = order.draft
    assert (draft.channel, draft.external_id, draft.status) == ("etsy", "3301", OrderStatus.PAID)
    assert draft.placed_at == datetime(2026, 2, 27, 23, tzinfo=UTC)  # midnight in Berlin
    assert (draft.subtotal_minor, draft.shipping_minor, draft.discount_minor) == (202_800, 400, 150)
    assert (draft.total_minor, draft.currency) == (203_050, "USD")
    assert draft.ship_to == {
        "name": "Ada L", "line1": "1 Lane", "city": "Bonn", "postcode": "53111",
        "country": "Germany",
    }  # fmt: skip
    lamp, hook = draft.items
    assert (lamp.external_id, lamp.sku, lamp.quantity) == ("701", "LAMP-R", 2)
    assert lamp.options == (("Colour", "Red"),)
    assert lamp.personalisation == (("Personalization", "Ada, with love"),)
    assert (hook.title, hook.sku, hook.personalisation) == ("Hook", None, ())


def test_an_order_of_which_all_was_shipped_has_left() -> None:
    shipped = LAMP.replace("02/28/26,,Ada", "02/28/26,03/01/26,Ada")
    assert read(ITEMS + shipped).orders[0].draft.status is OrderStatus.SHIPPED
    assert read(ITEMS + shipped + HOOK).orders[0].draft.status is OrderStatus.PAID


def test_the_orders_file_says_what_was_paid_and_nothing_of_items() -> None:
    line = (
        "02/28/26,3301,77,Ada L,Ada,L,2,03/01/26,1 Lane,,Bonn,,53111,Germany,USD,"
        '"2,028.00",1.50,4.00,0,"2,030.50",Completed,ada77 (Ada),LAMP-R\n'
    )
    [order] = read(
        ORDERS + line + line.replace("Completed", "Canceled").replace("3301", "x")
    ).orders
    assert (order.draft.items, order.draft.total_minor) == ((), 203_050)
    assert order.draft.status is OrderStatus.SHIPPED
    assert "items" not in order.said
    assert {"total_minor", "shipping_minor", "status", "ship_to"} <= order.said


def test_every_bad_line_is_told() -> None:
    bad = [
        HOOK.replace("02/28/26,Hook", "soon,Hook"),
        HOOK.replace(",1,3.00,", ",none,3.00,").replace("3301", "3302"),
        HOOK.replace("3301", "A-1"),
        HOOK.replace(",702,", ",,").replace("3301", "3304"),
    ]
    assert read(ITEMS + "".join(bad)).problems == [
        (2, "'soon' is no date like 01/31/25."),
        (3, "The quantity 'none' is no whole number."),
        (4, "The Order ID 'A-1' is no number, as Etsy's are."),
        (5, "It has no Transaction ID, by which its item is known."),
    ]


def test_variations_without_a_name_belong_to_the_one_before() -> None:
    assert csv_etsy.read_variations("") == ((), ())
    assert csv_etsy.read_variations("Size:L, slim,Engraving:a:b") == (
        (("Size", "L, slim"),),
        (("Engraving", "a:b"),),
    )
