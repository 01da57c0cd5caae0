"""Reference (d)'s picture routes: generate, upload, signed links."""

import base64
import io
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from PIL import Image

from tests.clock import FixedClock
from tests.contracts.webstore.store import Store

PNG = "data:image/png;base64,"


def photo(size: tuple[int, int] = (60, 90), kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(target, kind)
    return target.getvalue()


def data_url(content: bytes) -> str:
    return PNG + base64.b64encode(content).decode()


def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def token_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["token"][0]


async def upload_final(store: Store) -> dict[str, Any]:
    body = {
        "template_id": "classic",
        "final_image_data": data_url(photo()),
        "order_id": "session_1",
        "metadata": {"brand": "iPhone"},
    }
    return told(await store.guest.post("/api/images/upload-final", json=body))


async def test_generate_by_json_as_the_document_prints_it(store: Store) -> None:
    body = {
        "image_data": data_url(photo()),
        "style": "VHS Nostalgia",
        "quality": "standard",
        "size": "1024x1536",
    }
    found = told(await store.guest.post("/api/images/generate", json=body))
    assert found["success"] is True
    assert found["template_id"] == "retro-remix"
    assert found["prompt"] == "Retro remix: VHS Nostalgia"
    assert found["file_path"] == f"/image/{found['filename']}"
    picture = await store.guest.get(found["public_url"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(picture.content)).size == (683, 1024)


async def test_generate_by_multipart(store: Store) -> None:
    fields = {
        "template_id": "glitch-pro",
        "style_params": json.dumps({"style": "Retro"}),
        "order_id": "order-7",
        "quality": "low",
        "size": "1024x1024",
    }
    found = told(
        await store.guest.post(
            "/api/images/generate", data=fields, files={"image": ("me.jpg", photo(kind="JPEG"))}
        )
    )
    assert found["filename"].startswith("order-order-7-generated-")
    assert (found["template_id"], found["style"]) == ("glitch-pro", "Retro")


async def test_generate_refuses_what_is_not_offered(store: Store) -> None:
    for body, code, words in (
        ({"style": "Nothing"}, "style-unknown", "no style 'Nothing'"),
        ({"template_id": "glitch-pro", "style": "VHS Nostalgia"}, "style-unknown", "no style"),
        ({"image_data": data_url(photo())}, "style-unknown", "Name a style"),
        ({"style": "Retro", "size": "9x9"}, "invalid", "size must be one of"),
        ({"style": "Retro", "quality": "best"}, "invalid", "quality must be one of"),
        (
            {"style": "Retro", "image_data": "https://x.test/a.png"},
            "upload-malformed",
            "not a link",
        ),
        ({"style": "Retro", "image_data": data_url(b"<svg/>")}, "picture-refused", "SVG"),
        ({"style": "Retro", "image_data": PNG + "%%%"}, "upload-malformed", "base64"),
        ({"style": "firework"}, "style-word-invalid", "missing"),
    ):
        answer = await store.guest.post("/api/images/generate", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
        assert words in answer.json()["detail"]


async def test_upload_final(store: Store) -> None:
    found = await upload_final(store)
    assert found["filename"].startswith("order-session_1-final-")
    assert found["filename"].endswith(".png")
    assert (found["session_id"], found["template_id"]) == ("session_1", "classic")
    assert found["public_url"].startswith("http")
    picture = await store.guest.get(found["public_url"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.headers["cache-control"] == "private, max-age=3600"
    assert picture.headers["x-content-type-options"] == "nosniff"


async def test_upload_design(store: Store) -> None:
    for path in ("/upload/design", "/api/upload/design"):
        found = told(await store.guest.post(path, files={"file": ("a.png", photo())}))
        assert "-uploaded-" in found["filename"]
        assert (await store.guest.get(found["public_url"])).status_code == 200


async def test_a_picture_is_served_with_its_own_valid_signature_only(
    store: Store, clock: FixedClock
) -> None:
    mine, other = await upload_final(store), await upload_final(store)
    path = f"/image/{mine['filename']}"
    token = token_of(mine["public_url"])
    expiry, partner, signature = token.split(":")
    stolen = [
        "",
        token_of(other["public_url"]),
        f"{int(expiry) + 3600}:{partner}:{signature}",
        f"{expiry}:manufacturer:{signature}",
        f"{expiry}:{signature}",
        token[:-1] + ("0" if token[-1] != "0" else "1"),
    ]
    for wrong in stolen:
        answer = await store.guest.get(path, params={"token": wrong})
        assert (answer.status_code, answer.json()["code"]) == (403, "file-link-invalid")
    assert (await store.guest.get("/image/nobody.png", params={"token": token})).status_code == 403
    clock.advance(hours=1)
    late = await store.guest.get(path, params={"token": token})
    assert (late.status_code, late.json()["code"]) == (410, "file-link-expired")


async def test_generate_secure_url(store: Store) -> None:
    """The shop's people name the partner and the hours, within the documented limits."""
    found = await upload_final(store)
    for path in ("/api/images/generate-secure-url", "/api/image/generate-secure-url"):
        for partner, default, longest in (
            ("manufacturer", 48, 72), ("end_user", 1, 4), ("admin", 24, 168),
        ):  # fmt: skip
            body = {"filename": found["filename"], "partner_type": partner}
            link = told(await store.admin.post(path, json=body))
            assert (link["partner_type"], link["expiry_hours"]) == (partner, default)
            assert (await store.guest.get(link["secure_url"])).status_code == 200
            most = await store.admin.post(path, json=body | {"expiry_hours": longest})
            assert told(most)["expiry_hours"] == longest
            more = await store.admin.post(path, json=body | {"expiry_hours": longest + 1})
            assert (more.status_code, more.json()["code"]) == (400, "link-life-too-long")


async def test_a_stranger_gets_no_link_without_a_valid_token_and_none_of_another_kind(
    store: Store,
) -> None:
    mine, other = await upload_final(store), await upload_final(store)
    path = "/api/images/generate-secure-url"
    wanted = {"filename": mine["filename"], "partner_type": "admin"}
    for token in (None, "1:end_user:00", token_of(other["public_url"])):
        answer = await store.guest.post(path, json=wanted | {"token": token})
        assert (answer.status_code, answer.json()["code"]) == (403, "file-link-invalid")
    own = {"token": token_of(mine["public_url"])}
    link = told(await store.guest.post(path, json=wanted | own))
    assert (link["partner_type"], link["expiry_hours"]) == ("end_user", 1)


async def test_refresh_token(store: Store, clock: FixedClock) -> None:
    found = await upload_final(store)
    clock.advance(minutes=50)
    body = {"filename": found["filename"], "token": token_of(found["public_url"])}
    for path in ("/api/images/refresh-token", "/api/image/refresh-token"):
        link = told(await store.guest.post(path, json=body))
        assert link["token"] != body["token"]
    clock.advance(minutes=50)
    assert (await store.guest.get(link["url"])).status_code == 200
    late = await store.guest.post(path, json=body)
    assert (late.status_code, late.json()["code"]) == (410, "file-link-expired")
