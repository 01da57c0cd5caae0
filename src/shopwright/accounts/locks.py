"""The lock under which a shop's work is planned and counted."""

from sqlalchemy import select

from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession


async def lock_work(session: WriteSession, ctx: Actor) -> None:
    """Until the commit nobody else plans or counts what this shop makes.

    Take it before any row is written. SQLite has one writer anyway.
    """
    if session.is_sqlite:
        return
    await session.execute(
        select(Organization.id)
        .where(Organization.id == ctx.organization_id)
        .with_for_update(key_share=True)
    )
