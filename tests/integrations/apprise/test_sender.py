"""Chat and push through Apprise, against a receiver on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from shopwright.integrations.apprise.sender import AppriseSender
from shopwright.kernel.egress import AddressRefused, EgressPolicy
from shopwright.kernel.errors import Invalid
from shopwright.notifications.port import ChatAddress, Message, Refused, Sent

PUBLIC, PRIVATE = EgressPolicy(), EgressPolicy(allows_private=True)
MESSAGE = Message(
    id="01900000-0000-7000-8000-0123456789ab",
    topic="print_completed",
    title="Gear is done",
    text="The plate can be taken off.",
    link="https://shop.test/printers/1",
    shop="Atelier",
    happened_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
)


@dataclass
class Receiver:
    port: int = 0
    status: str = "200 OK"
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        self.heard.append(json.loads(await reader.readexactly(length)))
        writer.write(f"HTTP/1.1 {self.status}\r\ncontent-length: 2\r\n".encode())
        writer.write(b"connection: close\r\nlocation: http://127.0.0.1:1/\r\n\r\n{}")
        await writer.drain()
        writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    there = Receiver()
    server = await asyncio.start_server(there.answer, "127.0.0.1", 0)
    there.port = server.sockets[0].getsockname()[1]
    async with server:
        yield there


async def test_ntfy_topic_gets_title_and_text_with_the_messages_number(receiver: Receiver) -> None:
    url = f"ntfy://127.0.0.1:{receiver.port}/shop"
    assert await AppriseSender().send(MESSAGE, ChatAddress(url, PRIVATE)) == Sent("ntfy took it.")
    assert receiver.heard == [
        {
            "topic": "shop",
            "title": "Gear is done",
            "message": "The plate can be taken off.\nhttps://shop.test/printers/1\n"
            "(Atelier, 0123456789ab)",
        }
    ]


@pytest.mark.parametrize(
    ("status", "is_final"), [("403 Forbidden", True), ("500 Oops", False), ("429 Slow", False)]
)
async def test_refusal_is_told_with_its_number(
    receiver: Receiver, status: str, is_final: bool
) -> None:
    receiver.status = status
    url = f"json://127.0.0.1:{receiver.port}/hook"
    outcome = await AppriseSender().send(MESSAGE, ChatAddress(url, PRIVATE))
    assert isinstance(outcome, Refused)
    assert f"error={status[:3]}" in outcome.sentence
    assert outcome.is_final is is_final
    assert len(receiver.heard) == 1


async def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.status = "302 Found"
    url = f"json://127.0.0.1:{receiver.port}/hook"
    outcome = await AppriseSender().send(MESSAGE, ChatAddress(url, PRIVATE))
    assert isinstance(outcome, Refused)
    assert "error=302" in outcome.sentence


async def test_private_receiver_is_not_called_unless_that_is_allowed(receiver: Receiver) -> None:
    """The guard stands where the connection is made, so a name that changes helps nobody."""
    url = f"json://127.0.0.1:{receiver.port}/hook"
    outcome = await AppriseSender().send(MESSAGE, ChatAddress(url, PUBLIC))
    assert isinstance(outcome, Refused)
    assert receiver.heard == []


@pytest.mark.parametrize(
    "url", ["json://127.0.0.1/x", "ntfy://localhost/shop", "gotify://10.0.0.1/t"]
)
async def test_private_host_is_refused_when_it_is_entered(url: str) -> None:
    with pytest.raises(AddressRefused, match="set ALLOW_PRIVATE_WEBHOOKS"):
        await AppriseSender().check(ChatAddress(url, PUBLIC))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "Apprise does not understand"),
        ("foo://bar", "Apprise does not understand"),
        ("discord://", "Apprise does not understand"),
        ("mailto://a:b@gmail.com", "make an e-mail target"),
        ("syslog://", "is not reached over HTTP"),
        ("https://hooks.slack.com/T1/B1/x", "A Slack webhook looks like"),
        ("workflows://host/wf/sig?template=/etc/hosts", "would read a file of this server"),
        ("discord://1234567890/abcdef?%74emplate=/etc/hosts", "would read a file of this server"),
        ("fcm://project/device/?keyfile=/etc/hosts", "would read a file of this server"),
        ("vapid://a@b.test/c@d.test?subfile=/etc/hosts", "would read a file of this server"),
        ("https://discord.com/channels/1/2", "A Discord webhook looks like"),
    ],
)
async def test_bad_address_is_answered_with_what_a_good_one_looks_like(
    url: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        await AppriseSender().check(ChatAddress(url, PUBLIC))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("discord://1234567890/abcdef", "Discord · discord://1...0/a...f/"),
        ("https://discord.com/api/webhooks/1234567890/abcdef", "Discord · discord://1...0/a...f/"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "Telegram · tgram://1...p/12315544/"),
        ("ntfys://8.8.8.8/topic", "ntfy · ntfys://8.8.8.8/topic"),
    ],
)
async def test_address_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert await AppriseSender().check(ChatAddress(url, PUBLIC)) == shown
