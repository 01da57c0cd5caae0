"""Jobs handed to an outside printer backend over real HTTP: once, with what came of it."""

from datetime import timedelta

from shopwright.fleet.models import PrinterCommand
from shopwright.kernel.effects import EffectStatus
from shopwright.print_jobs.backend import sending as backend_sending
from shopwright.print_jobs.backend.keeper import BackendKeeper
from shopwright.print_jobs.states import JobStatus, SendingStatus
from shopwright.sandbox.printer_backend import PrinterBackendSandbox
from tests.clock import FixedClock
from tests.print_jobs.backend.shop import ALL, FILE, Shop


async def test_job_is_sent_with_the_documented_payload_and_its_file_fetched(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    printer, job = await shop.far_printer(), await shop.job()

    sent = await shop.send(job, printer)

    assert sent.status_code == 200, sent.text
    shown = sent.json()
    assert (shown["status"], shown["printer_id"]) == ("queued", printer.id)
    assert shown["waiting_reason"] == "The printer backend has it."
    assert shown["sent_outside_at"] == "2026-03-02T09:00:00.000Z"
    (taken,) = backend.jobs.values()
    payload = taken.payload
    assert payload["job_id"] == job["uuid"]
    assert payload["product_name"] == job["product_name"]
    assert payload["printer_target"] == {
        "printer_id": printer.uuid,
        "printer_name": "Far",
        "printer_model": "P1S",
        "serial_number": printer.serial,
        "ip_address": "127.0.0.1",
        "access_code": "12345678",
    }
    assert payload["gcode_file"]["file_name"] == "GEAR.gcode.3mf"
    assert payload["gcode_file"]["size_bytes"] == len(FILE)
    assert payload["print_parameters"]["plate_number"] == 1
    assert payload["gcode_details"]["print_time_seconds"] == 3600
    assert await backend.fetched(str(job["uuid"])) == FILE
    assert await shop.effects() == [EffectStatus.DONE]


async def test_plates_of_one_job_are_handed_over_each_by_itself(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    printer, job = await shop.far_printer(), await shop.job(plates=3)
    assert (await shop.send(job, printer)).status_code == 200
    assert len(backend.jobs) == 3
    assert {one.received for one in backend.jobs.values()} == {1}
    assert await shop.effects() == [EffectStatus.DONE] * 3


async def test_sent_job_is_not_sent_again_held_or_printed_elsewhere(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    await shop.send(job, printer)

    again = await shop.send(job, printer)
    held = await shop.client.post(f"/api/print-jobs/{job['id']}/hold")

    assert (again.status_code, again.json()["code"]) == (409, "print-job-not-waiting")
    assert again.json()["detail"] == "The printer backend has this job already."
    assert (held.status_code, held.json()["code"]) == (409, "print-job-not-waiting")
    (taken,) = backend.jobs.values()
    assert taken.received == 1


async def test_refusal_leaves_the_job_as_it_was_with_the_reason(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    backend.knobs.refuses = "this printer is sold"

    refused = await shop.send(job, printer)

    words = "The printer backend answered with status 400: this printer is sold."
    assert (refused.status_code, refused.json()["code"]) == (502, "printer-backend-refused")
    assert refused.json()["error"] == words
    shown = await shop.shown(job)
    assert (shown["status"], shown["last_error"]) == ("pending", words)
    assert await shop.effects() == [EffectStatus.FAILED]

    backend.knobs.refuses = ""
    assert (await shop.send(job, printer)).json()["status"] == "queued"
    assert await shop.effects() == [EffectStatus.FAILED, EffectStatus.DONE]
    assert (await shop.shown(job))["last_error"] is None


async def test_wrong_key_is_told_in_words(shop: Shop, backend: PrinterBackendSandbox) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    backend.key = "another"
    settings = shop.process.settings.model_copy(update={"printer_backend_api_key": None})
    shop.process.settings = settings
    refused = await shop.send(job, printer)
    assert refused.status_code == 502
    assert "status 401: Invalid or missing API key." in refused.json()["detail"]


async def test_backend_nobody_reaches_is_said_and_nothing_is_lost(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    away = shop.process.settings.model_copy(update={"printer_backend_url": "http://127.0.0.1:1"})
    shop.process.settings = away
    refused = await shop.send(job, printer)
    assert (refused.status_code, refused.json()["code"]) == (503, "printer-backend-unreachable")
    assert (await shop.row(job)).status is JobStatus.PENDING
    assert backend.jobs == {}


async def test_answer_that_never_came_is_asked_for_by_the_jobs_id(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    backend.knobs.goes_silent = True
    sent = await shop.send(job, printer)
    assert (sent.status_code, sent.json()["status"]) == (200, "queued")
    (taken,) = backend.jobs.values()
    assert taken.received == 1


async def test_request_that_never_arrived_may_be_sent_again(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    backend.knobs.breaks_first = True
    broken = await shop.send(job, printer)
    assert (broken.status_code, broken.json()["code"]) == (503, "printer-backend-in-doubt")
    shown = await shop.shown(job)
    assert (shown["status"], shown["last_error"]) == ("pending", backend_sending.NEVER_CAME)

    backend.knobs.breaks_first = False
    assert (await shop.send(job, printer)).json()["status"] == "queued"
    assert len(backend.jobs) == 1


async def test_what_nobody_can_tell_waits_for_a_person(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    backend.knobs.turn({"goes_silent": True, "cannot_be_asked": True})

    broken = await shop.send(job, printer)
    again = await shop.send(job, printer)

    assert broken.status_code == 503
    assert (again.status_code, again.json()["code"]) == (409, "printer-backend-answer-missing")
    assert [one.status for one in await shop.sent()] == [SendingStatus.UNKNOWN]
    assert await shop.effects() == [EffectStatus.UNKNOWN]

    path = f"/api/print-jobs/{job['uuid']}/backend-answer"
    answered = await shop.post(path, has_it=True)
    assert (answered.status_code, answered.json()["status"]) == (200, "queued")
    assert await shop.effects() == [EffectStatus.DONE]
    known = await shop.post(path, has_it=False)
    assert (known.status_code, known.json()["code"]) == (409, "printer-backend-answer-missing")


async def test_job_that_the_backend_does_not_have_goes_again_after_a_persons_word(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    backend.knobs.turn({"breaks_first": True, "cannot_be_asked": True})
    await shop.send(job, printer)
    await shop.post(f"/api/print-jobs/{job['uuid']}/backend-answer", has_it=False)
    assert (await shop.row(job)).status is JobStatus.PENDING

    backend.knobs.breaks_first = False
    assert (await shop.send(job, printer)).json()["status"] == "queued"
    assert len(backend.jobs) == 1


async def test_try_of_a_process_that_died_is_settled_by_asking(
    shop: Shop, backend: PrinterBackendSandbox, keeper: BackendKeeper, clock: FixedClock
) -> None:
    """It died after the commit and before the call; and, of the other job, right after it."""
    printer = await shop.far_printer()
    lost, arrived = await shop.job("LOST"), await shop.job("CAME")
    for job in (lost, arrived):
        async with shop.process.database.write() as session:
            offer = await backend_sending.begin(
                shop.process, session, shop.owner, job_id=int(str(job["id"])), printer_id=printer.id
            )
        if job is arrived:
            backend._world.take(offer.payload)

    await keeper.look()  # whoever called may still be waiting
    assert {one.status for one in await shop.sent()} == {SendingStatus.SENDING}
    clock.advance(minutes=5)
    await keeper.look()

    assert [one.status for one in await shop.sent()] == [
        SendingStatus.REFUSED,
        SendingStatus.TAKEN,
    ]
    assert (await shop.row(lost)).status is JobStatus.PENDING
    assert (await shop.row(arrived)).status is JobStatus.QUEUED
    assert await shop.effects() == [EffectStatus.FAILED, EffectStatus.DONE]


async def test_what_the_backend_prints_is_told_in_the_job(
    shop: Shop, backend: PrinterBackendSandbox, keeper: BackendKeeper, clock: FixedClock
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    await shop.send(job, printer)
    uuid = str(job["uuid"])

    backend.advance(uuid, "printing", 40)
    await keeper.look()
    shown = await shop.shown(job)
    assert (shown["status"], shown["progress_percentage"]) == ("printing", 40)
    assert shown["printer_id"] == printer.id

    backend.advance(uuid, "completed", 100)
    clock.advance(seconds=10)
    await keeper.look()
    await keeper.look()
    assert (await shop.shown(job))["status"] == "completed"
    assert [one.status for one in await shop.sent()] == [SendingStatus.ENDED]


async def test_failure_there_fails_the_job_with_its_reason(
    shop: Shop, backend: PrinterBackendSandbox, keeper: BackendKeeper
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    await shop.send(job, printer)
    backend.advance(str(job["uuid"]), "failed", 10, "spaghetti on the bed")
    await keeper.look()
    shown = await shop.shown(job)
    assert (shown["status"], shown["failure_reason"]) == ("failed", "spaghetti on the bed")


async def test_backend_may_report_by_the_documented_status_route(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    await shop.send(job, printer)
    path = f"/api/print-jobs/{job['uuid']}/status"
    named = {"organizationId": shop.owner.organization_id}
    for status in ("printing", "completed"):
        answer = await shop.client.put(path, json={**named, "status": status})
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert len(backend.jobs) == 1


async def test_job_cancelled_here_is_cancelled_there(
    shop: Shop, backend: PrinterBackendSandbox, keeper: BackendKeeper
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    await shop.send(job, printer)
    await shop.post(f"/api/print-jobs/{job['uuid']}/cancel")
    await keeper.look()
    await keeper.look()
    (taken,) = backend.jobs.values()
    assert taken.status == "cancelled"
    assert [(one.body["commandType"], one.status) for one in backend.commands] == [
        ("cancel", "completed")
    ]
    assert [one.status for one in await shop.sent()] == [SendingStatus.ENDED]


async def test_job_cancelled_there_is_cancelled_here(
    shop: Shop, backend: PrinterBackendSandbox, keeper: BackendKeeper
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    await shop.send(job, printer)
    backend.advance(str(job["uuid"]), "cancelled")
    await keeper.look()
    shown = await shop.shown(job)
    assert (shown["status"], shown["failure_reason"]) == (
        "cancelled",
        "it was cancelled at the printer backend",
    )
    assert backend.commands == []


async def test_command_goes_through_the_backend_and_its_result_comes_back(
    shop: Shop, backend: PrinterBackendSandbox, keeper: BackendKeeper
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    await shop.send(job, printer)
    backend.advance(str(job["uuid"]), "printing", 10)
    await keeper.look()
    made = await shop.post(
        "/api/printer-commands", printer_id=printer.id, command_type="pause_print"
    )
    assert made.status_code == 201, made.text

    await keeper.look()

    (told,) = backend.commands
    assert told.body["commandType"] == "pause"
    assert told.body["metadata"] == {"job_id": job["uuid"]}
    assert told.body["printerSerial"] == printer.serial
    assert (await _command(shop, made.json()["id"])).status == "sent"

    backend.finish_command(told, "failed", "the printer is offline")
    await keeper.look()
    command = await _command(shop, made.json()["id"])
    assert (command.status, command.detail) == ("failed", "the printer is offline")
    assert len(backend.commands) == 1


async def test_command_for_a_backend_that_is_down_fails_and_says_so(
    shop: Shop, backend: PrinterBackendSandbox, keeper: BackendKeeper
) -> None:
    printer = await shop.far_printer()
    made = await shop.post("/api/printer-commands", printer_id=printer.id, command_type="light_on")
    shop.process.settings = shop.process.settings.model_copy(
        update={"printer_backend_url": "http://127.0.0.1:1"}
    )
    await BackendKeeper(shop.process).look()
    command = await _command(shop, made.json()["id"])
    assert command.status == "failed"
    assert "cannot be reached" in (command.detail or "")


async def test_print_cannot_be_started_by_a_command(shop: Shop) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    refused = await shop.post(
        "/api/printer-commands",
        printer_id=printer.id,
        command_type="start_print",
        metadata={"job_id": job["id"]},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "command-unsupported")
    assert refused.json()["detail"] == (
        "The printer backend starts prints: send it the job instead."
    )


async def test_backend_that_forgot_a_job_is_shown(
    shop: Shop, backend: PrinterBackendSandbox, keeper: BackendKeeper, clock: FixedClock
) -> None:
    printer, job = await shop.far_printer(), await shop.job()
    await shop.send(job, printer)
    backend.jobs.clear()
    await keeper.look()
    (sent,) = await shop.sent()
    assert sent.status is SendingStatus.TAKEN
    assert sent.detail is not None
    assert sent.detail.startswith("The printer backend knows nothing of this job any more.")
    assert sent.asked_at is not None
    assert clock.now() - sent.asked_at < timedelta(seconds=1)


async def _command(shop: Shop, command_id: int) -> PrinterCommand:
    async with shop.process.database.read() as session:
        return await session.get_one(PrinterCommand, command_id, execution_options=ALL)
