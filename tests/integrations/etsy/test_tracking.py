"""Tracking: at most one mail to the buyer, and the truth about what happened."""

from typing import Any

import httpx
import pytest

from shopwright.channels.port import (
    Tracking,
    TrackingBooked,
    TrackingRefused,
    TrackingUnconfirmed,
)
from shopwright.integrations.etsy.adapter import EtsyAdapter
from shopwright.sandbox.etsy.server import EtsySandbox
from tests.integrations.etsy.conftest import (
    AdapterMaker,
    MemoryTokens,
    app_of,
    break_next,
    seed,
)

PARCEL = Tracking(code="6A12345678901", carrier="La Poste", note_to_buyer="On its way!")
TO_FRANCE = {"country_iso": "FR"}


async def outbox(admin: httpx.AsyncClient) -> list[dict[str, Any]]:
    mails: list[dict[str, Any]] = (await admin.get("/outbox")).json()["mails"]
    return mails


async def an_order(admin: httpx.AsyncClient, **overrides: Any) -> str:
    (made,) = await seed(admin, 1, overrides={**TO_FRANCE, **overrides})
    return made


async def test_tracking_is_booked_and_the_buyer_told_once(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    order = await an_order(admin)
    answer = await adapter.push_tracking(order, PARCEL)
    assert isinstance(answer, TrackingBooked)
    assert (answer.shipment.carrier, answer.shipment.tracking_code) == ("la-poste", PARCEL.code)
    (mail,) = await outbox(admin)
    assert (mail["receipt_id"], mail["note"]) == (int(order), "On its way!")
    assert await adapter.find_tracking(order, PARCEL) == answer.shipment
    assert (await adapter.fetch_order(order)).shipments == (answer.shipment,)


@pytest.mark.parametrize("carrier", ["la_poste", "LA-POSTE", " La  Poste "])
async def test_a_carrier_is_found_in_any_spelling(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, carrier: str
) -> None:
    answer = await adapter.push_tracking(await an_order(admin), Tracking("X1", carrier))
    assert isinstance(answer, TrackingBooked)
    assert answer.shipment.carrier == "la-poste"


@pytest.mark.parametrize("carrier", ["Pigeon Express", None])
async def test_a_carrier_unknown_to_etsy_is_sent_as_other(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, carrier: str | None
) -> None:
    answer = await adapter.push_tracking(await an_order(admin), Tracking("X1", carrier))
    assert isinstance(answer, TrackingBooked)
    assert answer.shipment.carrier == "other"


async def test_an_order_is_marked_shipped_without_tracking(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    order = await an_order(admin)
    assert await adapter.find_tracking(order, Tracking()) is None
    assert isinstance(await adapter.push_tracking(order, Tracking()), TrackingBooked)
    assert (await adapter.fetch_order(order)).is_shipped
    assert await adapter.find_tracking(order, Tracking()) is not None


async def test_etsys_refusal_is_told_in_its_words(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    order = await an_order(admin, country_iso="IN")
    answer = await adapter.push_tracking(order, Tracking())
    assert answer == TrackingRefused("Etsy refused: A tracking number is required.")
    assert await outbox(admin) == []


async def test_a_timeout_after_the_booking_is_settled_by_asking(
    make_adapter: AdapterMaker, admin: httpx.AsyncClient
) -> None:
    order = await an_order(admin)
    adapter = await make_adapter(timeout_s=0.3)
    await break_next(admin, "timeout_after", path="/tracking", delay_s=30)
    answer = await adapter.push_tracking(order, PARCEL)
    assert answer == TrackingUnconfirmed("The answer of Etsy did not arrive (ReadTimeout).")
    found = await adapter.find_tracking(order, PARCEL)
    assert found is not None
    assert found.tracking_code == PARCEL.code
    assert len(await outbox(admin)) == 1


async def test_a_timeout_before_the_booking_is_settled_by_asking(
    make_adapter: AdapterMaker, admin: httpx.AsyncClient
) -> None:
    order = await an_order(admin)
    adapter = await make_adapter()
    await break_next(admin, "server_error", path="/tracking")
    answer = await adapter.push_tracking(order, PARCEL)
    assert answer == TrackingUnconfirmed("Etsy has a fault of its own (status 500).")
    assert await adapter.find_tracking(order, PARCEL) is None
    assert await outbox(admin) == []


async def test_an_unreadable_answer_to_a_booking_is_no_proof(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    order = await an_order(admin)
    await break_next(admin, "malformed_json", path="/tracking")
    answer = await adapter.push_tracking(order, PARCEL)
    assert isinstance(answer, TrackingUnconfirmed)
    assert len(await outbox(admin)) == 1
    assert await adapter.find_tracking(order, PARCEL) is not None


async def test_a_booking_in_a_receipt_that_cannot_be_read_otherwise_is_proof(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    order = await an_order(admin)
    await break_next(admin, "no_transactions", path="/tracking")
    assert isinstance(await adapter.push_tracking(order, PARCEL), TrackingBooked)


async def test_a_rate_limited_push_was_not_made(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    order = await an_order(admin)
    await break_next(admin, "rate_limited", path="/tracking", retry_after_s=9)
    answer = await adapter.push_tracking(order, PARCEL)
    assert answer == TrackingRefused("Etsy asks us to pause for 9 s (too many calls).", 9)
    assert await outbox(admin) == []


async def test_a_push_that_meets_expired_access_may_be_made_again(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, tokens: MemoryTokens
) -> None:
    order = await an_order(admin)
    await break_next(admin, "expired_token", path="/tracking")
    answer = await adapter.push_tracking(order, PARCEL)
    assert answer == TrackingRefused("Etsy found our access expired; it is renewed now.", 0)
    assert (await outbox(admin), tokens.saves) == ([], 1)
    assert isinstance(await adapter.push_tracking(order, PARCEL), TrackingBooked)
    assert len(await outbox(admin)) == 1


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (
            "invalid_token",
            "Etsy no longer accepts our access (access token is invalid). Connect the shop again.",
        ),
        ("forbidden", "Etsy denies access: You do not have permission to do this."),
    ],
)
async def test_a_push_without_rights_needs_a_person(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, kind: str, sentence: str
) -> None:
    order = await an_order(admin)
    await break_next(admin, kind, path="/tracking")
    assert await adapter.push_tracking(order, PARCEL) == TrackingRefused(sentence)
    assert await outbox(admin) == []


async def test_a_broken_answer_before_the_push_sends_nothing(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    order = await an_order(admin)
    await break_next(admin, "malformed_json", path="/shipping-carriers")
    answer = await adapter.push_tracking(order, PARCEL)
    assert answer == TrackingRefused("Etsy's answer is not readable JSON.", 60)
    assert await outbox(admin) == []


async def test_a_dead_host_proves_that_nothing_was_sent(
    etsy: EtsySandbox, make_adapter: AdapterMaker, admin: httpx.AsyncClient
) -> None:
    order = await an_order(admin)
    adapter = await make_adapter()
    await adapter.push_tracking(await an_order(admin), PARCEL)  # shop and carriers are known now
    adapter._client._app = app_of(etsy, api_url="http://127.0.0.1:1")
    answer = await adapter.push_tracking(order, PARCEL)
    assert answer == TrackingRefused("Etsy cannot be reached (ConnectError).", 60)


async def test_a_listings_stock_is_written_and_the_rest_kept(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, etsy: EtsySandbox
) -> None:
    await seed(admin, 1)
    await adapter.set_quantities("1500000001", {"PLATE-M-OAK": 7})
    products = etsy.world.shops[500321].inventories[1500000001]["products"]
    facts = {
        p["sku"]: (p["offerings"][0]["quantity"], p["offerings"][0]["price"]["amount"])
        for p in products
    }
    assert facts == {"PLATE-M-WAL": (50, 4900), "PLATE-M-OAK": (7, 4700)}
    listings = {listing.external_id: listing async for listing in adapter.fetch_listings()}
    assert len(listings) == 5
    plate = listings["1500000001"]
    assert (plate.skus, plate.quantity) == (("PLATE-M-WAL", "PLATE-M-OAK"), 57)
    assert (plate.price_minor, plate.currency) == (4700, "EUR")
