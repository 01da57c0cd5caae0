"""The server on a real socket, in the loop of a test or of a process of its own."""

import asyncio
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from shopwright.kernel.settings import MailSecurity
from shopwright.sandbox.smtp.certificates import make_certificate, server_context

PHASES = ("mail", "rcpt", "data")
KEPT = 500  # mails; the oldest go


@dataclass(frozen=True, slots=True)
class Mail:
    """As it arrived; ``text`` is its plain part."""

    sender: str
    recipients: list[str]
    subject: str
    text: str
    html: str
    headers: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class SmtpSandbox:
    """``async with SmtpSandbox() as smtp:`` listens on ``smtp.port`` until the block ends.

    ``refusals`` are replies by phase (``mail``, ``rcpt``, ``data``) or by recipient. With
    ``drops_after_data`` the connection breaks when the mail was taken and not yet confirmed.
    """

    user: str = ""
    password: str = ""
    security: MailSecurity = MailSecurity.NONE
    host: str = "127.0.0.1"
    port: int = 0
    refusals: dict[str, str] = field(default_factory=dict)
    drops_after_data: bool = False
    mails: list[Mail] = field(default_factory=list)
    ca_file: Path | None = None
    _folder: tempfile.TemporaryDirectory[str] | None = None
    _server: asyncio.Server | None = None
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        context = None
        if self.security is not MailSecurity.NONE:
            self._folder = tempfile.TemporaryDirectory()
            self.ca_file, key = make_certificate(Path(self._folder.name))
            context = server_context(self.ca_file, key)
        is_wrapped = self.security is MailSecurity.TLS
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: self._protocol(loop, context),
            self.host,
            self.port,
            ssl=context if is_wrapped else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None  # noqa: S101  set when entered
        self._server.close()
        if self._folder is not None:
            self._folder.cleanup()

    async def arrival(self, count: int = 1) -> list[Mail]:
        """The mails, once there are ``count`` of them."""
        while len(self.mails) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return self.mails

    def refuse(self, refusals: Mapping[str, str]) -> None:
        self.refusals = dict(refusals)

    def _protocol(self, loop: asyncio.AbstractEventLoop, context: Any) -> SMTP:
        is_starttls = self.security is MailSecurity.STARTTLS
        with warnings.catch_warnings():
            # It knows STARTTLS only, and warns of log-ins over what is encrypted from the start.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                _Handler(self),
                hostname="sandbox",
                loop=loop,
                tls_context=context if is_starttls else None,
                require_starttls=is_starttls,
                auth_required=bool(self.user),
                auth_require_tls=is_starttls,
                authenticator=self._authenticate,
            )

    def _authenticate(self, *facts: Any) -> AuthResult:
        """``handled=False`` or the client is left without a reply."""
        given = facts[-1]
        is_right = isinstance(given, LoginPassword) and (
            given.login.decode(),
            given.password.decode(),
        ) == (self.user, self.password)
        return AuthResult(success=is_right, handled=False)

    def keep(self, mail: Mail) -> None:
        self.mails.append(mail)
        del self.mails[:-KEPT]
        self._arrived.set()


class _Handler:
    """aiosmtpd calls these by name."""

    def __init__(self, sandbox: SmtpSandbox) -> None:
        self._sandbox = sandbox

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self._sandbox.refusals.get("mail")
        if refusal:
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusals = self._sandbox.refusals
        refusal = refusals.get(address) or refusals.get("rcpt")
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        refusal = self._sandbox.refusals.get("data")
        if refusal:
            return refusal
        self._sandbox.keep(_read(envelope))
        transport = server.transport
        if self._sandbox.drops_after_data and isinstance(transport, asyncio.Transport):
            transport.abort()
        return "250 Message accepted"


def _read(envelope: Envelope) -> Mail:
    content = envelope.content if isinstance(envelope.content, bytes) else b""
    letter = message_from_bytes(content, policy=policy.default)
    assert isinstance(letter, EmailMessage)  # noqa: S101  by the policy
    return Mail(
        sender=envelope.mail_from or "",
        recipients=[str(one) for one in envelope.rcpt_tos],
        subject=str(letter["Subject"] or ""),
        text=_part(letter, "plain"),
        html=_part(letter, "html"),
        headers={name: str(value) for name, value in letter.items()},
    )


def _part(letter: EmailMessage, kind: str) -> str:
    body = letter.get_body((kind,))
    return str(body.get_content()) if body is not None else ""
