"""All SQL of telemetry: synchronous, run on a thread by the storage."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.models import IntervalRow, LatestRow, SampleRow
from shopwright.telemetry.samples import (
    Interval,
    NewSample,
    Reading,
    Sample,
    StateChange,
    WrittenInterval,
    state_of,
)

PRINTERS_AT_ONCE = 200  # SQLite's expressions are at most 1000 deep
CHANNEL = "shopwright_telemetry"
IDS_PER_NOTIFY = 350  # of up to 19 digits: PostgreSQL refuses payloads of 8000 bytes
RING = 1000  # samples per printer: 17 minutes at one a second

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PrinterBatch:
    """What is new of one printer since the last flush, oldest first."""

    latest: Snapshot
    samples: Sequence[NewSample] = field(default=())
    changes: Sequence[StateChange] = field(default=())


@dataclass(frozen=True, slots=True)
class _Known:
    seq: int = 0
    at: datetime | None = None


def write(connection: Connection, batch: Mapping[int, PrinterBatch]) -> None:
    """One transaction: samples into the ring, states into intervals, the latest row last."""
    known = _lock_known(connection, batch.keys())
    latest, samples, closed, intervals = [], [], [], []
    for printer_id, new in sorted(batch.items()):
        before = known.get(printer_id, _Known())
        rows = _sample_rows(new, before.seq)
        samples += rows[-RING:]
        latest.append(_latest_row(new.latest, before.seq + len(rows)))
        if new.changes:
            closed.append(_closing(new, before))
            intervals += _interval_rows(new)
    _upsert(connection, SampleRow, ("printer_id", "slot"), samples)
    _upsert(connection, LatestRow, ("printer_id",), latest)
    _write_intervals(connection, closed, intervals)


def add_report(connection: Connection, snapshot: Snapshot, sample: NewSample) -> int:
    """What a client reported of a printer nobody here drives; returns the sample's number."""
    before = _find_latest(connection, snapshot.organization_id, snapshot.printer_id)
    state = state_of(snapshot)
    change = StateChange(state, snapshot.at, is_first=before is None)
    changes = [] if before is not None and state_of(before) == state else [change]
    write(connection, {snapshot.printer_id: PrinterBatch(snapshot, [sample], changes)})
    return _lock_known(connection, [snapshot.printer_id])[snapshot.printer_id].seq


def add_hearsay(connection: Connection, known: Snapshot, sample: NewSample) -> int:
    """One more sample; the last snapshot and the states stay. ``known`` is kept where there is no
    snapshot yet. Returns the sample's number."""
    printer_id = known.printer_id
    is_sqlite = connection.dialect.name == "sqlite"
    statement = (sqlite_insert if is_sqlite else postgresql_insert)(LatestRow)
    connection.execute(
        statement.values(_latest_row(known, 0)).on_conflict_do_nothing(
            index_elements=["printer_id"]
        )
    )
    before = _lock_known(connection, [printer_id])[printer_id]
    rows = _sample_rows(PrinterBatch(known, [sample]), before.seq)
    _upsert(connection, SampleRow, ("printer_id", "slot"), rows)
    connection.execute(
        update(LatestRow)
        .where(LatestRow.printer_id == printer_id)
        .where(LatestRow.organization_id == known.organization_id)
        .values(seq=before.seq + 1)
    )
    return before.seq + 1


def drop_intervals(connection: Connection, before: datetime) -> None:
    """Of every printer: for who keeps states only until another one has them."""
    connection.execute(delete(IntervalRow).where(IntervalRow.ended_at < before))


def _find_latest(connection: Connection, organization_id: int, printer_id: int) -> Snapshot | None:
    content = connection.scalar(
        select(LatestRow.content)
        .where(LatestRow.organization_id == organization_id, LatestRow.printer_id == printer_id)
        .with_for_update()
    )
    try:
        return None if content is None else msgspec.json.decode(content, type=Snapshot)
    except msgspec.MsgspecError:
        return None


def announce(connection: Connection, origin: str, printer_ids: Collection[int]) -> None:
    """Tell the other processes, with the commit, which printers have news; not on SQLite."""
    if connection.dialect.name == "sqlite":
        return
    waiting = sorted(printer_ids)
    for start in range(0, len(waiting), IDS_PER_NOTIFY):
        payload = json.dumps([origin, waiting[start : start + IDS_PER_NOTIFY]])
        connection.execute(select(func.pg_notify(CHANNEL, payload)))


def read_latest(
    connection: Connection, printer_ids: Collection[int] | None = None
) -> list[Snapshot]:
    """Every organization's printers, or those named; a row that another build wrote in another
    form is left out."""
    statement = select(LatestRow.printer_id, LatestRow.content)
    if printer_ids is not None:
        statement = statement.where(LatestRow.printer_id.in_(printer_ids))
    found = []
    for printer_id, content in connection.execute(statement):
        try:
            found.append(msgspec.json.decode(content, type=Snapshot))
        except msgspec.MsgspecError:
            log.warning("the last snapshot of a printer is unreadable", printer_id=printer_id)
    return found


def list_samples(
    connection: Connection, organization_id: int, printer_id: int, limit: int
) -> list[Sample]:
    rows = connection.execute(
        select(SampleRow.seq, SampleRow.at, SampleRow.content)
        .where(SampleRow.organization_id == organization_id, SampleRow.printer_id == printer_id)
        .order_by(SampleRow.seq.desc())
        .limit(limit)
    )
    return [Sample(seq, at, msgspec.json.decode(text, type=Reading)) for seq, at, text in rows]


def list_intervals(
    connection: Connection,
    organization_id: int,
    printer_id: int,
    since: datetime,
    until: datetime,
) -> list[Interval]:
    rows = connection.execute(
        select(IntervalRow.state, IntervalRow.started_at, IntervalRow.ended_at)
        .where(IntervalRow.organization_id == organization_id)
        .where(IntervalRow.printer_id == printer_id, IntervalRow.started_at < until)
        .where(or_(IntervalRow.ended_at > since, IntervalRow.ended_at.is_(None)))
        .order_by(IntervalRow.started_at, IntervalRow.id)
    )
    return [Interval(*row) for row in rows]


def list_fleet_intervals(
    connection: Connection,
    organization_id: int,
    states: Collection[str],
    since: datetime,
    until: datetime,
) -> dict[int, list[Interval]]:
    """By printer. An open interval ends with the printer's last report: nobody saw more of it."""
    ended_at = func.coalesce(IntervalRow.ended_at, LatestRow.at)
    rows = connection.execute(
        select(IntervalRow.printer_id, IntervalRow.state, IntervalRow.started_at, ended_at)
        .outerjoin(LatestRow, LatestRow.printer_id == IntervalRow.printer_id)
        .where(IntervalRow.organization_id == organization_id, IntervalRow.state.in_(states))
        .where(IntervalRow.started_at < until, or_(ended_at > since, ended_at.is_(None)))
        .order_by(IntervalRow.printer_id, IntervalRow.started_at)
    )
    found: dict[int, list[Interval]] = {}
    for printer_id, state, started_at, ended in rows:
        found.setdefault(printer_id, []).append(Interval(state, started_at, ended))
    return found


def list_written(
    connection: Connection,
    organization_id: int,
    after: Mapping[int, int],
    limit: int | None,
    *,
    is_closed: bool,
) -> list[WrittenInterval]:
    """Of these printers those with a higher id than the one beside the printer, oldest first."""
    found: list[WrittenInterval] = []
    printers = sorted(after.items())
    for start in range(0, len(printers), PRINTERS_AT_ONCE):
        some = printers[start : start + PRINTERS_AT_ONCE]
        later = or_(*(and_(IntervalRow.printer_id == p, IntervalRow.id > a) for p, a in some))
        statement = (
            select(
                IntervalRow.id, IntervalRow.printer_id, IntervalRow.state,
                IntervalRow.started_at, IntervalRow.ended_at, LatestRow.at,
            )
            .outerjoin(LatestRow, LatestRow.printer_id == IntervalRow.printer_id)
            .where(IntervalRow.organization_id == organization_id, later)
            .order_by(IntervalRow.id)
            .limit(limit)
        )  # fmt: skip
        if is_closed:
            statement = statement.where(IntervalRow.ended_at.is_not(None))
        found += [WrittenInterval(*row) for row in connection.execute(statement)]
    return found


def _lock_known(connection: Connection, printer_ids: Collection[int]) -> dict[int, _Known]:
    """Where each ring stands; another owner of a printer may have written since our last flush."""
    rows = connection.execute(
        select(LatestRow.printer_id, LatestRow.seq, LatestRow.at)
        .where(LatestRow.printer_id.in_(printer_ids))
        .order_by(LatestRow.printer_id)
        .with_for_update()
    )
    return {printer_id: _Known(seq, at) for printer_id, seq, at in rows}


def _sample_rows(new: PrinterBatch, seq: int) -> list[dict[str, Any]]:
    return [
        {
            "printer_id": new.latest.printer_id,
            "slot": number % RING,
            "organization_id": new.latest.organization_id,
            "seq": number,
            "at": sample.at,
            "content": msgspec.json.encode(sample.reading).decode(),
        }
        for number, sample in enumerate(new.samples, seq + 1)
    ]


def _latest_row(snapshot: Snapshot, seq: int) -> dict[str, Any]:
    return {
        "printer_id": snapshot.printer_id,
        "organization_id": snapshot.organization_id,
        "seq": seq,
        "at": snapshot.at,
        "content": msgspec.json.encode(snapshot).decode(),
    }


def _closing(new: PrinterBatch, before: _Known) -> dict[str, Any]:
    """An interval nobody watched to its end ends with the last report."""
    first = new.changes[0]
    ended_at = before.at if first.is_first and before.at else first.at
    return {"closed_printer": new.latest.printer_id, "closed_at": ended_at}


def _interval_rows(new: PrinterBatch) -> list[dict[str, Any]]:
    ends = [change.at for change in new.changes[1:]]
    return [
        {
            "organization_id": new.latest.organization_id,
            "printer_id": new.latest.printer_id,
            "state": change.state[:20],
            "started_at": change.at,
            "ended_at": ended_at,
        }
        for change, ended_at in zip(new.changes, [*ends, None], strict=True)
    ]


def _write_intervals(
    connection: Connection, closed: list[dict[str, Any]], rows: list[dict[str, Any]]
) -> None:
    if not closed:
        return
    connection.execute(
        update(IntervalRow)
        .where(
            IntervalRow.printer_id == bindparam("closed_printer"), IntervalRow.ended_at.is_(None)
        )
        .values(ended_at=bindparam("closed_at")),
        closed,
    )
    connection.execute(insert(IntervalRow), rows)


def _upsert(
    connection: Connection, model: type[Any], key: tuple[str, ...], rows: list[dict[str, Any]]
) -> None:
    if not rows:
        return
    is_sqlite = connection.dialect.name == "sqlite"
    statement = (sqlite_insert if is_sqlite else postgresql_insert)(model.__table__)
    changing = [name for name in rows[0] if name not in key]
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=key, set_={name: statement.excluded[name] for name in changing}
        ),
        rows,
    )
