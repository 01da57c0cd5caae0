"""Links that go wrong before there is a printer to talk to: scripted peers on the loopback."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shopwright.drivers.bambu import camera, tls
from shopwright.drivers.bambu.driver import BambuDriver
from shopwright.drivers.bambu.errors import CredentialRejected, LinkFailed
from shopwright.drivers.bambu.ftps import FileStore, safe_name
from shopwright.fleet.port import AuthenticationFailed, DriverError, Endpoint, Finding, Timeouts
from shopwright.sandbox.bambu import Authority

SERIAL = "01P00A123456789"
QUICK = Timeouts(connect_s=0.3, upload_min_s=1, command_s=0.3)
PATIENT = Timeouts(connect_s=30)

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def peer(script: Peer, *, is_encrypted: bool) -> AsyncIterator[Endpoint]:
    """A printer that plays a script on all of its ports."""
    context = Authority().issue(SERIAL).server_context(has_tls13=True) if is_encrypted else None
    open_writers: list[asyncio.StreamWriter] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.append(writer)
        await script(reader, writer)

    server = await asyncio.start_server(play, "127.0.0.1", 0, ssl=context)
    port: int = server.sockets[0].getsockname()[1]
    async with server:
        yield Endpoint("127.0.0.1", SERIAL, "12345678", port, port, port)
        for writer in open_writers:
            writer.transport.abort()
    await asyncio.sleep(0)


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def answer_sign_in(code: int) -> Peer:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(bytes([0x20, 2, 0, code]))
        await reader.read()

    return script


async def enter(endpoint: Endpoint, times: Timeouts = QUICK) -> None:
    async with BambuDriver(endpoint, timeouts=times):
        pass


async def test_a_peer_that_never_shakes_hands_is_given_up_in_time() -> None:
    async with peer(say_nothing, is_encrypted=False) as endpoint:
        with pytest.raises(LinkFailed, match="no answer in time") as caught:
            await enter(endpoint)
    assert caught.value.finding is Finding.TLS_FAILED


async def test_a_peer_that_hangs_up_at_the_handshake_is_an_error() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with peer(hang_up, is_encrypted=False) as endpoint:
        with pytest.raises(LinkFailed, match="No encrypted connection"):
            await enter(endpoint)


async def test_a_peer_that_never_answers_the_sign_in_is_given_up_in_time() -> None:
    async with peer(say_nothing, is_encrypted=True) as endpoint:
        with pytest.raises(LinkFailed, match="did not answer the sign-in"):
            await enter(endpoint)


@pytest.mark.parametrize("code", [4, 5])
async def test_both_refusals_of_the_code_are_authentication_failures(code: int) -> None:
    async with peer(answer_sign_in(code), is_encrypted=True) as endpoint:
        with pytest.raises(AuthenticationFailed, match="refused the access code"):
            await enter(endpoint)


@pytest.mark.parametrize("code", [1, 2, 3])
async def test_other_refusals_are_worth_another_try(code: int) -> None:
    async with peer(answer_sign_in(code), is_encrypted=True) as endpoint:
        with pytest.raises(DriverError):
            await enter(endpoint)


async def test_the_access_code_is_not_sent_to_another_printer() -> None:
    heard: list[bytes] = []
    done = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        done.set()

    async with peer(listen, is_encrypted=True) as endpoint:
        other = Endpoint("127.0.0.1", "01P00A999", "12345678", endpoint.mqtt_port)
        with pytest.raises(CredentialRejected, match=f"is {SERIAL}, not printer 01P00A999"):
            await enter(other)
        await done.wait()
    assert heard == [b""]


async def test_the_loop_goes_on_while_a_handshake_hangs() -> None:
    async with peer(say_nothing, is_encrypted=False) as endpoint:
        hanging = asyncio.create_task(enter(endpoint))
        gap_s = 0.0
        while not hanging.done():
            before = time.monotonic()
            await asyncio.sleep(0.005)
            gap_s = max(gap_s, time.monotonic() - before)
        with pytest.raises(DriverError):
            await hanging
    assert gap_s < 0.2


async def test_a_cancelled_handshake_ends_at_once() -> None:
    reached = asyncio.Event()

    async def reach(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()

    async with peer(reach, is_encrypted=False) as endpoint:
        hanging = asyncio.create_task(enter(endpoint, PATIENT))
        await reached.wait()
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging


async def test_a_cancelled_transfer_breaks_a_hanging_connection(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def reach(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        reached.set()
        await reader.read()

    file = tmp_path / "a.3mf"
    await asyncio.to_thread(file.write_bytes, b"x")
    async with peer(reach, is_encrypted=False) as endpoint:
        store = FileStore(endpoint, PATIENT)
        hanging = asyncio.create_task(
            store.upload(file, name="a.3mf", sha256="", progress=lambda *_: None)
        )
        await reached.wait()
        before = time.monotonic()
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        store.close()
    assert time.monotonic() - before < 5


async def test_the_file_port_of_another_printer_gets_no_code() -> None:
    async with peer(say_nothing, is_encrypted=True) as endpoint:
        store = FileStore(
            Endpoint("127.0.0.1", "01P00A999", "12345678", ftps_port=endpoint.ftps_port), QUICK
        )
        with pytest.raises(CredentialRejected, match="not printer 01P00A999"):
            await store.check()
        store.close()


async def test_a_closed_camera_means_a_wrong_code() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(80)
        writer.close()

    async with peer(hang_up, is_encrypted=True) as endpoint:
        with pytest.raises(AuthenticationFailed, match="check the access code"):
            await camera.take_picture(endpoint, 5)


async def test_an_absurd_picture_size_is_not_waited_for() -> None:
    async def boast(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(80)
        writer.write(b"\xff" * 16)
        await reader.read()

    async with peer(boast, is_encrypted=True) as endpoint:
        with pytest.raises(DriverError, match="4294967295 bytes"):
            await camera.take_picture(endpoint, 5)


def test_the_camera_sign_in_is_80_bytes_as_the_notes_say() -> None:
    frame = camera.login_frame("12345678")
    assert frame[:16] == bytes.fromhex("40000000003000000000000000000000")
    assert frame[16:] == b"bblp".ljust(32, b"\0") + b"12345678".ljust(32, b"\0")


def test_an_unreadable_certificate_is_a_tls_failure() -> None:
    with pytest.raises(LinkFailed, match="no readable certificate"):
        tls.read_leaf(b"nonsense")


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("order-1042-p1.gcode.3mf", "order-1042-p1.gcode.3mf"),
        ("Grüße vom König.3MF", "Gr_e_vom_K_nig.3mf"),
        ("/cache/../x.3mf", "x.3mf"),
        ("..3mf", "3mf"),
        ("ä" * 300 + ".gcode.3mf", "_.gcode.3mf"),
        ("b" * 300 + ".gcode.3mf", "b" * 90 + ".gcode.3mf"),
    ],
)
def test_file_names_become_safe_for_the_card(name: str, stored: str) -> None:
    assert safe_name(name) == stored
