"""The strings behind the stage, under ``/sandbox``: make orders, break things, read the outbox."""

from collections import Counter
from dataclasses import asdict
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopwright.sandbox.etsy import webhooks
from shopwright.sandbox.etsy.faults import Fault, Faults
from shopwright.sandbox.etsy.limits import RateLimits
from shopwright.sandbox.etsy.oauth import SCOPES, OAuth
from shopwright.sandbox.etsy.refusals import Refusal
from shopwright.sandbox.etsy.seeding import SeedPlan, seed_receipts
from shopwright.sandbox.etsy.trickle import Trickle
from shopwright.sandbox.etsy.world import (
    SELLER_USER_ID,
    SHOP_ID,
    Consent,
    Emission,
    Hook,
    Json,
    Shop,
    World,
)

T = TypeVar("T")


class Advance(msgspec.Struct, forbid_unknown_fields=True):
    seconds: float


class Refund(msgspec.Struct, forbid_unknown_fields=True):
    amount: int = 0  # in the receipt's own units; 0: all that is left
    reason: str = "The buyer changed their mind"


class Limits(msgspec.Struct, forbid_unknown_fields=True):
    per_second: int | None = 10
    per_minute: int | None = 10
    per_day: int | None = 10_000


class TricklePlan(msgspec.Struct, forbid_unknown_fields=True):
    every_s: float = 0  # 0 stops it
    seed: int = 1


class AppChange(msgspec.Struct, forbid_unknown_fields=True):
    redirect_uris: tuple[str, ...] = ()
    consent: Consent | None = None
    signed_in_user_id: int | None = None


class TokenWish(msgspec.Struct, forbid_unknown_fields=True):
    user_id: int = SELLER_USER_ID
    scopes: tuple[str, ...] = tuple(sorted(SCOPES))


class Admin:
    def __init__(
        self, world: World, oauth: OAuth, limits: RateLimits, faults: Faults, trickle: Trickle
    ) -> None:
        self._world = world
        self._oauth = oauth
        self._limits = limits
        self._faults = faults
        self._trickle = trickle

    def routes(self) -> list[Route]:
        post, one = ["POST"], "/sandbox/receipts/{receipt_id:int}"
        return [
            Route("/sandbox/seed", self.seed, methods=post),
            Route(one, self.edit, methods=["PATCH"]),
            Route(f"{one}/cancel", self.cancel, methods=post),
            Route(f"{one}/refund", self.refund, methods=post),
            Route(f"{one}/deliver", self.deliver, methods=post),
            Route("/sandbox/faults", self.faults, methods=["POST", "DELETE"]),
            Route("/sandbox/limits", self.limits, methods=["PUT"]),
            Route("/sandbox/outbox", self.outbox),
            Route("/sandbox/clock", self.clock, methods=["GET", "POST"]),
            Route("/sandbox/trickle", self.trickle, methods=post),
            Route("/sandbox/app", self.app, methods=["PATCH"]),
            Route("/sandbox/tokens", self.tokens, methods=post),
            Route("/sandbox/revoke", self.revoke, methods=post),
            Route("/sandbox/webhooks", self.register_hook, methods=post),
            Route("/sandbox/webhooks/emit", self.emit, methods=post),
        ]

    async def seed(self, request: Request) -> Response:
        """Make receipts; one with ``{"count": 1, "spread_s": 0}``."""
        plan = await _read(request, SeedPlan)
        shop = self._world.shops.get(plan.shop_id or SHOP_ID)
        if shop is None:
            raise Refusal(404, "No such shop in this sandbox.")
        made = seed_receipts(self._world, shop, plan)
        if plan.spread_s == 0:  # they happen now; history is no news
            for receipt_id in made:
                self._tell_paid(shop, receipt_id)
        return JSONResponse({"receipt_ids": made, "count": len(shop.receipts)}, 201)

    async def edit(self, request: Request) -> Response:
        """Overwrite members of a receipt; its update time moves to now unless given."""
        _, receipt = self._receipt(request)
        self._world.touch(receipt)
        receipt.update(await _read(request, dict[str, Any]))
        return JSONResponse(receipt)

    async def cancel(self, request: Request) -> Response:
        shop, receipt = self._receipt(request)
        receipt["status"] = "Canceled"
        self._world.touch(receipt)
        self._world.tell("order.canceled", shop.shop_id, receipt["receipt_id"])
        return JSONResponse(receipt)

    async def refund(self, request: Request) -> Response:
        """A part, or all that is left."""
        _, receipt = self._receipt(request)
        wish = await _read(request, Refund)
        total = receipt["grandtotal"]
        left = total["amount"] - sum(r["amount"]["amount"] for r in receipt["refunds"])
        amount = wish.amount or left
        if not 0 < amount <= left:
            raise Refusal(400, f"Only {left} is left to refund.")
        receipt["refunds"].append(_refund(self._world, total | {"amount": amount}, wish.reason))
        receipt["status"] = "fully refunded" if amount == left else "partially refunded"
        self._world.touch(receipt)
        return JSONResponse(receipt)

    async def deliver(self, request: Request) -> Response:
        shop, receipt = self._receipt(request)
        shop.delivered.add(receipt["receipt_id"])
        self._world.touch(receipt)
        self._world.tell("order.delivered", shop.shop_id, receipt["receipt_id"])
        return JSONResponse(receipt)

    async def faults(self, request: Request) -> Response:
        """POST adds one; DELETE drops them all."""
        if request.method == "DELETE":
            self._faults.clear()
        else:
            self._faults.add(await _read(request, Fault))
        return JSONResponse({"waiting": msgspec.to_builtins(self._faults.waiting)})

    async def limits(self, request: Request) -> Response:
        """Null switches one off."""
        wish = await _read(request, Limits)
        self._limits.per_second = wish.per_second
        self._limits.per_minute = wish.per_minute
        self._limits.per_day = wish.per_day
        return JSONResponse(msgspec.to_builtins(wish))

    async def outbox(self, request: Request) -> Response:
        """Every mail to a buyer, and how many each receipt caused."""
        del request
        mails = self._world.outbox
        counts = Counter(str(mail.receipt_id) for mail in mails)
        return JSONResponse({"mails": [asdict(mail) for mail in mails], "per_receipt": counts})

    async def clock(self, request: Request) -> Response:
        if request.method == "POST":
            self._world.clock.advance((await _read(request, Advance)).seconds)
        return JSONResponse({"now": self._world.clock.now()})

    async def trickle(self, request: Request) -> Response:
        plan = await _read(request, TricklePlan)
        self._trickle.run(plan.every_s, plan.seed)
        return JSONResponse({"every_s": plan.every_s})

    async def app(self, request: Request) -> Response:
        """Register callbacks, choose who is signed in and how the consent page answers."""
        change = await _read(request, AppChange)
        app = self._world.apps[self._world.config.keystring]
        app.redirect_uris.update(change.redirect_uris)
        self._world.consent = change.consent or self._world.consent
        if change.signed_in_user_id is not None:
            self._world.signed_in_user_id = change.signed_in_user_id
        return JSONResponse({"redirect_uris": sorted(app.redirect_uris)})

    async def tokens(self, request: Request) -> Response:
        """A pair of tokens without the consent page."""
        wish = await _read(request, TokenWish)
        keystring = self._world.config.keystring
        return JSONResponse(self._oauth.issue(keystring, wish.user_id, wish.scopes))

    async def revoke(self, request: Request) -> Response:
        wish = await _read(request, TokenWish)
        return JSONResponse({"revoked": self._world.revoke_user(wish.user_id)})

    async def register_hook(self, request: Request) -> Response:
        self._world.hooks.append(await _read(request, Hook))
        return JSONResponse({"count": len(self._world.hooks)})

    async def emit(self, request: Request) -> Response:
        wish = await _read(request, Emission)
        shop = self._world.shop_of_receipt(wish.receipt_id)
        if shop is None:
            raise Refusal(404, "No such receipt in this sandbox.")
        sent = await webhooks.emit(self._world, wish, shop.shop_id)
        return JSONResponse({"deliveries": sent})

    def _tell_paid(self, shop: Shop, receipt_id: int) -> None:
        if shop.receipts[receipt_id]["is_paid"]:
            self._world.tell("order.paid", shop.shop_id, receipt_id)

    def _receipt(self, request: Request) -> tuple[Shop, Json]:
        receipt_id = int(request.path_params["receipt_id"])
        shop = self._world.shop_of_receipt(receipt_id)
        if shop is None:
            raise Refusal(404, "No such receipt in this sandbox.")
        return shop, shop.receipts[receipt_id]


async def _read(request: Request, model: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=model)
    except msgspec.DecodeError as err:
        raise Refusal(400, str(err)) from err


def _refund(world: World, amount: Json, reason: str) -> Json:
    return {
        "amount": amount,
        "created_timestamp": world.clock.now_s(),
        "reason": reason,
        "note_from_issuer": None,
        "status": "REFUNDED",
    }
