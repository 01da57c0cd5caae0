"""A bare MQTT client and a bare FTPS client: what any third party would do, no driver of ours."""

import asyncio
import ftplib
import io
import json
import socket
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from shopwright.sandbox.bambu import VirtualPrinter
from shopwright.sandbox.bambu import mqtt_codec as mqtt


def insecure_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class BareClient:
    """Connects, subscribes, and keeps every message; ``state`` is the shallow merge of reports."""

    def __init__(self, printer: VirtualPrinter, access_code: str | None = None) -> None:
        self.printer = printer
        self.access_code = access_code or printer.access_code
        self.messages: list[dict[str, Any]] = []
        self.payloads: list[bytes] = []
        self.state: dict[str, Any] = {}
        self.is_closed = False
        self._decoder = mqtt.Decoder()
        self._arrived = asyncio.Condition()
        self._number = 0

    async def __aenter__(self) -> Self:
        await self.open()
        await self.send(mqtt.Subscribe(1, ((f"device/{self.printer.serial}/report", 0),)))
        acknowledged, *early = await self.receive()
        assert acknowledged == mqtt.SubAck(1, (0,))
        for packet in early:  # the printer reports on, also in the same moment
            await self._note(packet)
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.close()

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(
            self.printer.host, self.printer.mqtt_port, ssl=insecure_context()
        )
        await self.send(mqtt.Connect("bare", "bblp", self.access_code.encode()))
        [packet] = await self.receive()
        assert isinstance(packet, mqtt.ConnAck)
        self.code = packet.code

    async def close(self) -> None:
        self._writer.transport.abort()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)

    async def send(self, packet: mqtt.Packet) -> None:
        self._writer.write(mqtt.encode(packet))
        await self._writer.drain()

    async def receive(self) -> list[mqtt.Packet]:
        while not (packets := self._decoder.feed(chunk := await self._reader.read(65536))):
            if not chunk:
                raise ConnectionResetError
        return packets

    async def request(self, kind: str, command: str, **body: object) -> None:
        self._number += 1
        message = {kind: {"sequence_id": str(self._number), "command": command, **body}}
        await self.send_raw(json.dumps(message).encode())

    async def send_raw(self, payload: bytes, qos: int = 0) -> None:
        topic = f"device/{self.printer.serial}/request"
        await self.send(mqtt.Publish(topic, payload, qos, 7 if qos else None))

    async def ask(self, kind: str, command: str, **body: object) -> dict[str, Any]:
        """Send a request and wait for the reply with its sequence id."""
        await self.request(kind, command, **body)
        number = str(self._number)

        def is_reply(message: dict[str, Any]) -> bool:
            reply = message.get(kind, {})
            return (reply.get("sequence_id"), reply.get("command")) == (number, command)

        await self.until(lambda: any(is_reply(message) for message in self.messages))
        found: dict[str, Any] = next(m for m in self.messages if is_reply(m))[kind]
        return found

    async def until(self, holds: Callable[[], bool], timeout_s: float = 5.0) -> None:
        async with asyncio.timeout(timeout_s), self._arrived:
            await self._arrived.wait_for(holds)

    async def until_state(self, state: str) -> None:
        await self.until(lambda: self.state.get("gcode_state") == state)

    async def start(self, file: str, subtask_id: str = "731", **changes: object) -> None:
        body = {
            "param": "Metadata/plate_1.gcode",
            "url": f"ftp:///{file}",
            "md5": "",
            "subtask_name": "order-7",
            "subtask_id": subtask_id,
            "task_id": subtask_id,
            "project_id": subtask_id,
            "use_ams": True,
            "ams_mapping": [0],
        }
        await self.request("print", "project_file", **{**body, **changes})

    async def _listen(self) -> None:
        try:
            while True:
                for packet in await self.receive():
                    await self._note(packet)
        except (OSError, asyncio.IncompleteReadError):
            self.is_closed = True
            async with self._arrived:
                self._arrived.notify_all()

    async def _note(self, packet: mqtt.Packet) -> None:
        if not isinstance(packet, mqtt.Publish):
            return
        message = json.loads(packet.payload)
        self.payloads.append(packet.payload)
        self.messages.append(message)
        if message.get("print", {}).get("command") == "push_status":
            self.state |= message["print"]
        async with self._arrived:
            self._arrived.notify_all()


class BareFtps(ftplib.FTP_TLS):
    """Implicit TLS; resumes the control session on the data channel unless told not to."""

    def __init__(self, *, resumes: bool = True) -> None:
        context = insecure_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        super().__init__(context=context, timeout=5)
        self._resumes = resumes

    def open(self, printer: VirtualPrinter, access_code: str | None = None) -> Self:
        self.connect(printer.host, printer.ftps_port)
        try:
            self.login("bblp", access_code or printer.access_code)
            self.prot_p()
        except ftplib.Error:
            self.close()
            raise
        return self

    def connect(self, host: str = "", port: int = 0, *_: object, **__: object) -> str:
        self.host, self.port = host, port
        plain = socket.create_connection((host, port), timeout=5)
        self.af = plain.family
        self.sock = self.context.wrap_socket(plain)
        self.file = self.sock.makefile("r", encoding="utf-8")
        self.welcome = self.getresp()
        return self.welcome

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> Any:
        plain, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - a printer speaks it
        assert isinstance(self.sock, ssl.SSLSocket)
        session = self.sock.session if self._resumes else None
        try:
            return self.context.wrap_socket(plain, session=session), size
        except OSError:
            plain.close()
            raise


def upload(printer: VirtualPrinter, name: str, content: bytes) -> None:
    ftps = BareFtps().open(printer)
    try:
        ftps.storbinary(f"STOR {name}", io.BytesIO(content))
    finally:
        ftps.close()
