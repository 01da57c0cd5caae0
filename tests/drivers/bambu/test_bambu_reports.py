import logging

import pytest

from shopwright.drivers.bambu import codec
from shopwright.drivers.bambu.codec import Ack, Verdict
from shopwright.drivers.bambu.reports import Mirror
from shopwright.fleet.port import Fault, Progress, Severity, Slot, Temperatures
from shopwright.fleet.states import Activity, ControlAccess, Outcome
from tests.drivers.bambu.pushes import RUNNING, SERIAL, VERSION, delta, feed, mirror_of, wire
from tests.drivers.bambu.when import NOW

CANCELLED = 0x0300_400C


def test_a_full_push_reads_as_a_full_report() -> None:
    report = mirror_of(RUNNING).report(NOW)
    assert report.is_full is True
    assert report.activity is Activity.PRINTING
    assert report.outcome is Outcome.NONE
    assert report.device_job_id == "731200455"
    assert report.job_name == "order-1042-p1"
    assert report.progress == Progress(37.0, 61, 164, 3120, "printing")
    assert report.temperatures == Temperatures(219.8, 220.0, 54.9, 55.0, None, None)
    assert (report.model, report.serial, report.native) == ("P1S", SERIAL, "RUNNING")
    assert (report.nozzle_mm, report.wifi_dbm) == (0.4, -51)
    assert (report.is_light_on, report.has_storage) == (True, True)
    assert report.control is ControlAccess.UNKNOWN
    assert report.faults == ()


def test_slots_are_counted_from_1_and_the_external_spool_is_0() -> None:
    assert mirror_of(RUNNING).report(NOW).slots == (
        Slot(0, is_external=True, is_loaded=False),
        Slot(
            1,
            is_external=False,
            is_loaded=True,
            material="PLA",
            color="0A2CA5",
            remaining_percent=64,
            tag="9C0E5F2B7A1D4E8890ABCDEF01234567",
            product="PLA Basic",
            humidity=4,
        ),
        Slot(2, is_external=False, is_loaded=False, humidity=4),
        Slot(3, is_external=False, is_loaded=True, humidity=4),  # bit set, nothing known
        Slot(4, is_external=False, is_loaded=True, material="PETG", humidity=4),
    )


def test_ams_ht_units_follow_from_slot_17() -> None:
    ams = {
        "ams": [
            {"id": "1", "tray": [{"id": "2", "tray_type": "ABS"}]},
            {"id": "129", "tray": [{"id": "0", "tray_type": "PA"}]},
            {"id": "77", "tray": [{"id": "0", "tray_type": "PLA"}]},
        ],
        "tray_exist_bits": "20040",
    }
    slots = mirror_of({"gcode_state": "IDLE", "ams": ams}).report(NOW).slots
    assert [(slot.number, slot.material) for slot in slots] == [(7, "ABS"), (18, "PA")]


def test_a_delta_changes_only_what_it_names() -> None:
    report = mirror_of(RUNNING, delta(bed_temper=60.1, wifi_signal="-48dBm")).report(NOW)
    assert report.temperatures == Temperatures(219.8, 220.0, 60.1, 55.0, None, None)
    assert report.wifi_dbm == -48
    assert report.activity is Activity.PRINTING
    assert len(report.slots) == 5


def test_a_delta_of_one_tray_leaves_the_others() -> None:
    change = {"ams": [{"id": "0", "tray": [{"id": "0", "remain": 63}]}]}
    slots = mirror_of(RUNNING, delta(ams=change)).report(NOW).slots
    assert (slots[1].material, slots[1].remaining_percent) == ("PLA", 63)
    assert slots[4].material == "PETG"


def test_a_spool_put_in_after_another_does_not_inherit_its_material() -> None:
    mirror = mirror_of(RUNNING)
    removed = feed(mirror, delta(ams={"tray_exist_bits": "c"}))
    inserted = feed(mirror, delta(ams={"tray_exist_bits": "d"}))
    assert removed.slots[1] == Slot(1, is_external=False, is_loaded=False, humidity=4)
    assert inserted.slots[1] == Slot(1, is_external=False, is_loaded=True, humidity=4)


def test_slot_bits_of_an_unpowered_ams_are_not_believed() -> None:
    off = {"tray_exist_bits": "0", "power_on_flag": False}
    assert mirror_of(RUNNING, delta(ams=off)).report(NOW).slots[1].is_loaded is True


def test_a_unit_that_a_full_push_no_longer_lists_is_gone() -> None:
    again = {**RUNNING, "ams": {"ams": [], "tray_exist_bits": "0"}}
    slots = mirror_of(RUNNING, again).report(NOW).slots
    assert [slot.number for slot in slots] == [0]


def test_deltas_alone_never_make_a_full_report() -> None:
    mirror = mirror_of(delta(gcode_state="RUNNING"), delta(mc_percent=3))
    assert mirror.report(NOW).is_full is False


@pytest.mark.parametrize(
    ("word", "activity"),
    [
        ("IDLE", Activity.IDLE),
        ("FINISH", Activity.IDLE),
        ("FAILED", Activity.IDLE),
        ("PREPARE", Activity.PREPARING),
        ("SLICING", Activity.PREPARING),
        ("PAUSE", Activity.PAUSED),
        ("OFFLINE", Activity.UNKNOWN),
        ("", Activity.UNKNOWN),
        ("JUGGLING", Activity.UNKNOWN),
    ],
)
def test_state_words_have_their_activity(word: str, activity: Activity) -> None:
    assert mirror_of({**RUNNING, "gcode_state": word}).report(NOW).activity is activity


def test_an_unknown_state_word_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    mirror = Mirror(SERIAL)
    with caplog.at_level(logging.WARNING, "shopwright.drivers.bambu"):
        for percent in (1, 2, 3):
            feed(mirror, {**RUNNING, "gcode_state": "JUGGLING", "mc_percent": percent})
    assert caplog.messages == [
        f"Printer {SERIAL} reported an unknown value: gcode_state='JUGGLING'"
    ]


def test_a_finished_job_reads_as_finished() -> None:
    report = mirror_of(RUNNING, delta(gcode_state="FINISH", mc_percent=100)).report(NOW)
    assert (report.activity, report.outcome) == (Activity.IDLE, Outcome.FINISHED)


def test_layers_keep_their_last_real_figures_at_the_end() -> None:
    end = delta(gcode_state="FINISH", layer_num=0, total_layer_num=0, mc_percent=100)
    progress = mirror_of(RUNNING, end).report(NOW).progress
    assert progress is not None
    assert (progress.layer, progress.layers) == (61, 164)


def test_layers_of_the_job_before_are_not_kept() -> None:
    fresh = {**RUNNING, "subtask_id": "5", "layer_num": 0, "total_layer_num": 0}
    progress = mirror_of(RUNNING, fresh).report(NOW).progress
    assert progress is not None
    assert (progress.layer, progress.layers) == (0, None)


@pytest.mark.parametrize("code", [0x0300_400C, 0x0500_400E])
def test_failed_with_a_cancel_code_is_cancelled_even_after_the_code_is_gone(code: int) -> None:
    mirror = mirror_of(RUNNING)
    during = feed(mirror, delta(gcode_state="FAILED", print_error=code))
    after = feed(mirror, delta(print_error=0))
    assert (during.outcome, after.outcome) == (Outcome.CANCELLED, Outcome.CANCELLED)
    assert after.faults == ()


def test_failed_with_another_error_is_failed() -> None:
    end = delta(gcode_state="FAILED", print_error=0x0300_8009)
    assert mirror_of(RUNNING, end).report(NOW).outcome is Outcome.FAILED


def test_failed_after_our_own_stop_is_cancelled() -> None:
    mirror = mirror_of(RUNNING)
    mirror.note_stop()
    assert feed(mirror, delta(gcode_state="FAILED")).outcome is Outcome.CANCELLED


def test_failed_after_a_refused_stop_is_failed() -> None:
    mirror = mirror_of(RUNNING)
    mirror.note_stop()
    mirror.note_stop(is_refused=True)
    assert feed(mirror, delta(gcode_state="FAILED")).outcome is Outcome.FAILED


def test_the_end_of_the_job_before_is_not_the_end_of_the_new_one() -> None:
    mirror = mirror_of({**RUNNING, "gcode_state": "FINISH"})
    report = feed(mirror, delta(subtask_id="900"))
    assert (report.device_job_id, report.outcome) == ("900", Outcome.NONE)


def test_an_end_heard_before_the_first_full_push_counts() -> None:
    mirror = mirror_of(delta(gcode_state="FINISH"), {**RUNNING, "gcode_state": "FINISH"})
    assert mirror.report(NOW).outcome is Outcome.FINISHED


def test_job_id_0_is_no_job() -> None:
    assert mirror_of({**RUNNING, "subtask_id": "0"}).report(NOW).device_job_id is None


def test_packed_temperatures_win_and_the_active_nozzle_counts() -> None:
    device = {
        "bed": {"info": {"temp": 60 << 16 | 58}},
        "ctc": {"info": {"temp": 45 << 16 | 40}},
        "extruder": {
            "state": 2 | 1 << 4,
            "info": [{"id": 0, "temp": 30}, {"id": 1, "temp": 230 << 16 | 221}],
        },
        "nozzle": {"info": [{"id": 0, "diameter": 0.4}, {"id": 1, "diameter": 0.6}]},
    }
    push = {**RUNNING, "device": device, "nozzle_diameter": None}
    report = mirror_of(push, serial="0940000").report(NOW)
    assert report.temperatures == Temperatures(221.0, 230.0, 58.0, 60.0, 40.0, 45.0)
    assert report.nozzle_mm == 0.6


def test_a_chamber_sensor_is_read_where_the_model_has_one() -> None:
    report = mirror_of({**RUNNING, "chamber_temper": 38.5}, serial="00M1").report(NOW)
    assert report.temperatures is not None
    assert report.temperatures.chamber == 38.5


@pytest.mark.parametrize(
    ("fields", "has_storage"),
    [
        ({"sdcard": True, "home_flag": 0x200}, False),
        ({"sdcard": False, "home_flag": 0x100}, True),
        ({"sdcard": False, "home_flag": 7}, False),
        ({"sdcard": None, "home_flag": -1 & ~0x300}, None),
    ],
)
def test_storage_comes_from_either_place(
    fields: dict[str, object], has_storage: bool | None
) -> None:
    assert mirror_of({**RUNNING, **fields}).report(NOW).has_storage is has_storage


def test_print_error_and_hms_become_faults() -> None:
    hms = [{"attr": 50331904, "code": 65543}]
    report = mirror_of({**RUNNING, "print_error": 0x0700_8011, "hms": hms}).report(NOW)
    assert report.faults == (
        Fault(
            "0700-8011",
            Severity.COMMON,
            "The filament in the AMS ran out: put in a new spool, then resume.",
            ("resume_print", "stop_print"),
        ),
        Fault(
            "HMS_0300_0100_0001_0007",
            Severity.FATAL,
            "The motion control shows message HMS_0300_0100_0001_0007: "
            "see the printer's screen or Bambu's wiki.",
        ),
    )


def test_status_noise_is_no_fault_and_an_empty_hms_list_clears() -> None:
    mirror = mirror_of({**RUNNING, "hms": [{"attr": 50331904, "code": 65543}]})
    assert feed(mirror, delta(hms=[], print_error=0x0300_0003)).faults == ()


def test_a_fatal_message_on_an_idle_printer_is_an_error() -> None:
    push = {**RUNNING, "gcode_state": "IDLE", "hms": [{"attr": 50331904, "code": 65543}]}
    assert mirror_of(push).report(NOW).activity is Activity.ERROR


def test_a_failed_job_with_its_error_pending_leaves_the_printer_startable() -> None:
    push = {**RUNNING, "gcode_state": "FAILED", "print_error": 0x0300_8009}
    assert mirror_of(push).report(NOW).activity is Activity.IDLE


@pytest.mark.parametrize(
    ("fields", "control"),
    [
        ({"fun": "20000000"}, ControlAccess.BLOCKED),
        ({"fun": "5EFFFAFF"}, ControlAccess.ALLOWED),
        ({"hms": [{"attr": 0x0500_0500, "code": 0x0001_0007}]}, ControlAccess.BLOCKED),
        ({}, ControlAccess.UNKNOWN),
    ],
)
def test_developer_mode_is_read_where_the_printer_tells(
    fields: dict[str, object], control: ControlAccess
) -> None:
    push = {**RUNNING, "gcode_state": "IDLE", **fields}
    report = mirror_of(push).report(NOW)
    assert (report.control, report.activity) == (control, Activity.IDLE)


@pytest.mark.parametrize(
    ("ack", "control"),
    [
        (Ack("print", "pause", "1", Verdict.BLOCKED), ControlAccess.BLOCKED),
        (Ack("print", "pause", "1", Verdict.ACCEPTED), ControlAccess.ALLOWED),
        (Ack("system", "ledctrl", "1", Verdict.ACCEPTED), ControlAccess.UNKNOWN),
        (Ack("print", "pause", "1", Verdict.INCONCLUSIVE), ControlAccess.UNKNOWN),
    ],
)
def test_acks_tell_about_developer_mode(ack: Ack, control: ControlAccess) -> None:
    mirror = mirror_of(RUNNING)
    mirror.apply(ack)
    assert mirror.report(NOW).control is control


@pytest.mark.parametrize(
    ("serial", "modules", "model"),
    [
        (None, [{"name": "ota", "product_name": "Bambu Lab A1 mini"}], "A1 mini"),
        (None, [{"name": "rv1126", "hw_ver": "AP05"}, {"product_name": "P1S"}], "P1S"),
        ("00M999", [], "X1C"),
        (None, [{"name": "rv1126", "hw_ver": "AP05"}], "X1C"),
        (None, [{"name": "ap", "hw_ver": "AP02"}], "X1E"),
        ("ZZZ", [{"name": "ota"}], None),
    ],
)
def test_the_model_is_found_by_product_then_serial_then_hardware(
    serial: str | None, modules: list[dict[str, str]], model: str | None
) -> None:
    mirror = Mirror(serial)
    for message in codec.decode(wire("info", {"command": "get_version", "module": modules})):
        mirror.apply(message)
    assert mirror.report(NOW).model == model


def test_the_firmware_is_that_of_the_ota_module() -> None:
    mirror = Mirror(None)
    for message in codec.decode(wire("info", VERSION)):
        mirror.apply(message)
    report = mirror.report(NOW)
    assert (report.firmware, report.model) == ("01.08.02.00", "P1S")


@pytest.mark.parametrize(
    ("word", "stage", "words"),
    [
        ("RUNNING", 14, "cleaning the nozzle"),
        ("PAUSE", 16, "paused by a person"),
        ("PREPARE", 0, None),
        ("RUNNING", 255, None),
        ("RUNNING", 9999, None),
    ],
)
def test_the_stage_is_said_in_words(word: str, stage: int, words: str | None) -> None:
    progress = mirror_of({**RUNNING, "gcode_state": word, "stg_cur": stage}).report(NOW).progress
    assert progress is not None
    assert progress.stage == words
