"""Files of customers and orders, as the shop manager's document has them."""

import io

from PIL import Image

from tests.contracts.shop_manager.documented import assert_documented, covers, plain_time
from tests.contracts.shop_manager.shop import Shop

FILE = {
    "id": int, "filename": "sketch.png", "file_type": "image", "file_size": int,
    "description": "a sketch", "customer_id": int | None, "order_id": int | None, "url": str,
    "created_at": plain_time,
}  # fmt: skip


def png() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (2, 2), "red").save(target, "PNG")
    return target.getvalue()


@covers(
    "POST /api/files",
    "GET /api/files",
    "GET /api/files/{id}",
    "DELETE /api/files/{id}",
    "GET /uploads/{file}",
)
async def test_a_file_is_uploaded_listed_fetched_and_removed(shop: Shop) -> None:
    order = await shop.add_order()
    upload = await shop.client.post(
        "/api/files",
        files={"file": ("sketch.png", png(), "image/png")},
        data={"order_id": str(order.id), "description": "a sketch"},
    )
    made = assert_documented(upload, FILE | {"order_id": order.id}, 201)
    assert made["customer_id"] == order.customer_id
    listed = await shop.client.get("/api/files", params={"order_id": order.id})
    assert_documented(listed, {"files": [FILE], "total": 1})
    assert_documented(await shop.client.get(f"/api/files/{made['id']}"), FILE)
    fetched = await shop.client.get(made["url"], headers={"Authorization": ""})
    assert (fetched.status_code, fetched.content) == (200, png())
    assert_documented(await shop.client.delete(f"/api/files/{made['id']}"), {"message": str})
    assert (await shop.client.get(made["url"])).status_code == 404
