"""Targets, settings, tests and the log over HTTP, and the sentences for what is wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from shopwright.accounts.models import AuditEntry
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.notifications.models import NotificationTarget
from shopwright.notifications.states import TargetKind
from shopwright.sandbox.smtp.server import SmtpSandbox
from tests.conftest import ClientAs
from tests.notifications.conftest import Desk, Receiver

TARGETS = "/api/notifications/targets"
MAIL = {"kind": "email", "name": "Office", "address": "sam@shop.test"}


async def test_target_is_made_listed_changed_and_deleted(desk: Desk, client: AsyncClient) -> None:
    made = await client.post(TARGETS, json=MAIL)
    assert made.status_code == 201
    target = made.json()
    assert target["shown"] == "sam@shop.test"
    assert "print_failed" in target["topics"]
    assert "address" not in target
    url = f"{TARGETS}/{target['uuid']}"
    changed = await client.patch(url, json={"topics": ["order_ready"], "is_active": False})
    assert (changed.json()["topics"], changed.json()["is_active"]) == (["order_ready"], False)
    listed = (await client.get(TARGETS)).json()
    assert (listed["total"], listed["targets"][0]["name"]) == (1, "Office")
    assert (await client.delete(url)).json() == {"message": "Target deleted"}
    assert (await client.get(TARGETS)).json()["targets"] == []
    async with desk.database.read() as session:
        actions = await session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.organization_id == desk.ctx.organization_id)
            .where(AuditEntry.subject == "notification_target")
        )
        assert [action.split(".")[1] for action in actions] == ["created", "updated", "deleted"]


async def test_a_repeated_request_makes_one_target(desk: Desk, client: AsyncClient) -> None:
    key = {"Idempotency-Key": "one"}
    first = await client.post(TARGETS, json=MAIL, headers=key)
    again = await client.post(TARGETS, json=MAIL, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (await client.get(TARGETS)).json()["total"] == 1


async def test_address_is_stored_encrypted(desk: Desk, client: AsyncClient) -> None:
    await client.post(
        TARGETS, json={"kind": "chat", "name": "Room", "address": "discord://1234567890/abcdef"}
    )
    async with desk.database.read() as session:
        query = select(NotificationTarget.address, NotificationTarget.shown)
        mine = NotificationTarget.organization_id == desk.ctx.organization_id
        ((address, shown),) = (await session.execute(query.where(mine))).all()
    assert "abcdef" not in f"{address}{shown}"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (MAIL | {"address": "nobody"}, "'nobody' is no mail address."),
        (MAIL | {"topics": ["weather"]}, "'weather' is no topic"),
        ({"kind": "chat", "name": "x", "address": "foo://x"}, "Apprise does not understand"),
        ({"kind": "webhook", "name": "x", "address": "ftp://x"}, "must begin with https://"),
        ({"kind": "webhook", "name": "x", "address": "http://169.254.169.254/x"}, "never called"),
    ],
)
async def test_bad_targets_are_refused_with_what_to_do(
    desk: Desk, client: AsyncClient, body: dict[str, Any], words: str
) -> None:
    answer = await client.post(TARGETS, json=body)
    assert answer.status_code == 400
    assert words in answer.json()["detail"]
    assert (await client.get(TARGETS)).json()["total"] == 0


class TestPublicNetwork:
    """Without ``ALLOW_PRIVATE_WEBHOOKS``."""

    @pytest.fixture(autouse=True)
    def public(self, process: Process, settings: Settings) -> Iterator[None]:
        process.settings = settings.model_copy(update={"allow_private_webhooks": False})
        yield
        process.settings = settings

    @pytest.mark.parametrize("kind", ["webhook", "chat"])
    async def test_this_machine_is_no_receiver(self, client: AsyncClient, kind: str) -> None:
        address = {"webhook": "http://127.0.0.1:8000/", "chat": "ntfy://127.0.0.1/x"}[kind]
        answer = await client.post(TARGETS, json={"kind": kind, "name": "x", "address": address})
        assert answer.status_code == 400
        assert answer.json()["code"] == "address-refused"
        assert "ALLOW_PRIVATE_WEBHOOKS=true" in answer.json()["detail"]

    async def test_a_receiver_that_was_allowed_once_is_not_called_now(
        self, desk: Desk, client: AsyncClient, receiver: Receiver
    ) -> None:
        target = await desk.add_target(TargetKind.WEBHOOK, receiver.url)
        answer = await client.post(f"{TARGETS}/{target.id}/test")
        assert answer.json()["sent"] is False
        assert receiver.heard == []


async def test_only_administrators_set_up_who_is_told(
    desk: Desk, client_as: ClientAs, member: Actor
) -> None:
    client = await client_as(member)
    assert (await client.post(TARGETS, json=MAIL)).status_code == 403
    assert (await client.get(TARGETS)).status_code == 200
    assert (await client.get("/api/notifications/settings")).status_code == 403


async def test_send_test_answers_with_the_vendors_words(
    desk: Desk, client: AsyncClient, smtp: SmtpSandbox, receiver: Receiver
) -> None:
    mail = (await client.post(TARGETS, json=MAIL)).json()["id"]
    hook = await desk.add_target(TargetKind.WEBHOOK, receiver.url)
    chat = await desk.add_target(TargetKind.CHAT, receiver.url.replace("http", "json"))

    async def test(target_id: int) -> tuple[bool, str]:
        answer = await client.post(f"{TARGETS}/{target_id}/test")
        return answer.json()["sent"], answer.json()["answer"]

    assert await test(mail) == (True, "127.0.0.1 answered 250 Message accepted.")
    assert await test(hook.id) == (True, "The receiver answered 200 OK.")
    assert await test(chat.id) == (True, "JSON took it.")
    smtp.refuse({"rcpt": "550 No such user"})
    receiver.status = "401 Unauthorized"
    assert (await test(mail))[1] == (
        "127.0.0.1 refuses the recipient sam@shop.test (550 No such user)."
    )
    assert (await test(hook.id))[1] == "The receiver answered 401 Unauthorized: no."
    assert "error=401" in (await test(chat.id))[1]
    await desk.work()
    assert await desk.statuses() == ["delivered"] * 3 + ["failed"] * 3
    targets = (await client.get(TARGETS)).json()["targets"]
    assert [target["is_failing"] for target in targets] == [True] * 3


async def test_failed_message_is_sent_again_on_demand(
    desk: Desk, client: AsyncClient, smtp: SmtpSandbox
) -> None:
    await client.post(TARGETS, json=MAIL)
    smtp.refuse({"rcpt": "550 No such user"})
    await desk.tell()
    await desk.work()
    log = (await client.get("/api/notifications/deliveries?status=failed")).json()
    assert (log["total"], log["deliveries"][0]["target_name"]) == (1, "Office")
    url = f"/api/notifications/deliveries/{log['deliveries'][0]['id']}/retry"
    smtp.refuse({})
    assert (await client.post(url)).json()["status"] == "pending"
    await desk.work()
    assert len(smtp.mails) == 1
    again = await client.post(url)
    assert (again.status_code, again.json()["code"]) == (409, "nothing-to-retry")


async def test_settings_are_changed_one_by_one(desk: Desk, client: AsyncClient) -> None:
    url = "/api/notifications/settings"
    before = (await client.get(url)).json()
    assert (before["quiet_from"], before["mail"]["is_from_environment"]) == (None, True)
    body = {"quiet_from": "22:00", "quiet_until": "7:00", "does_urgent_pass": False}
    assert (await client.put(url, json=body)).json()["quiet_until"] == "07:00"
    mail = {"host": "mail.shop.test", "user": "me@shop.test", "password": "secret"}
    changed = (await client.put(url, json={"mail": mail, "job_wait_hours": 24})).json()
    assert changed["quiet_from"] == "22:00"
    assert changed["job_wait_hours"] == 24
    assert changed["mail"] == {
        "host": "mail.shop.test",
        "port": 587,
        "security": "starttls",
        "user": "me@shop.test",
        "has_password": True,
        "sender": "me@shop.test",
        "is_from_environment": False,
    }
    kept = (await client.put(url, json={"mail": {"host": "b.test", "sender": "x@y.test"}})).json()
    assert kept["mail"]["has_password"] is True
    gone = await client.put(url, json={"mail": {"host": ""}, "quiet_from": "", "quiet_until": ""})
    assert gone.json()["quiet_from"] is None
    assert gone.json()["mail"]["has_password"] is False


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"quiet_from": "25:00", "quiet_until": "07:00"}, "is no time of day"),
        ({"quiet_from": "22:00"}, "need a beginning and an end"),
        ({"mail": {"host": "mail.shop.test"}}, "Say which address mails come from"),
        ({"job_wait_hours": 0}, "greater than or equal to 1"),
    ],
)
async def test_bad_settings_change_nothing(
    desk: Desk, client: AsyncClient, body: dict[str, Any], words: str
) -> None:
    url = "/api/notifications/settings"
    before = (await client.get(url)).json()
    answer = await client.put(url, json=body)
    assert answer.status_code == 400
    assert words in answer.text
    assert (await client.get(url)).json() == before


async def test_webhook_secret_is_shown_once(desk: Desk, client: AsyncClient) -> None:
    first = (await client.post("/api/notifications/webhook-secret")).json()["secret"]
    second = (await client.post("/api/notifications/webhook-secret")).json()["secret"]
    assert first.startswith("whsec_")
    assert first != second
    settings = (await client.get("/api/notifications/settings")).json()
    assert settings["has_webhook_secret"] is True
    assert "whsec_" not in str(settings)


async def test_topics_are_listed(desk: Desk, client: AsyncClient) -> None:
    topics = (await client.get("/api/notifications/topics")).json()
    assert topics["total"] == 19
    assert topics["topics"][0]["title"] == "Print started"
