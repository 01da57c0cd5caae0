"""Brands, models, templates, styles, fonts, colours and stickers as reference (d) names them, and
what its admins write."""

import io
import struct
import zlib
from typing import Any

import httpx
from PIL import Image

from tests.contracts.shop_manager.documented import assert_documented, number
from tests.contracts.webstore.store import Store, picture

BRAND = {
    "id": "apple",
    "name": "iPhone",
    "display_name": "iPhone",
    "chinese_id": "BR20250111000002",
    "chinese_brand_id": "BR20250111000002",
    "frame_color": str,
    "button_color": str,
    "available": True,
    "is_available": True,
    "subtitle": None,
    "display_order": int,
}
MODEL = {
    "id": "iphone-15-pro",
    "brand_id": "apple",
    "display_name": "iPhone 15 Pro",
    "width": 70.6,
    "height": 146.6,
    "chinese_model_id": "MM020250224000010",
    "mobile_shell_id": "MS102503270003",
    "price": 0.0,
    "stock": 7,
    "is_available": True,
    "is_featured": True,
    "release_year": None,
    "canvas": {"width_px": 1390, "height_px": 2886},
}
TEMPLATE = {
    "id": str,
    "name": str,
    "description": str,
    "price": 35.0,
    "currency": "EUR",
    "display_price": "€35.00",
    "category": str,
    "image_count": int,
    "features": list,
    "is_active": True,
}
STICKER = {
    "key": "cat/tabby.png",
    "filename": "tabby.png",
    "name": "tabby",
    "url": str,
    "image_url": str,
    "thumbnail_url": str,
    "width": 300,
    "height": 200,
}
DOCUMENTED_STYLES = {
    "retro-remix": 11,
    "funny-toon": 2,
    "cover-shoot": 8,
    "glitch-pro": 2,
    "footy-fan": 4,
}


async def test_brands_are_listed(store: Store) -> None:
    body = assert_documented(await store.get("/api/brands"), {"success": True, "brands": [BRAND]})
    assert len(body["brands"]) == 1


async def test_models_of_a_brand_come_with_sizes_and_stock(store: Store) -> None:
    answer = await store.get("/api/brands/apple/models", device_id="1CBRONIQRWQQ")

    body = assert_documented(
        answer,
        {
            "success": True,
            "models": list,
            "brand": BRAND,
            "device_id": "1CBRONIQRWQQ",
            "total_models": 2,
            "in_stock_models": 1,
        },
    )
    first, second = body["models"]
    assert {name: first[name] for name in MODEL} == MODEL
    assert (second["id"], second["stock"], second["price"]) == ("iphone-14", 0, 2.5)
    assert answer.headers["cache-control"] == "public, no-cache"


async def test_a_brand_is_named_by_id_display_name_or_partner_id(store: Store) -> None:
    for name in ("apple", "iphone", "iPhone", "BR20250111000002"):
        answer = await store.get(f"/api/brands/{name}/models")
        assert_documented(answer, {"brand": {"id": "apple"}, "device_id": None})
    assert (await store.get("/api/brands/nokia/models")).status_code == 404


async def test_templates_are_listed_with_their_prices(store: Store) -> None:
    body = assert_documented(
        await store.get("/api/templates"), {"success": True, "templates": [TEMPLATE]}
    )
    assert {row["id"] for row in body["templates"]} >= {"classic", *DOCUMENTED_STYLES}
    assert {row["category"] for row in body["templates"]} == {"basic", "film", "ai"}


async def test_one_template_is_read(store: Store) -> None:
    assert_documented(
        await store.get("/api/templates/retro-remix"),
        {"success": True, "template": TEMPLATE | {"id": "retro-remix", "category": "ai"}},
    )
    assert (await store.get("/api/templates/none")).status_code == 404


async def test_styles_of_a_template_are_the_documented_ones(store: Store) -> None:
    """With the words that they ask for; the prompts are nobody's business."""
    for template, styles in DOCUMENTED_STYLES.items():
        body = assert_documented(
            await store.get(f"/api/styles/{template}"),
            {"styles": [str], "keywords": [str], "modes": [str]},
        )
        assert len(body["styles"]) == styles
        assert "prompt" not in str(body)
    body = (await store.get("/api/styles/footy-fan")).json()
    assert [word["name"] for word in body["parameters"]] == ["team"]
    words = (await store.get("/api/styles/retro-remix")).json()["parameters"]
    assert [word["name"] for word in words] == ["keyword", "optional_text"]


async def test_fonts_are_listed(store: Store) -> None:
    assert_documented(
        await store.get("/api/fonts"),
        {
            "success": True,
            "fonts": [
                {
                    "id": int,
                    "name": str,
                    "css_style": str,
                    "font_weight": str,
                    "is_google_font": bool,
                    "google_font_url": str | None,
                    "is_active": True,
                }
            ],
        },
    )


async def test_colors_of_a_kind_are_listed(store: Store) -> None:
    for kind in ("background", "text"):
        color = {
            "id": int,
            "name": str,
            "hex_value": lambda value: len(value) == 7 and value[0] == "#",
            "color_type": kind,
            "is_active": True,
        }
        answer = await store.get(f"/api/colors/{kind}")
        assert_documented(answer, {"success": True, "colors": [color]})
    answer = await store.get("/api/colors/border")
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Color type must be 'background' or 'text'."


async def test_sticker_categories_are_listed(store: Store) -> None:
    body = assert_documented(
        await store.get("/api/stickers/categories"),
        {"status": "success", "categories": [str], "count": 17},
    )
    assert body["categories"][:3] == ["alien", "british", "cartoon"]
    assert "mamas-and-papas" in body["categories"]


async def test_stickers_of_a_category_have_signed_links(store: Store) -> None:
    await store.sticker()
    body = assert_documented(
        await store.get("/api/stickers/category/cat"),
        {"status": "success", "category": "cat", "stickers": [STICKER], "count": 1},
    )
    link = body["stickers"][0]["url"]
    fetched = await store.guest.get(link[link.index("/files/") :])
    assert fetched.status_code == 200
    assert fetched.content.startswith(b"\x89PNG")
    assert (await store.get("/api/stickers/category/none")).status_code == 404
    assert (await store.get("/api/stickers/category/mamas & papas")).status_code == 200


async def test_all_stickers_come_by_category(store: Store) -> None:
    await store.sticker()
    body = assert_documented(
        await store.get("/api/stickers/all"),
        {"status": "success", "stickers": dict, "total_count": 1, "category_count": 17},
    )
    assert [row["filename"] for row in body["stickers"]["cat"]] == ["tabby.png"]
    assert body["stickers"]["dog"] == []


PICTURES = [
    ("tabby.png", "image/png", (300, 200)),
    ("tabby.webp", "image/png", (300, 200)),
    ("highres/tabby.webp", "image/png", (300, 200)),
    ("thumbnails/tabby.webp", "image/webp", (240, 160)),
]


async def test_sticker_pictures_are_public_and_kept_a_year(store: Store) -> None:
    await store.sticker()
    for name, kind, size in PICTURES:
        answer = await store.get(f"/api/stickers/image/cat/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == kind
        assert answer.headers["cache-control"] == "public, max-age=31536000"
        assert Image.open(io.BytesIO(answer.content)).size == size


async def test_a_signed_link_to_a_sticker_ends(store: Store) -> None:
    await store.sticker()
    answer = await store.get("/api/stickers/url/cat/tabby.png", expires_in=120)
    body = assert_documented(
        answer,
        {"status": "success", "url": str, "expires_in": 120, "key": "cat/tabby.png"},
    )
    assert answer.headers["cache-control"] == "no-store"
    path = body["url"][body["url"].index("/files/") :]
    assert (await store.guest.get(path)).status_code == 200
    store.shop.process.clock.advance(minutes=3)  # type: ignore[attr-defined]  # the tests' clock
    assert (await store.guest.get(path)).status_code == 410


async def test_links_last_a_minute_to_a_week(store: Store) -> None:
    await store.sticker()
    for seconds in (0, -1, 10_000_000):
        answer = await store.get("/api/stickers/url/cat/tabby.png", expires_in=seconds)
        assert answer.status_code == 400


async def test_unchanged_lists_are_not_sent_again(store: Store) -> None:
    for path in ("/api/brands", "/api/templates", "/api/brands/apple/models", "/api/fonts"):
        first = await store.get(path)
        again = await store.guest.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path


async def test_phone_models_are_written_as_forms(store: Store) -> None:
    """As the reference's admin page sends them."""
    made = await store.admin.post(
        "/api/admin/models",
        data={
            "name": "iPhone 16",
            "brand_id": "apple",
            "price": "19.99",
            "chinese_model_id": "MM1",
            "stock": "3",
            "is_featured": "true",
        },
    )
    assert_documented(
        made,
        {
            "success": True,
            "model": {
                "id": "iphone-16",
                "name": "iPhone 16",
                "brand_id": "apple",
                "price": 19.99,
                "chinese_model_id": "MM1",
                "stock": 3,
                "is_available": True,
                "is_featured": True,
            },
        },
    )
    hidden = (await store.get("/api/brands/apple/models")).json()["models"]
    assert "iphone-16" not in [row["id"] for row in hidden]  # nobody knows its size yet

    sized = await store.admin.put(
        "/api/admin/models/iphone-16", json={"width": 71.6, "height": 147.6}
    )
    assert_documented(sized, {"model": {"width": 71.6, "height": 147.6, "stock": 3}})
    shown = (await store.get("/api/brands/apple/models")).json()["models"]
    assert "iphone-16" in [row["id"] for row in shown]


async def test_stock_and_featured_are_set(store: Store) -> None:
    path = "/api/admin/models/iphone-15-pro"
    assert_documented(
        await store.admin.put(f"{path}/stock", json={"stock": 12}),
        {"success": True, "model": {"id": "iphone-15-pro", "stock": 12}},
    )
    refused = await store.admin.put(f"{path}/stock", json={"stock": -1})
    assert refused.status_code == 400
    toggled = await store.admin.put(f"{path}/toggle-featured")
    assert_documented(toggled, {"success": True, "model": {"is_featured": False}})
    models = (await store.get("/api/brands/apple/models")).json()["models"]
    assert {row["id"]: row["stock"] for row in models}["iphone-15-pro"] == 12


async def test_a_deleted_model_is_not_offered_and_can_come_back(store: Store) -> None:
    gone = await store.admin.delete("/api/admin/models/iphone-15-pro")
    assert_documented(gone, {"success": True, "message": "Phone model deleted successfully"})
    models = (await store.get("/api/brands/apple/models")).json()["models"]
    assert [row["id"] for row in models] == ["iphone-14"]

    await store.admin.put("/api/admin/models/iphone-15-pro", json={"is_available": True})
    models = (await store.get("/api/brands/apple/models")).json()["models"]
    assert [row["id"] for row in models] == ["iphone-15-pro", "iphone-14"]


async def test_a_price_of_a_template_is_set(store: Store) -> None:
    """As a form, as the reference sends it, and as JSON."""
    changed = await store.admin.put("/api/admin/templates/classic/price", data={"price": "29.5"})
    assert_documented(
        changed,
        {"success": True, "template": {"id": "classic", "price": 29.5, "display_price": "€29.50"}},
    )
    refused = await store.admin.put("/api/admin/templates/classic/price", json={"price": -1})
    assert refused.status_code == 400
    read = (await store.get("/api/templates/classic")).json()["template"]
    assert read["price"] == 29.5


FONT: dict[str, Any] = {"id": int, "name": "Marker", "css_style": str, "is_active": True}
COLOR: dict[str, Any] = {
    "id": int, "name": "Deep Blue", "hex_value": "#1e40aa", "color_type": "text",
    "is_active": True,
}  # fmt: skip


async def test_fonts_are_written_toggled_and_deleted(store: Store) -> None:
    made = await store.admin.post(
        "/api/admin/fonts",
        data={
            "name": "Marker",
            "css_style": "Permanent Marker, cursive",
            "font_weight": "400",
            "is_google_font": "true",
            "google_font_url": "https://fonts.example/marker",
        },
    )
    font = assert_documented(made, {"success": True, "font": FONT})["font"]
    path = f"/api/admin/fonts/{font['id']}"
    toggled = await store.admin.put(f"{path}/toggle")
    assert_documented(toggled, {"success": True, "font": FONT | {"is_active": False}})
    changed = await store.admin.put(path, data={"name": "Marker", "is_active": "true"})
    assert_documented(changed, {"success": True, "font": FONT})
    gone = await store.admin.delete(path)
    assert_documented(gone, {"success": True, "message": "Font deleted successfully"})
    shown = [row["name"] for row in (await store.get("/api/fonts")).json()["fonts"]]
    assert "Marker" not in shown
    assert "Permanent Marker" in shown


async def test_colors_are_written_toggled_and_deleted(store: Store) -> None:
    made = await store.admin.post(
        "/api/admin/colors",
        data={"name": "Deep Blue", "hex_value": "#1E40AA", "color_type": "text"},
    )
    color = assert_documented(made, {"success": True, "color": COLOR})["color"]
    path = f"/api/admin/colors/{color['id']}"
    toggled = await store.admin.put(f"{path}/toggle")
    assert_documented(toggled, {"success": True, "color": COLOR | {"is_active": False}})
    changed = await store.admin.put(path, data={"name": "Deep Blue", "is_active": "true"})
    assert_documented(changed, {"success": True, "color": COLOR})
    gone = await store.admin.delete(path)
    assert_documented(gone, {"success": True, "message": "Color deleted successfully"})
    assert "#1e40aa" not in str((await store.get("/api/colors/text")).json())


async def test_admin_routes_are_open_to_nobody(store: Store) -> None:
    """The reference's were open."""
    for method, path in (
        ("GET", "/api/admin/models"),
        ("POST", "/api/admin/models"),
        ("PUT", "/api/admin/models/iphone-15-pro/stock"),
        ("DELETE", "/api/admin/models/iphone-15-pro"),
        ("PUT", "/api/admin/templates/classic/price"),
        ("POST", "/api/admin/fonts"),
        ("POST", "/api/admin/sticker-categories/cat/stickers"),
    ):
        answer = await store.guest.request(method, path, json={"stock": 0, "price": 0})
        assert answer.status_code == 401, f"{method} {path}"


NO_PICTURES = [
    (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "SVG"),
    (b'<?xml version="1.0"?><svg/>', "SVG"),
    (b"\x89PNG\r\n\x1a\nbroken", "cannot be read"),
    (b"GIF89a", "cannot be read"),
]


async def test_what_is_no_picture_is_refused_and_not_stored(store: Store) -> None:
    for content, says in NO_PICTURES:
        answer = await upload(store, content)
        assert answer.status_code == 400
        assert says in answer.json()["detail"]
    assert (await store.get("/api/stickers/category/cat")).json()["count"] == 0


async def test_a_picture_of_too_many_pixels_is_refused(store: Store) -> None:
    """From its head alone: nothing of it is decoded."""
    large = bytearray(picture())
    large[16:24] = struct.pack(">LL", 10_000, 10_000)
    large[29:33] = struct.pack(">L", zlib.crc32(large[12:29]))
    answer = await upload(store, bytes(large))
    assert answer.status_code == 400
    assert "more than 30 million pixels" in answer.json()["detail"]


async def test_other_pictures_become_png(store: Store) -> None:
    for kind, mode in (("JPEG", "CMYK"), ("GIF", "RGB"), ("WEBP", "RGBA")):
        answer = await upload(store, picture(kind, mode=mode))
        assert answer.status_code == 200, answer.text
        sticker = answer.json()["sticker"]
        path = sticker["image_url"][sticker["image_url"].index("/api/") :]
        content = (await store.guest.get(path)).content
        assert Image.open(io.BytesIO(content)).mode == "RGBA"


async def upload(store: Store, content: bytes) -> httpx.Response:
    return await store.admin.post(
        "/api/admin/sticker-categories/cat/stickers", files={"file": ("tabby.png", content)}
    )


async def test_numbers_in_answers_are_numbers(store: Store) -> None:
    model = (await store.get("/api/brands/apple/models")).json()["models"][0]
    assert all(number(model[name]) for name in ("price", "stock", "width", "height"))
