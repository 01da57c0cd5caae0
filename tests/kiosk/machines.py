"""A machine at work: its row, its key, and a client that calls with it."""

from dataclasses import dataclass, field
from typing import Any

from httpx import AsyncClient, Response
from sqlalchemy import select

from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.kiosk.states import MoneyPath
from tests.clock import START
from tests.conftest import ClientAs

HOST = "shop.test"  # what every test client calls
VENDING = "/api/vending"
NOT_THERE = f"LOBBY-1_20260302_090000_{'A' * 32}"


@dataclass(slots=True)
class Kiosk:
    """``client`` calls as the machine, ``phone`` as anybody."""

    machine: Machine
    secret: str
    client: AsyncClient
    phone: AsyncClient
    opened: list[str] = field(default_factory=list)

    async def create(self, **body: Any) -> Response:
        return await self.client.post(f"{VENDING}/create-session", json=body)

    async def open(self, **body: Any) -> str:
        """A new session's id."""
        answer = await self.create(**body)
        assert answer.status_code == 200, answer.text
        session_id: str = answer.json()["session_id"]
        self.opened.append(session_id)
        return session_id

    async def get(self, session_id: str, name: str, /) -> Response:
        return await self.phone.get(f"{VENDING}/session/{session_id}/{name}")

    async def post(self, session_id: str, name: str, /, **body: Any) -> Response:
        """As the phone."""
        return await self.phone.post(f"{VENDING}/session/{session_id}/{name}", json=body)

    async def say(self, session_id: str, name: str, /, **body: Any) -> Response:
        """As the machine."""
        return await self.client.post(f"{VENDING}/session/{session_id}/{name}", json=body)

    async def status(self, session_id: str) -> dict[str, Any]:
        answer = await self.get(session_id, "status")
        assert answer.status_code == 200, answer.text
        read: dict[str, Any] = answer.json()
        return read

    async def scan(self, session_id: str) -> None:
        answer = await self.post(session_id, "register-user", machine_id=self.machine.code)
        assert answer.status_code == 200, answer.text


async def take_host(database: Database, organization: Organization) -> None:
    """Strangers who call ``HOST`` are in this shop."""
    async with database.write() as session:
        row = await session.get_one(Organization, organization.id)
        row.shop_host = HOST


async def make_kiosk(
    database: Database,
    client_as: ClientAs,
    owner: Actor,
    *,
    code: str = "LOBBY-1",
    money_path: MoneyPath = MoneyPath.MACHINE,
) -> Kiosk:
    async with database.write() as session:
        made = await machines.register_machine(
            session,
            owner,
            code=code,
            name=f"Machine {code}",
            location="Station, hall 2",
            money_path=money_path,
            now=START,
        )
        key = await machines.issue_key(session, owner, ref=Ref(made.id, None), now=START)
    client = await client_as(None)
    client.headers["X-API-Key"] = key.secret
    return Kiosk(key.machine, key.secret, client, await client_as(None))


async def row_of(database: Database, session_id: str) -> KioskSession:
    """As it stands in the database."""
    async with database.read() as session:
        rows = await session.scalars(
            select(KioskSession)
            .where(KioskSession.session_id == session_id)
            .execution_options(**CROSS_TENANT)
        )
        return rows.one()
