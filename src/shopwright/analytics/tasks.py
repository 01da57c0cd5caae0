"""What the roll-ups hear. Events are gathered and counted once, last in their transaction."""

from collections import defaultdict
from typing import Any

from shopwright.analytics import rollups
from shopwright.analytics.states import RollupSubject
from shopwright.inventory.events import FilamentMoved
from shopwright.kernel.db import WriteSession
from shopwright.kernel.signals import TransactionEnding
from shopwright.print_jobs.events import PrintJobEnded

GATHERED = "shopwright.analytics"


async def on_print_job_ended(session: WriteSession, event: PrintJobEnded) -> None:
    for subject in (RollupSubject.PRINTS, RollupSubject.WORK, RollupSubject.PLATES):
        _gathered(session)[event.organization_id, subject].add(event.print_job_id)


async def on_filament_moved(session: WriteSession, event: FilamentMoved) -> None:
    _gathered(session)[event.organization_id, RollupSubject.FILAMENT].update(event.keys)


async def on_transaction_ending(session: WriteSession, event: TransactionEnding) -> None:
    """Whoever changes an order touches it, or its readers would be told that nothing changed."""
    gathered = _gathered(session)
    for signal in event.signals:
        if signal.topic == "order" and signal.key:
            gathered[signal.organization_id, RollupSubject.ORDERS].add(signal.key)
    for (organization_id, subject), keys in sorted(gathered.items()):
        if subject is RollupSubject.FILAMENT:
            await rollups.follow_movements(session, organization_id, keys)
        else:
            await rollups.follow(session, organization_id, subject, keys)
    gathered.clear()


def _gathered(session: WriteSession) -> dict[tuple[int, RollupSubject], set[Any]]:
    """Ids by organization and subject, keys of movements."""
    found: dict[tuple[int, RollupSubject], set[Any]] = session.info.setdefault(
        GATHERED, defaultdict(set)
    )
    return found
