"""The driver over the real protocols against the virtual printer, written apart from it."""

import asyncio
import contextlib
import dataclasses
import hashlib
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from shopwright.drivers.bambu.driver import BambuDriver
from shopwright.drivers.bambu.errors import CredentialRejected, LinkFailed
from shopwright.drivers.bambu.faults import DEVELOPER_MODE
from shopwright.fleet.port import (
    AuthenticationFailed,
    Confirmed,
    DeviceCommand,
    DeviceReport,
    Diagnosis,
    Done,
    DriverError,
    Endpoint,
    Finding,
    Refused,
    RemoteFile,
    SlotMap,
    Timeouts,
    Unconfirmed,
)
from shopwright.fleet.states import Activity, ControlAccess, Outcome
from shopwright.sandbox.bambu import AckMode, AuthMode, Knobs, PrinterConfig, VirtualPrinter
from shopwright.sandbox.bambu.knobs import UploadFate
from shopwright.sandbox.bambu.reports import full_report
from shopwright.sandbox.octoprint import OctoPrintSandbox
from shopwright.sandbox.sliced_files import SlicedPlate, make_gcode_3mf

JOB = "731200456"
NAME = "order-1042-p1.gcode.3mf"
TIMES = Timeouts(connect_s=5, upload_min_s=10, start_s=5, command_s=3, silence_s=30)


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    knobs = Knobs(speed=30, report_interval_s=0.02)
    async with VirtualPrinter(PrinterConfig(knobs=knobs)) as virtual:
        yield virtual


@pytest.fixture
def sliced(tmp_path: Path) -> Path:
    file = tmp_path / NAME
    plates = [SlicedPlate(prediction_s=600, layers=50, used_mg={1: 12_340})]
    make_gcode_3mf(file, plates=plates, padding_bytes=300_000)
    return file


def endpoint(printer: VirtualPrinter) -> Endpoint:
    return Endpoint(
        host=printer.host,
        serial=printer.serial,
        access_code=printer.access_code,
        mqtt_port=printer.mqtt_port,
        ftps_port=printer.ftps_port,
        camera_port=printer.camera_port,
    )


def driver_of(printer: VirtualPrinter, times: Timeouts = TIMES, /, **changes: str) -> BambuDriver:
    place = dataclasses.replace(endpoint(printer), **changes)  # type: ignore[arg-type]  # all text
    return BambuDriver(place, timeouts=times)


@pytest.fixture
async def driver(printer: VirtualPrinter) -> AsyncIterator[BambuDriver]:
    async with driver_of(printer) as connected:
        await seen(connected, lambda report: report.is_full)
        yield connected


async def seen(driver: BambuDriver, holds: Callable[[DeviceReport], bool]) -> DeviceReport:
    """The first report for which ``holds`` is true."""
    async with asyncio.timeout(8), contextlib.aclosing(driver.reports()) as reports:
        async for report in reports:
            if holds(report):
                return report
    raise AssertionError


async def send(driver: BambuDriver, file: Path) -> RemoteFile:
    digest = await asyncio.to_thread(lambda: hashlib.sha256(file.read_bytes()).hexdigest())
    return await driver.upload(file, name=file.name, sha256=digest, progress=lambda *_: None)


async def begin(
    driver: BambuDriver, file: RemoteFile, job: str = JOB, slot: int = 1
) -> Confirmed | Refused | Unconfirmed:
    return await driver.start(
        file, plate=1, slots=SlotMap((slot,)), device_job_id=job, job_name="order-1042-p1"
    )


async def test_a_file_is_sent_started_printed_and_finished(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    told: list[tuple[int, int]] = []
    content = await asyncio.to_thread(sliced.read_bytes)
    digest = hashlib.sha256(content).hexdigest()
    stored = await driver.upload(
        sliced, name=NAME, sha256=digest, progress=lambda sent, size: told.append((sent, size))
    )
    assert stored == RemoteFile(f"/{NAME}", len(content))
    assert await asyncio.to_thread((printer.folder / NAME).read_bytes) == content
    assert told[-1] == (len(content), len(content))

    answer = await begin(driver, stored)
    assert isinstance(answer, Confirmed)
    assert answer.report.device_job_id == JOB
    assert answer.report.activity in {Activity.PREPARING, Activity.PRINTING}

    printer.knobs.speed = 6000
    end = await seen(driver, lambda report: report.outcome is Outcome.FINISHED)
    assert (end.device_job_id, end.activity, end.job_name) == (JOB, Activity.IDLE, "order-1042-p1")
    assert [record.subtask_id for record in printer.prints] == [JOB]


async def test_the_first_full_report_says_what_the_printer_is(
    printer: VirtualPrinter, driver: BambuDriver
) -> None:
    report = await seen(driver, lambda report: report.firmware is not None)
    assert (report.model, report.serial) == ("P1S", printer.serial)
    assert (report.activity, report.control) == (Activity.IDLE, ControlAccess.UNKNOWN)
    assert [slot.number for slot in report.slots] == [0, 1, 2, 3, 4]
    assert all(slot.is_loaded and slot.material == "PLA" for slot in report.slots)
    assert driver.fingerprint == printer.fingerprint


@pytest.mark.parametrize("model", ["X1C", "H2D", "A1 mini", "P2S"])
async def test_other_models_print_too(model: str, sliced: Path) -> None:
    knobs = Knobs(speed=600, report_interval_s=0.02)
    async with (
        VirtualPrinter(PrinterConfig(model=model, knobs=knobs, serial="TEST0001")) as printer,
        driver_of(printer) as driver,
    ):
        report = await seen(driver, lambda report: report.is_full and report.model is not None)
        assert report.model == model
        assert isinstance(await begin(driver, await send(driver, sliced)), Confirmed)
        await seen(driver, lambda report: report.outcome is Outcome.FINISHED)


async def test_pause_resume_and_stop_are_proven(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    await begin(driver, await send(driver, sliced))
    assert await driver.run(DeviceCommand("pause_print")) == Done()
    await seen(driver, lambda report: report.activity is Activity.PAUSED)
    assert await driver.run(DeviceCommand("resume_print")) == Done()
    await seen(driver, lambda report: report.activity is Activity.PRINTING)
    assert await driver.run(DeviceCommand("stop_print")) == Done()
    end = await seen(driver, lambda report: report.activity is Activity.IDLE)
    assert (end.outcome, end.device_job_id) == (Outcome.CANCELLED, JOB)


@pytest.mark.parametrize("ack", [AckMode.BARE_ECHO, AckMode.NONE, AckMode.NUMERIC])
async def test_telemetry_proves_what_acks_leave_open(
    printer: VirtualPrinter, driver: BambuDriver, ack: AckMode
) -> None:
    printer.knobs.ack = ack
    assert await driver.run(DeviceCommand("set_bed_temp", {"target": 60})) == Done()
    assert await driver.run(DeviceCommand("light_off")) == Done()
    assert await driver.run(DeviceCommand("set_print_speed", {"target": 124})) == Done()
    assert printer.machine.heat.targets["bed"] == 60
    assert (printer.machine.light, printer.machine.speed_level) == ("off", 3)


async def test_a_command_without_any_answer_is_unconfirmed(printer: VirtualPrinter) -> None:
    printer.knobs.ack = AckMode.NONE
    async with driver_of(printer, dataclasses.replace(TIMES, command_s=0.2)) as driver:
        await seen(driver, lambda report: report.is_full)
        assert await driver.run(DeviceCommand("home_all")) == Unconfirmed(
            "The printer gave no answer within 0 s."
        )


async def test_unsupported_commands_are_refused_and_not_sent(
    printer: VirtualPrinter, driver: BambuDriver
) -> None:
    assert await driver.run(DeviceCommand("dance")) == Refused(
        "Bambu printers have no capability for dance."
    )
    assert printer.machine.gcode_lines == []


async def test_every_command_has_its_effect_on_the_machine(
    printer: VirtualPrinter, driver: BambuDriver
) -> None:
    machine = printer.machine
    machine.heat.now["nozzle"] = 200.0
    machine.motion.homed.clear()
    orders: list[tuple[str, dict[str, str | int | float | bool]]] = [
        ("set_nozzle_temp", {"target": 210}),
        ("set_bed_temp", {"target": 60}),
        ("set_fan_speed", {"fan": "part", "target": 100}),
        ("set_fan_speed", {"fan": "aux", "target": 40}),
        ("set_fan_speed", {"fan": "chamber", "target": 20}),
        ("set_print_speed", {"target": 50}),
        ("set_flow_rate", {"target": 95}),
        ("light_off", {}),
        ("camera_off", {}),
        ("home_x", {}),
        ("home_all", {}),
        ("jog", {"x": 10, "y": 5, "speed": 1500}),
        ("extrude", {"distance": 12}),
        ("retract", {"distance": 2}),
        ("load_filament", {"slot": 2}),
        ("custom_gcode", {"gcode": "G91\nG1 Z2 F600\nG90"}),
        ("calibrate_bed", {}),
    ]
    for kind, arguments in orders:
        assert await driver.run(DeviceCommand(kind, arguments)) == Done(), kind

    assert machine.heat.targets == {"nozzle": 210, "bed": 60, "chamber": 0}
    assert (machine.fans, machine.speed_level) == ({1: 255, 2: 102, 3: 51}, 1)
    assert (machine.flow_percent, machine.light, machine.is_recording) == (95, "off", False)
    assert (machine.motion.extruded, machine.ams.tray_now) == (10, 1)
    assert machine.calibrations == [2]
    assert machine.motion.homed == {"X", "Y", "Z"}
    told = full_report(machine)
    assert [told[name] for name in ("cooling_fan_speed", "big_fan1_speed", "big_fan2_speed")] == [
        "15", "6", "3",
    ]  # fmt: skip
    assert (told["stg_cur"], told["ipcam"]["ipcam_record"]) == (1, "disable")
    assert (told["home_flag"] & 7, told["ams"]["tray_now"]) == (7, "1")
    assert await driver.run(DeviceCommand("unload_filament")) == Done()
    assert await driver.run(DeviceCommand("camera_on")) == Done()
    assert (machine.ams.tray_now, machine.is_recording) == (255, True)


async def test_a_wrong_code_is_an_authentication_failure(printer: VirtualPrinter) -> None:
    with pytest.raises(AuthenticationFailed, match="refused the access code"):
        async with driver_of(printer, access_code="00000000"):
            pass


async def test_a_wrong_serial_is_another_printer_and_gets_no_code(printer: VirtualPrinter) -> None:
    with pytest.raises(CredentialRejected, match="not printer 01P00A999") as caught:
        async with driver_of(printer, serial="01P00A999"):
            pass
    assert caught.value.finding is Finding.WRONG_PRINTER


async def test_another_certificate_than_the_pinned_one_is_refused(printer: VirtualPrinter) -> None:
    with pytest.raises(CredentialRejected, match="is not the one seen first"):
        async with driver_of(printer, pinned_fingerprint="ab" * 32):
            pass
    async with driver_of(printer, pinned_fingerprint=printer.fingerprint) as driver:
        assert driver.fingerprint == printer.fingerprint


async def test_the_serial_is_read_from_the_certificate(printer: VirtualPrinter) -> None:
    place = dataclasses.replace(endpoint(printer), serial=None)
    async with BambuDriver(place, timeouts=TIMES) as driver:
        report = await seen(driver, lambda report: report.is_full)
        assert report.serial == printer.serial


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        (AuthMode.BLOCKED_VERBOSE, "84033543"),
        (AuthMode.BLOCKED_ERR_CODE_ONLY, "84033543"),
        (AuthMode.BLOCKED_SILENT_HMS, None),
    ],
)
async def test_blocked_control_is_found_out_and_named(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path, mode: AuthMode, code: str | None
) -> None:
    printer.knobs.auth_mode = mode
    stored = await send(driver, sliced)
    assert await begin(driver, stored) == Refused(DEVELOPER_MODE, code)
    blocked = await seen(driver, lambda report: report.control is ControlAccess.BLOCKED)
    assert blocked.activity is Activity.IDLE
    assert await begin(driver, stored, "2") == Refused(DEVELOPER_MODE)
    assert await driver.run(DeviceCommand("home_all")) == Refused(DEVELOPER_MODE)
    assert printer.prints == []


async def test_a_link_dropped_in_the_middle_of_a_print_ends_the_reports(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    await begin(driver, await send(driver, sliced))
    printer.drop()
    with pytest.raises(DriverError, match="closed the connection"):
        await seen(driver, lambda report: report.outcome is Outcome.FINISHED)
    async with driver_of(printer) as again:
        report = await seen(again, lambda report: report.is_full)
        assert report.device_job_id == JOB
    assert len(printer.prints) == 1


async def test_a_start_that_is_acknowledged_but_never_happens_is_unconfirmed(
    printer: VirtualPrinter, sliced: Path
) -> None:
    printer.knobs.never_starts = True
    async with driver_of(printer, dataclasses.replace(TIMES, start_s=0.3)) as driver:
        await seen(driver, lambda report: report.is_full)
        answer = await begin(driver, await send(driver, sliced))
    assert isinstance(answer, Unconfirmed)
    assert "did not show the job at work within 0 s" in answer.sentence


async def test_a_link_lost_while_starting_is_unconfirmed(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    printer.knobs.never_starts = True
    stored = await send(driver, sliced)
    starting = asyncio.create_task(begin(driver, stored))
    await asyncio.sleep(0)
    printer.drop()
    assert await starting == Unconfirmed(
        "The printer closed the connection. Whether the print started is not known."
    )


async def test_a_slow_start_is_waited_for_and_sent_once(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    printer.knobs.start_delay_s = 0.3
    printer.knobs.ack = AckMode.NONE
    assert isinstance(await begin(driver, await send(driver, sliced)), Confirmed)
    assert len(printer.prints) == 1


async def test_a_missing_file_is_refused_in_words_each_time(
    printer: VirtualPrinter, driver: BambuDriver
) -> None:
    refused = Refused(
        "The printer cannot read its SD card or USB stick: check or replace it.", "0500-C010"
    )
    assert await begin(driver, RemoteFile("/gone.gcode.3mf", 1), "1") == refused
    await seen(driver, lambda report: report.device_job_id == "1")
    assert await begin(driver, RemoteFile("/gone.gcode.3mf", 1), "2") == refused
    assert printer.prints == []


async def test_a_busy_printer_is_not_asked_to_start(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    stored = await send(driver, sliced)
    await begin(driver, stored)
    answer = await begin(driver, stored, "731200457")
    assert isinstance(answer, Refused)
    assert answer.sentence.startswith("The printer is not free to start")
    assert printer.machine.refusals == []


async def test_two_starts_at_once_send_one(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    stored = await send(driver, sliced)
    answers = await asyncio.gather(begin(driver, stored, "1"), begin(driver, stored, "2"))
    assert isinstance(answers[0], Confirmed)
    assert answers[1] == Refused("Another print is being started on this printer.")
    assert len(printer.prints) == 1


async def test_a_cancel_at_the_printer_is_cancelled_and_a_fault_is_failed(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    stored = await send(driver, sliced)
    await begin(driver, stored, "1")
    printer.user_cancel()
    first = await seen(driver, lambda report: report.activity is Activity.IDLE)
    await begin(driver, stored, "2")
    printer.fail(0x0300_8009)
    second = await seen(driver, lambda report: report.activity is Activity.IDLE)
    assert (first.device_job_id, first.outcome) == ("1", Outcome.CANCELLED)
    assert (second.device_job_id, second.outcome) == ("2", Outcome.FAILED)


@pytest.mark.parametrize("fate", [UploadFate.TRUNCATED, UploadFate.LOST])
async def test_a_file_that_did_not_arrive_whole_is_an_error(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path, fate: UploadFate
) -> None:
    printer.knobs.upload_fate = fate
    with pytest.raises(DriverError):
        await send(driver, sliced)
    assert not (printer.folder / NAME).exists()


async def test_a_file_arrives_whole_where_the_printer_offers_tls_1_3(sliced: Path) -> None:
    async with (
        VirtualPrinter(PrinterConfig(knobs=Knobs(has_ftps_tls13=True))) as printer,
        driver_of(printer) as driver,
    ):
        stored = await send(driver, sliced)
        content = await asyncio.to_thread((printer.folder / NAME).read_bytes)
    assert content == await asyncio.to_thread(sliced.read_bytes)
    assert stored.size == len(content)


@pytest.mark.parametrize("knob", ["has_duplicate_reports", "has_unordered_reports"])
async def test_reports_twice_or_out_of_order_do_not_confuse(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path, knob: str
) -> None:
    setattr(printer.knobs, knob, True)
    assert isinstance(await begin(driver, await send(driver, sliced)), Confirmed)
    printer.knobs.speed = 6000
    await seen(driver, lambda report: report.outcome is Outcome.FINISHED)
    assert len(printer.prints) == 1


async def test_a_wrong_checksum_keeps_nothing(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    with pytest.raises(DriverError, match="is not the file it should be"):
        await driver.upload(sliced, name=NAME, sha256="00" * 32, progress=lambda *_: None)
    assert not (printer.folder / NAME).exists()


async def test_a_printer_without_card_refuses_the_file(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    printer.knobs.has_card = False
    with pytest.raises(DriverError, match="check that an SD card"):
        await send(driver, sliced)


async def test_uploaded_files_can_be_deleted_twice(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    stored = await send(driver, sliced)
    await driver.delete(stored.path)
    await driver.delete(stored.path)
    assert not (printer.folder / NAME).exists()


async def test_a_cancelled_upload_leaves_no_thread_at_work(
    printer: VirtualPrinter, driver: BambuDriver, sliced: Path
) -> None:
    printer.knobs.upload_bytes_per_s = 20_000
    started = asyncio.Event()
    uploading = asyncio.create_task(
        driver.upload(sliced, name=NAME, sha256="", progress=lambda *_: started.set())
    )
    await started.wait()
    uploading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await uploading
    printer.knobs.upload_bytes_per_s = 0
    assert (await send(driver, sliced)).path == f"/{NAME}"


async def test_an_upload_below_the_floor_is_given_up(
    printer: VirtualPrinter, tmp_path: Path
) -> None:
    printer.knobs.upload_bytes_per_s = 20_000
    file = tmp_path / NAME
    make_gcode_3mf(file, padding_bytes=16_000_000)  # more than the sockets in between can hold
    times = dataclasses.replace(TIMES, upload_min_s=0.2, upload_bytes_per_s=10**9)
    async with driver_of(printer, times) as driver:
        with pytest.raises(DriverError, match=r"no answer in time|too slow"):
            await send(driver, file)


async def test_a_silent_printer_is_asked_once_and_then_given_up(printer: VirtualPrinter) -> None:
    times = dataclasses.replace(TIMES, silence_s=0.4)
    async with driver_of(printer, times) as driver:
        await seen(driver, lambda report: report.is_full)
        printer.knobs.is_silent = True
        with pytest.raises(DriverError, match="said nothing for"):
            await seen(driver, lambda _: False)


async def test_a_cancelled_connect_leaves_nothing_open(printer: VirtualPrinter) -> None:
    for moments in range(6):
        connecting = asyncio.create_task(driver_of(printer).__aenter__())
        for _ in range(moments):
            await asyncio.sleep(0)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting


async def test_no_thread_outlives_the_driver(printer: VirtualPrinter, sliced: Path) -> None:
    async with driver_of(printer) as driver:
        await send(driver, sliced)
        ours = [each for each in threading.enumerate() if each.name.startswith("bambu-ftps_")]
    assert len(ours) == 1
    await asyncio.to_thread(ours[0].join, 5)
    assert not ours[0].is_alive()


async def test_a_picture_is_a_jpeg(driver: BambuDriver) -> None:
    picture = await driver.snapshot()
    assert (picture[:2], picture[-2:]) == (b"\xff\xd8", b"\xff\xd9")


async def test_the_camera_of_an_x1_is_not_supported() -> None:
    async with (
        VirtualPrinter(PrinterConfig(model="X1C", serial="00M00A1")) as printer,
        driver_of(printer) as driver,
    ):
        with pytest.raises(DriverError, match="X1C speaks RTSP, which is not supported"):
            await driver.snapshot()


async def test_a_sound_printer_is_diagnosed_as_such(printer: VirtualPrinter) -> None:
    found = await driver_of(printer).diagnose()
    assert [step.name for step in found.steps] == [
        "address",
        f"MQTT port {printer.mqtt_port}",
        "encryption",
        "certificate",
        "access code",
        "full report",
        "Developer mode",
        "SD card",
        f"file storage {printer.ftps_port}",
    ]
    assert found.is_ok
    assert (found.serial, found.fingerprint) == (printer.serial, printer.fingerprint)


async def test_a_connected_driver_diagnoses_on_its_own_connection(
    printer: VirtualPrinter, driver: BambuDriver
) -> None:
    assert (await driver.diagnose()).is_ok
    assert await driver.run(DeviceCommand("light_off")) == Done()


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"access_code": "00000000"}, Finding.WRONG_CODE),
        ({"serial": "01P00A999"}, Finding.WRONG_PRINTER),
        ({"pinned_fingerprint": "ab" * 32}, Finding.WRONG_PRINTER),
    ],
)
async def test_the_diagnosis_names_what_is_wrong_with_the_credentials(
    printer: VirtualPrinter, changes: dict[str, str], finding: Finding
) -> None:
    found = await driver_of(printer, TIMES, **changes).diagnose()
    assert found.finding is finding
    assert_nothing_is_tried_after_the_fault(found)


async def test_the_diagnosis_names_a_closed_port(printer: VirtualPrinter) -> None:
    printer.power_off()
    place = dataclasses.replace(endpoint(printer), mqtt_port=1)
    found = await BambuDriver(place, timeouts=TIMES).diagnose()
    assert found.finding is Finding.PORT_CLOSED
    assert found.steps[1].finding is Finding.PORT_CLOSED
    assert_nothing_is_tried_after_the_fault(found)


async def test_the_diagnosis_names_an_unknown_name_and_a_port_without_encryption(
    printer: VirtualPrinter,
) -> None:
    nameless = dataclasses.replace(endpoint(printer), host="printer.invalid")
    found = await BambuDriver(nameless, timeouts=TIMES).diagnose()
    assert found.steps[0].finding is Finding.NAME_UNKNOWN
    assert "write the printer's address in numbers" in found.advice
    async with OctoPrintSandbox() as other:
        place = dataclasses.replace(endpoint(printer), mqtt_port=other.port)
        plain = await BambuDriver(place, timeouts=TIMES).diagnose()
    assert (plain.steps[2].name, plain.finding) == ("encryption", Finding.TLS_FAILED)
    assert_nothing_is_tried_after_the_fault(plain)


async def test_the_diagnosis_names_a_file_storage_that_cannot_be_reached(
    printer: VirtualPrinter,
) -> None:
    place = dataclasses.replace(endpoint(printer), ftps_port=1)
    found = await BambuDriver(place, timeouts=TIMES).diagnose()
    assert (found.steps[-1].name, found.finding) == ("file storage 1", Finding.PORT_CLOSED)
    assert all(step.finding is Finding.OK for step in found.steps[:-1])


def assert_nothing_is_tried_after_the_fault(found: Diagnosis) -> None:
    kinds = [step.finding for step in found.steps]
    at = kinds.index(found.finding)
    assert set(kinds[:at]) <= {Finding.OK}
    assert set(kinds[at + 1 :]) == {Finding.NOT_REACHED}


async def test_the_diagnosis_names_silence_missing_card_and_blocked_control() -> None:
    config = PrinterConfig(model="H2D", serial="094TEST", knobs=Knobs(is_silent=True))
    async with VirtualPrinter(config) as printer:
        driver = driver_of(printer, dataclasses.replace(TIMES, command_s=0.2))
        silent = await driver.diagnose()
        printer.knobs.is_silent = False
        printer.knobs.has_card = False
        printer.knobs.auth_mode = AuthMode.BLOCKED_VERBOSE
        broken = await driver.diagnose()
    assert silent.finding is Finding.SILENT
    assert [step.finding for step in broken.steps[5:8]] == [
        Finding.OK,
        Finding.CONTROL_BLOCKED,
        Finding.NO_STORAGE,
    ]


async def test_a_driver_that_was_left_says_so(printer: VirtualPrinter) -> None:
    driver = driver_of(printer)
    with pytest.raises(LinkFailed, match="is not connected"):
        await driver.run(DeviceCommand("light_on"))
