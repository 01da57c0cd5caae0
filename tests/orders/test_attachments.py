"""Files of customers and orders: taken for what they are, and gone when they are removed."""

import io
import struct
import zipfile

from httpx import AsyncClient

from tests.contracts.shop_manager.test_files import png

STL = b"\x00" * 80 + struct.pack("<I", 1) + b"\x00" * 50


def threemf() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("3D/3dmodel.model", "<model/>")
    return target.getvalue()


GOOD = [
    ("part.stl", STL, "3d_model"),
    ("part.STL", b"solid x\nfacet normal 0 0 1\nendsolid", "3d_model"),
    ("part.obj", b"# made by hand\nv 0 0 1\n", "3d_model"),
    ("part.3mf", threemf(), "3d_model"),
    ("part.gcode", b"; head\nG28\n", "gcode"),
    ("part.gco", b"G28\n", "gcode"),
    ("sketch.png", png(), "image"),
    ("bill.pdf", b"%PDF-1.7\n", "pdf"),
    ("notes.txt", b"\x00anything", "other"),
]
BAD = [
    ("part.stl", STL + b"x", "“part.stl” is no STL model"),
    ("part.obj", b"v\x00", "“part.obj” is no OBJ model"),
    ("part.3mf", b"PK", "“part.3mf” is no 3MF model"),
    ("part.gcode", b"\x7fELF\x00", "“part.gcode” is no G-code"),
    ("sketch.jpg", png(), "“sketch.jpg” is no JPEG picture"),
    ("sketch.png", png()[:40], "“sketch.png” is no PNG picture"),
    ("bill.pdf", b"<html>", "“bill.pdf” is no PDF"),
    ("notes.txt", b"", "“notes.txt” has no content"),
]


async def test_files_are_told_apart_by_name_and_content(client: AsyncClient) -> None:
    for name, content, kind in GOOD:
        made = await client.post("/api/files", files={"file": (name, content)})
        assert (made.status_code, made.json().get("file_type")) == (201, kind), made.text
    assert (await client.get("/api/files")).json()["total"] == len(GOOD)


async def test_what_is_not_what_its_name_says_leaves_nothing(client: AsyncClient) -> None:
    for name, content, sentence in BAD:
        refused = await client.post("/api/files", files={"file": (name, content)})
        assert refused.status_code == 400, refused.text
        assert refused.json()["detail"].startswith(sentence)
    assert (await client.get("/api/files")).json()["files"] == []


async def test_customers_and_orders_of_nobody_are_not_there(client: AsyncClient) -> None:
    for fields, status in (({"order_id": "999"}, 404), ({"customer_id": "x"}, 400)):
        made = await client.post("/api/files", files={"file": ("a.txt", b"x")}, data=fields)
        assert made.status_code == status
    assert (await client.get("/api/files")).json()["total"] == 0


async def test_content_that_is_kept_twice_goes_with_the_last(client: AsyncClient) -> None:
    first, second = [
        (await client.post("/api/files", files={"file": (name, b"the same")})).json()
        for name in ("a.txt", "b.txt")
    ]
    await client.delete(f"/api/files/{first['id']}")
    kept = await client.get(second["url"])
    assert (kept.status_code, kept.content) == (200, b"the same")
    assert kept.headers["content-disposition"].startswith("attachment")
    await client.delete(f"/api/files/{second['id']}")
    assert (await client.get(second["url"])).status_code == 404


async def test_a_changed_link_opens_nothing(client: AsyncClient) -> None:
    made = (await client.post("/api/files", files={"file": ("a.txt", b"x")})).json()
    assert (await client.get(made["url"][:-3] + "abc")).status_code == 403
    assert (await client.get("/uploads/a.txt")).status_code == 403
