"""The adapter alone, against the sandbox over real HTTP."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from shopwright.integrations.manufacturer.adapter import ManufacturerSupplier
from shopwright.kernel.egress import EgressPolicy
from shopwright.sandbox.manufacturer import Account, ManufacturerSandbox
from shopwright.suppliers.port import SupplierAccount, SupplierMemory
from tests.clock import FixedClock

LAN = EgressPolicy(allows_private=True)


@pytest.fixture
async def partner() -> AsyncIterator[ManufacturerSandbox]:
    async with ManufacturerSandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def pairs() -> AsyncIterator[ManufacturerSandbox]:
    async with ManufacturerSandbox(Account(signature="pairs")) as sandbox:
        yield sandbox


@pytest.fixture
def memory() -> SupplierMemory:
    return SupplierMemory()


@pytest.fixture
async def adapter(
    partner: ManufacturerSandbox, memory: SupplierMemory, clock: FixedClock
) -> AsyncIterator[ManufacturerSupplier]:
    async with aclosing(ManufacturerSupplier(account_of(partner), memory, clock, LAN)) as adapter:
        yield adapter


@pytest.fixture
def altered(partner: ManufacturerSandbox, clock: FixedClock) -> Callable[..., ManufacturerSupplier]:
    """An adapter whose account differs in what is named."""

    def make(**changes: object) -> ManufacturerSupplier:
        account = replace(account_of(partner), **changes)  # type: ignore[arg-type]
        return ManufacturerSupplier(account, SupplierMemory(), clock, LAN)

    return make


def account_of(partner: ManufacturerSandbox) -> SupplierAccount:
    account = partner.account
    return SupplierAccount(
        base_url=partner.url,
        account=account.account,
        password=account.password,
        system_name=account.system_name,
        fixed_key=account.fixed_key,
        device_id=account.device_id,
        timeout_s=5.0,
        signature=account.signature,
    )
