"""Customers' sessions: opened by a machine, taken over by a phone, over after a while."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopwright.accounts import audit
from shopwright.catalog.designs import queries as design_queries
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Gone, Invalid, NotFound, TooMany
from shopwright.kernel.live import touch
from shopwright.kiosk import queries, rules
from shopwright.kiosk.machines import queries as machine_queries
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.kiosk.queries import AnySession, FoundSession
from shopwright.kiosk.states import OPEN, PAID, SessionStatus, UserProgress

TOPIC = "kiosk"
LONGEST_WAIT_S = 30  # what a machine that has five sessions is told to wait at most
ENDED = {
    SessionStatus.EXPIRED: "This session is over. Scan a new code at the machine.",
    SessionStatus.CANCELLED: "This session was ended at the machine. Scan a new code there.",
}


class SessionMissing(NotFound):
    code = "kiosk-session-missing"
    title = "There is no such session"


class SessionOver(Gone):
    code = "kiosk-session-over"
    title = "This session is over"


class TooManySessions(TooMany):
    code = "kiosk-sessions-full"
    title = "This machine has five open sessions"


class SessionNotReady(Conflict):
    code = "kiosk-session-not-ready"
    title = "The session is not there yet, or beyond"


@dataclass(frozen=True, slots=True)
class Scan:
    """What a phone says of itself; ``address`` is seen, not said."""

    machine_code: str | None
    location: str
    user_agent: str
    address: str


async def open_session(
    session: WriteSession,
    ctx: Actor,
    machine: Machine,
    *,
    location: str = "",
    timeout_min: int | None = None,
    extra: dict[str, Any] | None = None,
    now: datetime,
) -> KioskSession:
    """A new one at the calling machine; raises TooManySessions when it has five that are open."""
    locked = await machine_queries.lock_machine(session, ctx, machine.id)
    ends = await queries.list_live_ends(session, ctx, locked.id, now)
    if len(ends) >= rules.MAX_LIVE:
        wait_s = min(LONGEST_WAIT_S, max(1, int((ends[0] - now).total_seconds())))
        raise TooManySessions(
            f"{locked.name} has {len(ends)} open sessions. End one, or try again in {wait_s} "
            "seconds.",
            retry_after_s=wait_s,
        )
    minutes = rules.clamp_timeout(timeout_min or locked.qr_config.get("timeout_minutes"))
    row = KioskSession(
        organization_id=ctx.organization_id,
        session_id=rules.new_session_id(locked.code, now),
        machine_id=locked.id,
        status=SessionStatus.ACTIVE,
        progress=UserProgress.STARTED,
        location=rules.clean_text(location, 200) or locked.location,
        timeout_minutes=minutes,
        expires_at=rules.expiry(minutes, now),
        created_at=now,
        last_activity_at=now,
        extra=rules.clean_values(rules.check_size(extra or {}, "metadata")),
    )
    session.add(row)
    await session.flush()
    touch_session(session, row)
    return row


async def find_session(session: AnySession, ctx: Actor, session_id: str) -> FoundSession:
    """Raises SessionMissing, also for what cannot be a session id. It may be over."""
    found = None
    if rules.is_session_id(session_id):
        found = await queries.find_session(session, ctx, session_id)
    if found is None:
        raise SessionMissing("There is no such session. Scan the code at the machine again.")
    return found


async def get_session(session: AnySession, ctx: Actor, ref: Ref) -> FoundSession:
    """For the shop's people, by its row; raises SessionMissing."""
    session_id = await queries.find_session_id(session, ctx, ref)
    if session_id is None:
        raise SessionMissing(f"There is no session {ref}.")
    return await find_session(session, ctx, session_id)


async def check_open(database: Database, ctx: Actor, row: KioskSession, now: datetime) -> None:
    """Raises SessionOver for one that ended unpaid; says so in the row when nobody has yet."""
    if row.status in PAID:
        return
    if row.status in OPEN:
        if row.expires_at > now:
            return
        async with database.write() as session:
            await expire_session(session, ctx, row.id, now)
    raise session_over(row.status if row.status in ENDED else SessionStatus.EXPIRED)


def session_over(status: SessionStatus) -> SessionOver:
    return SessionOver(ENDED[status], valid=False, session_status=status.value)


async def expire_session(session: WriteSession, ctx: Actor, row_id: int, now: datetime) -> bool:
    """False when it has gone on, or is over already. What is being paid may still be paid."""
    expired = await queries.move_session(session, ctx, row_id, SessionStatus.EXPIRED, ended_at=now)
    if expired is not None:
        touch_session(session, expired)
    return expired is not None


async def complete_session(session: WriteSession, ctx: Actor, row_id: int, now: datetime) -> bool:
    """Whoever makes it has the order; False when that was said before."""
    completed = await queries.move_session(
        session,
        ctx,
        row_id,
        SessionStatus.COMPLETED,
        progress=UserProgress.ORDER_SUBMITTED,
        ended_at=now,
    )
    if completed is not None:
        touch_session(session, completed)
    return completed is not None


def shown_progress(found: FoundSession) -> UserProgress:
    """How far the customer is, with what the manufacturer says."""
    order = found.order
    return rules.progress_of(
        found.row.progress,
        is_paid=found.row.status in PAID,
        outside_status=order.outside_status if order is not None else None,
        is_held=order is not None and order.is_held,
    )


async def register_user(
    session: WriteSession, ctx: Actor, found: FoundSession, scan: Scan, now: datetime
) -> KioskSession:
    """A phone has scanned the code. Raises Invalid when it names another machine."""
    if scan.machine_code is not None and scan.machine_code != found.machine.code:
        raise Invalid("This code belongs to another machine. Scan it again.")
    row = found.row
    if row.status in PAID:
        return row
    progress = row.progress
    if progress is UserProgress.STARTED:
        progress = UserProgress.QR_SCANNED
    return await _change(
        session,
        ctx,
        row,
        progress=progress,
        scanned_at=row.scanned_at or now,
        address=scan.address[:64],
        user_agent=rules.clean_text(scan.user_agent, 500),
        location=row.location or rules.clean_text(scan.location, 200),
        last_activity_at=now,
    )


async def note_progress(
    session: WriteSession, ctx: Actor, row: KioskSession, progress: UserProgress, now: datetime
) -> KioskSession:
    """The customer chooses or designs; goes back and forth, but not once a price is asked."""
    if row.status in {SessionStatus.ACTIVE, SessionStatus.DESIGNING}:
        moved = await queries.move_session(
            session,
            ctx,
            row.id,
            SessionStatus.DESIGNING,
            also=frozenset({SessionStatus.DESIGNING}),
            progress=progress,
            last_activity_at=now,
        )
        if moved is not None:
            touch_session(session, moved)
            return moved
    return row


async def choose_template(
    session: WriteSession, ctx: Actor, row: KioskSession, code: str, now: datetime
) -> KioskSession:
    """What was touched at the screen; raises NotFound for a product that is not offered."""
    template = await design_queries.find_template(session, ctx, code)
    if template is None or not template.is_active:
        raise NotFound("This product is not offered any more.")
    return await _change(session, ctx, row, template_id=template.id, last_activity_at=now)


async def cancel_session(
    session: WriteSession, ctx: Actor, found: FoundSession, *, reason: str, now: datetime
) -> KioskSession:
    """Ended by the machine or by a person. Raises SessionNotReady once it is paid."""
    cancelled = await queries.move_session(
        session, ctx, found.row.id, SessionStatus.CANCELLED, ended_at=now
    )
    if cancelled is None:
        raise SessionNotReady("It is paid, or it is over already: there is nothing to cancel.")
    audit.record(session, ctx, "kiosk_session.cancelled", cancelled.id, reason=reason)
    touch_session(session, cancelled)
    return cancelled


async def _change(
    session: WriteSession, ctx: Actor, row: KioskSession, **values: Any
) -> KioskSession:
    """Raises SessionOver when it ended meanwhile."""
    changed = await queries.change_session(session, ctx, row.id, **values)
    if changed is None:
        raise session_over(SessionStatus.EXPIRED)
    touch_session(session, changed)
    return changed


def touch_session(session: WriteSession, row: KioskSession) -> None:
    touch(session, row.organization_id, TOPIC, row.id)
