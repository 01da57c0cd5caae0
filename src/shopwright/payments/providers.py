"""Which adapter speaks for which provider, and the account it uses."""

from collections.abc import Awaitable, Callable
from importlib.metadata import entry_points
from typing import Any

from shopwright.accounts import queries as accounts
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict
from shopwright.kernel.settings import Settings
from shopwright.payments import queries
from shopwright.payments.port import PaymentProvider, ProviderAccount

STRIPE = "stripe"
MACHINE = "machine"  # the kiosk itself takes the money; there is nobody to ask
Opener = Callable[[Process, Actor], Awaitable[PaymentProvider]]


class ProviderNotSetUp(Conflict):
    code = "payment-provider-not-set-up"
    title = "This shop takes no payments this way yet"


class Providers:
    """One per process (``context.keep(Providers)``): how a shop's adapter is opened.

    Those of other slices' settings are installed by ``server``; the rest are found by entry point
    and get the account that is stored here.
    """

    def __init__(self) -> None:
        self._openers: dict[str, Opener] = {}
        self._makers: dict[str, Callable[[ProviderAccount], PaymentProvider]] = {}

    def install(self, name: str, opener: Opener) -> None:
        self._openers[name] = opener

    async def open(self, process: Process, ctx: Actor, name: str) -> PaymentProvider:
        """Raises ProviderNotSetUp."""
        opener = self._openers.get(name)
        if opener is not None:
            return await opener(process, ctx)
        account = await get_account(process, ctx, name)
        return self._maker(name)(account)

    def _maker(self, name: str) -> Callable[[ProviderAccount], PaymentProvider]:
        if name not in self._makers:
            self._makers[name] = adapter_of(name)
        return self._makers[name]


def adapter_of(name: str) -> Any:
    """Raises ProviderNotSetUp for a provider that nobody speaks for."""
    for found in entry_points(group="shopwright.payments", name=name):
        return found.load()
    raise ProviderNotSetUp(f"Nothing here speaks with {name!r}.")


def of_process(process: Process) -> Providers:
    return process.context.keep(Providers)


async def get_account(process: Process, ctx: Actor, name: str) -> ProviderAccount:
    """The shop's own, else for the default shop the one of the settings; raises
    ProviderNotSetUp."""
    account = await find_account(process, ctx, name)
    if account is None:
        raise ProviderNotSetUp(
            f"{name.title()} is not set up here. An administrator enters the shop's keys under "
            "Connections, or sets STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET."
        )
    return account


async def find_account(process: Process, ctx: Actor, name: str) -> ProviderAccount | None:
    vault, settings = process.context.vault, process.settings
    async with process.database.read() as session:
        stored = await queries.find_account(session, ctx, name)
        default = await accounts.find_default_organization(session, settings.default_organization)
    if stored is not None:
        webhook = stored.webhook_secret
        return ProviderAccount(
            secret_key=vault.decrypt(stored.secret_key),
            webhook_secret=vault.decrypt(webhook) if webhook else None,
            api_url=settings.stripe_api_url or None,
        )
    is_default = default is not None and default.id == ctx.organization_id
    return account_of_settings(settings) if name == STRIPE and is_default else None


def account_of_settings(settings: Settings) -> ProviderAccount | None:
    """Only of the default organization: another shop's money must not go there."""
    if settings.stripe_secret_key is None or not settings.stripe_secret_key.get_secret_value():
        return None
    webhook = settings.stripe_webhook_secret
    return ProviderAccount(
        secret_key=settings.stripe_secret_key.get_secret_value(),
        webhook_secret=webhook.get_secret_value() if webhook else None,
        api_url=settings.stripe_api_url or None,
    )
