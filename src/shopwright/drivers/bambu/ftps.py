"""Files on the printer's SD card or USB stick, over implicit FTPS (protocol notes 1.9).

ftplib blocks, so every transfer runs in the store's own thread; cancelling breaks its sockets and
waits until the thread is done.
"""

import asyncio
import contextlib
import ftplib
import hashlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from shopwright.drivers.bambu import tls
from shopwright.drivers.bambu.errors import CredentialRejected, LinkFailed
from shopwright.fleet.port import Endpoint, Finding, ProgressSink, RemoteFile, Timeouts

PORT = 990
USER = "bblp"
BLOCK_BYTES = 65_536
CONFIRMATION_S = 60.0  # an H2D takes 30 s and more to say 226
PROGRESS_EVERY_S = 0.2
LONGEST_NAME = 100
SUFFIXES = (".gcode.3mf", ".3mf", ".gcode")
DENIED = frozenset({"550", "553"})

T = TypeVar("T")


class Abandoned(Exception):
    """The caller gave up; nobody will see this."""


@dataclass(slots=True)
class Line:
    """The sockets of one transfer, so that another thread can break them."""

    sockets: list[socket.socket] = field(default_factory=list)
    is_broken: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, sock: socket.socket) -> None:
        with self.lock:
            if self.is_broken:
                sock.close()
                raise Abandoned
            self.sockets.append(sock)

    def swap(self, old: socket.socket, new: socket.socket) -> None:
        with self.lock:
            if self.is_broken:
                raise Abandoned
            self.sockets.remove(old)
            self.sockets.append(new)

    def break_off(self) -> None:
        with self.lock:
            self.is_broken = True
            for sock in self.sockets:
                with contextlib.suppress(OSError):
                    # Not SSLSocket.shutdown: that drops the encryption under the other thread.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class _Order:
    """What to store where."""

    file: Path
    path: str
    sha256: str
    timeouts: Timeouts
    tell: ProgressSink


class ImplicitFtps(ftplib.FTP_TLS):
    """FTP inside TLS from the first byte; data channels resume the control channel's session."""

    def __init__(self, line: Line, endpoint: Endpoint, timeout_s: float) -> None:
        # TLS 1.3 loses the end of a file: its tickets lie unread at close, which sends a reset.
        super().__init__(context=tls.client_context(newest=ssl.TLSVersion.TLSv1_2))
        self.timeout = timeout_s
        self._line = line
        self._endpoint = endpoint

    def open(self) -> tls.Leaf:
        """Connect and check the certificate; no credentials are sent yet."""
        self.host = self._endpoint.host
        self.port = self._endpoint.ftps_port or PORT
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.af = plain.family
        self._line.hold(plain)
        self.sock = self._encrypt(plain, None)
        leaf = tls.read_leaf(self.sock.getpeercert(binary_form=True))
        tls.check_leaf(
            leaf, serial=self._endpoint.serial, fingerprint=self._endpoint.pinned_fingerprint
        )
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return leaf

    def ntransfercmd(
        self, cmd: str, rest: int | str | None = None
    ) -> tuple[ssl.SSLSocket, int | None]:
        plain, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321  # encrypted below
        self._line.hold(plain)
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        return self._encrypt(plain, session), size

    def _encrypt(self, plain: socket.socket, session: ssl.SSLSession | None) -> ssl.SSLSocket:
        """The handshake comes after the swap, so that it can be broken off too."""
        try:
            secured = self.context.wrap_socket(
                plain,
                server_hostname=self._endpoint.serial,
                session=session,
                do_handshake_on_connect=False,
            )
        except BaseException:
            plain.close()
            raise
        try:
            self._line.swap(plain, secured)
            secured.do_handshake()
        except BaseException:
            secured.close()
            raise
        return secured


class FileStore:
    """The printer's storage. One transfer at a time; ``close`` frees the thread."""

    def __init__(self, endpoint: Endpoint, timeouts: Timeouts) -> None:
        self._endpoint = endpoint
        self._timeouts = timeouts
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="bambu-ftps")

    async def upload(
        self, file: Path, *, name: str, sha256: str, progress: ProgressSink
    ) -> RemoteFile:
        """Store a file in the root folder under a safe form of ``name``.

        Raises LinkFailed when it did not arrive whole, and CredentialRejected.
        """
        loop = asyncio.get_running_loop()

        def tell(sent: int, size: int) -> None:
            loop.call_soon_threadsafe(progress, sent, size)

        order = _Order(file, f"/{safe_name(name)}", sha256, self._timeouts, tell)
        return await self._run(lambda ftp: _upload(ftp, order))

    async def delete(self, path: str) -> None:
        """Remove a file; one that is not there is fine."""
        await self._run(lambda ftp: _delete(ftp, path))

    async def check(self) -> None:
        """Log in and list the root folder. Raises like ``upload``."""
        await self._run(lambda ftp: ftp.cwd("/"))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[ImplicitFtps], T]) -> T:
        line = Line()
        future = asyncio.get_running_loop().run_in_executor(
            self._threads, self._converse, line, work
        )
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            line.break_off()
            await _settled(future)
            raise

    def _converse(self, line: Line, work: Callable[[ImplicitFtps], T]) -> T:
        ftp = ImplicitFtps(line, self._endpoint, self._timeouts.connect_s)
        try:
            return _visit(ftp, self._endpoint.access_code, work)
        except ftplib.error_perm as err:
            raise LinkFailed(_refusal(err), Finding.STORAGE_REFUSED) from err
        except (OSError, EOFError, ftplib.Error) as err:
            raise _broken(err, ftp) from err
        finally:
            ftp.close()


def safe_name(name: str) -> str:
    """ASCII without spaces, at most 100 characters, with its suffix kept."""
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "_", name.rsplit("/", 1)[-1]).lstrip(".-") or "print"
    suffix = next((each for each in SUFFIXES if cleaned.lower().endswith(each)), "")
    stem = cleaned[: len(cleaned) - len(suffix)] or "print"
    return stem[: LONGEST_NAME - len(suffix)] + suffix.lower()


def _visit(ftp: ImplicitFtps, code: str, work: Callable[[ImplicitFtps], T]) -> T:
    ftp.open()
    _log_in(ftp, code)
    answer = work(ftp)
    with contextlib.suppress(OSError, EOFError, ftplib.Error):
        ftp.quit()
    return answer


def _log_in(ftp: ImplicitFtps, code: str) -> None:
    try:
        ftp.login(USER, code, secure=False)  # the channel is encrypted already
    except ftplib.error_perm as err:
        raise CredentialRejected(
            "The printer's file storage refused the access code: read it off the screen again."
        ) from err
    ftp.prot_p()
    ftp.voidcmd("TYPE I")


def _upload(ftp: ImplicitFtps, order: _Order) -> RemoteFile:
    size = order.file.stat().st_size
    digest = _send(ftp, order, size)
    _confirm(ftp)
    stored = ftp.size(order.path)
    if stored == size and digest == order.sha256.lower():
        return RemoteFile(order.path, size)
    with contextlib.suppress(ftplib.Error):
        ftp.delete(order.path)
    if stored != size:
        raise LinkFailed(f"The printer stored {stored} of {size} bytes of {order.path}; try again.")
    raise LinkFailed(
        f"{order.path} is not the file it should be (SHA-256 differs); it was removed."
    )


def _send(ftp: ImplicitFtps, order: _Order, size: int) -> str:
    """Send all blocks; their SHA-256. ftplib's own loop waits for a goodbye that may never come."""
    deadline = time.monotonic() + max(
        order.timeouts.upload_min_s, size / order.timeouts.upload_bytes_per_s
    )
    sent, told_at, digest = 0, 0.0, hashlib.sha256()
    with order.file.open("rb") as source, ftp.transfercmd(f"STOR {order.path}") as channel:
        while block := source.read(BLOCK_BYTES):
            channel.settimeout(_left(deadline, sent, size))
            channel.sendall(block)
            digest.update(block)
            sent += len(block)
            if time.monotonic() - told_at >= PROGRESS_EVERY_S or sent == size:
                order.tell(sent, size)
                told_at = time.monotonic()
        _say_end(channel)
    return digest.hexdigest()


def _left(deadline: float, sent: int, size: int) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise LinkFailed(
            f"The upload was too slow: {sent} of {size} bytes. Is the printer's Wi-Fi weak?"
        )
    return left


def _say_end(channel: socket.socket) -> None:
    """Send the TLS end mark without waiting for the printer's."""
    channel.settimeout(0)
    with contextlib.suppress(OSError, ValueError):
        if isinstance(channel, ssl.SSLSocket):
            channel.unwrap().close()


def _confirm(ftp: ImplicitFtps) -> None:
    """Read 226. A 426 after all bytes is settled by the size check that follows."""
    if ftp.sock:
        ftp.sock.settimeout(max(CONFIRMATION_S, ftp.timeout or 0))
    with contextlib.suppress(ftplib.error_temp):
        ftp.voidresp()


def _delete(ftp: ImplicitFtps, path: str) -> None:
    try:
        ftp.delete(path)
    except ftplib.error_perm as err:
        if str(err)[:3] not in DENIED:
            raise


def _refusal(err: ftplib.error_perm) -> str:
    if str(err)[:3] in DENIED:
        return (
            "The printer refused to store the file: check that an SD card or USB stick is in, "
            "not full and not locked, and that Developer mode is on."
        )
    return f"The printer's file storage refused ({err})."


def _broken(err: Exception, ftp: ImplicitFtps) -> LinkFailed:
    if isinstance(err, ConnectionRefusedError):
        sentence = f"{ftp.host} answers, but its file port {ftp.port} is closed."
        return LinkFailed(sentence, Finding.PORT_CLOSED)
    why = "no answer in time" if isinstance(err, TimeoutError) else err
    return LinkFailed(f"The transfer to the printer broke off ({why}).", Finding.STORAGE_REFUSED)


async def _settled(future: asyncio.Future[T]) -> None:
    """Wait for the thread even when cancelled again; what it raises no longer matters."""
    while not future.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([future])
    if not future.cancelled():
        future.exception()
