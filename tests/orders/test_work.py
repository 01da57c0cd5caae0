"""How an order's making is told: production words, photo, label, filament, many at once."""

import io
from typing import Any

import pytest
from httpx import AsyncClient
from PIL import Image
from sqlalchemy import func, select, update

from shopwright.accounts.models import AuditEntry
from shopwright.catalog.models import Product
from shopwright.files.disk import DiskFileStore
from shopwright.files.models import StoredFile
from shopwright.fleet.states import Outcome
from shopwright.inventory.models import Filament, FilamentMovement, Spool
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.orders.models import FilamentUsage, Order
from shopwright.print_jobs import harvest
from tests.clock import START, FixedClock
from tests.conftest import ClientAs
from tests.factories import make_order
from tests.workshop import list_jobs, make_recipe, place, print_one, ready_printer


async def make_profile(session: WriteSession, ctx: Actor, name: str, **facts: Any) -> Product:
    """50 g of red PLA for one."""
    values: dict[str, Any] = {
        "preferred_material": "PLA",
        "preferred_color": "Red",
        "standard_filament_mg": 50_000,
        **facts,
    }
    product = Product(organization_id=ctx.organization_id, name=name, **values)
    session.add(product)
    await session.flush()
    return product


async def make_stock(session: WriteSession, ctx: Actor, color: str, remaining_mg: int) -> Filament:
    filament = Filament(
        organization_id=ctx.organization_id, material="PLA", color_name=color, updated_at=START
    )
    session.add(filament)
    await session.flush()
    session.add(
        Spool(
            organization_id=ctx.organization_id,
            filament_id=filament.id,
            initial_mg=1_000_000,
            remaining_mg=remaining_mg,
        )
    )
    await session.flush()
    return filament


async def left_of(database: Database, ctx: Actor, filament: Filament) -> int:
    async with database.read() as session:
        left = await session.scalar(
            select(func.sum(Spool.remaining_mg)).where(
                Spool.organization_id == ctx.organization_id, Spool.filament_id == filament.id
            )
        )
    return left or 0


async def count(database: Database, ctx: Actor, table: Any) -> int:
    async with database.read() as session:
        found = await session.scalar(
            select(func.count()).where(table.organization_id == ctx.organization_id)
        )
    return found or 0


def picture(size: tuple[int, int] = (60, 40), kind: str = "PNG", **facts: Any) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, "red").save(content, kind, **facts)
    return content.getvalue()


async def test_printing_is_begun_once_and_completed_the_last_time(
    client: AsyncClient, database: Database, owner: Actor, clock: FixedClock
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    url = f"/api/orders/{order.id}/production-status"
    for minutes, word in [(0, "printing"), (30, "failed"), (15, "PRINTING"), (40, "Printed")]:
        clock.advance(minutes=minutes)
        told = (await client.put(url, json={"production_status": word})).json()
    assert (told["print_started_at"], told["print_completed_at"]) == (
        "2026-03-02T09:00:00",
        "2026-03-02T10:25:00",
    )
    assert (told["actual_print_time"], told["print_failures_count"]) == (85, 1)
    assert (told["status"], told["production_status"]) == ("completed", "completed")


async def test_failure_said_twice_is_one_failure(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    url = f"/api/orders/{order.id}/production-status"
    for _ in range(2):
        told = await client.put(url, json={"production_status": "FAILED"})
    assert told.json()["print_failures_count"] == 1


async def test_unknown_production_word_is_refused_with_the_words_there_are(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    url = f"/api/orders/{order.id}/production-status"
    refused = await client.put(url, json={"production_status": "LOST"})
    assert refused.status_code == 400
    assert "'queued', 'in_progress', 'completed' or 'failed'" in refused.json()["detail"]


async def test_real_print_dates_the_making_and_counts_its_failure(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1))
        printer = await ready_printer(session, owner)
        [job] = await list_jobs(session, owner)
        await print_one(session, owner, job, printer, Outcome.FAILED)
    told = (await client.get(f"/api/orders/{order.id}")).json()
    assert (told["print_started_at"], told["print_failures_count"]) == ("2026-03-02T09:00:00", 1)
    async with database.write() as session:
        other = await ready_printer(session, owner)
        [again] = await list_jobs(session, owner, "queued")
        await print_one(session, owner, again, other, Outcome.FINISHED)
        await harvest.harvest_job(session, owner, job_id=again.id, good=1, now=START)
    told = (await client.get(f"/api/orders/{order.id}")).json()
    assert (told["status"], told["actual_print_time"]) == ("completed", 0)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "start_date=2026-03-02&end_date=2026-03-01",
            "end_date 2026-03-01 is before start_date 2026-03-02. Swap them.",
        ),
        ("production_status=lost", "“lost” is none of queued, in_progress, completed, failed."),
        ("limit=1001", "limit must be between 1 and 1000."),
        ("offset=-1", "offset must be 0 or more."),
    ],
)
async def test_impossible_filters_are_refused_in_a_sentence(
    client: AsyncClient, query: str, sentence: str
) -> None:
    refused = await client.get(f"/api/orders?{query}")
    assert (refused.status_code, refused.json()["detail"]) == (400, sentence)


async def test_list_is_filtered_by_priority_hold_customer_and_connection(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        urgent = await place(session, owner, (None, 1), priority=1, buyer_name="Ada")
        etsy = await place(session, owner, (None, 1), connection_id=7, external_id="1")
        held = await make_order(session, owner)
        held.is_held = True

    async def found(**query: Any) -> list[int]:
        listed = (await client.get("/api/orders", params=query)).json()["orders"]
        return [order["id"] for order in listed]

    assert await found(priority=1) == [urgent.id]
    assert await found(connection=7) == [etsy.id]
    assert await found(customer=urgent.customer_id) == [urgent.id]
    assert await found(held="true") == [held.id]
    assert await found(held="false", start_date="2026-03-02", end_date="2026-03-02") == [
        etsy.id,
        urgent.id,
    ]
    assert (await client.get("/api/orders?priority=9")).status_code == 400


async def test_photo_is_drawn_anew_upright_and_without_what_the_camera_wrote(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "the shop's address"  # turned by a quarter; description
    url = f"/api/orders/{order.id}/photo"
    sent = picture((3000, 1500), "JPEG", exif=exif)
    answer = await client.post(url, files={"photo": ("IMG_1.jpg", sent)})
    assert answer.status_code == 201
    kept = await client.get(answer.json()["photo_url"])
    image = Image.open(io.BytesIO(kept.content))
    assert (image.format, image.size) == ("JPEG", (1000, 2000))
    assert b"address" not in kept.content
    read = await client.get(f"/api/orders/{order.id}")
    assert (read.headers["cache-control"], "etag" in read.headers) == ("no-store", False)


async def test_a_photo_that_is_replaced_is_forgotten_unless_another_order_has_it(
    client: AsyncClient, database: Database, owner: Actor, files: DiskFileStore
) -> None:
    async with database.write() as session:
        orders = [await place(session, owner, (None, 1)) for _ in range(2)]
    one, other = (f"/api/orders/{order.id}/photo" for order in orders)

    async def take(url: str, side: int) -> str:
        photo = picture((side, side), "JPEG")
        assert (await client.post(url, files={"photo": ("x.jpg", photo)})).status_code == 201
        async with database.read() as session:
            mine = Order.organization_id == owner.organization_id
            found = select(Order.photo_sha256).where(mine, Order.id == int(url.split("/")[3]))
            return str(await session.scalar(found))

    first = await take(one, 20)
    assert await take(other, 20) == first
    second = await take(one, 30)
    assert (await files.exists(first), await count(database, owner, StoredFile)) == (True, 2)
    assert await take(one, 30) == second  # the same again
    await take(other, 40)
    assert [await files.exists(one) for one in (first, second)] == [False, True]
    assert await count(database, owner, StoredFile) == 2


@pytest.mark.parametrize(
    ("part", "content", "sentence"),
    [
        ("photo", b"GIF89a", "The photo cannot be read. Send a JPEG, PNG or WebP."),
        ("photo", picture()[:60], "The photo cannot be read. Send a JPEG, PNG or WebP."),
        ("file", picture(), "The upload has no file. Send it in a part named “photo”."),
    ],
    ids=["another kind", "cut short", "wrong part"],
)
async def test_what_is_no_photo_is_refused_and_not_kept(
    client: AsyncClient,
    database: Database,
    owner: Actor,
    part: str,
    content: bytes,
    sentence: str,
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    refused = await client.post(f"/api/orders/{order.id}/photo", files={part: ("x.png", content)})
    assert (refused.status_code, refused.json()["detail"]) == (400, sentence)
    assert (await client.get(f"/api/orders/{order.id}")).json()["photo_url"] is None
    assert await count(database, owner, StoredFile) == 0


async def test_label_is_on_the_parcel_that_leaves_without_a_code(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    url = f"/api/orders/{order.id}"
    label = {"provider": "DHL", "status": "PURCHASED", "tracking_number": "JD014"}
    bought = (await client.put(f"{url}/shipping-label", json=label)).json()
    assert (bought["status"], bought["shipped_at"]) == ("paid", "2026-03-02T09:00:00")
    await client.put(url, json={"status": "shipped"})
    parcel = (await client.get("/api/parcels")).json()["parcels"][0]
    assert (parcel["carrier"], parcel["tracking_code"]) == ("DHL", "JD014")


async def test_no_label_is_bought_for_a_cancelled_order(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    await client.post(f"/api/orders/{order.id}/cancel")
    refused = await client.post(
        f"/api/orders/{order.id}/shipping-label", json={"status": "purchased"}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "label-not-needed")
    assert (await client.get(f"/api/orders/{order.id}")).json()["shipping_label_status"] is None


@pytest.mark.parametrize("wrong", ["javascript:alert(1)", "ftp://x.example/1", "no address"])
async def test_label_address_is_one_of_the_web(
    client: AsyncClient, database: Database, owner: Actor, wrong: str
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    refused = await client.post(f"/api/orders/{order.id}/shipping-label", json={"label_url": wrong})
    assert refused.status_code == 400


async def test_each_of_many_orders_succeeds_or_fails_alone(
    client: AsyncClient, database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        good = await place(session, owner, (None, 1))
        stopped = await place(session, owner, (None, 1))
        foreign = await make_order(session, stranger)
    await client.post(f"/api/orders/{stopped.id}/cancel")
    ids = [good.id, stopped.id, foreign.id, good.uuid, good.id]
    body = {"order_ids": ids, "action": "MARK_SHIPPED"}
    answer = (await client.post("/api/orders/bulk-actions", json=body)).json()
    assert (answer["success"], answer["updated_count"], answer["failed_count"]) == (False, 2, 2)
    told = [(r["order_id"], r["success"], r["code"]) for r in answer["results"]]
    assert told == [
        (good.id, True, None),
        (stopped.id, False, "illegal-transition"),
        (None, False, "not-found"),
        (good.id, True, None),
    ]
    assert (await client.get(f"/api/orders/{stopped.id}")).json()["status"] == "canceled"
    assert (await client.get("/api/parcels")).json()["total"] == 1


async def test_refused_order_of_many_leaves_nothing_half_written(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
        await make_profile(session, owner, "item None", standard_filament_mg=2_000_000)
    before = await count(database, owner, AuditEntry)
    body = {"order_ids": [order.id], "action": "assign_filament"}
    answer = (await client.post("/api/orders/bulk-actions", json=body)).json()
    assert answer["results"][0]["message"] == (
        f"Nothing was assigned to order {order.number}. “item None”: no PLA Red has 2000 g left."
    )
    assert await count(database, owner, FilamentUsage) == 0
    assert await count(database, owner, AuditEntry) == before


@pytest.mark.parametrize(
    ("action", "sentence"),
    [
        ("update_status", "update_status needs a status."),
        ("set_priority", "set_priority needs a priority from 1 to 5."),
    ],
)
async def test_bulk_action_says_what_it_lacks(
    client: AsyncClient, action: str, sentence: str
) -> None:
    body = {"order_ids": [1], "action": action}
    refused = await client.post("/api/orders/bulk-actions", json=body)
    assert (refused.status_code, refused.json()["detail"]) == (400, sentence)


async def test_word_of_production_is_taken_as_such_for_many(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    for word, shown in [("PRINTING", ("paid", "in_progress")), ("open", ("paid", "in_progress"))]:
        body = {"order_ids": [order.id], "action": "update_status", "status": word}
        await client.post("/api/orders/bulk-actions", json=body)
        read = (await client.get(f"/api/orders/{order.id}")).json()
        assert (read["status"], read["production_status"]) == shown


async def test_filament_goes_by_colour_then_any_of_the_material_and_each_item_once(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        red = await make_stock(session, owner, "Red", 80_000)
        blue = await make_stock(session, owner, "Blue", 900_000)
        await make_profile(session, owner, "item A")
        first = await place(session, owner, ("A", 1))
        second = await place(session, owner, ("A", 2))
    for order in (first, second):
        url = f"/api/orders/{order.id}/auto-assign-filament"
        assert (await client.post(url)).status_code == 200
        again = await client.post(url)
        assert again.status_code == 400
        assert "it has its filament already" in again.json()["detail"]
    assert (await left_of(database, owner, red), await left_of(database, owner, blue)) == (
        30_000,
        800_000,
    )
    read = (await client.get(f"/api/orders/{second.id}")).json()
    assert (read["total_filament_used"], read["filament_assigned"]) == (100, True)


async def test_what_a_machine_prints_is_not_assigned_as_well(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        red = await make_stock(session, owner, "Red", 500_000)
        variant = await make_recipe(session, owner, "GEAR")
        await session.execute(
            update(Product)
            .where(Product.organization_id == owner.organization_id)
            .where(Product.id == variant.product_id)
            .values(preferred_material="PLA", standard_filament_mg=10_000)
        )
        order = await place(session, owner, ("GEAR", 1))
    refused = await client.post(f"/api/orders/{order.id}/auto-assign-filament")
    assert "its prints book their filament themselves" in refused.json()["detail"]
    assert await left_of(database, owner, red) == 500_000


async def test_use_beyond_the_stock_takes_it_to_zero(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        red = await make_stock(session, owner, "Red", 30_000)
        order = await place(session, owner, (None, 1))
    used = {"filament_id": red.id, "amount_used": 50, "order_id": order.id}
    key = {"Idempotency-Key": "one"}
    for _ in range(2):
        answer = await client.post("/api/filament-usage", json=used, headers=key)
        assert (answer.status_code, answer.json()["amount_used"]) == (201, 50)
    assert await left_of(database, owner, red) == 0
    assert await count(database, owner, FilamentMovement) == 1
    assert (await client.get(f"/api/orders/{order.id}")).json()["total_filament_used"] == 50


async def test_use_of_nothing_is_refused(client: AsyncClient, owner: Actor) -> None:
    for wrong in (0, -1, "x"):
        body = {"filament_id": 1, "amount_used": wrong}
        assert (await client.post("/api/filament-usage", json=body)).status_code == 400


async def test_print_session_takes_only_orders_of_the_shop(
    client: AsyncClient, database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        ours, foreign = await make_order(session, owner), await make_order(session, stranger)
    body = {"name": "Monday", "order_ids": [ours.id, foreign.id]}
    assert (await client.post("/api/print-sessions", json=body)).status_code == 404
    assert (await client.get("/api/print-sessions")).json() == []


async def test_viewers_tell_nothing(
    client_as: ClientAs, viewer: Actor, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await make_order(session, owner)
    client = await client_as(viewer)
    assert (await client.get("/api/production/queue")).status_code == 200
    for path in ("priority", "production-status", "print-time"):
        assert (await client.put(f"/api/orders/{order.id}/{path}", json={})).status_code == 403
    assert (await client.post(f"/api/orders/{order.id}/photo")).status_code == 403


async def test_queue_is_not_sent_again_while_nothing_moved(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await place(session, owner, (None, 1))
    first = await client.get("/api/production/queue")
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await client.get("/api/production/queue", headers=tag)).status_code == 304
    assert (await client.get("/api/orders", headers=tag)).status_code == 200


async def test_orders_are_read_without_further_members_in_the_list(client: AsyncClient) -> None:
    await client.post("/api/orders", json={"items": [{"title": "Gear"}]})
    [brief] = (await client.get("/api/orders")).json()["orders"]
    assert {"photo_url", "print_notes", "total_filament_used"} & brief.keys() == set()
