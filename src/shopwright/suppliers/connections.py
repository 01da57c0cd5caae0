"""Which adapter speaks for a manufacturer, with which account."""

from functools import cache
from importlib.metadata import entry_points
from typing import Any

import msgspec

from shopwright.accounts import audit
from shopwright.accounts import queries as accounts
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.egress import EgressPolicy
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.kernel.secrets import Vault
from shopwright.kernel.settings import Settings
from shopwright.payments import providers
from shopwright.payments.port import PaymentProvider
from shopwright.suppliers import queries
from shopwright.suppliers.models import Supplier
from shopwright.suppliers.port import (
    AdapterMaker,
    SupplierAccount,
    SupplierMemory,
    SupplierPort,
)

MANUFACTURER = queries.MANUFACTURER
DEFAULT_NAME = "Manufacturer"
WAY = (
    "An administrator enters its address and account on the Suppliers page, or sets "
    "CHINESE_API_BASE_URL, CHINESE_API_ACCOUNT, CHINESE_API_PASSWORD, CHINESE_API_SYSTEM_NAME and "
    "CHINESE_API_FIXED_KEY."
)


class SupplierNotSetUp(Conflict):
    code = "supplier-not-set-up"
    title = "No manufacturer is set up"


class SupplierDefaults:
    """One per process (``context.keep(SupplierDefaults)``), for subscribers, whom nobody hands the
    settings."""

    def __init__(self) -> None:
        self.account: SupplierAccount | None = None
        self.organization = ""
        self.pay_type_web = 12
        self.pay_type_kiosk = 5
        self.base_url = ""

    def learn(self, settings: Settings) -> None:
        self.account = account_of_settings(settings)
        self.organization = settings.default_organization
        self.pay_type_web = settings.chinese_api_pay_type_web
        self.pay_type_kiosk = settings.chinese_api_pay_type_kiosk
        self.base_url = settings.base_url


class Adapters:
    """One per process: makers by name, and a port for each account."""

    def __init__(self) -> None:
        self._makers: dict[str, AdapterMaker] = {}
        self._ports: dict[tuple[str, SupplierAccount], SupplierPort] = {}

    def install(self, adapter: str, maker: AdapterMaker) -> None:
        """Use ``maker`` instead of the entry point."""
        self._makers[adapter] = maker
        self._ports.clear()

    def open(self, process: Process, adapter: str, account: SupplierAccount) -> SupplierPort:
        port = self._ports.get((adapter, account))
        if port is None:
            maker = self._makers.get(adapter) or _maker_of(adapter)
            policy = EgressPolicy.for_servers(process.settings)
            port = maker(account, SupplierMemory(), process.clock, policy)
            self._ports[adapter, account] = port
        return port

    async def close(self) -> None:
        for port in self._ports.values():
            await port.aclose()
        self._ports.clear()


def set_up(process: Process) -> None:
    """Once per process: the settings' account, and the manufacturer as a way to pay."""
    process.context.keep(SupplierDefaults).learn(process.settings)
    providers.of_process(process).install(MANUFACTURER, open_payments)


async def close(process: Process) -> None:
    await process.context.keep(Adapters).close()


def account_of_settings(settings: Settings) -> SupplierAccount | None:
    """None unless everything that the manufacturer asks for is there."""
    password, fixed_key = settings.chinese_api_password, settings.chinese_api_fixed_key
    if not (settings.chinese_api_base_url and settings.chinese_api_account):
        return None
    if password is None or fixed_key is None:
        return None
    return SupplierAccount(
        base_url=settings.chinese_api_base_url,
        account=settings.chinese_api_account,
        password=password.get_secret_value(),
        system_name=settings.chinese_api_system_name,
        fixed_key=fixed_key.get_secret_value(),
        device_id=settings.chinese_api_device_id,
        currency=settings.currency,
        timeout_s=settings.chinese_api_timeout_s,
        signature=settings.chinese_api_signature,
    )


def seal(vault: Vault, account: SupplierAccount) -> str:
    return vault.encrypt(msgspec.json.encode(account).decode())


def unseal(vault: Vault, ciphertext: str) -> SupplierAccount:
    return msgspec.json.decode(vault.decrypt(ciphertext), type=SupplierAccount)


def account_of(vault: Vault, defaults: SupplierDefaults, supplier: Supplier) -> SupplierAccount:
    """Raises SupplierNotSetUp."""
    if supplier.settings is not None:
        return unseal(vault, supplier.settings)
    if defaults.account is None:
        raise SupplierNotSetUp(f"{supplier.name} has no account. {WAY}")
    return defaults.account


def open_port(process: Process, supplier: Supplier) -> SupplierPort:
    """Shared by everybody in this process. Raises SupplierNotSetUp."""
    defaults = process.context.keep(SupplierDefaults)
    account = account_of(process.context.vault, defaults, supplier)
    return process.context.keep(Adapters).open(process, supplier.adapter, account)


async def get_default(process: Process, ctx: Actor) -> Supplier:
    """The shop's first manufacturer, made of the settings when there is none yet. Raises
    SupplierNotSetUp."""
    async with process.database.read() as session:
        known = await queries.list_suppliers(session, ctx, is_active=True)
    if known:
        return known[0]
    async with process.database.write() as session:
        await ensure_supplier(session, ctx)
        known = await queries.list_suppliers(session, ctx, is_active=True)
    if not known:
        raise SupplierNotSetUp(f"No manufacturer is set up here. {WAY}")
    return known[0]


async def ensure_supplier(session: WriteSession, ctx: Actor) -> None:
    """The account of the settings is the default shop's, and becomes a row when first needed."""
    defaults = session.context.keep(SupplierDefaults)
    if defaults.account is None or await queries.list_suppliers(session, ctx):
        return
    shop = await accounts.find_default_organization(session, defaults.organization)
    if shop is None or shop.id != ctx.organization_id:
        return
    now = session.context.clock.now()
    supplier = Supplier(
        organization_id=ctx.organization_id,
        adapter=MANUFACTURER,
        name=DEFAULT_NAME,
        settings=None,
        currency=defaults.account.currency,
        created_at=now,
        updated_at=now,
    )
    session.add(supplier)
    await session.flush()
    audit.record(session, ctx, "supplier.created", supplier.id, name=supplier.name)
    touch(session, ctx.organization_id, queries.TOPIC, supplier.id)


async def open_payments(process: Process, ctx: Actor) -> PaymentProvider:
    """The manufacturer as a payment provider, for ``payments.providers``. Raises
    SupplierNotSetUp."""
    supplier = await get_default(process, ctx)
    defaults = process.context.keep(SupplierDefaults)
    account = account_of(process.context.vault, defaults, supplier)
    make: Any = providers.adapter_of(MANUFACTURER)
    provider: PaymentProvider = make(
        open_port(process, supplier),
        currency=account.currency,
        device_id=account.device_id,
        pay_type=defaults.pay_type_kiosk,
    )
    return provider


@cache
def _maker_of(adapter: str) -> AdapterMaker:
    for found in entry_points(group="shopwright.suppliers", name=adapter):
        maker: AdapterMaker = found.load()
        return maker
    raise SupplierNotSetUp(f"Nothing here speaks with a manufacturer of the kind {adapter!r}.")
