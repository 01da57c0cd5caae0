"""API keys: made by people, shown once, limited to scopes, never more than their maker may do."""

from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts import audit, queries
from shopwright.accounts.credentials import KEY_PREFIX
from shopwright.accounts.identities import forget_after_commit
from shopwright.accounts.models import ApiKey
from shopwright.accounts.scopes import SCOPES
from shopwright.kernel import ids
from shopwright.kernel.actor import RANK, Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Forbidden, Invalid, NotFound
from shopwright.kernel.secrets import token_hash

SHOWN_CHARACTERS = 9


@dataclass(frozen=True, slots=True)
class NewKey:
    """``secret`` is shown in this one answer only."""

    key: ApiKey
    secret: str


async def create_key(
    session: WriteSession,
    ctx: Actor,
    *,
    name: str,
    role: Role,
    scopes: list[str] | None,
    expires_at: datetime | None,
) -> NewKey:
    """Raises Forbidden for a key that could do more than its maker, or that a key would make."""
    if ctx.key_id is not None:
        raise Forbidden("Keys are made by people, not by keys.")
    if RANK[role] > RANK[ctx.role]:
        raise Forbidden(f"A key has at most its maker's role; you are {ctx.role} here.")
    _check_scopes(scopes)
    secret = KEY_PREFIX + ids.new_token()
    key = ApiKey(
        organization_id=ctx.organization_id,
        name=name,
        shown_prefix=secret[:SHOWN_CHARACTERS],
        key_hash=token_hash(secret),
        role=role,
        scopes=sorted(set(scopes)) if scopes is not None else None,
        made_by_user_id=ctx.user_id,
        expires_at=expires_at,
    )
    session.add(key)
    await session.flush()
    audit.record(session, ctx, "api_key.created", key.id, name=name, role=role, scopes=key.scopes)
    return NewKey(key, secret)


async def revoke_key(session: WriteSession, ctx: Actor, ref: Ref, now: datetime) -> None:
    """Ends it at once in this process and within seconds in others."""
    key_id = await queries.revoke_key(session, ctx.organization_id, ref, now)
    if key_id is None:
        raise NotFound("There is no such key in use.")
    audit.record(session, ctx, "api_key.revoked", key_id)
    forget_after_commit(session)


def _check_scopes(scopes: list[str] | None) -> None:
    unknown = sorted(set(scopes or ()) - SCOPES)
    if unknown:
        raise Invalid(f"Unknown scopes: {', '.join(unknown)}. Known: {', '.join(sorted(SCOPES))}.")
