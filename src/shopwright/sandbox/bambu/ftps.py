"""Implicit FTPS for the card of each printer: one thread and one I/O loop per process."""

import contextlib
import logging
import os
import socket
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from OpenSSL import SSL
from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
from pyftpdlib.handlers import ThrottledDTPHandler, TLS_DTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from shopwright.sandbox.bambu.certificates import Leaf
from shopwright.sandbox.bambu.knobs import Knobs, UploadFate

USER = "bblp"
PERMISSIONS = "elradfmwMT"
FAILED_LOGIN_DELAY_S = 0.2

# Without a handler of ours pyftpdlib configures logging itself and writes every command to stderr.
logging.getLogger("pyftpdlib").addHandler(logging.NullHandler())
logging.getLogger("pyftpdlib").propagate = False


@dataclass(slots=True)
class Card:
    """What the FTPS side needs of its printer; the FTPS thread only reads it."""

    root: Path
    leaf: Leaf
    knobs: Knobs
    access_code: str
    is_powered: bool = True
    _contexts: dict[bool, SSL.Context] | None = None

    def context(self) -> SSL.Context:
        if self._contexts is None:
            self._contexts = {}
        has_tls13 = self.knobs.has_ftps_tls13
        if has_tls13 not in self._contexts:
            self._contexts[has_tls13] = self.leaf.ftps_context(has_tls13=has_tls13)
        return self._contexts[has_tls13]


class FtpsThread:
    """The process's one FTPS thread; runs while at least one printer uses it."""

    _current: ClassVar["FtpsThread | None"] = None
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self._loop = IOLoop()
        self._calls: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self.users = 0
        self._is_stopping = False
        self._waker = _Waker(self._loop)
        self._thread = threading.Thread(target=self._run, name="bambu-ftps", daemon=True)
        self._thread.start()

    @classmethod
    def acquire(cls) -> "FtpsThread":
        with cls._lock:
            if cls._current is None:
                cls._current = cls()
            cls._current.users += 1
            return cls._current

    def release(self) -> None:
        """Blocks for the moment the thread needs to end when its last user leaves."""
        with self._lock:
            self.users -= 1
            if self.users:
                return
            FtpsThread._current = None
        self._call(self._stop)
        self._thread.join()

    def open(self, card: Card, host: str, port: int) -> "Future[FTPServer]":
        return self._call(lambda: FTPServer((host, port), _handler_for(card), self._loop))

    def close(self, server: FTPServer) -> "Future[None]":
        return self._call(lambda: self._close(server))

    def drop(self, server: FTPServer) -> "Future[None]":
        """Cut every session of one printer."""
        return self._call(lambda: self._drop(server))

    def _call(self, action: Callable[[], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        self._calls.append((future, action))
        self._waker.wake()
        return future

    def _run(self) -> None:
        wait_s: float | None = None
        while not self._is_stopping:
            wait_s = self._loop.loop(timeout=wait_s, blocking=False)
            while self._calls:
                _carry_out(*self._calls.popleft())
        self._loop.close()

    def _stop(self) -> None:
        self._is_stopping = True

    def _close(self, server: FTPServer) -> None:
        server.close()
        self._drop(server)

    def _drop(self, server: FTPServer) -> None:
        sessions = [
            session
            for session in self._loop.socket_map.values()
            if isinstance(session, TLS_FTPHandler) and session.server is server
        ]
        for session in sessions:
            session.cut()


class _Waker:
    """The readable end of a socket pair in the I/O loop, so that other threads can interrupt it."""

    def __init__(self, loop: Any) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._fileno = self._reader.fileno()
        loop.register(self._fileno, self, loop.READ)

    def wake(self) -> None:
        with contextlib.suppress(OSError):  # the thread found the last call by itself, and ended
            self._writer.send(b"\0")

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        self._reader.recv(4096)

    def handle_close(self) -> None:
        self.close()

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class _Authorizer(DummyAuthorizer):  # type: ignore[misc]  # pyftpdlib is untyped
    def __init__(self, card: Card) -> None:
        super().__init__()
        self._card = card
        self.add_user(USER, "", str(card.root), perm=PERMISSIONS)

    def validate_authentication(self, username: str, password: str, handler: object) -> None:  # noqa: ARG002
        """Against the code as it is now: a person may have changed it."""
        if username != USER or password != self._card.access_code:
            raise AuthenticationFailed("Login incorrect.")


class _Transfer(ThrottledDTPHandler, TLS_DTPHandler):  # type: ignore[misc]  # untyped
    def __init__(self, sock: socket.socket, session: "_Session") -> None:
        self.read_limit = session.card.knobs.upload_bytes_per_s
        super().__init__(sock, session)

    def initiate_send(self) -> None:
        """Empty listings: wait for the handshake, and never give OpenSSL zero bytes to send."""
        if self._ssl_accepting:
            return
        while self.producer_fifo and self.producer_fifo[0] == b"":
            self.producer_fifo.popleft()
        super().initiate_send()

    def close(self) -> None:
        if self.receive and self.transfer_finished and self.file_obj is not None:
            self.file_obj.close()
            self.cmd_channel.seal(Path(self.file_obj.name))  # before the client hears 226
        super().close()

    def handle_ssl_established(self) -> None:
        """vsftpd wants the control session resumed; in TLS 1.2 that shows in the master key."""
        session = self.cmd_channel
        is_strict = session.card.knobs.requires_tls_session_reuse
        is_tls12 = self.socket.get_protocol_version_name() == "TLSv1.2"
        if is_strict and is_tls12 and self.socket.master_key() != session.socket.master_key():
            session.respond("522 SSL connection failed: session reuse required")
            self.close()
            return
        self.initiate_send()


class _Session(TLS_FTPHandler):  # type: ignore[misc]  # untyped
    card: ClassVar[Card]
    dtp_handler = _Transfer
    tls_data_required = True
    auth_failed_timeout = FAILED_LOGIN_DELAY_S
    banner = "(vsFTPd 3.0.3)"

    @classmethod
    def get_ssl_context(cls) -> SSL.Context:
        return cls.card.context()

    def handle(self) -> None:
        if not self.card.is_powered:
            self.close()
            return
        self.secure_connection(self.ssl_context)
        super().handle()

    def cut(self) -> None:
        """Close without the TLS farewell: the power is gone."""
        self._ssl_established = False
        if self.data_channel is not None:
            self.data_channel._ssl_established = False  # noqa: SLF001 - pyftpdlib offers no abort
        self.close()

    def ftp_STOR(self, file: str, mode: str = "w") -> object:  # noqa: N802 - pyftpdlib's name
        if not self.card.knobs.has_card:
            return self.respond("550 No storage.")
        if self.card.knobs.is_card_full:
            return self.respond("552 Requested file action aborted, storage is full.")
        return super().ftp_STOR(file, mode)

    def seal(self, path: Path) -> None:
        """An upload is complete; let it suffer the fate a test has chosen."""
        fate = self.card.knobs.upload_fate
        if fate is UploadFate.LOST:
            path.unlink(missing_ok=True)
        elif fate is UploadFate.TRUNCATED:
            os.truncate(path, path.stat().st_size // 2)


def _handler_for(card: Card) -> type[_Session]:
    attributes = {"card": card, "authorizer": _Authorizer(card)}
    return type("_SessionOfCard", (_Session,), attributes)


def _carry_out(future: "Future[Any]", action: Callable[[], Any]) -> None:
    try:
        future.set_result(action())
    except OSError as err:
        future.set_exception(err)
