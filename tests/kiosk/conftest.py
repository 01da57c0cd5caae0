"""A shop with one machine."""

import pytest

from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from tests.clock import FixedClock
from tests.conftest import ClientAs
from tests.kiosk.machines import Kiosk, make_kiosk, take_host
from tests.kiosk.stall import Stall


@pytest.fixture
async def kiosk(
    database: Database, client_as: ClientAs, organization: Organization, owner: Actor
) -> Kiosk:
    """One that takes the money itself."""
    await take_host(database, organization)
    return await make_kiosk(database, client_as, owner)


@pytest.fixture
async def stall(process: Process, clock: FixedClock, kiosk: Kiosk) -> Stall:
    return await Stall.of(process, clock, kiosk)
