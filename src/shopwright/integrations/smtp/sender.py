"""Hands letters to a mail server, and tells what was surely not taken from what may have been.

Until the server has the whole letter nothing is sent; when the connection breaks after that, nobody
knows. A 4xx reply asks for another try, a 5xx one refuses for good (RFC 5321 4.2.1).
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parseaddr

import aiosmtplib

from shopwright.integrations.smtp.letters import write_letter
from shopwright.kernel.egress import AddressRefused, AddressUnknown, pin
from shopwright.kernel.metrics import outside_call
from shopwright.kernel.settings import MailSecurity
from shopwright.notifications.port import (
    MailAddress,
    MailServer,
    Message,
    Outcome,
    Refused,
    Sent,
    Unconfirmed,
)

TIMEOUT_S = 20.0
PERMANENT = 500


class SmtpSender:
    """One connection per letter; shops send few."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s

    async def send(self, message: Message, address: MailAddress) -> Outcome:
        with outside_call("smtp") as call:
            outcome = await self._send(message, address)
            call.outcome = type(outcome).__name__.lower()
            return outcome

    async def _send(self, message: Message, address: MailAddress) -> Outcome:
        server = address.server
        try:
            letter = write_letter(message, address)
        except (ValueError, IndexError) as err:
            return Refused(f"The sender or a recipient is no mail address: {err}.", is_final=True)
        try:
            async with self._connected(server) as client:
                refused = await _envelope(client, address)
                return await _hand_over(client, letter.as_bytes(), server, refused)
        except (AddressRefused, AddressUnknown) as err:
            return Refused(err.detail, is_final=isinstance(err, AddressRefused))
        except (aiosmtplib.SMTPException, OSError, ValueError) as err:
            return _refusal(server, err)

    @asynccontextmanager
    async def _connected(self, server: MailServer) -> AsyncIterator[aiosmtplib.SMTP]:
        """Connected, encrypted as set, signed in."""
        connection = await self._pinned(server)
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port if connection is None else None,
            use_tls=server.security is MailSecurity.TLS,
            start_tls=False,
            tls_context=_tls_context(server),
            timeout=self._timeout_s,
            sock=connection,
        )
        try:
            await client.connect()
            if server.security is MailSecurity.STARTTLS:
                await _encrypt(client, server)
            if server.user:
                await client.login(server.user, server.password)
            yield client
        finally:
            await _leave(client)

    async def _pinned(self, server: MailServer) -> socket.socket | None:
        """To a checked address, where a person chose the host; the certificate is still checked
        against its name."""
        if server.policy is None:
            return None
        host = await pin(server.host, server.port, server.policy)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.get_running_loop().sock_connect(connection, (host, server.port))
        except BaseException:
            connection.close()
            raise
        return connection


async def _encrypt(client: aiosmtplib.SMTP, server: MailServer) -> None:
    """Raises SMTPNotSupported rather than to go on in the clear."""
    await client.ehlo()
    if not client.supports_extension("starttls"):
        raise aiosmtplib.SMTPNotSupported("it has no STARTTLS")
    await client.starttls(tls_context=_tls_context(server))


async def _envelope(client: aiosmtplib.SMTP, address: MailAddress) -> list[str]:
    """The recipients who are refused for good. When one is only asked to wait, everybody waits:
    a repetition for the rest would reach the others twice."""
    await client.mail(parseaddr(address.server.sender)[1])
    refused: list[aiosmtplib.SMTPRecipientRefused] = []
    for recipient in address.recipients:
        try:
            await client.rcpt(recipient)
        except aiosmtplib.SMTPRecipientRefused as err:
            if err.code < PERMANENT:
                raise
            refused.append(err)
    if len(refused) == len(address.recipients):
        raise refused[0]
    return [err.recipient for err in refused]


async def _hand_over(
    client: aiosmtplib.SMTP, letter: bytes, server: MailServer, refused: list[str]
) -> Outcome:
    try:
        reply = await client.data(letter)
    except aiosmtplib.SMTPResponseException as err:
        return _refusal(server, err)
    except (aiosmtplib.SMTPException, OSError) as err:
        return Unconfirmed(
            f"{server.host} had the mail and did not say that it took it ({_words(err)}). "
            "Ask whether it came."
        )
    but = f" It refuses {', '.join(refused)}." if refused else ""
    return Sent(f"{server.host} answered {reply.code} {_text(reply.message)}.{but}")


async def _leave(client: aiosmtplib.SMTP) -> None:
    """What was said is said; a server that does not answer QUIT changes nothing."""
    try:
        if client.is_connected:
            await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()


def _refusal(server: MailServer, err: Exception) -> Refused:
    if isinstance(err, aiosmtplib.SMTPResponseException):
        return _reply_refusal(server, err)
    if isinstance(err, ssl.SSLError) or isinstance(err.__cause__, ssl.SSLError):
        return Refused(
            f"The encrypted connection to {server.host} failed: {_words(err)}. "
            "Check the port and the kind of encryption; for a certificate of your own authority "
            "set SMTP_CA_FILE."
        )
    if isinstance(err, aiosmtplib.SMTPNotSupported):
        return Refused(
            f"{server.host} does not offer what is set: {_words(err)}. Choose another encryption, "
            "or leave user and password empty.",
            is_final=True,
        )
    return Refused(f"{server.host}:{server.port} cannot be reached: {_words(err)}.")


def _reply_refusal(server: MailServer, err: aiosmtplib.SMTPResponseException) -> Refused:
    said = f"{err.code} {_text(err.message)}"
    is_final = err.code >= PERMANENT
    if isinstance(err, aiosmtplib.SMTPAuthenticationError):
        sentence = f"{server.host} refuses user name or password ({said}). Enter them again."
    elif isinstance(err, aiosmtplib.SMTPRecipientRefused):
        sentence = f"{server.host} refuses the recipient {err.recipient} ({said})."
    elif isinstance(err, aiosmtplib.SMTPSenderRefused):
        sentence = f"{server.host} refuses the sender {err.sender} ({said})."
    else:
        sentence = f"{server.host} refuses the mail ({said})."
    return Refused(sentence, is_final=is_final)


def _tls_context(server: MailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)


def _text(message: str) -> str:
    return " ".join(message.split())[:200].rstrip(".")


def _words(err: Exception) -> str:
    return _text(str(err)) or type(err).__name__
