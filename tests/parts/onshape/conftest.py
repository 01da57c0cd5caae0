"""A shop beside the Onshape stand-in, whose pauses take no time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.parts.onshape import exporting
from shopwright.parts.onshape.models import OnshapeExport
from shopwright.parts.onshape.tools import OnshapeTools
from shopwright.sandbox.onshape import OnshapeConfig, OnshapeSandbox
from shopwright.sandbox.onshape.world import Element
from tests.clock import FixedClock
from tests.conftest import make_settings

REDIRECT = "http://shop.test/api/parts/auth/onshape/callback"
OTHER_REDIRECT = "https://other.shop.test/back"
TRUST = httpx.create_ssl_context()  # once; it takes longer than most calls


PINNED = [
    "GET /documents/d/{}/w/{}/currentmicroversion",
    "GET /documents/d/{}/w/{}/elements",
]
TRANSLATED = [
    "POST /partstudios/d/{}/w/{}/e/{}/translations",
    "GET /translations/{}",
    "GET /translations/{}",
    "GET /documents/d/{}/externaldata/{}",
]


@pytest.fixture
async def onshape() -> AsyncIterator[OnshapeSandbox]:
    config = OnshapeConfig(redirect_uris=(REDIRECT, OTHER_REDIRECT))
    async with OnshapeSandbox(config) as sandbox:
        yield sandbox


@pytest.fixture
def settings(migrated_url: str, tmp_path: Path, onshape: OnshapeSandbox) -> Settings:
    return with_onshape(make_settings(migrated_url, tmp_path), onshape)


@pytest.fixture
def drafting(
    process: Process,
    owner: Actor,
    client: httpx.AsyncClient,
    onshape: OnshapeSandbox,
    clock: FixedClock,
) -> "Drafting":
    made = Drafting(process, owner, client, onshape, clock)
    process.context.keep(OnshapeTools).sleep = made.wait
    return made


@pytest.fixture
async def shop(drafting: "Drafting") -> "Drafting":
    """Connected by keys, with no call in the log."""
    await drafting.connect()
    drafting.onshape.world.log.clear()
    return drafting


@dataclass
class Drafting:
    """The owner's client, and what Onshape sees of it."""

    process: Process
    owner: Actor
    client: httpx.AsyncClient
    onshape: OnshapeSandbox
    clock: FixedClock
    pauses: list[float] = field(default_factory=list)

    async def wait(self, seconds: float) -> None:
        """Nobody waits, but the shop's clock does."""
        self.pauses.append(seconds)
        self.clock.advance(seconds=seconds)

    async def connect(self) -> None:
        """By API keys."""
        config = self.onshape.world.config
        keys = {"access_key": config.access_key, "secret_key": config.secret_key}
        answer = await self.client.put("/api/parts/auth/onshape/keys", json=keys)
        assert answer.status_code == 200, answer.text

    async def consent(self, start: str = "/api/parts/auth/onshape/start") -> httpx.Response:
        """The owner's way to Onshape and back to the callback."""
        begun = await self.client.get(start)
        assert begun.status_code == 200, begun.text
        return await self.client.get(await consented(begun.json()["authorize_url"]))

    async def part(self, element: Element | None = None, **changes: Any) -> int:
        link = self.onshape.link(element) if element else None
        body = {"name": "Plate", "onshapeUrl": link} | changes
        answer = await self.client.post("/api/parts", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def pull(self, part: int, wanted: str = "step", url: str | None = None) -> httpx.Response:
        body = {"format": wanted, "url": url}
        return await self.client.post(f"/api/parts/{part}/onshape", json=body)

    async def pulled(self, part: int, wanted: str = "step") -> dict[str, Any]:
        """Asked for and carried out."""
        asked = await self.pull(part, wanted)
        assert asked.status_code == 201, asked.text
        await self.work()
        return await self.latest(part)

    async def latest(self, part: int) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get(f"/api/parts/{part}/onshape")).json()
        return found

    async def work(self) -> bool:
        """What the durable work behind the newest export does."""
        export = await self.export()
        return await exporting.carry_out(self.process, export.organization_id, export.id)

    async def export(self) -> OnshapeExport:
        """The newest one."""
        async with self.process.database.read() as session:
            found = await session.scalars(
                select(OnshapeExport)
                .where(OnshapeExport.organization_id == self.owner.organization_id)
                .order_by(OnshapeExport.id.desc())
            )
            return found.first() or pytest.fail("nothing was asked for")

    async def standing(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get("/api/parts/auth/onshape")).json()
        return found

    async def versions(self, part: int) -> list[tuple[int, str]]:
        found = (await self.client.get(f"/api/parts/{part}/versions")).json()["versions"]
        return [(row["version"], row["filename"]) for row in found]

    def limit(self, calls: int) -> None:
        """So many calls in a year."""
        settings = self.process.settings.model_copy(update={"onshape_yearly_calls": calls})
        self.process.settings = settings

    @property
    def calls(self) -> list[str]:
        """What Onshape was asked, without ids."""
        return [_nameless(line) for line in self.onshape.world.log]


async def use_server_keys(process: Process, ctx: Actor, onshape: OnshapeSandbox) -> None:
    """As ONSHAPE_ACCESS_KEY and ONSHAPE_SECRET_KEY set them for the default organization."""
    async with process.database.read() as session:
        organization = await session.get_one(Organization, ctx.organization_id)
    config = onshape.world.config
    process.settings = process.settings.model_copy(
        update={
            "onshape_access_key": config.access_key,
            "onshape_secret_key": SecretStr(config.secret_key),
            "default_organization": organization.slug,
        }
    )


async def consented(url: str) -> str:
    """Path and query of the address that the consent page sends the browser back to."""
    async with httpx.AsyncClient(verify=TRUST) as browser:
        answer = await browser.get(url)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def with_onshape(settings: Settings, onshape: OnshapeSandbox) -> Settings:
    config = onshape.world.config
    return settings.model_copy(
        update={
            "onshape_url": onshape.url,
            "onshape_oauth_url": onshape.url,
            "onshape_client_id": config.client_id,
            "onshape_client_secret": SecretStr(config.client_secret),
            "onshape_redirect_uris": list(config.redirect_uris),
        }
    )


def _nameless(line: str) -> str:
    method, _, path = line.partition(" ")
    words = ["{}" if len(word) == 24 else word for word in path.split("/")]
    return f"{method} {'/'.join(words)}"
