"""When to ask a provider, and what a payment's money means for its order."""

from datetime import datetime, timedelta

from shopwright.payments.port import Standing
from shopwright.payments.states import PaymentStatus

FIRST_ASK = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)
AFTER_EXPIRY = timedelta(minutes=1)  # the provider's own clock may be a little behind
ASK_PAYING_EVERY = timedelta(hours=6)  # bank debits take days
FEE_AFTER = timedelta(minutes=5)  # the fee is known a moment after the money
FEE_WITHIN = timedelta(days=2)
GIVE_UP_AFTER = timedelta(days=30)


def next_ask(
    status: PaymentStatus,
    *,
    created_at: datetime,
    expires_at: datetime | None,
    has_fee: bool,
    now: datetime,
) -> datetime | None:
    """Webhooks may be lost: the pauses grow with the age, and the expiry is always asked after."""
    age = now - created_at
    match status:
        case PaymentStatus.PENDING if age < GIVE_UP_AFTER:
            pause = min(max(age, FIRST_ASK), LONGEST_PAUSE)
            if expires_at is not None and now < expires_at + AFTER_EXPIRY < now + pause:
                return expires_at + AFTER_EXPIRY
            return now + pause
        case PaymentStatus.PAYING if age < GIVE_UP_AFTER:
            return now + ASK_PAYING_EVERY
        case PaymentStatus.PAID if not has_fee and age < FEE_WITHIN:
            return now + max(FEE_AFTER, age)
        case _:
            return None


def difference(amount_minor: int, currency: str, standing: Standing) -> str | None:
    """The sentence when other money came than was agreed; None when it is right.

    What a provider does not tell cannot differ.
    """
    came, of = standing.amount_minor, (standing.currency or currency).upper()
    if of != currency.upper():
        return f"The money came in {of}, not in {currency}. Look at the provider, then refund it."
    if came is not None and came != amount_minor:
        return (
            f"{came} came instead of {amount_minor} (in the smallest unit of {currency}). "
            "Look at the provider, then refund it or take the order up by hand."
        )
    return None
