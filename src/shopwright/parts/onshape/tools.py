"""What a process keeps for Onshape: the adapter, its patience, exports in work."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from importlib.metadata import entry_points

from shopwright.kernel.settings import Settings
from shopwright.parts.onshape.port import OnshapeApp, OnshapeVendor

CALLBACK_PATH = "/api/parts/auth/onshape/callback"


class OnshapeTools:
    """One per process (``context.keep(OnshapeTools)``); the adapter is loaded on first use."""

    def __init__(self) -> None:
        self._vendor: OnshapeVendor | None = None
        self.sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
        self.tasks: dict[int, asyncio.Task[bool]] = {}
        self.refreshing: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.refreshes: set[asyncio.Task[str]] = set()

    @property
    def vendor(self) -> OnshapeVendor:
        if self._vendor is None:
            (found,) = entry_points(group="shopwright.onshape", name="onshape")
            self._vendor = found.load()()
        return self._vendor


def app_of(settings: Settings) -> OnshapeApp:
    secret = settings.onshape_client_secret
    return OnshapeApp(
        site_url=settings.onshape_url,
        oauth_url=settings.onshape_oauth_url,
        client_id=settings.onshape_client_id,
        client_secret=secret.get_secret_value() if secret else "",
    )


def is_app_set_up(settings: Settings) -> bool:
    """Whether consents can be asked for; API keys need no app."""
    app = app_of(settings)
    return bool(app.client_id and app.client_secret)


def redirect_uris(settings: Settings) -> list[str]:
    """The registered addresses, the usual one first."""
    return settings.onshape_redirect_uris or [settings.base_url + CALLBACK_PATH]
