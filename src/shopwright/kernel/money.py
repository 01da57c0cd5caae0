"""Money in integer minor units with its currency; Decimal only at the edge; sums never mix
currencies."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from shopwright.kernel.errors import Invalid

# ISO 4217 currencies whose minor unit is not a hundredth.
NO_MINOR_UNIT = frozenset(
    ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF").split()  # noqa: SIM905
)
THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
HUNDREDTHS = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BGN",
        "BRL",
        "CAD",
        "CHF",
        "CNY",
        "CZK",
        "DKK",
        "EGP",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "KES",
        "MAD",
        "MXN",
        "MYR",
        "NGN",
        "NOK",
        "NZD",
        "PEN",
        "PHP",
        "PLN",
        "QAR",
        "RON",
        "RSD",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "ZAR",
    ]
)
CURRENCIES = NO_MINOR_UNIT | THOUSANDTHS | HUNDREDTHS


class UnknownCurrency(Invalid):
    code = "unknown-currency"
    title = "This currency is not known"


def check_currency(code: str) -> str:
    """The upper-case ISO 4217 code; raises UnknownCurrency."""
    currency = code.strip().upper()
    if currency not in CURRENCIES:
        raise UnknownCurrency(f"The currency {code!r} is not known here.", currency=code)
    return currency


def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217)."""
    if currency in NO_MINOR_UNIT:
        return 0
    return 3 if currency in THOUSANDTHS else 2


SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}


@dataclass(frozen=True, slots=True)
class Money:
    minor: int
    currency: str

    @classmethod
    def from_decimal(cls, value: Decimal, currency: str) -> "Money":
        """Round half to even to the currency's minor unit; raises UnknownCurrency."""
        code = check_currency(currency)
        return cls(int((value.scaleb(exponent(code))).to_integral_value(ROUND_HALF_EVEN)), code)

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    @property
    def shown(self) -> str:
        """``€12.50`` where everybody knows the sign, else ``CHF 12.50``: as browsers write English
        prices, so that a page and its script agree."""
        sign = SIGNS.get(self.currency, f"{self.currency}\u00a0")
        amount = f"{abs(self.decimal):,.{exponent(self.currency)}f}"
        return f"{'-' if self.minor < 0 else ''}{sign}{amount}"

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise Invalid(f"{self.currency} and {other.currency} cannot be added.")
        return Money(self.minor + other.minor, self.currency)
