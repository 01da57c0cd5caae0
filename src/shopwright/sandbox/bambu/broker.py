"""The MQTT endpoint of one printer: sessions, subscriptions, and nothing a printer would not do."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, cast

from shopwright.sandbox.bambu import mqtt_codec as mqtt
from shopwright.sandbox.bambu.mqtt_codec import (
    Connect,
    Disconnect,
    Malformed,
    Packet,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
)

USER = "bblp"
CONNECT_TIMEOUT_S = 10.0
KEEPALIVE_FACTOR = 1.5  # MQTT 3.1.1, 3.1.2.10
MAX_UNSENT_BYTES = 4 * 1024 * 1024  # a client that does not read is cut off


class Uplink(Protocol):
    """The maker's cloud, where a printer may be signed in beside its own broker."""

    def is_watched(self, serial: str) -> bool: ...
    def forward(self, serial: str, payload: bytes) -> None: ...
    def tell_presence(self, serial: str, *, is_connected: bool) -> None: ...


class Broker:
    """Listens for one serial; ``on_request`` gets each payload sent to the request topic."""

    def __init__(
        self, serial: str, get_access_code: Callable[[], str], on_request: Callable[[bytes], None]
    ) -> None:
        self.serial = serial
        self.is_powered = True
        self.get_access_code = get_access_code
        self.on_request = on_request
        self.sessions: set[Session] = set()
        self.uplink: Uplink | None = None
        self._server: asyncio.Server | None = None

    @property
    def report_topic(self) -> str:
        return f"device/{self.serial}/report"

    @property
    def request_topic(self) -> str:
        return f"device/{self.serial}/request"

    @property
    def has_audience(self) -> bool:
        is_watched = self.uplink is not None and self.uplink.is_watched(self.serial)
        return is_watched or any(session.is_subscribed for session in self.sessions)

    async def open(self, host: str, port: int, context: ssl.SSLContext) -> int:
        """Start listening; the port, which the system chose when 0 was asked for."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Session(self), host, port, ssl=context)
        return cast("int", self._server.sockets[0].getsockname()[1])  # sockaddr is untyped

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self.drop()
            await self._server.wait_closed()

    def publish(self, payload: bytes) -> None:
        """To every subscriber, QoS 0, and to the cloud."""
        if self.uplink is not None and self.is_powered:
            self.uplink.forward(self.serial, payload)
        packet = mqtt.encode(Publish(self.report_topic, payload))
        for session in list(self.sessions):
            if session.is_subscribed:
                session.write(packet)

    def drop(self) -> None:
        """Cut every connection without a farewell."""
        for session in list(self.sessions):
            session.abort()

    def drop_idle(self, now: float) -> None:
        """Cut clients that broke their keep-alive promise."""
        for session in list(self.sessions):
            if now > session.deadline:
                session.abort()


class Session(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._decoder = mqtt.Decoder()
        self._transport: asyncio.Transport | None = None
        self._keepalive_s = 0
        self.is_accepted = False
        self.is_subscribed = False
        self.deadline = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # create_server gives no other
        if not self._broker.is_powered:
            self._transport.abort()
            return
        self.deadline = asyncio.get_running_loop().time() + CONNECT_TIMEOUT_S
        self._broker.sessions.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._broker.sessions.discard(self)
        self.is_subscribed = False

    def data_received(self, data: bytes) -> None:
        try:
            packets = self._decoder.feed(data)
        except Malformed:
            self.abort()
            return
        for packet in packets:
            if self._transport is None or self._transport.is_closing():
                return
            self._receive(packet)

    def write(self, content: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(content)
        if self._transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.abort()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _receive(self, packet: Packet) -> None:
        if not self.is_accepted:
            self._accept(packet)
            return
        self._extend()
        match packet:
            case Publish():
                self._take_request(packet)
            case Subscribe():
                self._subscribe(packet)
            case Unsubscribe():
                self.is_subscribed &= self._broker.report_topic not in packet.filters
                self._send(UnsubAck(packet.packet_id))
            case PingReq():
                self._send(PingResp())
            case PubAck():
                pass  # we publish at QoS 0 only
            case Disconnect():
                self._close()
            case _:
                self.abort()

    def _accept(self, packet: Packet) -> None:
        if not isinstance(packet, Connect):
            self.abort()
            return
        code = self._judge(packet)
        self._send(mqtt.ConnAck(code))
        if code != mqtt.ACCEPTED:
            self._close()
            return
        self.is_accepted = True
        self._keepalive_s = packet.keepalive_s
        self._extend()

    def _judge(self, packet: Connect) -> int:
        if packet.level != mqtt.PROTOCOL_LEVEL:
            return mqtt.WRONG_PROTOCOL
        expected = self._broker.get_access_code().encode()
        is_right = packet.username == USER and packet.password == expected
        return mqtt.ACCEPTED if is_right else mqtt.NOT_AUTHORIZED

    def _take_request(self, packet: Publish) -> None:
        if packet.packet_id is not None:
            self._send(PubAck(packet.packet_id))
        if packet.topic == self._broker.request_topic:
            self._broker.on_request(packet.payload)

    def _subscribe(self, packet: Subscribe) -> None:
        codes = []
        for topic, qos in packet.filters:
            is_report = topic == self._broker.report_topic
            self.is_subscribed |= is_report
            codes.append(min(qos, 1) if is_report else mqtt.SUBSCRIPTION_REFUSED)
        self._send(SubAck(packet.packet_id, tuple(codes)))

    def _extend(self) -> None:
        now = asyncio.get_running_loop().time()
        is_limited = self._keepalive_s > 0
        self.deadline = now + self._keepalive_s * KEEPALIVE_FACTOR if is_limited else float("inf")

    def _send(self, packet: Packet) -> None:
        self.write(mqtt.encode(packet))

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()
