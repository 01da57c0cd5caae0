"""How values read on a page: durations, masses, money, promise dates, names. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shopwright.kernel.money import Money, exponent

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
GRAM_MG, KILOGRAM_MG = 1_000, 1_000_000
SOON_DAYS = 2
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Chip:
    """A short word in a colour; ``tone`` is a colour name of app.css."""

    text: str
    tone: str


def duration(seconds: float | None) -> str:
    """``42 s``, ``12 min``, ``3 h 05 min``, ``2 d 4 h``; nothing for an unknown span."""
    if seconds is None:
        return ""
    whole = max(0, round(seconds))
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min"
    if whole < DAY_S:
        return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S:02d} min"
    return f"{whole // DAY_S} d {whole % DAY_S // HOUR_S} h"


def grams(milligrams: int | None) -> str:
    if milligrams is None:
        return ""
    if abs(milligrams) >= KILOGRAM_MG:
        return f"{milligrams / KILOGRAM_MG:.2f} kg"
    value = milligrams / GRAM_MG
    return f"{value:.1f} g" if abs(value) < 100 else f"{value:.0f} g"  # noqa: PLR2004  three digits


def money(minor: int | None, currency: str | None) -> str:
    """``12.50 EUR``, with a thin space between thousands."""
    if minor is None or not currency:
        return ""
    amount = f"{Money(minor, currency).decimal:,.{exponent(currency)}f}".replace(",", "\u2009")
    return f"{amount} {currency}"


def price(minor: int | None, currency: str | None) -> str:
    """As ``Money.shown``: for customers, where ``money`` is for the books."""
    return "" if minor is None or not currency else Money(minor, currency).shown


def nozzle(micrometres: int | None) -> str:
    return f"{micrometres / 1000:g} mm" if micrometres else ""


def degrees(celsius: float | None) -> str:
    return "–" if celsius is None else f"{celsius:.0f}°"


def clock(moment: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    """``14:35`` today, ``Tue 14:35`` within a week, ``12 Mar 14:35`` otherwise."""
    if moment is None:
        return ""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    days = abs((local.date() - today).days)
    if days == 0:
        return f"{local:%H:%M}"
    if days < WEEK_DAYS:
        return f"{local:%a %H:%M}"
    return f"{_day(local.date(), today)} {local:%H:%M}"


def day(value: date | None, today: date) -> str:
    """``12 Mar``, with the year when it is another one."""
    return "" if value is None else _day(value, today)


def ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    passed = (now - moment).total_seconds()
    return "just now" if passed < MINUTE_S else f"{duration(passed)} ago"


def due(promised_on: date | None, today: date) -> Chip | None:
    """Red overdue, yellow today, orange within two days, grey later; None without a promise."""
    if promised_on is None:
        return None
    days = (promised_on - today).days
    if days < 0:
        return Chip(f"{-days} d overdue", "red")
    if days == 0:
        return Chip("due today", "yellow")
    if days <= SOON_DAYS:
        return Chip("due tomorrow" if days == 1 else f"due in {days} d", "orange")
    return Chip(f"due {_day(promised_on, today)}", "grey")


def initials(name: str) -> str:
    """``AB`` of ``Anna Maria Berg``: the first and the last name."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return ""
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


def ready_at(at: datetime, remaining_s: int | None) -> datetime | None:
    return None if remaining_s is None else at + timedelta(seconds=remaining_s)


def words(value: str) -> str:
    """``pending_payment`` → ``pending payment``."""
    return value.replace("_", " ")


def _day(value: date, today: date) -> str:
    year = f" {value.year}" if value.year != today.year else ""
    return f"{value.day} {value:%b}{year}"
