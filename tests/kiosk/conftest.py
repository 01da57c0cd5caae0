"""A shop with one machine."""

import pytest

from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests.conftest import ClientAs
from tests.kiosk.machines import Kiosk, make_kiosk, take_host


@pytest.fixture
async def kiosk(
    database: Database, client_as: ClientAs, organization: Organization, owner: Actor
) -> Kiosk:
    """One that takes the money itself."""
    await take_host(database, organization)
    return await make_kiosk(database, client_as, owner)
