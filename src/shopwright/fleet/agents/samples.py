"""Takes the snapshots that an agent sends into telemetry, as if a runner here had seen them."""

from collections import Counter
from datetime import timedelta
from typing import Any

import msgspec

from shopwright.fleet.agents.events import MIN_SKEW
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Invalid
from shopwright.kernel.signals import Signal
from shopwright.telemetry.access import find_recorder
from shopwright.telemetry.latest import LatestSnapshots, Snapshot
from shopwright.telemetry.recorder import MAX_WAITING, Recorder

ROOM = MAX_WAITING // 2  # of one printer at a time


def read_snapshots(
    rows: list[dict[str, Any]], organization_id: int, printer_ids: set[int], skew: timedelta
) -> list[Snapshot]:
    """Those of the agent's own printers, on our clock; raises Invalid for what is no snapshot."""
    try:
        found = [msgspec.convert(row, Snapshot, strict=False) for row in rows]
        if any(one.at.tzinfo is None for one in found):
            raise Invalid("A snapshot's moment has no time zone.")
        by = skew if abs(skew) >= MIN_SKEW else timedelta(0)
        return [
            msgspec.structs.replace(one, organization_id=organization_id, at=one.at + by)
            for one in found
            if one.printer_id in printer_ids
        ]
    except (msgspec.ValidationError, OverflowError, TypeError) as err:
        raise Invalid(f"This is no snapshot of a printer: {err}") from err


async def take_samples(process: Process, samples: list[Snapshot], latest: list[Snapshot]) -> None:
    """``samples`` go into the curves in their order and are stored at the end; shown is what is
    newest of each printer."""
    recorder = find_recorder(process)
    shown = process.context.keep(LatestSnapshots)
    newest = {one.printer_id: one for one in samples}
    newest |= {one.printer_id: one for one in latest}
    if recorder is not None:
        await _record(recorder, samples)
    for one in newest.values():
        shown.put(one)
        process.context.hub.publish(Signal(one.organization_id, "telemetry", one.printer_id))
    if recorder is not None:
        await recorder.flush()


async def _record(recorder: Recorder, samples: list[Snapshot]) -> None:
    """A time without the server comes as many samples of one printer; none of them is thinned
    once more."""
    waiting: Counter[int] = Counter()
    for one in samples:
        if waiting[one.printer_id] >= ROOM:
            await recorder.flush()
            waiting.clear()
        waiting[one.printer_id] += 1
        recorder.record(one)
