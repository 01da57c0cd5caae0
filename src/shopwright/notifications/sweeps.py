"""What no event tells, because only time passes: jobs that wait too long, maintenance that is
due."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from shopwright.fleet.models import Printer
from shopwright.kernel.db import Database, ReadSession
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.notifications import news
from shopwright.notifications.mail import ProcessMail
from shopwright.notifications.models import NotificationDelivery, NotificationSettings
from shopwright.notifications.news import WaitingJob
from shopwright.notifications.telling import Notice, may_anybody_listen, tell
from shopwright.notifications.topics import Topic
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import WAITING

DEFAULT_WAIT_H = 12
MAX_WAIT_H = 168
DAY = timedelta(days=1)


async def tell_waiting_jobs(database: Database, now: datetime) -> None:
    """One message per shop with the jobs that became late since the last such message."""
    async with database.read() as session:
        told = await _last_told(session)
        late = await _list_late(session, told, now)
    await _tell_all(database, {shop: [news.jobs_wait(jobs)] for shop, jobs in late.items()})


async def tell_maintenance_due(database: Database, now: datetime) -> None:
    """Each printer once per date it is due."""
    async with database.read() as session:
        rows = await session.execute(
            select(
                Printer.organization_id,
                Printer.id,
                Printer.name,
                func.coalesce(Printer.last_maintenance_at, Printer.created_at),
                Printer.maintenance_interval_days,
            )
            .where(Printer.is_active)
            .execution_options(**CROSS_TENANT)
        )
        due: dict[int, list[Notice]] = defaultdict(list)
        for organization_id, printer_id, name, last, days in rows:
            due_at = last + timedelta(days=days)
            if due_at <= now:
                due[organization_id].append(news.maintenance_due(printer_id, name, due_at))
        has_mail = database.context.keep(ProcessMail).has_server
        untold = {
            shop: await _untold(session, shop, notices)
            for shop, notices in due.items()
            if await may_anybody_listen(
                session, shop, Topic.MAINTENANCE_DUE, has_process_mail=has_mail
            )
        }
    await _tell_all(database, untold)


async def _untold(
    session: ReadSession, organization_id: int, notices: Sequence[Notice]
) -> list[Notice]:
    """What somebody was told of before: a shop may leave many printers due for long."""
    keys = await session.scalars(
        select(NotificationDelivery.key)
        .where(NotificationDelivery.organization_id == organization_id)
        .where(NotificationDelivery.topic == Topic.MAINTENANCE_DUE)
    )
    told = {key.partition(">")[0] for key in keys}
    return [notice for notice in notices if notice.key not in told]


async def _last_told(session: ReadSession) -> dict[int, datetime]:
    rows = await session.execute(
        select(NotificationDelivery.organization_id, func.max(NotificationDelivery.created_at))
        .where(NotificationDelivery.topic == Topic.JOB_WAITS)
        .group_by(NotificationDelivery.organization_id)
        .execution_options(**CROSS_TENANT)
    )
    return {shop: told_at for shop, told_at in rows if told_at is not None}


async def _list_late(
    session: ReadSession, told: Mapping[int, datetime], now: datetime
) -> dict[int, list[WaitingJob]]:
    """Without an earlier message, those of the last day: older ones were waiting before anybody
    asked to be told."""
    hours = func.coalesce(NotificationSettings.job_wait_hours, DEFAULT_WAIT_H)
    rows = await session.execute(
        select(
            PrintJob.organization_id,
            PrintJob.id,
            PrintJob.name,
            PrintJob.waiting_reason,
            PrintJob.created_at,
            hours,
        )
        .outerjoin(
            NotificationSettings,
            NotificationSettings.organization_id == PrintJob.organization_id,
        )
        .where(PrintJob.status.in_(WAITING))
        .where(PrintJob.created_at > now - timedelta(hours=MAX_WAIT_H) - DAY)
        .order_by(PrintJob.id)
        .execution_options(**CROSS_TENANT)
    )
    late: dict[int, list[WaitingJob]] = defaultdict(list)
    for organization_id, id_, name, reason, created_at, wait in rows:
        late_at = created_at + timedelta(hours=wait)
        if told.get(organization_id, now - DAY) < late_at <= now:
            late[organization_id].append(WaitingJob(id_, name, reason, wait))
    return late


async def _tell_all(database: Database, notices: Mapping[int, list[Notice]]) -> None:
    for organization_id, due in notices.items():
        if not due:
            continue
        async with database.write() as session:
            for notice in due:
                await tell(session, organization_id, notice)
