"""Names of files that carry our job id, addresses of cameras, and pictures of any kind."""

import asyncio
import io

import pytest
from PIL import Image

from shopwright.drivers.errors import LinkFailed
from shopwright.drivers.polled import pictures
from shopwright.drivers.polled.jobs import job_id_of, job_name_of, safe_name
from shopwright.drivers.polled.link import Answer, HttpLink
from shopwright.fleet.port import Endpoint, Timeouts
from shopwright.kernel.egress import EgressPolicy


@pytest.mark.parametrize(
    ("name", "job"),
    [
        ("order-1042-731200456.gcode", "731200456"),
        ("folder/order-1-7.GCODE", "7"),
        ("order-1-7.bgcode", "7"),
        ("benchy.gcode", None),
        ("benchy-007.gcode", None),  # ours never begin with 0
        ("benchy-12345678901.gcode", None),  # nor have they eleven digits
        ("benchy_7.gcode", None),
        ("", None),
        (None, None),
    ],
)
def test_the_job_id_stands_before_the_suffix(name: str | None, job: str | None) -> None:
    assert job_id_of(name) == job


def test_names_are_shown_without_folder_and_suffix_and_sent_without_odd_signs() -> None:
    assert job_name_of("a/b/order-7.gcode") == "order-7"
    assert safe_name("../ä b-7.gcode") == "b-7.gcode"
    assert safe_name("x" * 200 + "-7.gcode").endswith("x-7.gcode")
    assert len(safe_name("x" * 200 + "-7.gcode")) == 100


@pytest.fixture
async def link() -> HttpLink:
    return HttpLink(Endpoint("printer.lan", None, ""), Timeouts(), port=5000)


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ("/webcam/?action=snapshot", "http://printer.lan:5000/webcam/?action=snapshot"),
        ("webcam/snap", "http://printer.lan:5000/webcam/snap"),
        ("http://localhost:8080/?action=snapshot", "http://printer.lan:8080/?action=snapshot"),
        ("http://127.0.0.1/snap", "http://printer.lan:80/snap"),
        ("https://printer.lan/snap", "https://printer.lan:443/snap"),
    ],
)
async def test_what_the_device_calls_localhost_is_the_device(
    link: HttpLink, told: str, asked: str
) -> None:
    assert pictures.own_address(link, told, port=5000) == asked
    await link.close()


@pytest.mark.parametrize("told", ["http://192.168.1.1/admin", "rtsp://printer.lan/live"])
async def test_cameras_elsewhere_are_not_asked(link: HttpLink, told: str) -> None:
    with pytest.raises(LinkFailed, match=r"another host \(192.168.1.1\)|speaks rtsp"):
        pictures.own_address(link, told)
    await link.close()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("http://127.0.0.2/admin", "is a loopback address"),
        ("http://169.254.169.254/latest", "metadata"),
        ("rtsp://192.168.1.7/live", "must begin with https:// or http://"),
        ("http://sam:secret@192.168.1.7/snap", "Leave user name and password out"),
    ],
)
async def test_a_camera_of_another_host_stays_behind_the_guard(
    link: HttpLink, told: str, why: str
) -> None:
    with pytest.raises(LinkFailed, match=why):
        await pictures.take(link, told)
    await link.close()


async def test_a_camera_of_another_host_is_asked_without_our_key(link: HttpLink) -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xff\xd8\xff\xd9")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.2", 0)
    port = server.sockets[0].getsockname()[1]
    link.headers["X-Api-Key"] = "secret"
    at_home = EgressPolicy(allows_private=True)
    picture = await pictures.take(link, f"http://127.0.0.2:{port}/snap", policy=at_home)
    assert picture == b"\xff\xd8\xff\xd9"
    assert asked[0].startswith(b"GET /snap HTTP/1.1")
    assert b"secret" not in asked[0]
    server.close()
    await link.close()


async def test_png_becomes_jpeg_and_nonsense_is_an_error() -> None:
    made = io.BytesIO()
    Image.new("RGBA", (8, 8), "#F0A020").save(made, "PNG")
    picture = await pictures.as_jpeg(Answer(200, made.getvalue(), "image/png"))
    assert picture.startswith(b"\xff\xd8")
    with pytest.raises(LinkFailed, match="no picture"):
        await pictures.as_jpeg(Answer(200, b"<html>", "text/html"))
    with pytest.raises(LinkFailed, match="gave no picture: HTTP status 404"):
        await pictures.as_jpeg(Answer(404))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": "No space"}', "No space"),
        (b'{"error": {"code": 400, "message": "SD busy"}}', "SD busy"),
        (b'{"title": "Conflict", "message": "File exists"}', "File exists"),
        (b"[1]", "HTTP status 409"),
        (b"", "HTTP status 409"),
    ],
)
def test_the_reason_of_a_refusal_is_read_in_every_dialect(body: bytes, reason: str) -> None:
    assert Answer(409, body, "application/json").reason == reason
