"""The shop's account at a payment provider: entered by an administrator, never shown again."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.payments import queries
from shopwright.payments.models import PaymentAccount
from shopwright.payments.providers import STRIPE

KEY_PREFIXES = ("sk_test_", "sk_live_", "rk_test_", "rk_live_")  # whole and restricted keys
WEBHOOK_PREFIX = "whsec_"
SHOWN = 4


class KeyUnusable(Invalid):
    code = "payment-key-unusable"
    title = "This is no key of a payment provider"


async def set_account(
    session: WriteSession,
    ctx: Actor,
    *,
    secret_key: str | None,
    webhook_secret: str | None,
    now: datetime,
) -> PaymentAccount:
    """None keeps what is stored. Raises KeyUnusable."""
    vault = session.context.vault
    known = await queries.find_account(session, ctx, STRIPE)
    if known is None and secret_key is None:
        raise KeyUnusable("Enter the secret key that Stripe shows under Developers, API keys.")
    values: dict[str, object] = {"updated_at": now, "last_error": None, "last_error_at": None}
    if secret_key is not None:
        key = _checked(secret_key, KEY_PREFIXES, "A secret key begins with sk_ or rk_.")
        values |= {"secret_key": vault.encrypt(key), "key_ending": key[-SHOWN:]}
    if webhook_secret is not None:
        said = "A webhook's signing secret begins with whsec_."
        values["webhook_secret"] = vault.encrypt(_checked(webhook_secret, (WEBHOOK_PREFIX,), said))
    if known is not None and "secret_key" not in values:
        values |= {"secret_key": known.secret_key, "key_ending": known.key_ending}
    await queries.save_account(session, ctx, STRIPE, values)
    audit.record(session, ctx, "payment_account.set", 0, provider=STRIPE)
    return await get_account(session, ctx)


async def forget_account(session: WriteSession, ctx: Actor) -> None:
    """Raises NotFound when there is none."""
    await session.delete(await get_account(session, ctx))
    audit.record(session, ctx, "payment_account.forgotten", 0, provider=STRIPE)


async def get_account(session: AsyncSession, ctx: Actor) -> PaymentAccount:
    found = await queries.find_account(session, ctx, STRIPE)
    if found is None:
        raise NotFound("This shop has no Stripe account of its own here.")
    return found


def _checked(text: str, prefixes: tuple[str, ...], sentence: str) -> str:
    key = text.strip()
    if not key.startswith(prefixes) or not key.isascii() or not key.isprintable():
        raise KeyUnusable(sentence)
    return key
