"""The cloud's broker: sign in as ``u_<uid>`` with a token, see one's own printers, ask, no more."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from typing import Any, cast

from shopwright.sandbox.bambu import mqtt_codec as mqtt
from shopwright.sandbox.bambu.broker import Broker, Session
from shopwright.sandbox.bambu.mqtt_codec import (
    Connect,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
)
from shopwright.sandbox.bambu.printer import VirtualPrinter
from shopwright.sandbox.bambu_cloud.world import Account, World

QUESTIONS = frozenset({"pushing", "info"})
UNSIGNED = {"result": "fail", "reason": "mqtt message verify failed", "err_code": 84033543}


class CloudBroker(Broker):
    """One for all printers; each keeps its own broker for its LAN."""

    def __init__(self, world: World, printers: Mapping[str, VirtualPrinter]) -> None:
        super().__init__("cloud", lambda: "", lambda _: None)
        self.world = world
        self.printers = printers
        for printer in printers.values():
            printer.join_cloud(self)

    async def open(self, host: str, port: int, context: ssl.SSLContext) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: CloudSession(self), host, port, ssl=context)
        return cast("int", self._server.sockets[0].getsockname()[1])  # sockaddr is untyped

    @property
    def cloud_sessions(self) -> "list[CloudSession]":
        return [session for session in self.sessions if isinstance(session, CloudSession)]

    def is_watched(self, serial: str) -> bool:
        return any(serial in session.serials for session in self.cloud_sessions)

    def forward(self, serial: str, payload: bytes) -> None:
        packet = mqtt.encode(Publish(f"device/{serial}/report", payload))
        for session in self.cloud_sessions:
            if serial in session.serials:
                session.write(packet)

    def tell_presence(self, serial: str, *, is_connected: bool) -> None:
        word = "client.connected" if is_connected else "client.disconnected"
        self.forward(serial, json.dumps({"event": {"event": word}}).encode())

    def drop_account(self, account: Account) -> None:
        """Cut its connections; a token that still works may come back."""
        for session in self.cloud_sessions:
            if session.account is account:
                session.abort()


class CloudSession(Session):
    def __init__(self, broker: CloudBroker) -> None:
        super().__init__(broker)
        self._cloud = broker
        self.account: Account | None = None
        self.serials: set[str] = set()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.serials.clear()

    def _judge(self, packet: Connect) -> int:
        if packet.level != mqtt.PROTOCOL_LEVEL:
            return mqtt.WRONG_PROTOCOL
        holder = self._cloud.world.holder_of((packet.password or b"").decode(errors="replace"))
        if holder is None or packet.username != f"u_{holder.uid}":
            return mqtt.NOT_AUTHORIZED
        self.account = holder
        return mqtt.ACCEPTED

    def _subscribe(self, packet: Subscribe) -> None:
        codes = []
        for topic, qos in packet.filters:
            serial = self._mine(topic, "report")
            if serial is not None:
                self.serials.add(serial)
            codes.append(mqtt.SUBSCRIPTION_REFUSED if serial is None else min(qos, 1))
        self._send(SubAck(packet.packet_id, tuple(codes)))

    def _take_request(self, packet: Publish) -> None:
        if packet.packet_id is not None:
            self._send(PubAck(packet.packet_id))
        serial = self._mine(packet.topic, "request")
        printer = self._cloud.printers.get(serial or "")
        if printer is None or not printer.is_powered:
            return
        refusals = _refusals(packet.payload)
        for refusal in refusals:
            self._cloud.forward(printer.serial, json.dumps(refusal).encode())
        if not refusals:
            printer.ask(packet.payload)

    def _mine(self, topic: str, kind: str) -> str | None:
        """The serial in the topic of one of this account's printers."""
        first, _, rest = topic.partition("/")
        serial, _, last = rest.partition("/")
        is_mine = self.account is not None and serial in self.account.serials
        return serial if is_mine and (first, last) == ("device", kind) else None


def _refusals(payload: bytes) -> list[dict[str, Any]]:
    """What a printer with authorisation control answers to commands nobody signed."""
    try:
        asked = json.loads(payload)
    except ValueError:
        return []
    return [
        {family: {**UNSIGNED, **_names(content)}}
        for family, content in (asked.items() if isinstance(asked, dict) else ())
        if family not in QUESTIONS
    ]


def _names(content: Any) -> dict[str, Any]:
    known = content if isinstance(content, dict) else {}
    return {name: known[name] for name in ("command", "sequence_id") if name in known}
