"""A shop that sells designs for a phone, and Stripe beside it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import AsyncClient
from pydantic import SecretStr

from shopwright.accounts.models import Organization
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.sandbox.stripe.server import StripeSandbox
from shopwright.sandbox.stripe.world import SandboxConfig
from tests.clock import FixedClock
from tests.conftest import make_settings
from tests.payments.till import Till


@pytest.fixture
async def stripe(clock: FixedClock) -> AsyncIterator[StripeSandbox]:
    """On the test's clock; its events are delivered when the test says so."""
    config = SandboxConfig(retry_s=())
    async with StripeSandbox(config, now=lambda: clock.now().timestamp()) as sandbox:
        yield sandbox


@pytest.fixture
def settings(migrated_url: str, tmp_path: Path, stripe: StripeSandbox) -> Settings:
    return make_settings(migrated_url, tmp_path).model_copy(update=stripe_settings(stripe))


@pytest.fixture
async def till(
    process: Process,
    organization: Organization,
    stripe: StripeSandbox,
    anonymous: AsyncClient,
    clock: FixedClock,
) -> Till:
    return await Till.of(process, organization, stripe, anonymous, clock)


def stripe_settings(stripe: StripeSandbox) -> dict[str, object]:
    config = stripe.world.config
    return {
        "stripe_secret_key": SecretStr(config.secret_key),
        "stripe_webhook_secret": SecretStr(config.webhook_secret),
        "stripe_api_url": stripe.url,
    }
