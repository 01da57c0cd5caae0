"""Money: whole minor units, its own currency, no sums across currencies."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import CURRENCIES, Money, UnknownCurrency, check_currency


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("49.90", "EUR", 4990), ("1200", "JPY", 1200), ("1.234", "KWD", 1234), ("0.005", "EUR", 0)],
)
def test_decimal_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    assert Money.from_decimal(Decimal(text), currency) == Money(minor, currency)


@given(st.integers(-(10**12), 10**12), st.sampled_from(sorted(CURRENCIES)))
def test_there_and_back_is_the_same(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.from_decimal(money.decimal, currency) == money


def test_unknown_currency_is_named() -> None:
    with pytest.raises(UnknownCurrency, match="'XYZ' is not known"):
        check_currency("XYZ")
    assert check_currency(" eur ") == "EUR"


def test_different_currencies_are_never_added() -> None:
    with pytest.raises(Invalid, match="EUR and USD cannot be added"):
        Money(1, "EUR") + Money(1, "USD")
