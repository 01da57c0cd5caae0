"""Designs over HTTP: two tabs lose nothing, nobody opens another's, what is drawn is what is
stored."""

import asyncio
import io
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from shopwright.artwork import designs, pictures, service
from shopwright.artwork.keeper import DraftKeeper
from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.service import DesignOrdered
from shopwright.files.access import files_of
from shopwright.files.models import StoredFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from tests.artwork.rows import Customer, begin, image_layer, text_layer
from tests.clock import FixedClock
from tests.conftest import ClientAs


@pytest.fixture
async def customer(anonymous: AsyncClient, database: Database, owner: Actor) -> Customer:
    return await begin(anonymous, database, owner)


async def test_a_design_begins_empty_on_the_canvas_of_its_device(customer: Customer) -> None:
    found = await customer.read()
    assert (found["status"], found["version"], found["layers"]) == ("draft", 1, [])
    assert (customer.canvas["width_px"], customer.canvas["height_px"]) == (1390, 2886)
    assert customer.canvas["dpi"] == pytest.approx(1390 / 70.6 * 25.4, abs=0.01)
    assert found["expires_at"] == "2026-03-16T09:00:00Z"
    assert "token" not in found


async def test_a_design_for_nothing_that_is_offered_is_not_begun(customer: Customer) -> None:
    offered = {"template": customer.template, "model": customer.model}
    for missing in ("template", "model", "brand"):
        answer = await customer.client.post("/api/designs", json=offered | {missing: "nothing"})
        assert (answer.status_code, answer.json()["code"]) == (404, "nothing-to-design")


async def test_two_tabs_lose_nothing(customer: Customer) -> None:
    first = await customer.save(text_layer("from tab one"), background="#00FF00")
    assert (first.status_code, first.json()["version"]) == (200, 2)
    assert first.json()["background"] == "#00ff00"
    late = await customer.save(text_layer("from tab two"))
    assert (late.status_code, late.json()["code"]) == (409, "design-moved")
    current = late.json()["details"]["current"]
    assert (current["version"], current["layers"][0]["text"]) == (2, "from tab one")
    assert (await customer.save(text_layer("again"), version=2)).json()["version"] == 3


async def test_of_many_saves_at_once_one_wins(customer: Customer) -> None:
    answers = await asyncio.gather(*(customer.save(text_layer(f"tab {n}")) for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert (await customer.read())["version"] == 2


async def test_nobody_opens_a_design_without_its_token(customer: Customer) -> None:
    for token in (None, "wrong", "x" * 90):
        await _try_everything(customer, {"X-Design-Token": token} if token else {})
    assert (await customer.read())["version"] == 1


async def _try_everything(customer: Customer, headers: dict[str, str]) -> None:
    for method, path in (
        ("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/preview.png"), ("POST", "/preview"),
        ("POST", "/images"), ("POST", "/generate"),
    ):  # fmt: skip
        body: Any = {"version": 1, "style": "x"} if method in {"PUT", "POST"} else None
        answer = await customer.client.request(
            method, customer.url + path, headers=headers, json=body
        )
        assert answer.status_code in {400, 404}, (method, path, answer.text)
        if answer.status_code == 400:  # the body is looked at first; with a right one it is 404
            assert path in {"/preview", "/generate"} or method == "PUT"


async def test_one_customers_token_opens_no_other_design(
    customer: Customer, anonymous: AsyncClient, database: Database, owner: Actor
) -> None:
    other = await begin(anonymous, database, owner)
    answer = await customer.client.get(other.url, headers=customer.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "design-missing")
    answer = await other.client.get(f"{other.url}/preview.png", params={"token": customer.token})
    assert answer.status_code == 404


async def test_the_shops_people_look_and_change_nothing(
    customer: Customer, client_as: ClientAs, viewer: Actor, stranger: Actor
) -> None:
    staff = await client_as(viewer)
    assert (await staff.get(customer.url)).status_code == 200
    assert (await staff.put(customer.url, json={"version": 1})).status_code == 403
    assert (await staff.delete(customer.url)).status_code == 403
    assert (await (await client_as(stranger)).get(customer.url)).status_code == 404


async def test_a_stolen_picture_is_no_layer_of_another_design(
    customer: Customer, anonymous: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        design = await service.get_design(session, owner, await _id_of(session, customer.id))
        session.add(_image(owner, design.id))
    image = (await customer.read())["images"][0]
    other = await begin(anonymous, database, owner)
    answer = await other.save(image_layer(image["id"]))
    assert "a picture that this design does not have" in answer.json()["detail"]


async def test_an_ordered_design_never_changes(
    customer: Customer, database: Database, owner: Actor, clock: FixedClock
) -> None:
    await customer.save(text_layer("mine"))
    async with database.write() as session:
        number = await _id_of(session, customer.id)
        await service.freeze_design(session, owner, number, now=clock.now())
        await service.freeze_design(session, owner, number, now=clock.now())
    for answer in (
        await customer.save(text_layer("other"), version=2),
        await customer.upload(),
        await customer.client.delete(customer.url, headers=customer.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "design-ordered")
    found = await customer.read()
    assert (found["status"], found["layers"][0]["text"], found["expires_at"]) == (
        "frozen",
        "mine",
        None,
    )


async def test_a_draft_that_nobody_ordered_goes_with_its_files(
    customer: Customer, process: Process, database: Database, owner: Actor, clock: FixedClock
) -> None:
    stored = await files_of(process).put(_bytes(b"a picture"), max_bytes=100)
    async with database.write() as session:
        number = await _id_of(session, customer.id)
        session.add(_image(owner, number, stored.sha256))
        session.add(_file(owner, stored.sha256))
    clock.advance(days=13)
    assert await DraftKeeper(process).clean_up() == 0
    await customer.save(text_layer())  # begins the two weeks anew
    clock.advance(days=13)
    assert await DraftKeeper(process).clean_up() == 0
    clock.advance(days=1, minutes=1)
    answer = await customer.client.get(customer.url, headers=customer.headers)
    assert (answer.status_code, answer.json()["code"]) == (410, "design-expired")
    assert await DraftKeeper(process).clean_up() == 1
    async with database.read() as session:
        assert await _count(session, owner, Design) == 0
        assert await _count(session, owner, DesignImage) == 0
        assert await _count(session, owner, StoredFile) == 0
    assert not await files_of(process).exists(stored.sha256)


async def test_a_draft_that_is_ordered_meanwhile_is_not_deleted(
    customer: Customer, database: Database, owner: Actor, clock: FixedClock
) -> None:
    async with database.read() as session:
        number = await _id_of(session, customer.id)
        as_it_was = await service.get_design(session, owner, number)
    async with database.write() as session:
        await service.freeze_design(session, owner, number, now=clock.now())
    with pytest.raises(DesignOrdered):
        async with database.write() as session:
            await designs.delete_design(session, owner, as_it_was)
    assert (await customer.read())["status"] == "frozen"


async def test_a_picture_too_many_is_refused_before_its_bytes_are_kept(
    customer: Customer, process: Process, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        number = await _id_of(session, customer.id)
        for count in range(pictures.MAX_IMAGES):
            image = _image(owner, number)
            image.filename = f"order-x-uploaded-{count}.png"
            session.add(image)
    folder = process.settings.data_dir / "files"
    before = {path for path in folder.rglob("*") if path.is_file()}
    refused = await customer.upload()
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-images")
    assert {path for path in folder.rglob("*") if path.is_file()} == before


async def test_a_deleted_draft_is_gone(customer: Customer) -> None:
    answer = await customer.client.delete(customer.url, headers=customer.headers)
    assert (answer.status_code, answer.json()) == (200, {"message": "The design is deleted."})
    assert (await customer.client.get(customer.url, headers=customer.headers)).status_code == 404


def _bytes(content: bytes) -> Any:
    return io.BytesIO(content)


def _image(owner: Actor, design_id: int, sha256: str = "c" * 64) -> DesignImage:
    return DesignImage(
        organization_id=owner.organization_id, design_id=design_id, kind="uploaded",
        filename=f"order-x-uploaded-{design_id}.png", sha256=sha256, content_type="image/png",
        width_px=10, height_px=10,
    )  # fmt: skip


def _file(owner: Actor, sha256: str) -> StoredFile:
    return StoredFile(
        organization_id=owner.organization_id, sha256=sha256, size_bytes=9,
        content_type="image/png", name="picture.png",
    )  # fmt: skip


async def _id_of(session: Any, uuid: str) -> int:
    number: int = await session.scalar(
        select(Design.id).where(Design.uuid == uuid, Design.organization_id > 0)
    )
    return number


async def _count(session: Any, owner: Actor, table: Any) -> int:
    found: int = await session.scalar(
        select(func.count())
        .select_from(table)
        .where(table.organization_id == owner.organization_id)
    )
    return found
