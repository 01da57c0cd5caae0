"""Which adapter speaks for which channel, and the app it signs in with."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points

from pydantic import SecretStr

from shopwright.channels.allowance import SharedLedgers
from shopwright.channels.port import AccessDenied, ChannelAdapter, ChannelApp, TokenStore
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings

ETSY = "etsy"
AdapterMaker = Callable[[ChannelApp, TokenStore, str | None], ChannelAdapter]


class Adapters:
    """One per process (``context.keep(Adapters)``); found by entry point, loaded on first use."""

    def __init__(self) -> None:
        self._makers: dict[str, AdapterMaker] = {}
        self._ledgers: SharedLedgers | None = None

    def share(self, ledgers: SharedLedgers) -> None:
        """Other processes may use the same app keys: count calls where all of them see it."""
        self._ledgers = ledgers

    def install(self, channel: str, maker: AdapterMaker) -> None:
        """Use ``maker`` instead of the entry point: for adapters with other patience or time."""
        self._makers[channel] = maker

    def make(
        self, settings: Settings, channel: str, tokens: TokenStore, shop_id: str | None = None
    ) -> ChannelAdapter:
        """Raises AccessDenied when the channel's app is not set up here."""
        app = app_of(settings, channel)
        if self._ledgers is not None:
            key = f"{channel}:{app.client_id}"[:120]
            app = replace(app, ledger=self._ledgers.ledger_of(key, app.calls_per_minute))
        maker = self._makers.get(channel, _maker_of(channel))
        return maker(app, tokens, shop_id)


def share_allowances(process: Process) -> None:
    """On PostgreSQL, where several processes work; on SQLite there is only one."""
    if not process.database.is_sqlite:
        process.context.keep(Adapters).share(SharedLedgers(process.database))


def app_of(settings: Settings, channel: str) -> ChannelApp:
    """The app from the settings; raises AccessDenied naming what is missing."""
    secret = settings.etsy_shared_secret or SecretStr("")
    if channel != ETSY or not (settings.etsy_client_id and secret.get_secret_value()):
        raise AccessDenied(
            f"{channel.title()} is not set up here: set ETSY_CLIENT_ID and ETSY_SHARED_SECRET."
        )
    return ChannelApp(
        client_id=settings.etsy_client_id,
        client_secret=secret.get_secret_value(),
        api_url=settings.etsy_api_url,
        authorize_url=settings.etsy_auth_url,
        token_url=settings.etsy_token_url,
        calls_per_minute=settings.etsy_calls_per_minute,
    )


def is_etsy_set_up(settings: Settings) -> bool:
    """Whether pages need to speak of Etsy at all."""
    try:
        app_of(settings, ETSY)
    except AccessDenied:
        return False
    return True


@cache
def adapter_of(channel: str) -> type[ChannelAdapter]:
    """For what needs no connection, such as reading a notice."""
    (found,) = entry_points(group="shopwright.channels", name=channel)
    adapter: type[ChannelAdapter] = found.load()
    return adapter


def _maker_of(channel: str) -> AdapterMaker:
    def make(app: ChannelApp, tokens: TokenStore, shop_id: str | None) -> ChannelAdapter:
        return adapter_of(channel)(app, tokens, shop_id=shop_id)

    return make
