"""Our own role as a printer backend: jobs that others hand to us, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from shopwright.fleet import service as fleet
from shopwright.fleet.states import DrivenBy, Outcome
from shopwright.kernel.actor import system_actor
from shopwright.print_jobs import external
from shopwright.print_jobs.backend import intake as backend_intake
from shopwright.print_jobs.backend import role_queries as queries
from shopwright.print_jobs.backend.files import LEASE, BackendFetcher
from shopwright.print_jobs.states import JobStatus, ReceivedStatus
from tests.clock import FixedClock
from tests.print_jobs.backend.files import FileShelf, payload
from tests.print_jobs.backend.shop import FILE, Shop


@pytest.fixture
async def shelf() -> AsyncIterator[FileShelf]:
    async with FileShelf() as opened:
        yield opened


@pytest.fixture
async def caller(far: Shop) -> AsyncIterator[httpx.AsyncClient]:
    client = await far.as_backend()
    async with client:
        yield client


async def test_job_is_taken_fetched_and_queued_for_the_printer_that_is_meant(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf, fetcher: BackendFetcher
) -> None:
    printer = await far.printer()
    body = payload(shelf.put(FILE))

    taken = await caller.post("/sendPrintJob", json=body)

    assert taken.status_code == 200, taken.text
    assert (taken.json()["ok"], taken.json()["status"]) == (True, "received")
    assert taken.json()["job_id"] == body["job_id"]
    assert await far.jobs() == []
    await fetcher.look()
    (job,) = await far.jobs()
    assert (job.status, job.name, job.priority) == (JobStatus.QUEUED, "Gear", 10)
    assert (job.pinned_printer_id, job.plate_number) == (printer.id, 1)
    shown = await caller.get(f"/jobs/{body['job_id']}")
    assert (shown.json()["status"], shown.json()["progress_percentage"]) == ("queued", 0)
    assert shelf.asked == 1


async def test_the_same_job_is_taken_once_however_often_it_comes(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf, fetcher: BackendFetcher
) -> None:
    await far.printer()
    body = payload(shelf.put(FILE))
    answers = await asyncio.gather(*(caller.post("/sendPrintJob", json=body) for _ in range(5)))
    assert {one.status_code for one in answers} == {200}
    assert len({one.json()["id"] for one in answers}) == 1
    await fetcher.look()
    again = await caller.post("/sendPrintJob", json=body)
    await fetcher.look()
    assert again.json()["status"] == "queued"
    assert len(await far.jobs()) == 1
    assert shelf.asked == 1


async def test_an_id_cannot_stand_for_another_job(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf
) -> None:
    await far.printer()
    await far.printer(name="Other")
    body = payload(shelf.put(FILE))
    await caller.post("/sendPrintJob", json=body)
    elsewhere = await caller.post(
        "/sendPrintJob", json=body | {"printer_target": {"printer_name": "Other"}}
    )
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "backend-job-reused")
    assert elsewhere.json()["error_type"] == "ConflictError"
    assert len(await far.received()) == 1


async def test_printer_that_is_not_ours_is_refused_and_nothing_is_kept(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf
) -> None:
    await far.printer()
    target = {"printer_name": "Own", "serial_number": "of another one"}
    refused = await caller.post(
        "/sendPrintJob", json=payload(shelf.put(FILE), printer_target=target)
    )
    assert (refused.status_code, refused.json()["code"]) == (404, "backend-printer-unknown")
    assert refused.json()["ok"] is False
    assert await far.received() == []


async def test_job_for_no_printer_is_for_any(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf, fetcher: BackendFetcher
) -> None:
    body = payload(shelf.put(FILE), print_parameters={"plates_requested": 3})
    del body["printer_target"]
    await caller.post("/sendPrintJob", json=body)
    await fetcher.look()
    jobs = await far.jobs()
    assert [(job.pinned_printer_id, job.status) for job in jobs] == [(None, JobStatus.QUEUED)] * 3


async def test_dead_link_is_told_and_a_fresh_one_taken_under_the_same_id(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf, fetcher: BackendFetcher
) -> None:
    await far.printer()
    body = payload(shelf.put(b"", 410))
    await caller.post("/sendPrintJob", json=body)
    await fetcher.look()
    shown = (await caller.get(f"/jobs/{body['job_id']}")).json()
    assert shown["status"] == "failed"
    assert shown["failure_reason"] == (
        "The sender's link answered with status 410. "
        "Send the job again, under the same id, with a fresh link."
    )
    body["gcode_file"]["url"] = shelf.put(FILE, name="fresh.gcode.3mf")
    again = await caller.post("/sendPrintJob", json=body)
    assert again.json()["status"] == "received"
    await fetcher.look()
    assert [job.status for job in await far.jobs()] == [JobStatus.QUEUED]


async def test_sender_that_does_not_answer_is_asked_again_later(
    far: Shop,
    caller: httpx.AsyncClient,
    shelf: FileShelf,
    fetcher: BackendFetcher,
    clock: FixedClock,
) -> None:
    await far.printer()
    body = payload(shelf.put(b"", 503))
    await caller.post("/sendPrintJob", json=body)
    await fetcher.look()
    (received,) = await far.received()
    assert (received.status, received.tries) == (ReceivedStatus.RECEIVED, 1)
    assert received.error == "The sender answered with status 503."
    shelf.put(FILE)
    await fetcher.look()  # not yet
    assert await far.jobs() == []
    clock.advance(minutes=1)
    await fetcher.look()
    assert len(await far.jobs()) == 1


async def test_process_that_died_while_fetching_loses_nothing(
    far: Shop,
    caller: httpx.AsyncClient,
    shelf: FileShelf,
    fetcher: BackendFetcher,
    clock: FixedClock,
) -> None:
    await far.printer()
    body = payload(shelf.put(FILE))
    await caller.post("/sendPrintJob", json=body)
    async with far.process.database.write() as session:  # taken by the one that died
        assert await queries.take_due(session, clock.now(), LEASE) is not None
    await fetcher.look()
    assert await far.jobs() == []
    clock.advance(minutes=16)
    await fetcher.look()
    await fetcher.look()
    assert len(await far.jobs()) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not a sliced file", "the content is no 3MF archive"),
        (b"", "The file is empty."),
    ],
)
async def test_file_that_nobody_can_print_fails_in_words(
    far: Shop,
    caller: httpx.AsyncClient,
    shelf: FileShelf,
    fetcher: BackendFetcher,
    content: bytes,
    words: str,
) -> None:
    await far.printer()
    body = payload(shelf.put(content))
    await caller.post("/sendPrintJob", json=body)
    await fetcher.look()
    shown = (await caller.get(f"/jobs/{body['job_id']}")).json()
    assert shown["status"] == "failed"
    assert words in shown["failure_reason"]
    assert await far.jobs() == []


async def test_file_with_another_hash_is_refused(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf, fetcher: BackendFetcher
) -> None:
    await far.printer()
    body = payload(shelf.put(FILE))
    body["gcode_file"]["sha256"] = "0" * 64
    await caller.post("/sendPrintJob", json=body)
    await fetcher.look()
    (received,) = await far.received()
    assert received.status is ReceivedStatus.FAILED
    assert received.error == ("What came is not the file that was told: its hash is another.")


async def test_their_file_is_never_the_next_version_of_ours(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf, fetcher: BackendFetcher
) -> None:
    await far.printer()
    await far.job("GEAR")  # its recipe prints GEAR.gcode.3mf
    body = payload(shelf.put(FILE))
    body["gcode_file"]["file_name"] = "GEAR.gcode.3mf"
    await caller.post("/sendPrintJob", json=body)
    await fetcher.look()
    files = (await far.get("/api/print-files")).json()["print_files"]
    names = {one["name"] for one in files}
    assert "GEAR.gcode.3mf" in names
    assert len(names) == 2
    assert [one["version"] for one in files] == [1, 1]


async def test_cancelled_while_its_file_is_on_the_way_is_never_printed(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf, fetcher: BackendFetcher
) -> None:
    await far.printer()
    body = payload(shelf.put(FILE))
    await caller.post("/sendPrintJob", json=body)
    told = {"recipientId": "R", "commandType": "cancel", "metadata": {"job_id": body["job_id"]}}
    for _ in range(2):
        cancelled = await caller.post("/control", json=told)
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "completed")
    await fetcher.look()
    assert await far.jobs() == []
    assert (await caller.get(f"/jobs/{body['job_id']}")).json()["status"] == "cancelled"
    assert shelf.asked == 0


async def test_queued_job_is_cancelled_by_its_sender_and_an_ended_one_is_not(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf, fetcher: BackendFetcher
) -> None:
    printer = await far.printer(DrivenBy.EXTERNAL)
    for number, ending in ((1, "cancel"), (2, "print")):
        body = payload(shelf.put(FILE), job_id=f"job-{number}")
        await caller.post("/sendPrintJob", json=body)
        await fetcher.look()
        if ending == "print":
            await _print(far, printer.id)
        told = {"commandType": "cancel", "metadata": {"job_id": f"job-{number}"}}
        answer = await caller.post("/control", json=told)
        shown = (await caller.get(f"/jobs/job-{number}")).json()["status"]
        if ending == "cancel":
            assert (answer.json()["status"], shown) == ("completed", "cancelled")
        else:
            assert (answer.status_code, answer.json()["code"]) == (409, "backend-job-over")
            assert shown == "completed"


async def _print(far: Shop, printer_id: int) -> None:
    """The waiting job, from its start to its end."""
    job = next(one for one in await far.jobs() if one.status is JobStatus.QUEUED)
    ctx = system_actor(far.owner.organization_id)
    async with far.process.database.write() as session:
        printer = await fleet.get_printer(session, ctx, printer_id)
        now = far.process.clock.now()
        await external.begin(session, ctx, job=job, printer=printer, now=now)
        await external.end(
            session, ctx, job_id=job.id, outcome=Outcome.FINISHED, reason=None, now=now
        )


async def test_job_of_our_own_queue_is_sent_by_its_id_alone(
    far: Shop, caller: httpx.AsyncClient
) -> None:
    printer = await far.printer()
    job = await far.job()
    sent = await caller.post(
        "/sendPrintJob", json={"jobId": job["uuid"], "printerId": printer.uuid}
    )
    assert (sent.status_code, sent.json()["status"]) == (200, "queued"), sent.text


async def test_more_than_can_wait_is_refused(
    far: Shop, caller: httpx.AsyncClient, shelf: FileShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend_intake, "MAX_OPEN", 1)
    url = shelf.put(FILE)
    answers = []
    for number in (1, 2):
        body = payload(url, job_id=f"job-{number}")
        del body["printer_target"]
        answers.append(await caller.post("/sendPrintJob", json=body))
    assert [one.status_code for one in answers] == [200, 429]
    assert answers[1].headers["retry-after"] == "60"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"job_id": ""}, "job_id: String should have at least 1 character"),
        ({"gcode_file": None}, "gcode_file is missing"),
        ({"gcode_file": {"url": "file:///etc/passwd", "file_name": "a.gcode"}}, "url: String"),
        ({"gcode_file": {"url": "http://127.0.0.1/x", "file_name": "../a.gcode"}}, "is a path"),
        ({"gcode_file": {"url": "http://127.0.0.1/x", "file_name": "a.exe"}}, "must end with"),
        ({"print_parameters": {"x": "y" * 30_000}}, "characters of JSON"),
    ],
)
async def test_bad_jobs_are_refused_in_words(
    far: Shop, caller: httpx.AsyncClient, changes: dict[str, object], words: str
) -> None:
    body = payload("http://127.0.0.1/x") | {"printer_target": None} | changes
    refused = await caller.post("/sendPrintJob", json=body)
    assert refused.status_code == 400, refused.text
    assert words in refused.json()["detail"]
    assert refused.json()["error_type"] == "ValidationError"
    assert await far.received() == []


async def test_metadata_addresses_are_never_fetched_from(
    far: Shop, caller: httpx.AsyncClient, fetcher: BackendFetcher
) -> None:
    body = payload("http://169.254.169.254/latest/meta-data")
    del body["printer_target"]
    await caller.post("/sendPrintJob", json=body)
    await fetcher.look()
    (received,) = await far.received()
    assert received.status is ReceivedStatus.FAILED
    assert "169.254.169.254" in (received.error or "")


async def test_key_may_stand_in_header_query_or_body(far: Shop, caller: httpx.AsyncClient) -> None:
    key = caller.headers["x-api-key"]
    async with httpx.AsyncClient(base_url=str(caller.base_url), trust_env=False) as nobody:
        path = "/recipients/RID123/pending"
        assert (await nobody.get(path)).status_code == 401
        assert (await nobody.get(path)).json()["error_type"] == "AuthError"
        asked = await nobody.get(path, params={"apiKey": key})
        assert (asked.status_code, asked.headers["referrer-policy"]) == (200, "no-referrer")
        assert asked.headers["cache-control"] == "no-store"
        told = {"commandId": "1", "api_key": key}
        assert (await nobody.post("/control/ack", json=told)).status_code == 404
        wrong = await nobody.get(path, headers={"X-API-Key": "sk_wrong"})
        assert wrong.status_code == 401


async def test_key_without_the_scope_stays_outside(far: Shop) -> None:
    async with await far.as_backend("orders") as client:
        refused = await client.get("/recipients/RID123/pending")
    assert (refused.status_code, refused.json()["error_type"]) == (403, "Forbidden")
