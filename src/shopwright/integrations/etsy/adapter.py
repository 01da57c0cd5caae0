"""Etsy behind the channel port."""

import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Self

import httpx
from msgspec import structs

from shopwright.channels.port import (
    Authorization,
    BadAnswer,
    ChannelApp,
    ChannelError,
    ChannelListing,
    ChannelOrder,
    ChannelPerson,
    ChannelShipment,
    ChannelUnavailable,
    Notice,
    OrderNotThere,
    OrderPage,
    ReconnectNeeded,
    ShopProfile,
    Tokens,
    TokenStore,
    Tracking,
    TrackingBooked,
    TrackingRefused,
    TrackingUnconfirmed,
    Urgency,
    Watermark,
)
from shopwright.integrations.etsy import webhooks
from shopwright.integrations.etsy.cache import AnswerCache
from shopwright.integrations.etsy.client import EtsyClient, Patience, SentUnproven, utc_now
from shopwright.integrations.etsy.codec import (
    ReceiptRejected,
    decode_answer,
    decode_receipt,
    to_listing,
    to_shipment,
    to_shop_profile,
)
from shopwright.integrations.etsy.inventory import check_taken, with_quantities
from shopwright.integrations.etsy.limiter import LimiterBook, RateLimiter
from shopwright.integrations.etsy.oauth import (
    SIGN_IN_SCOPES,
    authorization_url,
    begin_authorization,
)
from shopwright.integrations.etsy.payloads import (
    CarrierPage,
    EtsyInventory,
    EtsyListing,
    EtsyMe,
    EtsyShipment,
    EtsyShop,
    EtsyUser,
    ListingPage,
    ShipmentsOfReceipt,
    ShopPage,
)
from shopwright.integrations.etsy.receipts import ReceiptWalk

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
LISTINGS_PER_PAGE = 100
SHOPS_PER_PAGE = 100
BROKEN_RETRY_AFTER_S = 60.0  # a broken answer to a read before the push; nothing was sent
OTHER_CARRIER = "other"  # what Etsy wants for a carrier it does not know
LIMITERS = LimiterBook()
ANSWERS = AnswerCache()


class EtsyAdapter:
    """One shop at Etsy. Without ``shop_id`` it finds the shop of whoever gave consent."""

    def __init__(
        self,
        app: ChannelApp,
        tokens: TokenStore,
        *,
        shop_id: str | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        limiter: RateLimiter | None = None,
        patience: Patience | None = None,
        cache: AnswerCache = ANSWERS,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._app = app
        self._shop_id = shop_id
        self._http = httpx.AsyncClient(timeout=timeout, verify=_trust())
        limiter = limiter or LIMITERS.limiter_for(app.client_id, app.calls_per_minute, app.ledger)
        self._client = EtsyClient(
            app, tokens, self._http, limiter, patience=patience, cache=cache, now=now
        )

    @property
    def urgency(self) -> Urgency:
        return self._client.urgency

    @urgency.setter
    def urgency(self, urgency: Urgency) -> None:
        self._client.urgency = urgency

    @staticmethod
    def check_notice_secret(secret: str) -> str:
        webhooks.secret_key(secret)
        return secret.strip()

    @staticmethod
    def read_notice(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        return webhooks.read_notice(secret, headers, body, now)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.tokens.close()
        await self._http.aclose()

    def begin_connect(self, redirect_uri: str) -> Authorization:
        return begin_authorization(self._app, redirect_uri)

    def begin_sign_in(self, redirect_uri: str, *, state: str, code_verifier: str) -> str:
        return authorization_url(
            self._app, redirect_uri, state=state, code_verifier=code_verifier, scopes=SIGN_IN_SCOPES
        )

    async def finish_connect(self, *, code: str, code_verifier: str, redirect_uri: str) -> Tokens:
        return await self._client.tokens.exchange(
            code=code, code_verifier=code_verifier, redirect_uri=redirect_uri
        )

    async def person(self) -> ChannelPerson:
        user_id = (await self._client.tokens.current()).user_id
        user = decode_answer(await self._client.get(f"/users/{user_id}"), EtsyUser)
        return ChannelPerson(str(user.user_id), user.primary_email, user.first_name or "")

    async def find_shop(self, name: str) -> ShopProfile | None:
        """Etsy also finds names that only contain the wanted one."""
        params: dict[str, str | int] = {"shop_name": name, "limit": SHOPS_PER_PAGE}
        page = decode_answer(await self._client.get("/shops", params), ShopPage)
        wanted = name.casefold()
        hits = (shop for shop in page.results if shop.shop_name.casefold() == wanted)
        return next(map(to_shop_profile, hits), None)

    async def shop(self) -> ShopProfile:
        shop_id = await self._find_shop_id()
        body = await self._client.get_cached(f"/shops/{shop_id}")
        return to_shop_profile(decode_answer(body, EtsyShop))

    async def fetch_orders(self, watermark: Watermark) -> AsyncIterator[OrderPage]:
        walk = ReceiptWalk(self._client, await self._find_shop_id())
        async for page in walk.pages(watermark):
            yield page

    async def fetch_order(self, external_id: str) -> ChannelOrder:
        body = await self._get_receipt(external_id)
        try:
            return decode_receipt(body)
        except ReceiptRejected as err:
            raise BadAnswer(str(err), raw=body.decode(errors="replace")) from err

    async def fetch_listings(self) -> AsyncIterator[ChannelListing]:
        path = f"/shops/{await self._find_shop_id()}/listings"
        offset = 0
        while True:
            page = decode_answer(await self._client.get(path, _listings_from(offset)), ListingPage)
            for listing in page.results:
                yield to_listing(await self._with_inventory(listing))
            offset += len(page.results)
            if not page.results or offset >= page.count:
                return

    async def set_quantities(self, listing_id: str, quantities: Mapping[str, int]) -> None:
        """Etsy replaces the whole inventory: all else goes back as it was read just before."""
        if not listing_id.isdecimal():
            raise OrderNotThere(f"{listing_id!r} is not a number of an Etsy listing.")
        path = f"/listings/{listing_id}/inventory"
        inventory = decode_answer(await self._client.get(path), EtsyInventory)
        answer = await self._client.put_json(path, with_quantities(inventory, quantities))
        check_taken(decode_answer(answer, EtsyInventory), quantities)

    async def _with_inventory(self, listing: EtsyListing) -> EtsyListing:
        """Usually it came with the list; else it costs a call of its own."""
        if listing.inventory is not None:
            return listing
        body = await self._client.get(f"/listings/{listing.listing_id}/inventory")
        return structs.replace(listing, inventory=decode_answer(body, EtsyInventory))

    async def push_tracking(
        self, external_id: str, tracking: Tracking
    ) -> TrackingBooked | TrackingRefused | TrackingUnconfirmed:
        try:
            body = await self._post_tracking(external_id, tracking)
        except SentUnproven as err:
            return TrackingUnconfirmed(err.sentence)
        except ChannelUnavailable as err:
            return TrackingRefused(err.sentence, retry_after_s=err.retry_after_s)
        except BadAnswer as err:
            return TrackingRefused(err.sentence, retry_after_s=BROKEN_RETRY_AFTER_S)
        except ChannelError as err:
            return TrackingRefused(err.sentence)
        return _booked(body, tracking)

    async def find_tracking(self, external_id: str, tracking: Tracking) -> ChannelShipment | None:
        return _match(await self._get_receipt(external_id), tracking)

    async def _post_tracking(self, external_id: str, tracking: Tracking) -> bytes:
        shop_id = await self._find_shop_id()
        facts = {
            "tracking_code": _code(tracking),
            "carrier_name": await self._carrier_name(shop_id, tracking),
            "note_to_buyer": tracking.note_to_buyer,
        }
        body = {name: value for name, value in facts.items() if value}
        return await self._client.post_once(
            f"/shops/{shop_id}/receipts/{external_id}/tracking", body
        )

    async def _carrier_name(self, shop_id: str, tracking: Tracking) -> str | None:
        """Etsy's name for the carrier, checked first: a wrong one may ship without its tracking."""
        if not tracking.carrier:
            return OTHER_CARRIER if tracking.code else None
        name = _slug(tracking.carrier)
        return name if name in await self._list_carriers(shop_id) else OTHER_CARRIER

    async def _list_carriers(self, shop_id: str) -> frozenset[str]:
        shop = decode_answer(await self._client.get_cached(f"/shops/{shop_id}"), EtsyShop)
        params: dict[str, str | int] = {
            "origin_country_iso": shop.shop_location_country_iso or "US"
        }
        answer = await self._client.get_cached("/shipping-carriers", params)
        return frozenset(_slug(c.name) for c in decode_answer(answer, CarrierPage).results)

    async def _get_receipt(self, external_id: str) -> bytes:
        if not external_id.isdecimal():
            raise OrderNotThere(f"{external_id!r} is not a number of an Etsy order.")
        shop_id = await self._find_shop_id()
        return await self._client.get(f"/shops/{shop_id}/receipts/{external_id}")

    async def _find_shop_id(self) -> str:
        if self._shop_id is None:
            me = decode_answer(await self._client.get("/users/me"), EtsyMe)
            if me.shop_id is None:
                raise ReconnectNeeded("This Etsy account has no shop. Connect the owner's account.")
            self._shop_id = str(me.shop_id)
        return self._shop_id


@cache
def _trust() -> ssl.SSLContext:
    """Loading the authorities takes tens of milliseconds; once is enough."""
    return httpx.create_ssl_context()


def _listings_from(offset: int) -> dict[str, str | int]:
    return {
        "state": "active",
        "limit": LISTINGS_PER_PAGE,
        "offset": offset,
        "includes": "Inventory",
    }


def _booked(body: bytes, tracking: Tracking) -> TrackingBooked | TrackingUnconfirmed:
    """Only what Etsy shows us counts: it was seen to ship an order and drop the tracking."""
    try:
        shipment = _match(body, tracking)
    except BadAnswer as err:
        return TrackingUnconfirmed(
            f"Etsy took the tracking; its answer says nothing. {err.sentence}"
        )
    if shipment is None:
        return TrackingUnconfirmed("Etsy took the call but does not show the tracking.")
    return TrackingBooked(shipment)


def _match(body: bytes, tracking: Tracking) -> ChannelShipment | None:
    """The shipment with our code; without a code, that the order is shipped at all."""
    receipt = decode_answer(body, ShipmentsOfReceipt)
    code = _code(tracking)
    shipments: list[EtsyShipment] = receipt.shipments or []
    if code is None:
        first = to_shipment(shipments[0]) if shipments else ChannelShipment(None, None)
        return first if receipt.is_shipped else None
    hits = (s for s in shipments if (s.tracking_code or "").strip().casefold() == code.casefold())
    return next(map(to_shipment, hits), None)


def _code(tracking: Tracking) -> str | None:
    return (tracking.code or "").strip() or None


def _slug(carrier: str) -> str:
    """``La Poste`` and ``la_poste`` are Etsy's ``la-poste``."""
    return "-".join(carrier.lower().replace("_", " ").replace("-", " ").split())
