"""What a sender must do, whatever it speaks: take a message to an address, say what became of
it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from shopwright.kernel.egress import EgressPolicy
from shopwright.kernel.settings import MailSecurity


@dataclass(frozen=True, slots=True)
class Message:
    """``id`` is the same at every try: a receiver can tell a repetition by it."""

    id: str
    topic: str
    title: str
    text: str
    link: str | None
    shop: str
    happened_at: datetime
    is_urgent: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MailServer:
    """``policy`` None: whoever runs this server chose the host, and it may be anywhere."""

    host: str
    port: int
    security: MailSecurity
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    policy: EgressPolicy | None = None


@dataclass(frozen=True, slots=True)
class MailAddress:
    server: MailServer
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChatAddress:
    url: str = field(repr=False)
    policy: EgressPolicy


@dataclass(frozen=True, slots=True)
class PostAddress:
    """``secrets`` sign, the newest first."""

    url: str
    secrets: tuple[str, ...] = field(repr=False)
    policy: EgressPolicy


Address = MailAddress | ChatAddress | PostAddress
A_contra = TypeVar("A_contra", bound=Address, contravariant=True)


@dataclass(frozen=True, slots=True)
class Sent:
    """``answer`` is the other side's, in words."""

    answer: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Proven not to have arrived. ``is_final``: trying again changes nothing."""

    sentence: str
    is_final: bool = False
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """It was handed over and no answer came: it may have arrived."""

    sentence: str


Outcome = Sent | Refused | Unconfirmed


class Sender(Protocol[A_contra]):
    async def send(self, message: Message, address: A_contra) -> Outcome:
        """One try. Never raises for what the other side does or does not."""


class ChatSender(Sender[ChatAddress], Protocol):
    async def check(self, address: ChatAddress) -> str:
        """How the address may be shown, without its secrets.

        Raises Invalid with what to do when it is none, AddressRefused when it may not be called.
        """
