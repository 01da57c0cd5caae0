"""What PrusaLink's answers mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shopwright.drivers.prusalink.reports import Mirror
from shopwright.fleet.port import DeviceReport
from shopwright.fleet.states import Activity, Outcome

NOW = datetime(2026, 11, 21, tzinfo=UTC)
JOB = {"id": 5, "file": {"name": "ORDER~1.GCO", "display_name": "order-1-731.gcode"}}


def status(state: str, job: int | None = None, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"printer": {"state": state, "temp_nozzle": 215.0}, **more}
    if job is not None:
        told["job"] = {"id": job, "progress": 42.0, "time_remaining": 600}
    return told


def after(*answers: dict[str, Any]) -> DeviceReport:
    mirror = Mirror()
    for answer in answers:
        mirror.take(answer)
        if mirror.wants_job:
            mirror.take_job(JOB)
    return mirror.report(NOW)


@pytest.mark.parametrize(
    ("state", "activity", "outcome"),
    [
        ("PRINTING", Activity.PRINTING, Outcome.NONE),
        ("PAUSED", Activity.PAUSED, Outcome.NONE),
        ("BUSY", Activity.PREPARING, Outcome.NONE),
        ("ATTENTION", Activity.PAUSED, Outcome.NONE),
        ("FINISHED", Activity.IDLE, Outcome.FINISHED),
        ("STOPPED", Activity.IDLE, Outcome.CANCELLED),
        ("ERROR", Activity.ERROR, Outcome.FAILED),
    ],
)
def test_states_with_a_job(state: str, activity: Activity, outcome: Outcome) -> None:
    report = after(status("PRINTING", 5), status(state, 5))
    assert (report.activity, report.outcome, report.device_job_id) == (activity, outcome, "731")
    assert report.job_name == "order-1-731"


@pytest.mark.parametrize("state", ["IDLE", "READY"])
def test_states_without_a_job(state: str) -> None:
    report = after(status(state))
    assert (report.activity, report.outcome, report.device_job_id) == (
        Activity.IDLE,
        Outcome.NONE,
        None,
    )


def test_an_end_that_was_dismissed_between_two_questions_is_not_known() -> None:
    report = after(status("PRINTING", 5), status("IDLE"))
    assert (report.activity, report.outcome, report.device_job_id) == (
        Activity.IDLE,
        Outcome.NONE,
        None,
    )


def test_the_end_keeps_the_name_when_the_job_is_gone() -> None:
    report = after(status("PRINTING", 5), status("FINISHED"))
    assert (report.outcome, report.device_job_id) == (Outcome.FINISHED, "731")
    assert report.progress is not None
    assert report.progress.percent == 100.0


def test_the_file_is_asked_for_once_per_job() -> None:
    mirror, asked = Mirror(), []
    for number in (5, 5, 6):
        mirror.take(status("PRINTING", number))
        asked.append(mirror.wants_job)
        if number == JOB["id"]:
            mirror.take_job(JOB)
    assert asked == [True, False, True]
    assert mirror.report(NOW).device_job_id is None  # not the job before


def test_a_job_whose_number_is_late_is_read_all_the_same() -> None:
    """Seen on prusalink 0.8.1: the id may be null for a moment."""
    mirror = Mirror()
    mirror.take({"printer": {"state": "PRINTING"}, "job": {"id": None}})
    mirror.take_job({**JOB, "id": None})
    assert mirror.report(NOW).device_job_id == "731"


def test_a_question_on_the_screen_is_told() -> None:
    asking = status("ATTENTION", 5)
    asking["printer"]["status_printer"] = {"ok": False, "message": "Filament runout"}
    report = after(status("PRINTING", 5), asking)
    assert [fault.sentence for fault in report.faults] == [
        "The printer waits for a person at its screen: Filament runout"
    ]
    assert after(status("ATTENTION")).activity is Activity.ERROR


@pytest.mark.parametrize(
    ("storage", "has_storage"),
    [
        ({"path": "/usb/", "read_only": False}, True),
        ([{"path": "/local/"}, {"path": "/sd/", "available": False}], True),
        ([{"path": "/usb/", "available": False}], False),
        ({"path": "/usb/", "read_only": True}, False),
        (None, None),
    ],
)
def test_storage_is_an_object_or_a_list(storage: object, has_storage: bool | None) -> None:
    assert after(status("IDLE", storage=storage)).has_storage is has_storage


def test_odd_answers_are_read_as_nothing_said() -> None:
    report = after({"printer": [], "job": "five", "storage": 3})
    assert (report.activity, report.progress, report.has_storage) == (Activity.UNKNOWN, None, None)
