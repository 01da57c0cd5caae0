"""What OctoPrint's answers mean, above all how a job ended."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shopwright.drivers.octoprint.reports import HISTORY_LAG_S, OFFLINE, Mirror
from shopwright.fleet.port import DeviceReport
from shopwright.fleet.states import Activity, Outcome

NOW = datetime(2026, 11, 21, tzinfo=UTC)
FILE = "order-1-731.gcode"


def printer(*flags: str, text: str = "Operational", error: str = "") -> dict[str, Any]:
    return {
        "state": {"text": text, "error": error, "flags": dict.fromkeys(flags, True)},
        "temperature": {"tool0": {"actual": 20.5, "target": 0}, "bed": {"actual": 21}},
    }


def job(path: str | None = FILE, completion: float | None = None) -> dict[str, Any]:
    file = {"path": path, "name": path}
    return {"job": {"file": file}, "progress": {"completion": completion, "printTimeLeft": 60}}


def prints(success: int, failure: int, *, last: bool) -> dict[str, Any]:
    return {"success": success, "failure": failure, "last": {"success": last}}


IDLE = printer("operational", "ready")
WORKING = printer("operational", "printing", text="Printing")
FIRST_RUN = prints(0, 0, last=False)


def after(*steps: tuple[dict[str, Any], dict[str, Any], float]) -> tuple[Mirror, DeviceReport]:
    mirror = Mirror()
    for told, at_hand, at in steps:
        mirror.take(told, at_hand, at)
        if mirror.activity is Activity.PRINTING:
            mirror.take_history(FIRST_RUN)
    return mirror, mirror.report(NOW)


@pytest.mark.parametrize(
    ("flags", "activity"),
    [
        (("operational", "ready"), Activity.IDLE),
        (("operational",), Activity.PREPARING),
        (("operational", "printing"), Activity.PRINTING),
        (("operational", "printing", "pausing"), Activity.PRINTING),
        (("operational", "paused"), Activity.PAUSED),
        (("operational", "resuming"), Activity.PRINTING),
        (("operational", "cancelling"), Activity.PRINTING),
        (("operational", "finishing"), Activity.PRINTING),
        (("closedOrError",), Activity.ERROR),
        (("closedOrError", "error"), Activity.ERROR),
        (("sdReady",), Activity.UNKNOWN),
    ],
)
def test_flags_say_what_it_does(flags: tuple[str, ...], activity: Activity) -> None:
    assert after((printer(*flags), job(None), 0.0))[1].activity is activity


def test_an_end_waits_for_the_files_history() -> None:
    mirror, report = after((WORKING, job(completion=99), 0), (IDLE, job(completion=100), 1))
    assert (report.activity, report.outcome) == (Activity.PRINTING, Outcome.NONE)
    assert mirror.wants_history == FILE
    mirror.take_history(prints(1, 0, last=True))
    end = mirror.report(NOW)
    assert (end.activity, end.outcome, end.device_job_id) == (
        Activity.IDLE,
        Outcome.FINISHED,
        "731",
    )
    assert mirror.wants_history is None


def test_a_counted_failure_is_a_cancel_while_the_printer_stays_connected() -> None:
    mirror, _ = after((WORKING, job(), 0), (IDLE, job(), 1))
    mirror.take_history(prints(0, 1, last=False))
    assert mirror.report(NOW).outcome is Outcome.CANCELLED


def test_the_same_file_printed_again_needs_a_new_entry() -> None:
    mirror, _ = after((WORKING, job(), 0), (IDLE, job(), 1))
    mirror.take_history(prints(1, 0, last=True))
    mirror.take(WORKING, job(), 2)
    assert mirror.report(NOW).outcome is Outcome.NONE
    mirror.take(IDLE, job(), 3)
    mirror.take_history(prints(1, 0, last=True))
    assert mirror.report(NOW).outcome is Outcome.NONE
    mirror.take_history(prints(1, 1, last=False))
    assert mirror.report(NOW).outcome is Outcome.CANCELLED


@pytest.mark.parametrize(
    ("completion", "outcome"), [(100, Outcome.FINISHED), (40, Outcome.NONE), (None, Outcome.NONE)]
)
def test_without_a_history_only_a_whole_print_is_believed(
    completion: float | None, outcome: Outcome
) -> None:
    """What cannot be proven is for a person to say."""
    steps = ((WORKING, job(), 0.0), (IDLE, job(completion=completion), 1.0))
    _, report = after(*steps, (IDLE, job(completion=completion), 1.0 + HISTORY_LAG_S))
    assert (report.activity, report.outcome) == (Activity.IDLE, outcome)


def test_a_cancel_that_was_seen_is_one_without_history_too() -> None:
    cancelling = printer("operational", "printing", "cancelling", text="Cancelling")
    steps = ((cancelling, job(), 0.0), (IDLE, job(), 1.0))
    _, report = after(*steps, (IDLE, job(), 1.0 + HISTORY_LAG_S))
    assert report.outcome is Outcome.CANCELLED


def test_an_end_that_nobody_saw_is_read_from_the_history() -> None:
    mirror, report = after((IDLE, job(completion=100), 0))
    assert (report.outcome, mirror.wants_history) == (Outcome.NONE, FILE)
    mirror.take_history(prints(1, 0, last=True))
    assert mirror.report(NOW).outcome is Outcome.FINISHED


def test_a_lost_printer_fails_the_job_and_says_what_to_do() -> None:
    _, report = after((WORKING, job(), 0), ({}, job(), 1))
    assert (report.activity, report.outcome) == (Activity.ERROR, Outcome.FAILED)
    assert [fault.sentence for fault in report.faults] == [OFFLINE]


def test_a_printer_that_is_lost_after_the_end_changes_nothing_of_it() -> None:
    mirror, _ = after((WORKING, job(), 0), (IDLE, job(), 1))
    mirror.take_history(prints(1, 0, last=True))
    mirror.take({}, job(), 2)
    assert mirror.report(NOW).outcome is Outcome.FINISHED


def test_the_printers_error_is_told() -> None:
    broken = printer("closedOrError", "error", text="Error", error="MINTEMP triggered")
    _, report = after((broken, job(None), 0))
    assert [fault.sentence for fault in report.faults] == ["OctoPrint reports: MINTEMP triggered"]


def test_odd_answers_are_read_as_nothing_said() -> None:
    odd = {"state": {"flags": {"operational": True, "ready": True}, "text": 7}, "temperature": []}
    _, report = after((odd, {"job": 3, "progress": {"completion": "much"}}, 0))
    assert (report.activity, report.device_job_id, report.progress) == (Activity.IDLE, None, None)
