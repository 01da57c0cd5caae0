"""Calculations of the reports. Pure."""

from decimal import ROUND_HALF_EVEN, Decimal

from shopwright.kernel.money import exponent

MICROS_MG = Decimal(10) ** 9  # millionths of a unit per gram, times milligrams


def percent(part: int, whole: int) -> float | None:
    """With one decimal; None where there is nothing to compare with."""
    return round(100 * part / whole, 1) if whole else None


def cost_minor(used_mg: int, cost_per_gram_micros: int | None, currency: str) -> int:
    """What filament costs at this price; 0 where nobody said one."""
    cost = Decimal(used_mg) * (cost_per_gram_micros or 0) / MICROS_MG
    return int(cost.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_EVEN))


def average_minor(total_minor: int, count: int) -> int | None:
    """Rounded half to even; None where there is nothing to average."""
    if not count:
        return None
    whole, rest = divmod(total_minor, count)
    is_up = 2 * rest > count or (2 * rest == count and whole % 2 == 1)
    return whole + is_up
