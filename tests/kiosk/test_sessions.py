"""A session's way from the machine's QR code to the phone, and its end."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Ref
from shopwright.kiosk import rules
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.states import SessionStatus, UserProgress
from tests.clock import START, FixedClock
from tests.conftest import ClientAs
from tests.kiosk.edge import databases
from tests.kiosk.machines import NOT_THERE, VENDING, Kiosk, make_kiosk, row_of

__all__ = ["databases"]


async def test_machine_opens_a_session_with_its_own_key(kiosk: Kiosk) -> None:
    answer = await kiosk.create(
        machine_id="LOBBY-1", location="Hall 3", session_timeout_minutes=20, metadata={"lang": "en"}
    )
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    session_id = told.pop("session_id")
    assert re.fullmatch(r"LOBBY-1_20260302_090000_[0-9A-F]{32}", session_id)
    link = urlsplit(told.pop("qr_url"))
    assert link.path == f"/shop/k/{session_id}"
    assert parse_qs(link.query) == {
        "qr": ["true"],
        "machine_id": ["LOBBY-1"],
        "session_id": [session_id],
        "location": ["Hall 3"],
    }
    assert told == {
        "success": True,
        "qr_code_url": f"http://127.0.0.1:8000/api/vending/session/{session_id}/qr.svg",
        "expires_at": "2026-03-02T09:20:00Z",
        "timeout_minutes": 20,
        "machine_info": {"id": "LOBBY-1", "name": "Machine LOBBY-1", "location": "Hall 3"},
        "security_validated": True,
    }


@pytest.mark.parametrize(("asked", "given"), [(None, 30), (1, 5), (5, 5), (60, 60), (600, 60)])
def test_a_session_lasts_between_five_and_sixty_minutes(asked: int | None, given: int) -> None:
    assert rules.clamp_timeout(asked) == given


async def test_the_machine_may_leave_its_id_out_and_the_root_answers_too(kiosk: Kiosk) -> None:
    answer = await kiosk.client.post("/create-session", json={"timeout_minutes": 10})
    assert answer.status_code == 200
    assert answer.json()["timeout_minutes"] == 10
    status = await kiosk.phone.get(f"/session/{answer.json()['session_id']}/status")
    assert status.json()["machine_id"] == "LOBBY-1"


async def test_a_key_speaks_for_its_machine_alone(
    kiosk: Kiosk, database: Database, client_as: ClientAs, owner: Actor, client: AsyncClient
) -> None:
    other = await make_kiosk(database, client_as, owner, code="LOBBY-2")
    refused = await other.create(machine_id="LOBBY-1")
    assert refused.status_code == 403
    assert refused.json()["detail"] == "This key is of LOBBY-2, not of LOBBY-1."
    assert (await other.create(machine_id="LOBBY-9")).status_code == 404
    person = await client.post(f"{VENDING}/create-session", json={})
    assert person.status_code == 403
    assert person.json()["code"] == "not-the-machine"
    nobody = await kiosk.phone.post(f"{VENDING}/create-session", json={})
    assert nobody.status_code == 401
    session_id = await kiosk.open()
    assert (await other.say(session_id, "confirm-payment")).status_code in {400, 404}
    ended = await other.client.delete(f"{VENDING}/session/{session_id}")
    assert ended.status_code == 404
    assert (await row_of(database, session_id)).status is SessionStatus.ACTIVE


async def test_a_rotated_or_revoked_key_is_out_at_once(
    kiosk: Kiosk, database: Database, owner: Actor
) -> None:
    ref = Ref(kiosk.machine.id, None)
    async with database.write() as session:
        fresh = await machines.issue_key(session, owner, ref=ref, now=START)
    assert (await kiosk.create()).status_code == 401
    kiosk.client.headers["X-API-Key"] = fresh.secret
    assert (await kiosk.create()).status_code == 200
    async with database.write() as session:
        await machines.revoke_key(session, owner, ref=ref, now=START)
    assert (await kiosk.create()).status_code == 401


async def test_a_machine_that_is_switched_off_opens_nothing(
    kiosk: Kiosk, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        machine = await machines.get_machine(session, owner, Ref(kiosk.machine.id, None))
        await machines.update_machine(session, owner, machine, is_active=False, now=START)
    refused = await kiosk.create()
    assert refused.status_code == 409
    assert refused.json()["code"] == "machine-off"


async def test_a_machine_has_five_open_sessions_at_most(kiosk: Kiosk, clock: FixedClock) -> None:
    for _ in range(4):
        await kiosk.open()
    last = await kiosk.open(session_timeout_minutes=5)
    refused = await kiosk.create()
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "30"
    assert refused.json()["code"] == "kiosk-sessions-full"
    clock.advance(minutes=4, seconds=50)
    assert (await kiosk.create()).headers["retry-after"] == "10"
    clock.advance(seconds=10)
    await kiosk.open()
    assert (await kiosk.get(last, "status")).status_code == 410


async def test_ten_sessions_a_minute_are_opened_at_most(kiosk: Kiosk, clock: FixedClock) -> None:
    for _ in range(10):
        session_id = await kiosk.open()
        ended = await kiosk.client.delete(f"{VENDING}/session/{session_id}")
        assert ended.status_code == 200
    refused = await kiosk.create()
    assert refused.status_code == 429
    assert refused.json()["detail"].startswith("At most 10 new sessions per minute")
    clock.advance(seconds=61)
    await kiosk.open()


async def test_metadata_beyond_ten_kilobytes_is_refused(kiosk: Kiosk) -> None:
    refused = await kiosk.create(metadata={"note": "x" * 10_000})
    assert refused.status_code == 413
    assert refused.json()["detail"] == "metadata has 10,011 bytes; at most 10,000 are taken."


async def test_a_scan_registers_the_phone_once(kiosk: Kiosk, database: Database) -> None:
    session_id = await kiosk.open()
    told = {
        "machine_id": "LOBBY-1",
        "session_id": session_id,
        "location": "Hall 2",
        "user_agent": "Phone\x00\x1b[31m/1.0",
        "ip_address": "8.8.8.8",
    }
    answer = await kiosk.post(session_id, "register-user", **told)
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "session_id": session_id,
        "machine_info": {
            "id": "LOBBY-1",
            "name": "Machine LOBBY-1",
            "location": "Station, hall 2",
        },
        "expires_at": "2026-03-02T09:30:00Z",
        "status": "active",
        "user_progress": "qr_scanned",
        "security_validated": True,
    }
    row = await row_of(database, session_id)
    assert (row.user_agent, row.address) == ("Phone[31m/1.0", "127.0.0.1")
    moved = await kiosk.post(session_id, "progress", user_progress="designing")
    assert (moved.json()["status"], moved.json()["user_progress"]) == ("designing", "designing")
    again = await kiosk.post(session_id, "register-user")
    assert again.json()["user_progress"] == "designing"


async def test_a_code_of_another_machine_is_refused(kiosk: Kiosk, database: Database) -> None:
    session_id = await kiosk.open()
    refused = await kiosk.post(session_id, "register-user", machine_id="LOBBY-2")
    assert refused.status_code == 400
    assert refused.json()["detail"] == "This code belongs to another machine. Scan it again."
    other = await kiosk.post(session_id, "register-user", session_id=NOT_THERE)
    assert other.status_code == 400
    assert (await row_of(database, session_id)).progress is UserProgress.STARTED


async def test_health_status_and_validate_tell_how_it_stands(
    kiosk: Kiosk, clock: FixedClock
) -> None:
    session_id = await kiosk.open()
    await kiosk.scan(session_id)
    clock.advance(minutes=12)
    health = (await kiosk.get(session_id, "health")).json()
    assert health == {
        "valid": True,
        "status": "active",
        "message": "Session is active",
        "expires_at": "2026-03-02T09:30:00Z",
        "time_remaining_seconds": 18 * 60,
        "machine_id": "LOBBY-1",
        "user_progress": "qr_scanned",
    }
    status = await kiosk.status(session_id)
    assert status["user_registered"] is True
    assert (status["order_id"], status["queue_number"]) == (None, None)
    valid = (await kiosk.post(session_id, "validate")).json()
    assert valid["session_health"] == {
        "is_expired": False,
        "is_active": True,
        "status": "active",
        "user_progress": "qr_scanned",
        "expires_at": "2026-03-02T09:30:00Z",
        "last_activity": "2026-03-02T09:00:00Z",
    }


async def test_the_qr_code_is_drawn_as_svg_and_png(kiosk: Kiosk) -> None:
    session_id = await kiosk.open()
    svg = await kiosk.get(session_id, "qr.svg")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert svg.text.startswith("<svg")
    png = await kiosk.get(session_id, "qr.png")
    assert png.headers["content-type"] == "image/png"
    assert png.content.startswith(b"\x89PNG")


GETS = ("health", "status", "qr.svg", "qr.png")
POSTS = ("register-user", "progress", "validate")


async def test_every_call_to_a_session_that_is_over_is_410(
    kiosk: Kiosk, database: Database, clock: FixedClock
) -> None:
    session_id = await kiosk.open()
    clock.advance(minutes=30)
    answers = [await kiosk.get(session_id, name) for name in GETS]
    answers += [await kiosk.post(session_id, name, user_progress="designing") for name in POSTS]
    answers.append(await kiosk.client.delete(f"{VENDING}/session/{session_id}"))
    assert [a.status_code for a in answers] == [410] * len(answers)
    problem = answers[0].json()
    assert problem["detail"] == "This session is over. Scan a new code at the machine."
    assert (problem["valid"], problem["session_status"]) == (False, "expired")
    row = await row_of(database, session_id)
    assert row.status is SessionStatus.EXPIRED
    assert row.ended_at == START + timedelta(minutes=30)


async def test_the_machine_ends_a_session(kiosk: Kiosk, database: Database) -> None:
    session_id = await kiosk.open()
    assert (await kiosk.phone.delete(f"{VENDING}/session/{session_id}")).status_code == 401
    answer = await kiosk.client.delete(f"{VENDING}/session/{session_id}")
    assert answer.json() == {
        "success": True,
        "message": "Session cleaned up successfully",
        "session_id": session_id,
    }
    over = await kiosk.get(session_id, "status")
    assert over.status_code == 410
    assert over.json()["session_status"] == "cancelled"
    assert (await row_of(database, session_id)).status is SessionStatus.CANCELLED


async def test_five_sessions_that_are_not_there_keep_the_address_out_for_ten_minutes(
    kiosk: Kiosk, clock: FixedClock
) -> None:
    session_id = await kiosk.open()
    for guess in (NOT_THERE, "x", "LOBBY-1_1_1_1", NOT_THERE, session_id[:-1] + "Z"):
        assert (await kiosk.get(guess, "status")).status_code == 404
    for name in GETS:
        kept_out = await kiosk.get(session_id, name)
        assert kept_out.status_code == 429
        assert kept_out.headers["retry-after"] == "600"
    assert (await kiosk.post(session_id, "register-user")).status_code == 429
    # The machine shows its own key and is counted by it.
    assert (await kiosk.client.delete(f"{VENDING}/session/{session_id}")).status_code == 200
    clock.advance(minutes=10)
    assert (await kiosk.get(session_id, "status")).status_code == 410


async def test_a_session_is_of_its_own_shop_only(
    kiosk: Kiosk, database: Database, client_as: ClientAs, stranger: Actor
) -> None:
    foreign = await make_kiosk(database, client_as, stranger, code="LOBBY-1")
    session_id = await foreign.open()
    assert (await kiosk.get(session_id, "status")).status_code == 404
    assert (await kiosk.client.delete(f"{VENDING}/session/{session_id}")).status_code == 404
    assert (await row_of(database, session_id)).status is SessionStatus.ACTIVE


async def test_heartbeats_are_heard(kiosk: Kiosk, clock: FixedClock, database: Database) -> None:
    await kiosk.open()
    clock.advance(minutes=1)
    answer = await kiosk.client.post(f"{VENDING}/heartbeat", json={"machine_id": "LOBBY-1"})
    assert answer.json() == {
        "success": True,
        "machine_id": "LOBBY-1",
        "status": "online",
        "last_heartbeat": "2026-03-02T09:01:00Z",
        "live_sessions": 1,
    }
    assert (await kiosk.phone.post(f"{VENDING}/heartbeat", json={})).status_code == 401


def test_session_ids_keep_the_documented_shape_with_128_random_bits() -> None:
    made = {rules.new_session_id("10HKNTDOH2BA", START) for _ in range(1000)}
    assert len(made) == 1000
    assert all(rules.is_session_id(session_id) for session_id in made)
    assert all(len(session_id.rpartition("_")[2]) * 4 >= 128 for session_id in made)
