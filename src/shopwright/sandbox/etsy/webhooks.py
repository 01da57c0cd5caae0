"""Signed webhooks by the Standard Webhooks rules, flat body as Etsy sends it (1.10)."""

import base64
import hashlib
import hmac
import json
import uuid

import httpx

from shopwright.sandbox.etsy.world import Hook, Json, World

API_HOST = "https://openapi.etsy.com"
TIMEOUT_S = 10.0


async def emit(world: World, event_type: str, shop_id: int, receipt_id: int) -> list[Json]:
    """Send one event to every registered address; one try each, with what came back."""
    body = json.dumps(
        {
            "event_type": event_type,
            "resource_url": f"{API_HOST}/v3/application/shops/{shop_id}/receipts/{receipt_id}",
            "shop_id": str(shop_id),
        }
    )
    async with httpx.AsyncClient(timeout=TIMEOUT_S) as http:
        return [await _deliver(http, hook, body, world.clock.now_s()) for hook in world.hooks]


def sign(secret: str, webhook_id: str, timestamp: int, body: str) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{webhook_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()


async def _deliver(http: httpx.AsyncClient, hook: Hook, body: str, timestamp: int) -> Json:
    webhook_id = f"msg_{uuid.uuid4().hex}"
    headers = {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(hook.secret, webhook_id, timestamp, body),
    }
    try:
        response = await http.post(hook.url, content=body, headers=headers)
    except httpx.TransportError as err:
        return {"webhook_id": webhook_id, "url": hook.url, "error": repr(err)}
    return {"webhook_id": webhook_id, "url": hook.url, "status": response.status_code}
