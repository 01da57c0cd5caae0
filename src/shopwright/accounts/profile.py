"""What people say of themselves: first name, user name, e-mail address."""

from datetime import datetime

from shopwright.accounts import audit, queries, sign_in
from shopwright.accounts.identities import forget_after_commit
from shopwright.accounts.models import User
from shopwright.accounts.people import AddressTaken
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Forbidden


async def prove_password(process: Process, ctx: Actor, email: str | None, password: str) -> None:
    """Another address opens the account, so it takes the password of whoever has one; raises
    SignInRefused or SignInPaused."""
    if ctx.user_id is None:
        raise Forbidden("A key is not a person.")
    async with process.database.read() as session:
        user = await session.get_one(User, ctx.user_id)
    if email is not None and email.strip().lower() != user.email and user.password_hash:
        await sign_in.check_password(process, user.email, password)


async def update_profile(
    session: WriteSession,
    ctx: Actor,
    *,
    first_name: str | None,
    username: str | None,
    email: str | None,
    now: datetime,
) -> User:
    """None leaves a member as it is; raises AddressTaken. A new address counts as unproven."""
    user = await session.get_one(User, ctx.user_id)
    if email is not None and email.strip().lower() != user.email:
        await _change_address(session, ctx, user, email.strip().lower())
    user.first_name = user.first_name if first_name is None else first_name.strip()
    user.username = user.username if username is None else username.strip()
    user.updated_at = now
    await session.flush()
    forget_after_commit(session)  # the name stands on pages
    return user


async def _change_address(session: WriteSession, ctx: Actor, user: User, address: str) -> None:
    if await queries.find_user_by_email(session, address) is not None:
        raise AddressTaken(f"There is a user with the address {address} already.")
    audit.record(session, ctx, "user.address_changed", user.id, before=user.email, after=address)
    user.email, user.is_email_verified = address, False
