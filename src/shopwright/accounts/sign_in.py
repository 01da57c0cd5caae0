"""Signing in with a password: constant work, and a pause of 15 minutes after five failures."""

from datetime import datetime, timedelta

from shopwright.accounts import audit, queries, sessions
from shopwright.accounts.identities import forget_after_commit
from shopwright.accounts.models import User
from shopwright.accounts.passwords import Passwords, is_outdated
from shopwright.accounts.sessions import SignedIn
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Forbidden, TooMany, Unauthenticated
from shopwright.kernel.secrets import token_hash

MAX_FAILURES = 5
PAUSE = timedelta(minutes=15)
MAX_UNKNOWN = 10_000


class SignInRefused(Unauthenticated):
    code = "sign-in-refused"
    title = "E-mail address or password is wrong"


class SignInPaused(TooMany):
    code = "sign-in-paused"
    title = "Too many failed attempts"


class UnknownAddresses:
    """Counts failures for addresses nobody has, so that they answer like those somebody has."""

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, datetime]] = {}

    def check(self, email: str, now: datetime) -> None:
        count, since = self._failures.get(token_hash(email), (0, now))
        if count >= MAX_FAILURES and now < since + PAUSE:
            raise _paused(since + PAUSE, now)

    def count(self, email: str, now: datetime) -> None:
        key = token_hash(email)
        count, since = self._failures.get(key, (0, now))
        if len(self._failures) >= MAX_UNKNOWN:
            self._failures.clear()
        is_over = count >= MAX_FAILURES and now >= since + PAUSE
        self._failures[key] = (1 if is_over else count + 1, now)


async def sign_in(process: Process, email: str, password: str) -> SignedIn:
    """Tokens for an API client; raises SignInRefused or SignInPaused."""
    now = process.clock.now()
    user_id = await check_password(process, email, password)
    async with process.database.write() as session:
        user = await _let_in(session, user_id, now)
        return await sessions.open_session(session, process, user, now)


async def sign_in_page(process: Process, email: str, password: str) -> str:
    """The secret for the page cookie; raises SignInRefused or SignInPaused."""
    now = process.clock.now()
    user_id = await check_password(process, email, password)
    async with process.database.write() as session:
        user = await _let_in(session, user_id, now)
        return await sessions.open_page_session(session, process, user, now)


async def check_password(process: Process, email: str, password: str) -> int:
    """The user's id when the password is right; every failure counts towards the pause."""
    now = process.clock.now()
    address = email.strip().lower()
    async with process.database.read() as session:
        user = await queries.find_user_by_email(session, address)
    _check_pause(process, user, address, now)
    known_hash = user.password_hash if user and user.is_active else None
    is_right = await process.context.keep(Passwords).verify(known_hash, password)
    if user is None or not is_right:
        await _count_failure(process, user, address, now)
        raise SignInRefused("E-mail address or password is wrong.")
    if user.password_hash and is_outdated(user.password_hash):
        await _store_hash(process, user.id, password)
    return user.id


async def change_password(
    process: Process, ctx: Actor, session_id: int | None, current: str, new: str
) -> None:
    """Set a new password and end every other sign-in of this person."""
    if ctx.user_id is None:
        raise Forbidden("Only people have passwords.")
    async with process.database.read() as session:
        email = (await session.get_one(User, ctx.user_id)).email
    await check_password(process, email, current)
    password_hash = await process.context.keep(Passwords).hash(new)
    async with process.database.write() as session:
        await queries.set_password(session, ctx.user_id, password_hash)
        await queries.revoke_sessions_of_user(
            session, ctx.user_id, process.clock.now(), keep=session_id
        )
        audit.record(session, ctx, "user.password_changed", ctx.user_id)
        forget_after_commit(session)


def _check_pause(process: Process, user: User | None, email: str, now: datetime) -> None:
    if user is None:
        process.context.keep(UnknownAddresses).check(email, now)
    elif user.locked_until is not None and now < user.locked_until:
        raise _paused(user.locked_until, now)


async def _count_failure(process: Process, user: User | None, email: str, now: datetime) -> None:
    if user is None:
        process.context.keep(UnknownAddresses).count(email, now)
        return
    async with process.database.write() as session:
        await queries.count_failed_login(session, user.id, MAX_FAILURES, now + PAUSE)


async def _let_in(session: WriteSession, user_id: int, now: datetime) -> User:
    """Decided by the database: guesses that ran side by side may have paused the user meanwhile."""
    user = await queries.clear_failed_logins(session, user_id, now)
    if user is None:
        raise SignInRefused("E-mail address or password is wrong.")
    return user


async def _store_hash(process: Process, user_id: int, password: str) -> None:
    password_hash = await process.context.keep(Passwords).hash(password)
    async with process.database.write() as session:
        await queries.set_password(session, user_id, password_hash)


def _paused(until: datetime, now: datetime) -> SignInPaused:
    seconds = max(1, int((until - now).total_seconds()))
    return SignInPaused(
        f"Too many failed attempts. Try again in {-(-seconds // 60)} minutes.",
        retry_after_s=seconds,
    )
