"""The API as a Postman collection."""

import json
from typing import Any

from fastapi import FastAPI
from httpx import AsyncClient

from shopwright.server.postman import FORMAT, collection_of

BASE = "http://shop.test"


def items_of(collection: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for folder in collection["item"] for item in folder["item"]]


def item_of(collection: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    (found,) = [
        item
        for item in items_of(collection)
        if item["request"]["method"] == method
        and item["request"]["url"]["raw"] == f"{{{{baseUrl}}}}{path}"
    ]
    return found


def test_every_operation_is_in_it_once(application: FastAPI) -> None:
    document = application.openapi()
    wanted = [
        (method.upper(), "{{baseUrl}}" + path.replace("{", ":").replace("}", ""))
        for path, methods in document["paths"].items()
        for method in methods
    ]
    listed = [
        (item["request"]["method"], item["request"]["url"]["raw"])
        for item in items_of(collection_of(document, BASE))
    ]
    assert sorted(listed) == sorted(wanted)


def test_it_has_the_shape_that_postman_reads(application: FastAPI) -> None:
    collection = collection_of(application.openapi(), BASE)
    assert collection["info"]["schema"] == FORMAT
    assert [(v["key"], v["value"]) for v in collection["variable"]] == [
        ("baseUrl", BASE),
        ("token", ""),
    ]
    assert collection["auth"]["bearer"][0]["value"] == "{{token}}"
    names = [folder["name"] for folder in collection["item"]]
    assert len(names) == len(set(names))
    for item in items_of(collection):
        request = item["request"]
        url = request["url"]
        assert item["name"]
        assert request["method"] in {"GET", "POST", "PUT", "PATCH", "DELETE"}
        assert url["raw"] == "/".join([*url["host"], *url["path"]])
        named = [part[1:] for part in url["path"] if part[:1] == ":"]
        assert {v["key"] for v in url.get("variable", [])} == set(named), url["raw"]
        if request.get("body", {}).get("mode") == "raw":
            json.loads(request["body"]["raw"])
        for answer in item["response"]:
            assert answer["code"] in {200, 201, 202}
            json.loads(answer["body"])


def test_bodies_show_the_written_examples(application: FastAPI) -> None:
    collection = collection_of(application.openapi(), BASE)
    linking = item_of(collection, "POST", "/api/auth/link-shop")
    assert json.loads(linking["request"]["body"]["raw"]) == {"shop_name": "My3DShop"}
    assert json.loads(linking["response"][0]["body"])["shop_id"] == "500321"
    keys = [(h["key"], h["disabled"]) for h in linking["request"]["header"][1:]]
    assert keys == [("Idempotency-Key", True)]


def test_open_routes_send_no_token(application: FastAPI) -> None:
    collection = collection_of(application.openapi(), BASE)
    log_in = item_of(collection, "POST", "/api/auth/login")
    assert log_in["request"]["auth"] == {"type": "noauth"}
    assert "auth" not in item_of(collection, "GET", "/api/auth/user")["request"]


async def test_it_is_downloaded(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/api/postman.json")
    assert answer.status_code == 200
    assert "shopwright.postman_collection.json" in answer.headers["content-disposition"]
    assert answer.json()["info"]["name"] == "Shopwright"
