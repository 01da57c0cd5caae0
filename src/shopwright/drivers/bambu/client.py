"""One MQTT connection to one printer: connect, sign in, publish, watch for silence.

paho speaks the protocol; the sockets are ours and live on the asyncio loop, because paho's own
threads stop working beyond some 330 connections.
"""

import asyncio
import secrets
import ssl
from collections.abc import Callable

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from shopwright.drivers.bambu import codec, tls
from shopwright.drivers.bambu.codec import Message, Request
from shopwright.drivers.bambu.errors import CredentialRejected, LinkFailed
from shopwright.fleet.port import Endpoint, Finding, Timeouts

PORT = 8883
USER = "bblp"
KEEPALIVE_S = 30
PUSH_ALL_EVERY_S = 300.0  # P1 and A1 cannot take full pushes more often
GIVE_UP_FACTOR = 1.5  # of the silence time: asked at 1, given up at this
TICK_S = 1.0
FIRST_SEQUENCE = 1_000_000  # slicers count from 20000; ours must not be taken for theirs
MOST_INFLIGHT = 1000  # the printer's acknowledgements are racy; 20 would wedge the queue
REFUSED_CODES = frozenset({134, 135})  # paho's values for CONNACK 4 and 5


class _Paho(mqtt.Client):
    """paho over a socket that is already connected, encrypted and checked."""

    adopted: ssl.SSLSocket | None = None

    def _create_socket(self) -> ssl.SSLSocket:
        """Hand over our socket, once: this object never reconnects."""
        sock, self.adopted = self.adopted, None
        if sock is None:
            raise ConnectionError("this client does not reconnect")
        return sock


class LanClient:
    """Calls ``on_message`` for every message and ``on_lost`` once when an open link breaks."""

    refusal = "The printer refused the access code: read it off its screen and enter it."
    unknown = "The printer shows no reports for serial {}: check the serial."

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeouts: Timeouts,
        on_message: Callable[[Message], None],
        on_lost: Callable[[LinkFailed], None],
    ) -> None:
        self.serial = endpoint.serial
        self.fingerprint: str | None = None
        self._endpoint = endpoint
        self._host, self._port = endpoint.host, endpoint.mqtt_port or PORT
        self._user, self._password = USER, endpoint.access_code
        self._timeouts = timeouts
        self._on_message = on_message
        self._on_lost = on_lost
        self._sequence = FIRST_SEQUENCE + secrets.randbelow(FIRST_SEQUENCE)
        self._sock: ssl.SSLSocket | None = None
        self._paho: _Paho | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_open = False
        self._heard_at = self._asked_at = self._push_all_at = 0.0

    async def connect(self) -> None:
        """Connect, sign in, subscribe and ask for everything.

        Raises LinkFailed, or CredentialRejected for a wrong code or another printer's certificate;
        the code is sent only after the certificate was checked.
        """
        self._loop = asyncio.get_running_loop()
        try:
            await self._sign_in(await self._open())
            await self._subscribe()
            self._is_open = True
            self.publish(codec.GET_VERSION)
            self._push_all()
        except BaseException:
            self.close()
            raise
        self._heard_at = self._loop.time()
        self._tick()

    def publish(self, request: Request) -> str:
        """Send once; the sequence id its ack will carry. Raises LinkFailed when closed."""
        if not self._is_open or self._paho is None:
            raise LinkFailed("The printer is not connected.")
        self._sequence += 1
        payload = codec.encode(request, str(self._sequence))
        topic = f"device/{self.serial}/request"
        sent = self._paho.publish(topic, payload, qos=request.qos)
        if sent.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise LinkFailed("The connection to the printer was lost; nothing was sent.")
        return str(self._sequence)

    def close(self) -> None:
        """Say goodbye if that needs no waiting, and free everything. Safe to call twice."""
        self._is_open = False
        if self._timer:
            self._timer.cancel()
        paho, self._paho = self._paho, None
        if paho and paho.socket() is not None:
            paho.on_disconnect = None
            paho.disconnect()
            paho.loop_write()
        if self._sock:
            self._release(self._sock)
            self._sock = None

    async def _open(self) -> ssl.SSLSocket:
        """Connected, encrypted, and known to be the right one."""
        sock, leaf = await tls.open_checked(self._endpoint, self._port, self._timeouts.connect_s)
        self._sock = sock
        self.fingerprint = leaf.fingerprint
        self._name_printer(leaf)
        return sock

    def _name_printer(self, leaf: tls.Leaf) -> None:
        self.serial = self._endpoint.serial or leaf.serial
        if not self.serial:
            raise CredentialRejected(
                "The printer's certificate names no serial: enter the serial by hand.",
                Finding.WRONG_PRINTER,
            )

    async def _sign_in(self, sock: ssl.SSLSocket) -> None:
        self._answer: asyncio.Future[None] = self._loop.create_future()
        self._paho = paho = self._new_paho()
        paho.adopted = sock
        paho.connect(self._host, self._port, KEEPALIVE_S)
        await self._answered("the sign-in")

    def _new_paho(self) -> _Paho:
        paho = _Paho(
            CallbackAPIVersion.VERSION2,
            # A new id every time: the printer must not replay an old start to us.
            client_id=f"shopwright-{secrets.token_hex(8)}",
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        paho.username_pw_set(self._user, self._password)
        paho.max_inflight_messages_set(MOST_INFLIGHT)
        paho.on_socket_open = lambda _, __, sock: self._loop.add_reader(sock, self._readable)
        paho.on_socket_close = lambda _, __, sock: self._release(sock, close=False)
        paho.on_socket_register_write = lambda _, __, sock: self._loop.add_writer(
            sock, paho.loop_write
        )
        paho.on_socket_unregister_write = self._written
        paho.on_connect = self._connected
        paho.on_subscribe = self._subscribed
        paho.on_disconnect = self._disconnected
        paho.on_message = self._received
        return paho

    async def _subscribe(self) -> None:
        self._answer = self._loop.create_future()
        if self._paho is None or self._paho.socket() is None:
            raise LinkFailed("The printer closed the connection.")
        self._paho.subscribe(f"device/{self.serial}/report", qos=0)
        await self._answered("the subscription")

    async def _answered(self, what: str) -> None:
        try:
            async with asyncio.timeout(self._timeouts.connect_s):
                await self._answer
        except TimeoutError as err:
            raise LinkFailed(f"The printer did not answer {what}; restart it.") from err

    def _readable(self) -> None:
        """TLS may hold decrypted bytes that the loop cannot see, so read until none are left."""
        paho, sock = self._paho, self._sock
        while paho and sock and paho.socket() is not None:
            paho.loop_read()
            if paho.socket() is None or not sock.pending():
                return

    def _written(self, _c: mqtt.Client, _u: object, sock: object) -> None:
        if isinstance(sock, ssl.SSLSocket) and sock.fileno() >= 0:  # paho's farewell comes late
            self._loop.remove_writer(sock)

    def _connected(
        self, _c: mqtt.Client, _u: object, _f: object, reason: ReasonCode, _p: Properties | None
    ) -> None:
        if self._answer.done():
            return
        if reason.value in REFUSED_CODES:
            self._answer.set_exception(CredentialRejected(self.refusal))
        elif reason.is_failure:
            sentence = f"The printer refused the connection ({reason}); restart it."
            self._answer.set_exception(LinkFailed(sentence))
        else:
            self._answer.set_result(None)

    def _subscribed(
        self, _c: mqtt.Client, _u: object, _m: int, reasons: list[ReasonCode], _p: object
    ) -> None:
        if self._answer.done():
            return
        if any(reason.is_failure for reason in reasons):
            sentence = self.unknown.format(self.serial)
            self._answer.set_exception(LinkFailed(sentence, Finding.WRONG_PRINTER))
        else:
            self._answer.set_result(None)

    def _disconnected(self, *_: object) -> None:
        error = LinkFailed("The printer closed the connection.")
        if self._is_open:
            self._lose(error)
        elif not self._answer.done():
            self._answer.set_exception(error)

    def _received(self, _c: mqtt.Client, _u: object, publish: mqtt.MQTTMessage) -> None:
        self._heard_at = self._loop.time()
        for message in codec.decode(bytes(publish.payload)):
            self._on_message(message)

    def _tick(self) -> None:
        if self._paho:
            self._paho.loop_misc()
        if not self._is_open:
            return
        now, patience = self._loop.time(), self._timeouts.silence_s
        if now - self._heard_at > patience * GIVE_UP_FACTOR:
            self._lose(LinkFailed(f"The printer said nothing for {now - self._heard_at:.0f} s."))
            return
        if now - self._heard_at > patience and self._asked_at < self._heard_at:
            self._ask()
        self._timer = self._loop.call_later(min(TICK_S, patience / 4), self._tick)

    def _ask(self) -> None:
        """P1 firmware sometimes stops pushing on a living connection; one nudge revives it."""
        self._asked_at = self._loop.time()
        self.publish(codec.PUSH_START)
        if self._asked_at - self._push_all_at >= PUSH_ALL_EVERY_S:
            self._push_all()

    def _push_all(self) -> None:
        self._push_all_at = self._loop.time()
        self.publish(codec.PUSH_ALL)

    def _lose(self, error: LinkFailed) -> None:
        self.close()
        self._on_lost(error)

    def _release(self, sock: object, *, close: bool = True) -> None:
        if isinstance(sock, ssl.SSLSocket) and sock.fileno() >= 0:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)
            if close:
                sock.close()
