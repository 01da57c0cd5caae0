"""All SQL of targets, settings and the log. What moves a delivery is in ``delivery_queries``."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select

from shopwright.accounts.models import Membership, Organization, User
from shopwright.fleet.models import Printer
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import ReadSession, WriteSession, insert_for
from shopwright.kernel.edge import Paging, Ref
from shopwright.notifications.models import (
    NotificationDelivery,
    NotificationSettings,
    NotificationTarget,
    PrinterNotification,
)
from shopwright.notifications.states import DeliveryStatus

AnySession = ReadSession | WriteSession


async def list_targets(session: AnySession, organization_id: int) -> list[NotificationTarget]:
    rows = await session.scalars(
        select(NotificationTarget)
        .where(NotificationTarget.organization_id == organization_id)
        .order_by(NotificationTarget.id)
    )
    return list(rows)


async def find_target(
    session: AnySession, organization_id: int, ref: Ref
) -> NotificationTarget | None:
    target: NotificationTarget | None = await session.scalar(
        select(NotificationTarget).where(
            NotificationTarget.organization_id == organization_id, ref.where(NotificationTarget)
        )
    )
    return target


async def find_settings(session: AnySession, organization_id: int) -> NotificationSettings | None:
    row: NotificationSettings | None = await session.scalar(
        select(NotificationSettings).where(NotificationSettings.organization_id == organization_id)
    )
    return row


async def put_settings(session: WriteSession, ctx: Actor, **values: Any) -> NotificationSettings:
    """Change the shop's one row, which is made on the way."""
    insert = insert_for(session, NotificationSettings).values(
        organization_id=ctx.organization_id, updated_at=values["updated_at"]
    )
    await session.execute(insert.on_conflict_do_nothing(index_elements=["organization_id"]))
    row = await find_settings(session, ctx.organization_id)
    assert row is not None  # noqa: S101  put there a line above
    for name, value in values.items():
        setattr(row, name, value)
    await session.flush()
    return row


async def has_printer_webhooks(session: AnySession, organization_id: int) -> bool:
    found = await session.scalar(
        select(PrinterNotification.id)
        .where(PrinterNotification.organization_id == organization_id)
        .where(PrinterNotification.webhook_url.is_not(None))
        .limit(1)
    )
    return found is not None


async def find_printer_rule(
    session: AnySession, organization_id: int, printer_id: int
) -> PrinterNotification | None:
    row: PrinterNotification | None = await session.scalar(
        select(PrinterNotification).where(
            PrinterNotification.organization_id == organization_id,
            PrinterNotification.printer_id == printer_id,
        )
    )
    return row


async def list_printer_rules(
    session: AnySession, organization_id: int
) -> list[tuple[Printer, PrinterNotification | None]]:
    """Every printer with its row, where it has one."""
    rows = await session.execute(
        select(Printer, PrinterNotification)
        .outerjoin(
            PrinterNotification,
            (PrinterNotification.printer_id == Printer.id)
            & (PrinterNotification.organization_id == organization_id),
        )
        .where(Printer.organization_id == organization_id, Printer.is_active)
        .order_by(Printer.name, Printer.id)
    )
    return [(printer, rule) for printer, rule in rows]


async def put_printer_rule(
    session: WriteSession, organization_id: int, printer_id: int, **values: Any
) -> PrinterNotification:
    insert = insert_for(session, PrinterNotification).values(
        organization_id=organization_id, printer_id=printer_id, updated_at=values["updated_at"]
    )
    await session.execute(insert.on_conflict_do_nothing(index_elements=["printer_id"]))
    row = await find_printer_rule(session, organization_id, printer_id)
    assert row is not None  # noqa: S101  put there a line above
    for name, value in values.items():
        setattr(row, name, value)
    await session.flush()
    return row


async def list_deliveries(
    session: AnySession,
    organization_id: int,
    *,
    statuses: Collection[DeliveryStatus],
    target: Ref | None,
    paging: Paging,
) -> tuple[list[tuple[NotificationDelivery, str | None]], int]:
    """One page of the log with the targets' names, newest first, and how many there are."""
    where = [NotificationDelivery.organization_id == organization_id]
    if statuses:
        where.append(NotificationDelivery.status.in_(statuses))
    joined = (NotificationTarget.id == NotificationDelivery.target_id) & (
        NotificationTarget.organization_id == organization_id
    )
    if target is not None:
        where.append(target.where(NotificationTarget))
    rows = await session.execute(
        select(NotificationDelivery, NotificationTarget.name)
        .outerjoin(NotificationTarget, joined)
        .where(*where)
        .order_by(NotificationDelivery.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    total = await session.scalar(
        select(func.count())
        .select_from(NotificationDelivery)
        .outerjoin(NotificationTarget, joined)
        .where(*where)
    )
    return [(delivery, name) for delivery, name in rows], total or 0


async def list_owner_emails(session: AnySession, organization_id: int) -> list[str]:
    rows = await session.scalars(
        select(User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.organization_id == organization_id, Membership.role == Role.OWNER)
        .where(User.is_active)
        .order_by(User.id)
    )
    return list(rows)


async def get_organization(session: AnySession, organization_id: int) -> Organization:
    return await session.get_one(Organization, organization_id)
