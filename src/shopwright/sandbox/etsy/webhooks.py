"""Signed webhooks by the Standard Webhooks rules, flat body as Etsy sends it (1.10)."""

import asyncio
import base64
import hashlib
import hmac
import json

import httpx

from shopwright.sandbox.etsy.world import Emission, Hook, Json, World

API_HOST = "https://openapi.etsy.com"
TIMEOUT_S = 10.0
RETRIES_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)  # after the first try


class Notifier:
    """Sends what happens in the world to every registered address, until it is taken."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sending: set[asyncio.Task[None]] = set()

    def tell(self, event_type: str, shop_id: int, receipt_id: int) -> None:
        """Returns at once; the sending goes on by itself."""
        for hook in self._world.hooks:
            wish = Emission(event_type, receipt_id)
            task = asyncio.create_task(self._insist(hook, wish, shop_id))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def stop(self) -> None:
        for task in self._sending:
            task.cancel()

    async def _insist(self, hook: Hook, wish: Emission, shop_id: int) -> None:
        """The same id each time; 410 ends it as success does."""
        wish = wish.with_id()
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as http:
            for pause_s in (*RETRIES_S, None):
                told = await _deliver(http, hook, wish, shop_id, self._world.clock.now_s())
                status = told.get("status", 0)
                if 200 <= status < 300 or status == httpx.codes.GONE or pause_s is None:  # noqa: PLR2004
                    return
                await asyncio.sleep(pause_s)


async def emit(world: World, wish: Emission, shop_id: int) -> list[Json]:
    """Send one event to every registered address; one try each, with what came back."""
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as http:
        return [
            await _deliver(http, hook, wish.with_id(), shop_id, world.clock.now_s())
            for hook in world.hooks
        ]


def sign(secret: str, webhook_id: str, timestamp: int, body: str) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{webhook_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()


def _body(wish: Emission, shop_id: int) -> str:
    path = f"/v3/application/shops/{shop_id}/receipts/{wish.receipt_id}"
    return json.dumps(
        {
            "event_type": wish.event_type,
            "resource_url": f"{API_HOST}{path}",
            "shop_id": str(shop_id),
        }
    )


async def _deliver(
    http: httpx.AsyncClient, hook: Hook, wish: Emission, shop_id: int, now_s: int
) -> Json:
    body, timestamp = _body(wish, shop_id), now_s - wish.age_s
    headers = {
        "content-type": "application/json",
        "webhook-id": wish.webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(wish.secret or hook.secret, wish.webhook_id, timestamp, body),
    }
    told = {"webhook_id": wish.webhook_id, "url": hook.url}
    try:
        response = await http.post(hook.url, content=body, headers=headers)
    except httpx.TransportError as err:
        return told | {"error": repr(err)}
    return told | {"status": response.status_code}
