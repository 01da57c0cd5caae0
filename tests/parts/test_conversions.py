"""What becomes of an uploaded model, whoever carries it out."""

import asyncio
from datetime import timedelta

import pytest

from shopwright.files.access import files_of
from shopwright.kernel.durable import DurableWorker
from shopwright.parts import conversions, converting
from shopwright.parts.conversions import DEAD_AFTER
from shopwright.parts.states import ConversionStatus
from tests.clock import FixedClock
from tests.parts.conftest import PLATE, Bench
from tests.parts.step_files import plate_with_holes

BROKEN = PLATE[:-400]


async def test_model_is_measured_drawn_exported_and_kept_for_the_same_content(
    bench: Bench,
) -> None:
    first, second = await bench.part(material="Aluminum"), await bench.part(material="Unobtainium")
    await bench.upload(first, wait=False)
    asked = await asyncio.gather(*(bench.get(f"{first}/model") for _ in range(4)))
    assert {answer.status_code for answer in asked} == {200}

    geometry = (await bench.get(f"{first}/geometry")).json()
    volume = plate_with_holes().volume
    assert geometry["volumeMm3"] == pytest.approx(volume, rel=2e-3)
    assert geometry["massG"] == pytest.approx(volume / 1000 * 2.7, rel=2e-3)
    assert (geometry["bodyCount"], geometry["isWatertight"], geometry["note"]) == (1, True, None)
    steel = (await bench.get(f"{first}/geometry", material="steel")).json()
    assert (steel["material"], steel["massG"]) == (
        "Steel", pytest.approx(volume / 1000 * 7.85, rel=2e-3),
    )  # fmt: skip
    unknown = await bench.get(f"{first}/geometry", material="Unobtainium")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "material-unknown")

    assert (await bench.upload(second))["conversion"]["status"] == "done"
    assert (await bench.conversion()).attempts == 1
    note = (await bench.get(f"{second}/geometry")).json()
    assert (note["massG"], note["note"]) == (
        None, "The density of “Unobtainium” is not known, so there is no mass.",
    )  # fmt: skip
    picture = await bench.get(f"{second}/preview")
    assert (picture.headers["content-type"], picture.content[:4]) == ("image/png", b"\x89PNG")
    model = (await bench.get(str(first))).json()["model"]
    assert (model["status"], model["progress"], model["error"]) == ("done", 100, None)
    assert model["boundingBoxMm"] == pytest.approx([80, 50, 6], abs=1e-4)

    stl = await bench.get(f"{first}/model", format="stl")
    assert stl.headers["content-type"] == "model/stl"
    assert len(stl.content) == 84 + 50 * geometry["triangleCount"]
    assert (await bench.get(f"{first}/model", format="STL")).content == stl.content
    assert (await bench.get(f"{first}/model", format="dwg")).status_code == 400
    glb = await bench.get(f"{first}/model")
    bench.client.headers["if-none-match"] = glb.headers["etag"]
    assert (await bench.get(f"{first}/model")).status_code == 304


async def test_failed_conversion_keeps_the_upload_and_may_be_tried_again(bench: Bench) -> None:
    part = await bench.part()
    answer = await bench.upload(part, BROKEN)
    says = "conversion failed: the STEP file breaks off before its end"
    assert (answer["conversion"]["success"], answer["conversion"]["error"]) == (False, says)

    assert (await bench.get(f"{part}/download")).content == BROKEN
    refused = await bench.get(f"{part}/model")
    assert (refused.status_code, refused.json()["error"]) == (409, says)
    again = await bench.client.post(f"/api/parts/{part}/conversion")
    assert (again.status_code, again.json()["status"]) == (200, "queued")
    assert (await bench.get(f"{part}/model")).status_code == 409
    assert (await bench.conversion()).attempts == 2
    await bench.upload(part)
    assert (await bench.get(f"{part}/model")).status_code == 200
    done = await bench.client.post(f"/api/parts/{part}/conversion")
    assert (done.status_code, done.json()["code"]) == (409, "conversion-not-failed")


async def test_upload_that_does_not_wait_is_converted_by_the_worker(bench: Bench) -> None:
    part = await bench.part()
    answer = await bench.upload(part, wait=False)
    assert (answer["conversion"]["success"], answer["conversion"]["status"]) == (False, "queued")

    worker = DurableWorker(bench.process.database, bench.process.clock, executor_id="worker-1")
    running = asyncio.create_task(worker.run(converting.handlers(bench.process)))
    try:
        async with asyncio.timeout(60):
            while not converting.is_settled(await bench.conversion()):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert (await bench.conversion()).status is ConversionStatus.DONE
    told = (await bench.get(f"{part}/conversion")).json()
    assert (told["success"], told["progress"]) == (True, 100)


async def test_work_of_a_dead_process_is_taken_over_and_its_word_counts_no_more(
    bench: Bench, clock: FixedClock
) -> None:
    part = await bench.part()
    await bench.upload(part, wait=False)
    database, organization = bench.process.database, bench.owner.organization_id
    async with database.write() as session:
        dead = await conversions.claim_conversion(session, organization, 1, clock.now())
    assert dead is not None
    async with database.write() as session:
        alive = await conversions.claim_conversion(
            session, organization, 1, clock.now() + DEAD_AFTER
        )
    assert alive is None

    late = clock.now() + DEAD_AFTER + timedelta(seconds=1)
    async with database.write() as session:
        heir = await conversions.claim_conversion(session, organization, 1, late)
        assert heir is not None
        assert await conversions.tell_progress(session, heir, late, progress=40)
    async with database.write() as session:
        await conversions.settle_failed(session, dead, "too late", late)
        assert not await conversions.tell_progress(session, dead, late, progress=99)
    row = await bench.conversion()
    assert (row.status, row.progress, row.attempts) == (ConversionStatus.RUNNING, 40, 2)


async def test_process_that_ends_gives_its_work_back(bench: Bench) -> None:
    part = await bench.part()
    await bench.upload(part, wait=False)
    asked = asyncio.create_task(bench.get(f"{part}/model"))
    async with asyncio.timeout(60):
        while (await bench.conversion()).status is not ConversionStatus.RUNNING:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await converting.stop_conversions(bench.process)
    assert (await bench.conversion()).status is ConversionStatus.QUEUED
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)


async def test_upload_that_is_lost_is_told(bench: Bench) -> None:
    part = await bench.part()
    await bench.upload(part, wait=False)
    sha256 = (await bench.conversion()).source_sha256
    await files_of(bench.process).delete(sha256)

    refused = await bench.get(f"{part}/model")
    assert (refused.status_code, refused.json()["error"]) == (
        409, f"conversion failed: The file {sha256} is not in the storage.",
    )  # fmt: skip
