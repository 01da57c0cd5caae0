"""Pure rules about customers: which segment they are in, and what a message of theirs asks for."""

import re
from decimal import Decimal

from shopwright.kernel.money import Money, exponent
from shopwright.orders.customers.states import Segment

VIP_SPEND = Decimal(300)  # in the organization's currency
VIP_ORDERS = 5  # the list's filter also takes those who bought as often
REPEAT_ORDERS = 2

# What buyers write when they want something that is not on offer, English and German.
KEYWORDS: dict[str, str] = {
    "custom": r"custom(i[sz]\w*|[\s-]?made)?|sonderanfertigung|maßanfertigung|individuell\w*",
    "personalised": r"personali[sz]\w*|engrav\w*|gravur\w*|graviert?\w*",
    "other colour": r"(other|different|another) colou?rs?|andere[rn]? farben?",
    "other size": r"(other|different|another|custom) sizes?|bigger|larger|smaller|"
    r"andere[rn]? größen?|größer|kleiner",
    "possible": r"(is it|would it be|is there) (a way|possible)|can you (make|print|do|add)|"
    r"could you (make|print|do|add)|könnt(en|et)? (sie|ihr)|ist es möglich",
    "bespoke": r"bespoke|one[\s-]off|commission\w*|made to order|special request",
    "bulk": r"bulk|wholesale|quote for|large quantit\w+|mengenrabatt",
}
_PATTERNS = {word: re.compile(rf"\b({text})\b", re.IGNORECASE) for word, text in KEYWORDS.items()}

TITLE = 80  # characters of a message that become a request's title


def vip_spend_minor(currency: str) -> int:
    return int(VIP_SPEND.scaleb(exponent(currency)))


def segment_of(order_count: int, spend: Money) -> Segment:
    """One word for a customer; ``vip`` comes first."""
    if spend.minor >= vip_spend_minor(spend.currency):
        return Segment.VIP
    if order_count >= REPEAT_ORDERS:
        return Segment.REPEAT
    return Segment.NEW if order_count else Segment.PROSPECT


def email_key(email: str) -> str:
    """What two spellings of an address have in common."""
    return email.lower()


def spot_keywords(text: str) -> list[str]:
    """What in a message points to a custom request; empty when nothing does."""
    return [word for word, pattern in _PATTERNS.items() if pattern.search(text)]


def title_of(message: str) -> str:
    """The sentence that asks, else the first one, cut to a title."""
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+|\n+", message) if s.strip()]
    asking = next((s for s in sentences if spot_keywords(s)), sentences[0] if sentences else "")
    return asking if len(asking) <= TITLE else f"{asking[: TITLE - 1].rstrip()}…"
