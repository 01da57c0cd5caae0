"""Signed deliveries with retries (integrations.md 2.3)."""

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass, field

import httpx

from shopwright.sandbox.stripe.world import Json, World

TIMEOUT_S = 20.0


@dataclass(slots=True)
class Notifier:
    """Sends each event to every hook until it is taken, or the tries are over."""

    world: World
    deliveries: list[tuple[str, str, int]] = field(default_factory=list)  # kind, hook, status
    _sending: set[asyncio.Task[None]] = field(default_factory=set)

    def tell(self, event: Json) -> None:
        """Returns at once; the sending goes on by itself."""
        for hook in self.world.hooks:
            task = asyncio.create_task(self._insist(hook, event))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def settled(self) -> None:
        """When nothing is being sent or waits to be."""
        while self._sending:
            await asyncio.gather(*list(self._sending), return_exceptions=True)

    def stop(self) -> None:
        for task in self._sending:
            task.cancel()

    async def _insist(self, hook: str, event: Json) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
            for pause_s in (*self.world.config.retry_s, None):
                status = await self.deliver(http, hook, event)
                if 200 <= status < 300 or pause_s is None:  # noqa: PLR2004
                    return
                await asyncio.sleep(pause_s)

    async def deliver(self, http: httpx.AsyncClient, hook: str, event: Json) -> int:
        """One try; 0 when nobody answers."""
        body = json.dumps(event)
        headers = {
            "stripe-signature": sign(self.world.config.webhook_secret, body, self.world.now_s()),
            "content-type": "application/json",
        }
        try:
            status = (await http.post(hook, content=body, headers=headers)).status_code
        except httpx.HTTPError:
            status = 0
        self.deliveries.append((event["type"], hook, status))
        return status


def sign(secret: str, body: str, at_s: int) -> str:
    """The value of ``Stripe-Signature``."""
    digest = hmac.digest(secret.encode(), f"{at_s}.{body}".encode(), hashlib.sha256).hex()
    return f"t={at_s},v1={digest}"
