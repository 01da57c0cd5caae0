"""Everything this Etsy knows: apps, sellers and their shops, consents, receipts, mails it sent."""

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from shopwright.sandbox.etsy.clock import SandboxClock

Json = dict[str, Any]
Consent = Literal["auto", "ask", "deny"]

SELLER_USER_ID = 700123
SHOP_ID = 500321
OTHER_USER_ID = 700124
OTHER_SHOP_ID = 500322

COUNTRIES = {"EUR": "FR", "USD": "US", "GBP": "GB", "JPY": "JP"}


@dataclass(frozen=True)
class SandboxConfig:
    """Limits None are off; the real ones are read from Etsy's headers, never known beforehand."""

    keystring: str = "sandbox-keystring"
    shared_secret: str = "sandbox-secret"
    redirect_uris: tuple[str, ...] = ("http://127.0.0.1:8000/etsy/callback",)
    consent: Consent = "auto"
    currency: str = "EUR"
    per_second: int | None = 10
    per_minute: int | None = 10
    per_day: int | None = 10_000
    offset_ceiling: int = 12_000
    start_epoch_s: float | None = None
    is_clock_frozen: bool = False


@dataclass(slots=True)
class App:
    keystring: str
    shared_secret: str
    redirect_uris: set[str]


@dataclass(slots=True)
class Shop:
    shop_id: int
    user_id: int
    shop_name: str
    currency: str
    country_iso: str
    receipts: dict[int, Json] = field(default_factory=dict)
    listings: dict[int, Json] = field(default_factory=dict)
    inventories: dict[int, Json] = field(default_factory=dict)
    delivered: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code; single use."""

    client_id: str
    user_id: int
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access or refresh token stands for."""

    client_id: str
    user_id: int
    scopes: tuple[str, ...]
    expires_at: float


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to a buyer; there must never be two for one parcel."""

    receipt_id: int
    to_user_id: int
    tracking_code: str | None
    carrier_name: str | None
    note: str | None
    sent_at: int


@dataclass(frozen=True, slots=True)
class Hook:
    url: str
    secret: str


class Emission(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One webhook; what is not given is made as Etsy makes it. Give an id to send it again."""

    event_type: str
    receipt_id: int
    webhook_id: str = ""
    secret: str = ""  # to sign with another one than the address has
    age_s: int = 0

    def with_id(self) -> "Emission":
        made = self.webhook_id or f"msg_{uuid.uuid4().hex}"
        return msgspec.structs.replace(self, webhook_id=made)


class World:
    """The state of one sandbox; one app and two sellers to begin with."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.clock = SandboxClock(config.start_epoch_s, is_frozen=config.is_clock_frozen)
        self.consent: Consent = config.consent
        self.signed_in_user_id = SELLER_USER_ID
        self.apps = {
            config.keystring: App(config.keystring, config.shared_secret, set(config.redirect_uris))
        }
        self.shops = {shop.shop_id: shop for shop in _first_shops(config.currency)}
        self.codes: dict[str, Code] = {}
        self.access: dict[str, Grant] = {}
        self.refresh: dict[str, Grant] = {}
        self.revoked_refresh: set[str] = set()
        self.outbox: list[Mail] = []
        self.hooks: list[Hook] = []
        self.tell: Callable[[str, int, int], None] = lambda *_: None
        self._ids = itertools.count(1)

    def new_id(self, base: int) -> int:
        return base + next(self._ids)

    def shop_of_user(self, user_id: int) -> Shop | None:
        return next((s for s in self.shops.values() if s.user_id == user_id), None)

    def shop_of_receipt(self, receipt_id: int) -> Shop | None:
        return next((s for s in self.shops.values() if receipt_id in s.receipts), None)

    def touch(self, receipt: Json) -> None:
        receipt["update_timestamp"] = receipt["updated_timestamp"] = self.clock.now_s()

    def revoke_user(self, user_id: int) -> int:
        """As after a change of password: every token of the user dies. Returns how many."""
        dead = [t for t, grant in self.access.items() if grant.user_id == user_id]
        dead_refresh = [t for t, grant in self.refresh.items() if grant.user_id == user_id]
        for token in dead:
            del self.access[token]
        for token in dead_refresh:
            del self.refresh[token]
        self.revoked_refresh.update(dead_refresh)
        return len(dead) + len(dead_refresh)


def _first_shops(currency: str) -> list[Shop]:
    country = COUNTRIES.get(currency, "FR")
    return [
        Shop(SHOP_ID, SELLER_USER_ID, "AtelierSandbox", currency, country),
        Shop(OTHER_SHOP_ID, OTHER_USER_ID, "SomebodyElse", currency, country),
    ]
