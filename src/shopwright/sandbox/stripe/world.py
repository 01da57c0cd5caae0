"""What the stand-in knows: sessions, the money behind them, refunds, events."""

import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

API_VERSION = "2026-10-28.endive"
FEE_BP, FEE_FIXED = 150, 25  # European cards: 1.5 % and 25 cents
SECRET_KEY = "sk_test_shopwright_sandbox"
WEBHOOK_SECRET = "whsec_shopwright_sandbox"


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    secret_key: str = SECRET_KEY
    webhook_secret: str = WEBHOOK_SECRET
    hooks: tuple[str, ...] = ()
    retry_s: tuple[float, ...] = (1.0, 5.0, 30.0)  # sandbox accounts: three tries more


@dataclass(slots=True)
class World:
    config: SandboxConfig
    now: Callable[[], float] = time.time
    sessions: dict[str, Json] = field(default_factory=dict)
    intents: dict[str, Json] = field(default_factory=dict)
    charges: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    hooks: list[str] = field(default_factory=list)
    is_telling: bool = True  # else events are kept, and nobody hears of them
    tell: Callable[[Json], None] = lambda _event: None
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.hooks = list(self.config.hooks)

    def now_s(self) -> int:
        return int(self.now())

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):04}{secrets.token_hex(8)}"

    def emit(self, kind: str, found: Json) -> Json:
        """An event with the object as it is now, told to every hook."""
        event = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now_s(),
            "livemode": False,
            "pending_webhooks": len(self.hooks),
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
            "data": {"object": dict(found)},
        }
        self.events.append(event)
        if self.is_telling:
            self.tell(event)
        return event


def fee_of(amount: int) -> int:
    return amount * FEE_BP // 10_000 + FEE_FIXED
