"""Grams, colours and draws, for all inputs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwright.inventory import rules

amounts = st.integers(0, 2_000_000)


@given(st.lists(amounts, max_size=6), amounts)
def test_a_draw_takes_no_more_than_there_is_and_accounts_for_all(
    rolls: list[int], amount: int
) -> None:
    drawn = rules.draw(list(enumerate(rolls)), amount)

    assert sum(drawn.taken.values()) + drawn.short == amount
    assert all(0 < taken <= rolls[roll] for roll, taken in drawn.taken.items())
    assert drawn.short == max(amount - sum(rolls), 0)


@given(st.integers(0, rules.MAX_GRAMS * rules.MG_PER_G))
def test_milligrams_survive_the_way_out_and_in(mg: int) -> None:
    assert rules.to_mg(Decimal(str(rules.to_grams(mg)))) == mg


@given(st.integers(0, 10**12))
def test_micros_survive_the_way_out_and_in(micros: int) -> None:
    assert rules.to_micros(Decimal(str(micros / rules.MICROS))) == micros


def test_whole_grams_are_whole_numbers() -> None:
    assert repr(rules.to_grams(750_000)) == "750"
    assert repr(rules.to_grams(750_500)) == "750.5"


@pytest.mark.parametrize(
    ("color", "code"),
    [
        ("Red", "FF0000"),
        (" black ", "000000"),
        ("#1a2B3c", "1A2B3C"),
        ("1A2B3CFF", "1A2B3C"),
        ("Galaxy", None),
        ("#12", None),
    ],
)
def test_colours_are_known_by_name_or_code(color: str, code: str | None) -> None:
    assert rules.hex_of(color) == code


def test_a_roll_without_a_chip_reports_zeros() -> None:
    assert [rules.is_tag(tag) for tag in ("A1", "0000", "", None)] == [True, False, False, False]
