"""A process that dies at its n-th step: before and after every call to Stripe and every commit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from shopwright.integrations.stripe.provider import StripeProvider
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Process
from shopwright.payments.port import (
    PaymentProvider,
    RefundRequest,
    SeenRefund,
    Standing,
    Started,
    StartRequest,
)
from shopwright.payments.providers import STRIPE, account_of_settings, of_process


class Killed(BaseException):
    """Nothing of the program may catch it."""


@dataclass
class Fate:
    """``at`` is the step it dies at; once dead it takes no further one."""

    at: int
    taken: int = 0

    @property
    def is_dead(self) -> bool:
        return self.taken >= self.at

    def step(self) -> None:
        self.taken += 1
        if self.is_dead:
            raise Killed


class MortalDatabase(Database):
    """On the engines of another one."""

    fate: Fate

    @classmethod
    def of(cls, database: Database, fate: Fate) -> Self:
        mortal = cls.__new__(cls)
        mortal.__dict__.update(database.__dict__)
        mortal.fate = fate
        return mortal

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        self.fate.step()
        async with super().write() as session:
            yield session
            self.fate.step()  # all is written, nothing is committed
        self.fate.step()


@dataclass
class MortalStripe:
    inner: StripeProvider
    fate: Fate
    is_repeatable = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.inner.__aexit__(exc_type, exc, traceback)

    async def start(self, request: StartRequest) -> Started:
        self.fate.step()
        started = await self.inner.start(request)
        self.fate.step()
        return started

    async def ask(self, key: str, provider_id: str | None) -> Standing:
        self.fate.step()
        return await self.inner.ask(key, provider_id)

    async def close(self, key: str, provider_id: str | None) -> Standing:
        self.fate.step()
        standing = await self.inner.close(key, provider_id)
        self.fate.step()
        return standing

    async def refund(self, request: RefundRequest) -> SeenRefund:
        self.fate.step()
        seen = await self.inner.refund(request)
        self.fate.step()
        return seen


@asynccontextmanager
async def mortal(process: Process, fate: Fate) -> AsyncIterator[Process]:
    """The same shop in a process of this fate; its Stripe account is that of the settings."""
    dying = Process(
        process.settings, process.clock, process.context, MortalDatabase.of(process.database, fate)
    )
    account = account_of_settings(process.settings)
    assert account is not None

    async def open_stripe(_process: Process, _ctx: Actor) -> PaymentProvider:
        return MortalStripe(StripeProvider(account, timeout_s=5, retries=0), fate)

    of_process(process).install(STRIPE, open_stripe)
    yield dying
