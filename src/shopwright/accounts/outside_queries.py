"""All SQL of signing in with an outside account."""

from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import SpentState, User
from shopwright.kernel.db import WriteSession, insert_for


async def find_user(session: AsyncSession, etsy_user_id: str) -> User | None:
    user: User | None = await session.scalar(select(User).where(User.etsy_user_id == etsy_user_id))
    return user


async def has_users_besides(session: AsyncSession, user_id: int) -> bool:
    others = select(User.id).where(User.id != user_id).limit(1)
    return await session.scalar(others) is not None


async def lock_founding(session: WriteSession) -> None:
    """Two first owners must come one after the other; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))


async def spend_state(
    session: WriteSession, state_hash: str, expires_at: datetime, now: datetime
) -> bool:
    """False when it was spent before. Those that are over are forgotten on the way."""
    await session.execute(delete(SpentState).where(SpentState.expires_at <= now))
    spent = await session.scalar(
        insert_for(session, SpentState)
        .values(state_hash=state_hash, expires_at=expires_at)
        .on_conflict_do_nothing(index_elements=["state_hash"])
        .returning(SpentState.id)
    )
    return spent is not None
