"""Passwords: argon2id in threads, a few at a time, the same work whether the user exists or not."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shopwright.kernel.errors import Invalid, TooMany

MIN_LENGTH = 10
MAX_LENGTH = 200
AT_ONCE = 2  # each takes 19 MiB and a core for some 20 ms
MAX_WAITING = 50

# OWASP's smallest recommended argon2id: a mini-PC signs its people in without noticing.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
NOBODYS_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$c2hvcHdyaWdodC1ub2JvZHk$"
    "YVVrhzz0J7l3mYcR4PnbGS7cYyDkyCIDkMk3Zq5mS2I"
)

T = TypeVar("T")


class Passwords:
    """Bounds how many passwords one process works on at once; kept in the process context."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Raises Invalid for a password that is too short or too long."""
        check_length(password)
        return await self._work(lambda: HASHER.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """None, for nobody, costs the same and is False."""
        known = password_hash or NOBODYS_HASH
        is_right = await self._work(lambda: _verify(known, password))
        return is_right and password_hash is not None

    async def _work(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_WAITING:
            raise TooMany("Too many people are signing in. Try again shortly.", retry_after_s=2)
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def check_length(password: str) -> None:
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise Invalid(f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.")


def is_outdated(password_hash: str) -> bool:
    """Made with other parameters than today's; hash the password again while it is at hand."""
    return HASHER.check_needs_rehash(password_hash)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
