"""Machines: registered, given keys, heard and missed; their screen and the phone beside it."""

import re

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kiosk.keeper import KioskKeeper
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.kiosk.states import SessionStatus
from shopwright.notifications.models import NotificationDelivery, NotificationTarget
from shopwright.notifications.states import TargetKind
from shopwright.notifications.topics import Topic
from tests.clock import START
from tests.kiosk.edge import databases
from tests.kiosk.machines import HOST, Kiosk
from tests.kiosk.stall import Stall

__all__ = ["databases"]

HERE = {"origin": f"http://{HOST}"}


async def test_a_machine_is_registered_changed_and_given_a_key_over_http(
    client: AsyncClient, kiosk: Kiosk
) -> None:
    made = await client.post(
        "/api/kiosk/machines", json={"code": "HALL_2", "location": "Hall\x00 2"}
    )
    assert made.status_code == 201
    machine = made.json()
    assert (machine["name"], machine["location"], machine["money_path"]) == (
        "HALL_2", "Hall 2", "manufacturer",
    )  # fmt: skip
    assert (machine["key_prefix"], machine["is_online"]) == (None, False)
    again = await client.post("/api/kiosk/machines", json={"code": "HALL_2"})
    assert again.status_code == 409
    path = f"/api/kiosk/machines/{machine['id']}"
    key = (await client.post(f"{path}/key")).json()["key"]
    shown = (await client.get(path)).json()
    assert key.startswith(shown["key_prefix"])
    assert key not in (await client.get(path)).text
    changed = await client.patch(path, json={"name": "Two", "qr_config": {"border": 21}})
    assert changed.status_code == 400
    changed = await client.patch(path, json={"name": "Two", "money_path": "machine"})
    assert (changed.json()["name"], changed.json()["money_path"]) == ("Two", "machine")
    assert (await client.delete(f"{path}/key")).status_code == 200
    kiosk.client.headers["X-API-Key"] = key
    assert (await kiosk.create()).status_code == 401


async def test_a_machines_key_manages_no_machines(kiosk: Kiosk) -> None:
    path = f"/api/kiosk/machines/{kiosk.machine.id}"
    assert (await kiosk.client.post(f"{path}/key")).status_code == 403
    assert (await kiosk.client.patch(path, json={"name": "Mine"})).status_code == 403
    assert (await kiosk.client.get("/api/orders")).status_code == 403


async def test_a_silent_machine_is_told_of_once(stall: Stall, database: Database) -> None:
    target = NotificationTarget(
        organization_id=stall.ctx.organization_id,
        kind=TargetKind.EMAIL,
        name="Desk",
        address="desk@shop.test",
        shown="desk@shop.test",
        topics=[Topic.MACHINE_SILENT.value],
        created_at=START,
        updated_at=START,
    )
    async with database.write() as session:
        session.add(target)
    keeper = KioskKeeper(stall.process)
    await keeper.look()
    assert await told(database, stall.ctx) == []
    for minutes in (0, 6, 6):
        stall.clock.advance(minutes=minutes)
        await keeper.look()
        if not minutes:
            await stall.kiosk.client.post("/heartbeat", json={})
    assert await told(database, stall.ctx) == ["Machine LOBBY-1 (Station, hall 2) is not heard of"]
    await stall.kiosk.client.post("/heartbeat", json={})
    async with database.read() as session:
        machine = await machines.get_by_code(session, stall.ctx, "LOBBY-1")
    assert (machine.is_silent, machines.is_online(machine, stall.clock.now())) == (False, True)


async def told(database: Database, ctx: Actor) -> list[str]:
    async with database.read() as session:
        rows = await session.scalars(
            select(NotificationDelivery.title)
            .where(NotificationDelivery.organization_id == ctx.organization_id)
            .where(NotificationDelivery.topic == Topic.MACHINE_SILENT)
        )
        return list(rows)


async def pair(kiosk: Kiosk) -> AsyncClient:
    """The browser of the machine's screen."""
    screen = kiosk.phone
    answer = await screen.post("/kiosk/pair", data={"key": kiosk.secret}, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk")
    cookie = answer.headers["set-cookie"]
    assert kiosk.secret not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    return screen


async def shown(screen: AsyncClient, view: str = "") -> tuple[str, str]:
    answer = await screen.get("/kiosk/screen", params={"view": view})
    assert answer.status_code == 200, answer.text
    unchanged = await screen.get(
        "/kiosk/screen", params={"view": view}, headers={"if-none-match": answer.headers["etag"]}
    )
    assert unchanged.status_code == 304
    return answer.headers["x-view"], answer.text


async def test_the_screen_follows_the_customer_to_the_end(stall: Stall) -> None:
    screen = await pair(stall.kiosk)
    assert "Touch to start" in (await screen.get("/kiosk")).text
    assert (await shown(screen))[0] == "attract"
    name, html = await shown(screen, "choose")
    assert (name, stall.template.name in html) == ("choose", True)
    started = await screen.post(
        "/kiosk/start", data={"template": stall.template.code}, headers=HERE
    )
    assert started.status_code == 204
    name, html = await shown(screen)
    assert (name, "<svg" in html) == ("scan", True)
    async with stall.process.database.read() as session:
        row = (
            await session.scalars(
                select(KioskSession).where(
                    KioskSession.organization_id == stall.ctx.organization_id
                )
            )
        ).one()
    phone = f"/shop/k/{row.session_id}"
    joining = await screen.get(phone)
    assert "data-join" in joining.text
    assert joining.headers["referrer-policy"] == "no-referrer"
    assert (await screen.post(f"{phone}/join")).headers["location"] == phone
    assert "You chose this at the machine." in (await screen.get(phone)).text
    assert (await shown(screen))[0] == "designing"
    assert (await stall.order(row.session_id)).status_code == 200
    name, html = await shown(screen)
    assert (name, "€35.00" in html) == ("summary", True)
    assert "Pay at the machine" in (await screen.get(phone)).text
    assert (await screen.post(f"{phone}/pay")).status_code == 303
    assert (await shown(screen))[0] == "pay"
    assert "Follow the terminal" in (await screen.get(phone)).text
    assert (await stall.confirm(row.session_id)).status_code == 200
    order = await stall.only_order()
    name, html = await shown(screen)
    assert (name, str(order.number) in html) == ("done", True)
    assert "Thank you, it is paid" in (await screen.get(phone)).text
    assert (await screen.post("/kiosk/leave", headers=HERE)).status_code == 204
    assert (await shown(screen))[0] == "attract"
    assert (await stall.row(row.session_id)).status is SessionStatus.PAYMENT_COMPLETED


async def test_leaving_the_screen_ends_what_is_not_paid(stall: Stall) -> None:
    screen = await pair(stall.kiosk)
    await screen.post("/kiosk/start", headers=HERE)
    await screen.post("/kiosk/leave", headers=HERE)
    assert (await shown(screen))[0] == "attract"
    assert (await screen.post("/kiosk/alive", headers=HERE)).status_code == 204
    async with stall.process.database.read() as session:
        statuses = await session.scalars(
            select(KioskSession.status).where(
                KioskSession.organization_id == stall.ctx.organization_id
            )
        )
        assert statuses.all() == [SessionStatus.CANCELLED]
        machine = await machines.get_by_code(session, stall.ctx, "LOBBY-1")
    assert machine.last_heartbeat_at == START


async def test_the_screen_ends_with_its_key(stall: Stall, client: AsyncClient) -> None:
    screen = await pair(stall.kiosk)
    assert (await shown(screen))[0] == "attract"
    foreign = await screen.post("/kiosk/start")  # sent by another site's page
    assert foreign.status_code == 403
    sealed = screen.cookies["shopwright_screen"]
    await client.post(f"/api/kiosk/machines/{stall.kiosk.machine.id}/key")
    assert (await screen.get("/kiosk/screen")).status_code == 403
    assert (await screen.get("/kiosk")).headers["location"] == "/kiosk/pair"
    for cookie in (sealed.replace(".", "9.", 1), sealed[:-1], "x", ""):
        answer = await screen.get(
            "/kiosk/screen", headers={"cookie": f"shopwright_screen={cookie}"}
        )
        assert answer.status_code == 403


@pytest.mark.parametrize("key", ["", "sk_guess", "x" * 200])
async def test_a_wrong_key_opens_no_screen(kiosk: Kiosk, key: str) -> None:
    answer = await kiosk.phone.post("/kiosk/pair", data={"key": key}, headers=HERE)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


async def test_a_machines_page_shows_sessions_and_what_had_to_be_given_back(
    stall: Stall, client: AsyncClient, database: Database
) -> None:
    session_id = await stall.due()
    await stall.confirm(session_id, "T-9", payment_amount=1)
    pages = await client.get("/machines"), await client.get(f"/machines/{stall.kiosk.machine.id}")
    assert "Machine LOBBY-1" in pages[0].text
    assert "waits for the money" in pages[1].text
    assert "The machine was told to give it back." in pages[1].text
    row = await stall.row(session_id)
    ended = await client.post(f"/machines/sessions/{row.id}/end")
    assert ended.status_code == 303
    assert (await stall.row(session_id)).status is SessionStatus.CANCELLED
    switched = await client.post(f"/machines/{stall.kiosk.machine.id}/switch")
    assert switched.status_code == 303
    async with database.read() as session:
        active = await session.scalars(
            select(Machine.is_active).where(Machine.organization_id == stall.ctx.organization_id)
        )
        assert active.all() == [False]
    key = await client.post(f"/machines/{stall.kiosk.machine.id}/key")
    assert re.search(r'value="sk_[\w-]{40,}"', key.text)
