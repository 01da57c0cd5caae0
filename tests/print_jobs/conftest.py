"""The queue's routes are those of reference (b): every request names its organization."""

import httpx
import pytest

from shopwright.kernel.actor import Actor
from tests.conftest import ClientAs


@pytest.fixture
async def client(client_as: ClientAs, owner: Actor) -> httpx.AsyncClient:
    """The owner's."""

    async def name_organization(request: httpx.Request) -> None:
        named = request.url.copy_merge_params({"organizationId": owner.organization_id})
        request.url = named

    client = await client_as(owner)
    client.event_hooks = {"request": [name_organization]}
    return client
