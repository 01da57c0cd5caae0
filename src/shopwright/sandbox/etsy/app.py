"""The sandbox as one ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Route

from shopwright.sandbox.etsy import listings, receipts
from shopwright.sandbox.etsy.admin import Admin
from shopwright.sandbox.etsy.faults import Faults
from shopwright.sandbox.etsy.gate import Gate
from shopwright.sandbox.etsy.limits import RateLimits
from shopwright.sandbox.etsy.oauth import OAuth
from shopwright.sandbox.etsy.refusals import Refusal, refused
from shopwright.sandbox.etsy.trickle import Trickle
from shopwright.sandbox.etsy.webhooks import Notifier
from shopwright.sandbox.etsy.world import SandboxConfig, World

API = "/v3/application"
SHOP = f"{API}/shops/{{shop_id:int}}"
RECEIPT = f"{SHOP}/receipts/{{receipt_id:int}}"
LISTING = f"{API}/listings/{{listing_id:int}}"


class EtsyApp:
    """World, faults and limits with the HTTP application around them."""

    def __init__(self, config: SandboxConfig) -> None:
        self.world = World(config)
        self.faults = Faults()
        self.limits = RateLimits(config.per_second, config.per_minute, config.per_day)
        self.notifier = Notifier(self.world)
        self.world.tell = self.notifier.tell
        self.trickle = Trickle(self.world)
        self.oauth = OAuth(self.world, self.faults)
        self._gate = Gate(self.world, self.limits, self.faults)
        admin = Admin(self.world, self.oauth, self.limits, self.faults, self.trickle)
        self.asgi = Starlette(
            routes=[*self.oauth.routes(), *admin.routes(), *self._shop_routes(), *self._routes()],
            exception_handlers={Refusal: refused},
            lifespan=self._lifespan,
        )

    def stop_waiting(self) -> None:
        """Cut slow answers short, so that the server can end."""
        self.faults.closing.set()

    @asynccontextmanager
    async def _lifespan(self, _asgi: Starlette) -> AsyncIterator[None]:
        yield
        self.trickle.stop()
        self.notifier.stop()

    def _shop_routes(self) -> list[Route]:
        guard, post = self._gate.guard, ["POST"]
        return [
            Route(SHOP, guard(listings.get_shop)),
            Route(f"{SHOP}/listings", guard(listings.list_listings, "listings_r")),
            Route(f"{SHOP}/receipts", guard(receipts.list_receipts, "transactions_r")),
            Route(RECEIPT, guard(receipts.get_receipt, "transactions_r"), methods=["GET"]),
            Route(RECEIPT, guard(receipts.update_receipt, "transactions_w"), methods=["PUT"]),
            Route(f"{RECEIPT}/transactions", guard(receipts.list_transactions, "transactions_r")),
            Route(f"{RECEIPT}/payments", guard(receipts.list_payments, "transactions_r")),
            Route(
                f"{RECEIPT}/tracking",
                guard(receipts.create_shipment, "transactions_w"),
                methods=post,
            ),
        ]

    def _routes(self) -> list[Route]:
        guard = self._gate.guard
        inventory = f"{LISTING}/inventory"
        return [
            Route(f"{API}/openapi-ping", guard(listings.ping)),
            Route(f"{API}/scopes", guard(listings.get_token_scopes), methods=["POST"]),
            Route(f"{API}/users/me", guard(listings.get_me, "shops_r")),
            Route(f"{API}/users/{{user_id:int}}", guard(listings.get_user, "email_r")),
            Route(f"{API}/shops", guard(listings.find_shops)),
            Route(f"{API}/users/{{user_id:int}}/shops", guard(listings.get_shop_of_user)),
            Route(f"{API}/shipping-carriers", guard(receipts.list_carriers)),
            Route(LISTING, guard(listings.get_listing)),
            Route(inventory, guard(listings.get_inventory, "listings_r"), methods=["GET"]),
            Route(inventory, guard(listings.put_inventory, "listings_w"), methods=["PUT"]),
        ]
