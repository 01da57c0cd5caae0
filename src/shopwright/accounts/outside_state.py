"""The ``state`` of an outside sign-in: bound to its verifier, good for ten minutes, spent once.

It carries its own proof, so that asking to sign in, which anybody may, writes nothing.
"""

import hmac
import secrets
from datetime import UTC, datetime, timedelta

from shopwright.accounts import outside_queries
from shopwright.accounts.outside import CodeRefused
from shopwright.kernel.edge import Process
from shopwright.kernel.secrets import Vault, token_hash

LIFE = timedelta(minutes=10)
PURPOSE = "sign-in-state"
PARTS = 3  # nonce, end in seconds, proof


def mint(vault: Vault, code_verifier: str, now: datetime) -> str:
    nonce, end = secrets.token_urlsafe(16), int((now + LIFE).timestamp())
    return f"{nonce}.{end}.{_proof(vault.subkey(PURPOSE), nonce, str(end), code_verifier)}"


async def spend(process: Process, state: str, code_verifier: str) -> None:
    """Raises CodeRefused when we did not make it, for this verifier, or it is over or spent."""
    now = process.clock.now()
    end = _end_of(process.context.vault, state, code_verifier)
    if end is None:
        raise CodeRefused("This state belongs to another sign-in. Begin again.")
    if end <= now:
        raise CodeRefused("This sign-in was begun over ten minutes ago. Begin again.")
    async with process.database.write() as session:
        if not await outside_queries.spend_state(session, token_hash(state), end, now):
            raise CodeRefused("This state was used before. Begin again.")


def _end_of(vault: Vault, state: str, code_verifier: str) -> datetime | None:
    parts = state.split(".")
    if len(parts) != PARTS or not (parts[1].isascii() and parts[1].isdigit()):
        return None
    nonce, end, proof = parts
    expected = [_proof(key, nonce, end, code_verifier) for key in vault.subkeys(PURPOSE)]
    if not any(hmac.compare_digest(proof.encode(), one.encode()) for one in expected):
        return None
    return datetime.fromtimestamp(int(end), UTC)


def _proof(key: bytes, nonce: str, end: str, code_verifier: str) -> str:
    return hmac.new(key, f"{nonce}.{end}.{code_verifier}".encode(), "sha256").hexdigest()
