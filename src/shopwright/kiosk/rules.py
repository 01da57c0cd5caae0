"""Pure rules of sessions at machines: ids, time-outs, links, and what may come in."""

import json
import re
import secrets
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode

from shopwright.kernel.errors import Invalid, TooLarge
from shopwright.kiosk.states import UserProgress

DEFAULT_TIMEOUT_MIN = 30
MIN_TIMEOUT_MIN, MAX_TIMEOUT_MIN = 5, 60
MAX_LIVE = 5  # sessions of one machine
MAX_METADATA_BYTES = 10_000
MAX_ORDER_BYTES = 500_000
MIN_AMOUNT, MAX_AMOUNT = Decimal("0.01"), Decimal(500)
CURRENCIES = frozenset({"GBP", "USD", "EUR"})
USUAL_CURRENCY = "GBP"
RANDOM_BYTES = 16  # 128 bits: nobody guesses a session
MAX_SESSION_ID = 200
MACHINE_CODE = re.compile(r"[A-Za-z0-9_-]{1,50}")
# They turn the text around them and hide what it says.
DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
QR_LEVELS = frozenset("LMQH")
MAX_BORDER = 20
MAX_PLACE_IN_CODE = 300  # characters; a QR code has room for 1273 in all
MAX_DEPTH = 20  # of what a client sends, one thing within the other
SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,50}_[0-9]{8}_[0-9]{6}_[0-9A-F]{32}")

# What an order says of its manufacturer (``Order.outside_status``) before it was accepted, and when
# nothing comes of it any more.
BROKEN = frozenset({"cancelled", "payment_failed", "refunded", "print_failed", "print_cancelled"})
NOT_ACCEPTED = BROKEN | {"waiting_payment"}

V = TypeVar("V", dict[str, Any], list[Any])


def check_machine_code(text: str) -> str:
    """Raises Invalid unless it is 1 to 50 letters, digits, ``_`` or ``-``."""
    code = text.strip()
    if not MACHINE_CODE.fullmatch(code):
        raise Invalid("A machine's id has 1 to 50 letters, digits, hyphens and underscores.")
    return code


def new_session_id(machine_code: str, now: datetime) -> str:
    """``MACHINE_YYYYMMDD_HHMMSS_RANDOM`` as documented, with 128 random bits."""
    return f"{machine_code}_{now:%Y%m%d_%H%M%S}_{secrets.token_hex(RANDOM_BYTES).upper()}"


def is_session_id(text: str) -> bool:
    """Whether it could be one of ours; what could not is not looked for."""
    return SESSION_ID.fullmatch(text) is not None


def clamp_timeout(minutes: int | None) -> int:
    """Between 5 and 60 minutes, 30 unless told."""
    if minutes is None:
        return DEFAULT_TIMEOUT_MIN
    return min(MAX_TIMEOUT_MIN, max(MIN_TIMEOUT_MIN, minutes))


def expiry(timeout_min: int, now: datetime) -> datetime:
    return now + timedelta(minutes=timeout_min)


def shop_url(base: str, *, machine_code: str, session_id: str, location: str) -> str:
    """What the QR code says: the phone's page of our shop, with the documented parameters."""
    query = {"qr": "true", "machine_id": machine_code, "session_id": session_id}
    if location and len(quote_plus(location)) <= MAX_PLACE_IN_CODE:
        query["location"] = location
    return f"{base}/shop/k/{session_id}?{urlencode(query)}"


def clean_text(text: str | None, most: int) -> str:
    """Without control characters, trimmed, cut to ``most``."""
    return "".join(c for c in text or "" if _is_plain(c)).strip()[:most]


def clean_values(value: Any) -> Any:
    """The same for every text of a JSON value, which keeps its shape."""
    if isinstance(value, str):
        return "".join(c for c in value if c == "\n" or _is_plain(c))
    if isinstance(value, list):
        return [clean_values(each) for each in value]
    if isinstance(value, dict):
        return {clean_text(key, 200): clean_values(each) for key, each in value.items()}
    return value


def check_size(value: V, name: str, most: int = MAX_METADATA_BYTES) -> V:
    """Raises TooLarge when its JSON has more than ``most`` bytes, and Invalid when it is nested
    deeper than anybody writes."""
    if _is_deeper(value, MAX_DEPTH):
        raise Invalid(f"{name} is nested too deep.")
    size = len(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    )
    if size > most:
        raise TooLarge(f"{name} has {size:,} bytes; at most {most:,} are taken.")
    return value


def _is_deeper(value: Any, allowed: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return allowed == 0 or any(_is_deeper(each, allowed - 1) for each in inner)


def check_qr_config(value: dict[str, Any]) -> dict[str, Any]:
    """How the machine's QR codes look; members that we do not know are kept for the machine.

    Raises Invalid for an error correction other than L, M, Q, H, or a border beyond 0 to 20.
    """
    level, border = value.get("error_correction", "M"), value.get("border", 4)
    if level not in QR_LEVELS:
        raise Invalid("error_correction must be L, M, Q or H.")
    if isinstance(border, bool) or not isinstance(border, int) or not 0 <= border <= MAX_BORDER:
        raise Invalid("border must be a whole number from 0 to 20.")
    minutes = value.get("timeout_minutes", DEFAULT_TIMEOUT_MIN)
    if isinstance(minutes, bool) or not isinstance(minutes, int):
        raise Invalid("timeout_minutes must be a whole number.")
    return check_size(value, "qr_config")


def progress_of(
    progress: UserProgress, *, is_paid: bool, outside_status: str | None, is_held: bool
) -> UserProgress:
    """How far the customer is: of a paid order what its manufacturer says."""
    if not is_paid:
        return progress
    if outside_status in BROKEN or (is_held and outside_status in {None, "waiting_payment"}):
        return UserProgress.ORDER_FAILED
    if outside_status is not None and outside_status not in NOT_ACCEPTED:
        return UserProgress.ORDER_SUBMITTED
    return progress


def read_currency(text: str | None) -> str:
    """One of GBP, USD and EUR; anything else counts as GBP, as documented."""
    code = (text or USUAL_CURRENCY).strip().upper()
    return code if code in CURRENCIES else USUAL_CURRENCY


def check_amount(amount: Decimal) -> Decimal:
    """Raises Invalid outside 0.01 to 500."""
    if not MIN_AMOUNT <= amount <= MAX_AMOUNT:
        raise Invalid("payment_amount must be between 0.01 and 500.")
    return amount


def _is_plain(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs"} and character not in DIRECTION_MARKS


def new_payment_key(now: datetime) -> str:
    """PYEN, the day in UTC, six digits: how the partner wants our id of a payment."""
    return f"PYEN{now.astimezone(UTC):%y%m%d}{secrets.randbelow(10**6):06}"
