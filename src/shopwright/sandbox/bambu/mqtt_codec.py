"""MQTT 3.1.1 packets: bytes ↔ dataclasses, pure, bounded, as far as a printer speaks it.

QoS 2, wills with effect, and retained messages are not part of a printer's broker.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_PACKET_BYTES = 256 * 1024  # the largest real request, a long gcode_line, is far below
MAX_HEADER_BYTES = 5  # type byte and up to four length bytes
PROTOCOL_LEVEL = 4  # 3.1.1

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 8, 9, 10, 11
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14

ACCEPTED, WRONG_PROTOCOL, NOT_AUTHORIZED = 0, 1, 5
SUBSCRIPTION_REFUSED = 0x80


class Malformed(Exception):
    """Not MQTT 3.1.1, or larger than we accept; the connection must be closed."""


@dataclass(frozen=True, slots=True)
class Connect:
    client_id: str
    username: str | None = None
    password: bytes | None = None
    keepalive_s: int = 60
    level: int = PROTOCOL_LEVEL


@dataclass(frozen=True, slots=True)
class ConnAck:
    code: int


@dataclass(frozen=True, slots=True)
class Publish:
    topic: str
    payload: bytes = field(repr=False)
    qos: int = 0
    packet_id: int | None = None
    is_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class PubAck:
    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SubAck:
    packet_id: int
    codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnsubAck:
    packet_id: int


@dataclass(frozen=True, slots=True)
class PingReq:
    pass


@dataclass(frozen=True, slots=True)
class PingResp:
    pass


@dataclass(frozen=True, slots=True)
class Disconnect:
    pass


Packet = (
    Connect
    | ConnAck
    | Publish
    | PubAck
    | Subscribe
    | SubAck
    | Unsubscribe
    | UnsubAck
    | PingReq
    | PingResp
    | Disconnect
)


class Decoder:
    """Cuts a byte stream into packets; holds at most one unfinished packet."""

    def __init__(self, max_packet_bytes: int = MAX_PACKET_BYTES) -> None:
        self._buffer = bytearray()
        self._max = max_packet_bytes

    def feed(self, chunk: bytes) -> list[Packet]:
        """Every packet the chunk completes; raises Malformed."""
        self._buffer += chunk
        packets = []
        while (end := self._end_of_packet()) is not None:
            header_length, total = end
            body = bytes(self._buffer[header_length:total])
            first = self._buffer[0]
            del self._buffer[:total]
            packets.append(decode(first, body))
        return packets

    def _end_of_packet(self) -> tuple[int, int] | None:
        length = shift = 0
        for position in range(1, min(len(self._buffer), MAX_HEADER_BYTES)):
            byte = self._buffer[position]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte & 0x80:
                continue
            if length > self._max:
                raise Malformed(f"A packet of {length} bytes; at most {self._max} are accepted.")
            total = position + 1 + length
            return (position + 1, total) if len(self._buffer) >= total else None
        if len(self._buffer) >= MAX_HEADER_BYTES:
            raise Malformed("The length of a packet does not end.")
        return None


def decode(first: int, body: bytes) -> Packet:
    """One packet from its first byte and its body; raises Malformed."""
    kind, flags = first >> 4, first & 0x0F
    if kind == PUBLISH:
        return _decode_publish(flags, _Reader(body))
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise Malformed(f"Packet type {kind} is not spoken here.")
    if flags != (2 if kind in (SUBSCRIBE, UNSUBSCRIBE) else 0):
        raise Malformed(f"Flags {flags} do not belong to packet type {kind}.")
    reader = _Reader(body)
    packet = decoder(reader)
    reader.expect_end()
    return packet


def encode(packet: Packet) -> bytes:
    """The packet's bytes as they go on the wire."""
    first, body = _ENCODERS[type(packet)](packet)
    return bytes([first]) + _length(len(body)) + body


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._position = 0

    def take(self, count: int) -> bytes:
        piece = self._body[self._position : self._position + count]
        if len(piece) < count:
            raise Malformed("A packet ends early.")
        self._position += count
        return piece

    def byte(self) -> int:
        return self.take(1)[0]

    def short(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def binary(self) -> bytes:
        return self.take(self.short())

    def text(self) -> str:
        try:
            text = self.binary().decode("utf-8")
        except UnicodeDecodeError as err:
            raise Malformed("A string is not UTF-8.") from err
        if "\0" in text:
            raise Malformed("A string holds a NUL.")
        return text

    def packet_id(self) -> int:
        number = self.short()
        if number == 0:
            raise Malformed("Packet id 0 is not allowed.")
        return number

    def rest(self) -> bytes:
        return self.take(len(self._body) - self._position)

    @property
    def is_at_end(self) -> bool:
        return self._position == len(self._body)

    def expect_end(self) -> None:
        if not self.is_at_end:
            raise Malformed("A packet is longer than its content.")


def _decode_connect(reader: _Reader) -> Connect:
    if reader.text() != "MQTT":
        raise Malformed("Not an MQTT 3.1.1 CONNECT.")
    level, flags, keepalive_s = reader.byte(), reader.byte(), reader.short()
    if flags & 1:
        raise Malformed("The reserved connect flag is set.")
    if level != PROTOCOL_LEVEL:
        reader.rest()  # another protocol version lays the rest out differently
        return Connect("", None, None, keepalive_s, level)
    client_id = reader.text()
    if flags & 0x04:
        reader.text()
        reader.binary()  # a will: a printer's broker ignores it
    username = reader.text() if flags & 0x80 else None
    password = reader.binary() if flags & 0x40 else None
    return Connect(client_id, username, password, keepalive_s, level)


def _decode_connack(reader: _Reader) -> ConnAck:
    reader.byte()
    return ConnAck(reader.byte())


def _decode_publish(flags: int, reader: _Reader) -> Publish:
    qos = flags >> 1 & 3
    if qos > 1:
        raise Malformed(f"QoS {qos} is not spoken here.")
    topic = reader.text()
    packet_id = reader.packet_id() if qos else None
    return Publish(topic, reader.rest(), qos, packet_id, bool(flags & 8))


def _decode_subscribe(reader: _Reader) -> Subscribe:
    packet_id = reader.packet_id()
    filters = []
    while not reader.is_at_end:
        filters.append((reader.text(), reader.byte()))
    if not filters or any(qos > 2 for _, qos in filters):  # noqa: PLR2004 - MQTT knows QoS 0 to 2
        raise Malformed("A SUBSCRIBE without a filter or with an unknown QoS.")
    return Subscribe(packet_id, tuple(filters))


def _decode_suback(reader: _Reader) -> SubAck:
    return SubAck(reader.packet_id(), tuple(reader.rest()))


def _decode_unsubscribe(reader: _Reader) -> Unsubscribe:
    packet_id = reader.packet_id()
    filters = []
    while not reader.is_at_end:
        filters.append(reader.text())
    return Unsubscribe(packet_id, tuple(filters))


_DECODERS: Mapping[int, Callable[[_Reader], Packet]] = {
    CONNECT: _decode_connect,
    CONNACK: _decode_connack,
    PUBACK: lambda reader: PubAck(reader.packet_id()),
    SUBSCRIBE: _decode_subscribe,
    SUBACK: _decode_suback,
    UNSUBSCRIBE: _decode_unsubscribe,
    UNSUBACK: lambda reader: UnsubAck(reader.packet_id()),
    PINGREQ: lambda _: PingReq(),
    PINGRESP: lambda _: PingResp(),
    DISCONNECT: lambda _: Disconnect(),
}


def _length(count: int) -> bytes:
    digits = bytearray()
    while True:
        count, digit = divmod(count, 128)
        digits.append(digit | 0x80 if count else digit)
        if not count:
            return bytes(digits)


def _binary(content: bytes) -> bytes:
    return struct.pack("!H", len(content)) + content


def _text(text: str) -> bytes:
    return _binary(text.encode())


def _encode_connect(packet: Connect) -> tuple[int, bytes]:
    flags = 0x02  # clean session
    tail = _text(packet.client_id)
    if packet.username is not None:
        flags |= 0x80
        tail += _text(packet.username)
    if packet.password is not None:
        flags |= 0x40
        tail += _binary(packet.password)
    return 0x10, _text("MQTT") + struct.pack("!BBH", packet.level, flags, packet.keepalive_s) + tail


def _encode_publish(packet: Publish) -> tuple[int, bytes]:
    first = 0x30 | packet.qos << 1 | (8 if packet.is_duplicate else 0)
    number = struct.pack("!H", packet.packet_id or 0) if packet.qos else b""
    return first, _text(packet.topic) + number + packet.payload


def _encode_subscribe(packet: Subscribe) -> tuple[int, bytes]:
    filters = b"".join(_text(topic) + bytes([qos]) for topic, qos in packet.filters)
    return 0x82, struct.pack("!H", packet.packet_id) + filters


def _encode_unsubscribe(packet: Unsubscribe) -> tuple[int, bytes]:
    filters = b"".join(_text(topic) for topic in packet.filters)
    return 0xA2, struct.pack("!H", packet.packet_id) + filters


_ENCODERS: Mapping[type[Packet], Callable[[Any], tuple[int, bytes]]] = {
    Connect: _encode_connect,
    ConnAck: lambda packet: (0x20, bytes([0, packet.code])),
    Publish: _encode_publish,
    PubAck: lambda packet: (0x40, struct.pack("!H", packet.packet_id)),
    Subscribe: _encode_subscribe,
    SubAck: lambda packet: (0x90, struct.pack("!H", packet.packet_id) + bytes(packet.codes)),
    Unsubscribe: _encode_unsubscribe,
    UnsubAck: lambda packet: (0xB0, struct.pack("!H", packet.packet_id)),
    PingReq: lambda _: (0xC0, b""),
    PingResp: lambda _: (0xD0, b""),
    Disconnect: lambda _: (0xE0, b""),
}
