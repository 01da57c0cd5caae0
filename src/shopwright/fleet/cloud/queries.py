"""SQL of accounts at a printer vendor's cloud and of the printers they name."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from shopwright.fleet.cloud.port import CloudPrinter
from shopwright.fleet.models import CloudAccount, CloudDevice, Printer
from shopwright.fleet.queries import AnySession
from shopwright.fleet.states import CloudAccountState, CloudRegion
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT


async def find_account(session: AnySession, ctx: Actor, ref: Ref) -> CloudAccount | None:
    account: CloudAccount | None = await session.scalar(
        select(CloudAccount)
        .where(CloudAccount.organization_id == ctx.organization_id, ref.where(CloudAccount))
        .execution_options(populate_existing=True)
    )
    return account


async def find_account_of(
    session: AnySession, ctx: Actor, email: str, region: CloudRegion
) -> CloudAccount | None:
    account: CloudAccount | None = await session.scalar(
        select(CloudAccount).where(
            CloudAccount.organization_id == ctx.organization_id,
            CloudAccount.email == email,
            CloudAccount.region == region,
        )
    )
    return account


async def list_accounts(session: AnySession, ctx: Actor) -> list[CloudAccount]:
    rows = await session.scalars(
        select(CloudAccount)
        .where(CloudAccount.organization_id == ctx.organization_id)
        .order_by(CloudAccount.email, CloudAccount.id)
    )
    return list(rows)


async def list_connected(session: AnySession) -> list[CloudAccount]:
    """Every organization's, for the keeper."""
    statement = select(CloudAccount).where(CloudAccount.state == CloudAccountState.CONNECTED)
    rows = await session.scalars(
        statement.order_by(CloudAccount.id).execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def list_devices(session: AnySession, ctx: Actor, account_id: int) -> list[CloudDevice]:
    rows = await session.scalars(
        select(CloudDevice)
        .where(CloudDevice.organization_id == ctx.organization_id)
        .where(CloudDevice.account_id == account_id)
        .order_by(CloudDevice.name, CloudDevice.serial)
    )
    return list(rows)


async def list_printers_of(
    session: AnySession, ctx: Actor, serials: Sequence[str]
) -> dict[str, Printer]:
    """The shop's living printers with these serials."""
    rows = await session.scalars(
        select(Printer)
        .where(Printer.organization_id == ctx.organization_id, Printer.is_active)
        .where(Printer.serial.in_(serials))
    )
    return {str(printer.serial): printer for printer in rows}


async def find_way(
    session: AnySession, organization_id: int, serial: str
) -> tuple[CloudAccount, CloudDevice] | None:
    """The account that names the printer; one that is logged in before one that is not."""
    rows = await session.execute(
        select(CloudAccount, CloudDevice)
        .join(CloudDevice, CloudDevice.account_id == CloudAccount.id)
        .where(CloudAccount.organization_id == organization_id)
        .where(CloudDevice.organization_id == organization_id, CloudDevice.serial == serial)
        .order_by(CloudAccount.token == "", CloudAccount.id)
        .limit(1)
    )
    found = rows.first()
    return (found[0], found[1]) if found else None


async def put_devices(
    session: WriteSession, account: CloudAccount, printers: Sequence[CloudPrinter], now: datetime
) -> None:
    """What the account names now; the rest is forgotten."""
    await delete_devices(session, account)
    vault = session.context.vault
    session.add_all(
        CloudDevice(
            organization_id=account.organization_id,
            account_id=account.id,
            serial=one.serial,
            name=one.name,
            model=one.model,
            access_code=vault.encrypt(one.access_code) if one.access_code else "",
            is_online=one.is_online,
            seen_at=now,
        )
        for one in printers
    )
    await session.flush()


async def delete_devices(session: WriteSession, account: CloudAccount) -> None:
    await session.execute(
        delete(CloudDevice).where(
            CloudDevice.organization_id == account.organization_id,
            CloudDevice.account_id == account.id,
        )
    )


async def delete_account(session: WriteSession, account: CloudAccount) -> None:
    await delete_devices(session, account)
    await session.execute(
        delete(CloudAccount).where(
            CloudAccount.organization_id == account.organization_id, CloudAccount.id == account.id
        )
    )
