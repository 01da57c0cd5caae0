"""The three ports behave as the printers do: log-in, topics, reports, acknowledgements, storage."""

import asyncio
import ftplib
import io
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shopwright.sandbox.bambu import AckMode, AuthMode, Knobs, PrinterConfig, Spool, VirtualPrinter
from shopwright.sandbox.bambu import mqtt_codec as mqtt
from shopwright.sandbox.bambu.knobs import UploadFate
from shopwright.sandbox.sliced_files import make_gcode_3mf
from tests.sandbox.bambu.clients import BareClient, BareFtps, insecure_context, upload

FAST = Knobs(report_interval_s=0.02)
FILE = "plate.gcode.3mf"


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    async with VirtualPrinter(PrinterConfig(knobs=replace(FAST))) as virtual:
        make_gcode_3mf(virtual.folder / FILE)
        yield virtual


@pytest.fixture
async def client(printer: VirtualPrinter) -> AsyncIterator[BareClient]:
    async with BareClient(printer) as bare:
        yield bare


async def test_wrong_code_is_refused_with_5_and_closed(printer: VirtualPrinter) -> None:
    bare = BareClient(printer, access_code="00000000")
    await bare.open()
    assert bare.code == 5
    with pytest.raises(ConnectionResetError):
        await bare.receive()
    await bare.close()


async def test_other_topics_cannot_be_subscribed(printer: VirtualPrinter) -> None:
    bare = BareClient(printer)
    await bare.open()
    filters = ((f"device/{printer.serial}/request", 0), ("#", 0), ("device/x/report", 1))
    await bare.send(mqtt.Subscribe(9, filters))
    assert await bare.receive() == [mqtt.SubAck(9, (0x80, 0x80, 0x80))]
    await bare.close()


async def test_hostile_bytes_cost_the_sender_the_connection_and_nobody_else(
    printer: VirtualPrinter, client: BareClient
) -> None:
    for content in (
        b"GET / HTTP/1.1\r\nHost: printer\r\n" * 9,
        b"\x10\xff\xff\xff\xff",
        b"\xe0\x00",
    ):
        reader, writer = await asyncio.open_connection(
            printer.host, printer.mqtt_port, ssl=insecure_context()
        )
        writer.write(content)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 5)
        writer.transport.abort()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    for payload in (b"", b"[]", b"{}", b'{"print":1}', b'{"print":{"command":7}}', b"\xff\xfe"):
        await client.send_raw(payload)
    for body in ({"param": 5}, {"param": "Metadata/plate_1.gcode", "url": []}, {}):
        reply = await client.ask("print", "project_file", **body)
        assert reply["result"] == "fail"
    assert (await client.ask("info", "get_version"))["module"][0]["sn"] == printer.serial


async def test_one_message_may_hold_several_commands(client: BareClient) -> None:
    await client.send_raw(
        b'{"pushing": {"command": "pushall"}, "info": {"command": "get_version"}}'
    )
    await client.until(lambda: any("info" in m for m in client.messages))
    await client.until(lambda: "ams" in client.state)


async def test_qos_1_is_acknowledged_and_sequence_id_may_be_missing(
    printer: VirtualPrinter,
) -> None:
    bare = BareClient(printer)
    await bare.open()
    await bare.send_raw(b'{"print": {"command": "pause"}}\0', qos=1)
    assert await bare.receive() == [mqtt.PubAck(7)]
    await bare.close()


async def test_reports_are_indented_and_p1_sends_deltas_after_the_full_one(
    printer: VirtualPrinter, client: BareClient
) -> None:
    await client.request("pushing", "pushall")
    await client.until(lambda: "ams" in client.state)
    full = next(m["print"] for m in client.messages if m["print"]["msg"] == 0)
    assert b'\n    "print": {\n        "command": "push_status"' in client.payloads[0]
    assert (len(full) > 50, full["chamber_temper"], "fun" in full) == (True, 5, False)
    printer.put_spool(2, Spool("PETG", "00FF00FF"))

    def deltas() -> list[dict[str, Any]]:
        reports = [m["print"] for m in client.messages]
        return [r for r in reports if r["msg"] == 1 and "ams" in r]

    await client.until(lambda: bool(deltas()))
    [delta] = deltas()
    assert "gcode_state" not in delta
    [unit] = delta["ams"]["ams"]
    assert [(tray["id"], tray["tray_type"]) for tray in unit["tray"]] == [("2", "PETG")]


async def test_x1_sends_everything_every_time_and_tells_whether_commands_need_a_signature() -> None:
    config = PrinterConfig(serial="00M00A000000001", model="X1C", knobs=replace(FAST))
    async with VirtualPrinter(config) as printer, BareClient(printer) as client:
        await client.until(lambda: len(client.messages) >= 3)
        assert all(m["print"]["msg"] == 0 and "ams" in m["print"] for m in client.messages)
        assert int(client.state["fun"], 16) & 0x2000_0000 == 0
        printer.knobs.auth_mode = AuthMode.BLOCKED_VERBOSE
        await client.until(lambda: bool(int(client.state["fun"], 16) & 0x2000_0000))
        assert printer.camera_port is None


@pytest.mark.parametrize(
    ("ack", "expected"),
    [
        (AckMode.SUCCESS, ("success", "success")),
        (AckMode.UPPERCASE, ("SUCCESS", "SUCCESS")),
        (AckMode.NUMERIC, (0, None)),
        (AckMode.BARE_ECHO, (None, None)),
    ],
)
async def test_acknowledgement_variants(
    printer: VirtualPrinter, client: BareClient, ack: AckMode, expected: tuple[object, object]
) -> None:
    printer.knobs.ack = ack
    reply = await client.ask("print", "print_speed", param="3")
    assert (reply.get("result"), reply.get("reason")) == expected
    assert reply["param"] == "3"
    assert printer.machine.speed_level == 3


async def test_no_acknowledgement_still_does_it(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.knobs.ack = AckMode.NONE
    await client.request("print", "print_speed", param="1")
    await client.until(lambda: client.state.get("spd_lvl") == 1)
    assert all(m["print"]["command"] == "push_status" for m in client.messages)


async def test_blocked_printer_refuses_in_its_way_but_reports_and_lights(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.knobs.auth_mode = AuthMode.BLOCKED_VERBOSE
    reply = await client.ask("print", "stop", param="")
    assert (reply["result"], reply["reason"]) == ("failed", "mqtt message verify failed")
    printer.knobs.auth_mode = AuthMode.BLOCKED_ERR_CODE_ONLY
    reply = await client.ask("print", "stop", param="")
    assert (reply["err_code"], "result" in reply) == (84033543, False)
    times = {"led_on_time": 500, "led_off_time": 500, "loop_times": 0, "interval_time": 0}
    light = {"led_node": "chamber_light", "led_mode": "off", **times}
    assert (await client.ask("system", "ledctrl", **light))["result"] == "success"
    printer.knobs.auth_mode = AuthMode.BLOCKED_SILENT_HMS
    await client.start(FILE)
    await client.until(lambda: bool(client.state.get("hms")))
    assert client.state["hms"] == [{"attr": 0x0500_0500, "code": 0x0001_0007}]
    assert printer.prints == []


async def test_gcode_sets_temperatures_and_fans(
    printer: VirtualPrinter, client: BareClient
) -> None:
    await client.ask("print", "gcode_line", param="M104 S210\nM140 S60\nM106 P2 S255\n")
    await client.until(lambda: client.state.get("bed_target_temper") == 60)
    assert client.state["nozzle_target_temper"] == 210
    assert client.state["big_fan1_speed"] == "15"
    printer.skip_ahead(120)
    await client.until(lambda: client.state["nozzle_temper"] == 210)


async def test_silent_printer_answers_pings_only(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.knobs.is_silent = True
    await asyncio.sleep(0)
    before = len(client.messages)
    await client.request("pushing", "pushall")
    await client.send(mqtt.PingReq())
    printer.put_spool(0, None)
    await printer.until(lambda p: not p.machine.is_changed)
    assert len(client.messages) == before


async def test_reports_can_be_doubled_and_swapped(printer: VirtualPrinter) -> None:
    printer.knobs.has_duplicate_reports = printer.knobs.has_unordered_reports = True
    async with BareClient(printer) as client:
        await client.until(lambda: len(client.messages) >= 6)
        numbers = [int(m["print"]["sequence_id"]) for m in client.messages[:6]]
    assert numbers == [2, 2, 1, 4, 4, 3]


async def test_new_access_code_throws_everybody_out(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.change_access_code("99999999")
    await client.until(lambda: client.is_closed)
    old = BareClient(printer, access_code="12345678")
    await old.open()
    assert old.code == 5
    await old.close()
    async with BareClient(printer) as new:
        assert new.code == 0


def _ftps_facts(printer: VirtualPrinter) -> tuple[object, ...]:
    ftps = BareFtps().open(printer)
    for _ in range(10):
        assert ftps.nlst("cache") == []
    reply = ftps.storbinary("STOR cache/x.gcode.3mf", io.BytesIO(b"x" * 200_000))
    size = ftps.size("cache/x.gcode.3mf")
    back = io.BytesIO()
    ftps.retrbinary("RETR cache/x.gcode.3mf", back.write)
    names = ftps.nlst("cache")
    ftps.delete("cache/x.gcode.3mf")
    left = ftps.nlst("cache")
    assert isinstance(ftps.sock, ssl.SSLSocket)
    version = ftps.sock.version()
    ftps.quit()
    return reply, size, len(back.getvalue()), names, left, version


async def test_ftps_stores_lists_gives_back_and_deletes(printer: VirtualPrinter) -> None:
    facts = await asyncio.to_thread(_ftps_facts, printer)
    assert facts == (
        "226 Transfer complete.",
        200_000,
        200_000,
        ["x.gcode.3mf"],
        [],
        "TLSv1.2",
    )


async def test_ftps_without_session_reuse_is_refused(printer: VirtualPrinter) -> None:
    def store() -> None:
        ftps = BareFtps(resumes=False).open(printer)
        try:
            ftps.storbinary("STOR x.3mf", io.BytesIO(b"x" * 200_000))
        finally:
            ftps.close()

    with pytest.raises((ftplib.error_perm, OSError)):
        await asyncio.to_thread(store)
    printer.knobs.requires_tls_session_reuse = False
    await asyncio.to_thread(store)
    assert (printer.folder / "x.3mf").stat().st_size == 200_000


async def test_ftps_speaks_tls_13_only_when_told_to(printer: VirtualPrinter) -> None:
    def version() -> str | None:
        context = insecure_context()
        plain = socket.create_connection((printer.host, printer.ftps_port), timeout=5)
        with context.wrap_socket(plain) as control:
            return control.version()

    assert await asyncio.to_thread(version) == "TLSv1.2"
    printer.knobs.has_ftps_tls13 = True
    assert await asyncio.to_thread(version) == "TLSv1.3"


async def test_ftps_wrong_code_and_full_card_and_no_card(printer: VirtualPrinter) -> None:
    with pytest.raises(ftplib.error_perm, match="530"):
        await asyncio.to_thread(BareFtps().open, printer, "00000000")
    printer.knobs.is_card_full = True
    with pytest.raises(ftplib.error_perm, match="552"):
        await asyncio.to_thread(upload, printer, "x.3mf", b"x")
    printer.knobs.is_card_full, printer.knobs.has_card = False, False
    with pytest.raises(ftplib.error_perm, match="550"):
        await asyncio.to_thread(upload, printer, "x.3mf", b"x")


async def test_ftps_can_lose_and_cut_files_behind_a_226(printer: VirtualPrinter) -> None:
    printer.knobs.upload_fate = UploadFate.TRUNCATED
    await asyncio.to_thread(upload, printer, "cut.3mf", b"x" * 1000)
    assert (printer.folder / "cut.3mf").stat().st_size == 500
    printer.knobs.upload_fate = UploadFate.LOST
    await asyncio.to_thread(upload, printer, "gone.3mf", b"x" * 1000)
    assert not (printer.folder / "gone.3mf").exists()


async def test_ftps_can_be_slow(printer: VirtualPrinter) -> None:
    printer.knobs.upload_bytes_per_s = 100_000
    started = asyncio.get_running_loop().time()
    await asyncio.to_thread(upload, printer, "slow.3mf", b"x" * 250_000)
    assert asyncio.get_running_loop().time() - started > 1.0
    assert (printer.folder / "slow.3mf").stat().st_size == 250_000


async def _frame(printer: VirtualPrinter, access_code: str) -> bytes:
    assert printer.camera_port is not None
    reader, writer = await asyncio.open_connection(
        printer.host, printer.camera_port, ssl=insecure_context()
    )
    login = struct.pack("<IIII32s32s", 0x40, 0x3000, 0, 0, b"bblp", access_code.encode())
    writer.write(login)
    try:
        size, *rest = struct.unpack("<IIII", await reader.readexactly(16))
        assert rest == [0, 1, 0]
        return await reader.readexactly(size)
    finally:
        writer.transport.abort()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_camera_sends_jpegs_to_who_knows_the_code(printer: VirtualPrinter) -> None:
    frame = await _frame(printer, printer.access_code)
    assert (frame[:4], frame[-2:]) == (b"\xff\xd8\xff\xe0", b"\xff\xd9")
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await _frame(printer, "00000000")


async def test_certificate_names_the_serial_and_is_issued_by_the_authority(
    printer: VirtualPrinter,
) -> None:
    context = ssl.create_default_context(cadata=printer.authority.pem.decode())
    context.check_hostname = False
    _, writer = await asyncio.open_connection(printer.host, printer.mqtt_port, ssl=context)
    peer = writer.get_extra_info("peercert")
    writer.transport.abort()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    assert peer["subject"] == ((("commonName", printer.serial),),)


async def test_version_names_model_and_firmware(client: BareClient) -> None:
    modules = (await client.ask("info", "get_version"))["module"]
    ota = modules[0]
    assert (ota["name"], ota["product_name"], ota["sw_ver"]) == (
        "ota",
        "Bambu Lab P1S",
        "01.08.00.00",
    )
    assert [m["name"] for m in modules][-1] == "ams/0"
    assert json.dumps(modules)
