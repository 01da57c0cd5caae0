"""TLS to a printer: connect without blocking the loop, then look at whose certificate it is.

Printers use certificates of Bambu's own authority with the serial as common name and no address,
so host names cannot be checked. We compare the serial, and pin the certificate seen first.
"""

import asyncio
import contextlib
import hashlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

from shopwright.drivers.bambu.errors import CredentialRejected, LinkFailed
from shopwright.fleet.port import Endpoint, Finding


@dataclass(frozen=True, slots=True)
class Leaf:
    """The printer's own certificate: the serial it names and its SHA-256."""

    serial: str | None
    fingerprint: str


def client_context(*, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """No authority is trusted; ``check_leaf`` decides. ``newest`` caps the TLS version."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if newest:
        context.maximum_version = newest
    return context


def read_leaf(der: bytes | None) -> Leaf:
    """Raises LinkFailed for a missing or unreadable certificate."""
    try:
        subject = x509.load_der_x509_certificate(der or b"").subject
    except ValueError as err:
        raise LinkFailed("The printer showed no readable certificate.", Finding.TLS_FAILED) from err
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    serial = str(names[0].value).strip() if names else ""
    return Leaf(serial or None, hashlib.sha256(der or b"").hexdigest())


def check_leaf(leaf: Leaf, *, serial: str | None, fingerprint: str | None) -> None:
    """Raises CredentialRejected for another printer; what is None is not compared."""
    if serial and leaf.serial != serial:
        raise CredentialRejected(
            f"The device at this address is {leaf.serial or 'unnamed'}, not printer {serial}: "
            "correct the address or the serial.",
            Finding.WRONG_PRINTER,
        )
    if fingerprint and leaf.fingerprint != fingerprint.lower():
        raise CredentialRejected(
            "The printer's certificate is not the one seen first. If the printer was reset or "
            "its mainboard replaced, confirm the new certificate; else somebody is in between.",
            Finding.WRONG_PRINTER,
        )


async def open_checked(
    endpoint: Endpoint, port: int, timeout_s: float
) -> tuple[ssl.SSLSocket, Leaf]:
    """A connected, encrypted, non-blocking socket whose certificate was checked."""
    sock = await open_plain(endpoint.host, port, timeout_s)
    secured = _wrap(sock, endpoint.serial)
    try:
        async with asyncio.timeout(timeout_s):
            await _shake_hands(secured)
        leaf = read_leaf(secured.getpeercert(binary_form=True))
        check_leaf(leaf, serial=endpoint.serial, fingerprint=endpoint.pinned_fingerprint)
    except (OSError, TimeoutError) as err:
        secured.close()
        raise LinkFailed(
            f"No encrypted connection on port {port} of {endpoint.host}: {_why(err)}.",
            Finding.TLS_FAILED,
        ) from err
    except BaseException:
        secured.close()
        raise
    return secured, leaf


async def open_public(
    host: str, port: int, *, ca_file: str | None, timeout_s: float
) -> ssl.SSLSocket:
    """The same to a server whose certificate a public authority signed, or one of ``ca_file``."""
    sock = await open_plain(host, port, timeout_s)
    try:
        context = ssl.create_default_context(cafile=ca_file)
        secured = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    except BaseException:
        sock.close()
        raise
    try:
        async with asyncio.timeout(timeout_s):
            await _shake_hands(secured)
    except (OSError, TimeoutError) as err:
        secured.close()
        raise LinkFailed(
            f"No encrypted connection to {host}:{port}: {_why(err)}.", Finding.TLS_FAILED
        ) from err
    except BaseException:
        secured.close()
        raise
    return secured


async def open_plain(host: str, port: int, timeout_s: float) -> socket.socket:
    """A connected non-blocking socket. Raises LinkFailed saying host or port."""
    try:
        async with asyncio.timeout(timeout_s):
            return await _connect(host, port)
    except ConnectionRefusedError as err:
        raise LinkFailed(
            f"{host} answers, but its port {port} is closed: see whether this is the printer's "
            "address.",
            Finding.PORT_CLOSED,
        ) from err
    except (OSError, TimeoutError) as err:
        raise LinkFailed(
            f"{host} does not answer on port {port}: see whether the printer is on and in this "
            "network.",
            Finding.HOST_UNREACHABLE,
        ) from err


async def _connect(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = (await _resolve(host, port))[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _resolve(host: str, port: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    """Addresses need no thread; only names do."""
    with contextlib.suppress(socket.gaierror):
        return socket.getaddrinfo(  # type: ignore[return-value]  # the union covers IPv6 tuples
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    loop = asyncio.get_running_loop()
    return await loop.getaddrinfo(  # type: ignore[return-value]  # as above
        host, port, type=socket.SOCK_STREAM
    )


def _wrap(sock: socket.socket, serial: str | None) -> ssl.SSLSocket:
    try:
        return client_context().wrap_socket(
            sock, server_hostname=serial, do_handshake_on_connect=False
        )
    except BaseException:
        sock.close()
        raise


async def _shake_hands(sock: ssl.SSLSocket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            return sock.do_handshake()
        except ssl.SSLWantReadError:
            await _wait(sock, loop.add_reader, loop.remove_reader)
        except ssl.SSLWantWriteError:
            await _wait(sock, loop.add_writer, loop.remove_writer)


async def _wait(
    sock: ssl.SSLSocket, add: Callable[..., object], remove: Callable[..., object]
) -> None:
    ready = asyncio.Event()
    add(sock, ready.set)
    try:
        await ready.wait()
    finally:
        remove(sock)


def _why(err: BaseException) -> str:
    if isinstance(err, TimeoutError):
        return "no answer in time"
    return str(getattr(err, "reason", None) or getattr(err, "strerror", None) or err)
