"""What Moonraker's answers mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shopwright.drivers.moonraker.reports import Heard, report_of
from shopwright.fleet.port import Severity
from shopwright.fleet.states import Activity, Outcome

NOW = datetime(2026, 11, 21, tzinfo=UTC)
FILE = "order-1-731.gcode"


def heard(state: str, filename: str = FILE, **more: Any) -> Heard:
    stats = {"state": state, "filename": filename, "print_duration": 100.0, "message": "oh"}
    return Heard("ready", objects={"print_stats": stats, **more.pop("objects", {})}, **more)


@pytest.mark.parametrize(
    ("state", "activity", "outcome"),
    [
        ("printing", Activity.PRINTING, Outcome.NONE),
        ("paused", Activity.PAUSED, Outcome.NONE),
        ("complete", Activity.IDLE, Outcome.FINISHED),
        ("cancelled", Activity.IDLE, Outcome.CANCELLED),
        ("error", Activity.IDLE, Outcome.FAILED),
        ("standby", Activity.IDLE, Outcome.NONE),
        ("dancing", Activity.UNKNOWN, Outcome.NONE),
    ],
)
def test_the_words_of_print_stats(state: str, activity: Activity, outcome: Outcome) -> None:
    report = report_of(heard(state), NOW)
    assert (report.activity, report.outcome, report.device_job_id) == (activity, outcome, "731")
    assert report.native == state


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("completed", Outcome.FINISHED),
        ("cancelled", Outcome.CANCELLED),
        ("error", Outcome.FAILED),
        ("klippy_shutdown", Outcome.FAILED),
        ("klippy_disconnect", Outcome.FAILED),
        ("interrupted", Outcome.FAILED),
        ("server_exit", Outcome.NONE),
        ("in_progress", Outcome.NONE),
    ],
)
def test_what_klipper_forgot_the_history_knows(word: str, outcome: Outcome) -> None:
    forgotten = heard("standby", "", newest={"filename": FILE, "status": word})
    assert forgotten.needs_history
    report = report_of(forgotten, NOW)
    assert (report.activity, report.outcome, report.device_job_id) == (
        Activity.IDLE,
        outcome,
        "731",
    )


def test_a_shutdown_is_an_error_with_klippers_own_reason() -> None:
    down = Heard(
        "shutdown", message="MCU shutdown:\nHeater", newest={"filename": FILE, "status": "error"}
    )
    report = report_of(down, NOW)
    assert (report.activity, report.outcome, report.native) == (
        Activity.ERROR,
        Outcome.FAILED,
        "shutdown",
    )
    assert [(fault.code, fault.severity) for fault in report.faults] == [
        ("klipper-shutdown", Severity.FATAL)
    ]
    assert "MCU shutdown: Heater" in report.faults[0].sentence
    assert report.temperatures is None


def test_a_starting_klipper_is_neither_idle_nor_broken() -> None:
    report = report_of(Heard("startup"), NOW)
    assert (report.activity, report.outcome) == (Activity.UNKNOWN, Outcome.NONE)


def test_progress_counts_from_the_first_move_to_the_last() -> None:
    """Thumbnails in front and settings behind would count as printed else."""
    card = {"virtual_sdcard": {"progress": 0.9, "file_position": 600}}
    metadata = {
        "gcode_start_byte": 400,
        "gcode_end_byte": 800,
        "estimated_time": 3600,
        "layer_count": 40,
    }
    progress = report_of(heard("printing", objects=card, metadata=metadata), NOW).progress
    assert progress is not None
    assert (progress.percent, progress.remaining_s) == (50.0, 1800)
    assert (progress.layer, progress.layers) == (None, 40)


def test_without_metadata_progress_is_the_files_and_time_is_reckoned() -> None:
    card = {"virtual_sdcard": {"progress": 0.25}}
    progress = report_of(heard("printing", objects=card), NOW).progress
    assert progress is not None
    assert (progress.percent, progress.remaining_s) == (25.0, 300)


def test_a_chamber_is_read_where_there_is_one() -> None:
    objects = {"heater_generic chamber": {"temperature": 41.5, "target": 45}}
    told = heard("printing", objects=objects, chamber="heater_generic chamber")
    temperatures = report_of(told, NOW).temperatures
    assert temperatures is not None
    assert (temperatures.chamber, temperatures.chamber_target) == (41.5, 45.0)


def test_a_failed_print_says_why() -> None:
    faults = report_of(heard("error"), NOW).faults
    assert [fault.sentence for fault in faults] == ["The print failed: oh"]
