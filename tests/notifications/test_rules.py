"""Quiet hours, pauses and short lists."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shopwright.kernel.errors import IllegalTransition, Invalid
from shopwright.notifications import rules
from shopwright.notifications.states import DeliveryStatus, check_transition
from shopwright.notifications.targets import check_recipients, check_topics, mask_url
from tests.clock import START

PARIS = ZoneInfo("Europe/Paris")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-02T21:59:00+01:00", None),
        ("2026-03-02T22:00:00+01:00", "2026-03-03T07:00:00+01:00"),
        ("2026-03-03T06:59:00+01:00", "2026-03-03T07:00:00+01:00"),
        ("2026-03-03T07:00:00+01:00", None),
        ("2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"),  # the clocks change
    ],
)
def test_quiet_hours_go_over_midnight_in_the_shops_zone(now: str, until: str | None) -> None:
    found = rules.end_of_quiet(moment(now), "22:00", "07:00", PARIS)
    assert found == (moment(until) if until else None)


def test_quiet_hours_by_day_and_none_at_all() -> None:
    noon = moment("2026-03-02T12:30:00+01:00")
    assert rules.end_of_quiet(noon, "12:00", "13:00", PARIS) == moment("2026-03-02T13:00:00+01:00")
    assert rules.end_of_quiet(noon, None, None, PARIS) is None
    assert rules.end_of_quiet(noon, "12:00", "12:00", PARIS) is None


@pytest.mark.parametrize("text", ["25:00", "noon", "12:61", ""])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="write it as 22:00"):
        rules.parse_clock(text)


def test_tries_go_on_for_a_day_and_end_within_it() -> None:
    at, tries, seen = START, 1, []
    while True:
        again = rules.next_try(at, tries, START + rules.GIVE_UP_AFTER, jitter=lambda _a, _b: 0.0)
        if again is None:
            break
        seen.append((again - at).total_seconds())
        at, tries = again, tries + 1
    assert seen == [5, 60, 300, 900, 1800, 3600, 7200, 14400, 21600, 28800]
    assert timedelta(hours=20) < at - START <= rules.GIVE_UP_AFTER


def test_pauses_vary_and_respect_what_the_receiver_asks_for() -> None:
    later = START + rules.GIVE_UP_AFTER
    early = rules.next_try(START, 2, later, jitter=lambda low, _high: low)
    late = rules.next_try(START, 2, later, jitter=lambda _low, high: high)
    assert (early, late) == (START + timedelta(seconds=48), START + timedelta(seconds=72))
    asked = rules.next_try(START, 1, later, retry_after_s=600)
    assert asked == START + timedelta(seconds=600)


def test_lists_show_ten_and_count_the_rest() -> None:
    lines = [str(number) for number in range(13)]
    assert rules.first_ten(lines) == [*lines[:10], "+3"]
    assert rules.first_ten(lines[:10]) == lines[:10]


def test_states_refuse_other_ways() -> None:
    check_transition(DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN)
    with pytest.raises(IllegalTransition, match="A delivered message cannot become pending"):
        check_transition(DeliveryStatus.DELIVERED, DeliveryStatus.PENDING)


def test_addresses_and_topics_are_judged() -> None:
    assert check_recipients(" a@b.test , c@d.test") == ["a@b.test", "c@d.test"]
    for text in ("", "nobody", "a@b", "a@b.test, x y@z.test"):
        with pytest.raises(Invalid):
            check_recipients(text)
    assert check_topics(["order_ready", "print_failed"]) == ["print_failed", "order_ready"]
    with pytest.raises(Invalid, match="'weather' is no topic"):
        check_topics(["weather"])
    assert mask_url("https://hooks.test:8443/T1/secret?x=1") == "https://hooks.test:8443/…"
