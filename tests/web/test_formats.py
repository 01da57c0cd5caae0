"""How values read."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from shopwright.fleet.states import Activity, ConnectionState, Gate
from shopwright.web import formats, pips
from tests.clock import START

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h 00 min"),
     (11_100, "3 h 05 min"), (187_200, "2 d 4 h"), (-5, "0 s")],
)  # fmt: skip
def test_duration(seconds: float | None, text: str) -> None:
    assert formats.duration(seconds) == text


@pytest.mark.parametrize(
    ("milligrams", "text"),
    [(None, ""), (0, "0.0 g"), (8_240, "8.2 g"), (820_000, "820 g"), (1_884_000, "1.88 kg")],
)
def test_grams(milligrams: int | None, text: str) -> None:
    assert formats.grams(milligrams) == text


def test_money_knows_the_minor_unit_of_its_currency() -> None:
    assert formats.money(123_456_7, "EUR") == "12\u2009345.67 EUR"
    assert formats.money(1_200, "JPY") == "1\u2009200 JPY"
    assert formats.money(None, "EUR") == ""


@pytest.mark.parametrize(
    ("days", "text", "tone"),
    [(-2, "2 d overdue", "red"), (0, "due today", "yellow"), (1, "due tomorrow", "orange"),
     (2, "due in 2 d", "orange"), (3, "due 5 Mar", "grey"), (400, "due 6 Apr 2027", "grey")],
)  # fmt: skip
def test_promise_gets_louder_as_it_comes_near(days: int, text: str, tone: str) -> None:
    assert formats.due(TODAY + timedelta(days=days), TODAY) == formats.Chip(text, tone)


def test_clock_is_the_shops_and_names_the_day_when_it_is_another() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert formats.clock(START, berlin, START) == "10:00"
    assert formats.clock(START + timedelta(hours=20), berlin, START) == "Tue 06:00"
    assert formats.clock(START - timedelta(days=30), berlin, START) == "31 Jan 10:00"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Anna Maria Berg", "AB"), ("Cher", "C"), ("", ""), ("  élan vital ", "ÉV"),
     ("(Jo) Ito", "I")],
)  # fmt: skip
def test_initials(name: str, letters: str) -> None:
    assert formats.initials(name) == letters


@pytest.mark.parametrize(
    ("connection", "activity", "gate", "word", "tone"),
    [
        ("offline", "printing", "ready", "offline", "grey"),
        ("auth_failed", "idle", "ready", "wrong access code", "red"),
        ("online", "printing", "needs_clearing", "printing", "blue"),
        ("online", "error", "ready", "error", "red"),
        ("online", "idle", "needs_clearing", "clear the plate", "amber"),
        ("online", "idle", "maintenance", "maintenance", "amber"),
        ("online", "idle", "ready", "ready", "green"),
        ("online", "unknown", "ready", "no report yet", "grey"),
    ],
)
def test_pip_shows_what_matters_most(
    connection: str, activity: str, gate: str, word: str, tone: str
) -> None:
    pip = pips.printer_pip(ConnectionState(connection), Activity(activity), Gate(gate))
    assert (pip.word, pip.tone) == (word, tone)
