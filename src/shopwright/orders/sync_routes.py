"""Sync now: asks the worker for the shop's channels and waits a while for what they bring."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from pydantic import BaseModel

from shopwright.accounts.access import MemberCtx, SyncLimited
from shopwright.channels import runs
from shopwright.channels.models import ChannelSync
from shopwright.channels.runs import Progress
from shopwright.kernel.edge import ProcessDep, problems, writing
from shopwright.kernel.errors import BrokenUpstream, Conflict, ShopError, Unavailable
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import queries

router = APIRouter(prefix="/api/orders", tags=["orders"], route_class=RepeatableRoute)

WAIT_S = 20.0  # reference decision 24


class SyncRefused(Conflict):
    code = "sync-refused"
    title = "The channel refuses the sync"


class SyncRead(BaseModel):
    """``synced_count`` counts new orders; while ``running`` all counts are those so far."""

    message: str
    success: bool
    synced_count: int
    new_orders_saved: int
    updated_orders: int
    rejected_orders: int
    total_orders: int
    errors: list[str]
    running: bool
    sync_id: str | None


@router.post(
    "/sync",
    dependencies=[SyncLimited],
    responses=problems(runs.NoConnection, runs.ReconnectFirst, SyncRefused, Unavailable),
)
async def sync_orders(request: Request, ctx: MemberCtx, process: ProcessDep) -> SyncRead:
    """Fetch what changed at the connected channels. Waits up to 20 seconds; a call while a sync
    runs joins it."""
    async with writing(request) as session:
        syncs = await runs.request_all(session, ctx, now=process.clock.now())
    progress = await runs.wait_for(process, ctx, [sync.id for sync in syncs], WAIT_S)
    if progress.has_failed:
        raise _refusal(progress.syncs)
    async with process.database.read() as session:
        total = await queries.count_orders(session, ctx)
    return _to_read(progress, total)


def _to_read(progress: Progress, total: int) -> SyncRead:
    return SyncRead(
        message=_message(progress),
        success=not progress.errors,
        synced_count=progress.new,
        new_orders_saved=progress.new,
        updated_orders=progress.updated,
        rejected_orders=progress.rejected,
        total_orders=total,
        errors=progress.errors,
        running=progress.is_running,
        sync_id=progress.syncs[0].uuid if progress.is_running else None,
    )


def _message(progress: Progress) -> str:
    """The reference's sentence, and what else a person should know."""
    orders = "order" if progress.new == 1 else "orders"
    parts = [f"Synced {progress.new} new {orders}"]
    if progress.is_running:
        left = sum(sync.remaining for sync in progress.syncs)
        parts.append(f"the sync is still running, about {left} to come")
    if progress.rejected:
        parts.append(f"{progress.rejected} could not be read and are shown with the connection")
    return "; ".join(parts + progress.errors)


def _refusal(syncs: Sequence[ChannelSync]) -> ShopError:
    """Every shop's sync failed: the first one's kind decides, all sentences are told."""
    kinds: dict[str | None, type[ShopError]] = {
        "unavailable": Unavailable,
        "rate_limited": Unavailable,
        "bad_answer": BrokenUpstream,
        "reconnect_needed": runs.ReconnectFirst,
    }
    text = " ".join(sync.error or "" for sync in syncs)
    counts = Progress(syncs)
    return kinds.get(syncs[0].error_kind, SyncRefused)(
        text, new_orders_saved=counts.new, updated_orders=counts.updated
    )
