"""Which adapter speaks for which channel, and the app it signs in with."""

from collections.abc import Callable
from importlib.metadata import entry_points

from pydantic import SecretStr

from shopwright.channels.port import AccessDenied, ChannelAdapter, ChannelApp, TokenStore
from shopwright.kernel.settings import Settings

ETSY = "etsy"
AdapterMaker = Callable[[ChannelApp, TokenStore, str | None], ChannelAdapter]


class Adapters:
    """One per process (``context.keep(Adapters)``); found by entry point, loaded on first use."""

    def __init__(self) -> None:
        self._makers: dict[str, AdapterMaker] = {}

    def install(self, channel: str, maker: AdapterMaker) -> None:
        """Use ``maker`` instead of the entry point: for adapters with other patience or time."""
        self._makers[channel] = maker

    def make(
        self, settings: Settings, channel: str, tokens: TokenStore, shop_id: str | None = None
    ) -> ChannelAdapter:
        """Raises AccessDenied when the channel's app is not set up here."""
        app = app_of(settings, channel)
        maker = self._makers.get(channel)
        if maker is None:
            maker = self._makers[channel] = _load(channel)
        return maker(app, tokens, shop_id)


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


def _load(channel: str) -> AdapterMaker:
    (found,) = entry_points(group="shopwright.channels", name=channel)
    adapter: type[ChannelAdapter] = found.load()

    def make(app: ChannelApp, tokens: TokenStore, shop_id: str | None) -> ChannelAdapter:
        return adapter(app, tokens, shop_id=shop_id)

    return make
