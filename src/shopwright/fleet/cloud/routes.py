"""Accounts at Bambu Lab's cloud over HTTP: log in, look at the printers they name, add them."""

from typing import Annotated

from fastapi import APIRouter, Response

from shopwright.accounts.access import AdminCtx, MemberCtx, PrintLimited
from shopwright.accounts.schemas import Message
from shopwright.fleet.cloud import accounts
from shopwright.fleet.cloud.accounts import NoCodeAwaited
from shopwright.fleet.cloud.port import CloudLogInAgain, CloudLogInRefused
from shopwright.fleet.cloud.schemas import (
    CloudAccountRead,
    CloudCode,
    CloudDeviceRead,
    CloudLogInCreate,
    CloudPrintersAdd,
)
from shopwright.fleet.overview import Overview
from shopwright.fleet.shop_schemas import BambuPrinterRead
from shopwright.kernel.edge import Now, ProcessDep, Read, Ref, Write, path_ref, problems
from shopwright.kernel.errors import BrokenUpstream, Invalid, NotFound, TooMany, Unavailable
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(
    prefix="/api/bambu/cloud/accounts", tags=["printers"], route_class=RepeatableRoute
)

AccountRef = Annotated[Ref, path_ref("cloud_account")]
LIVE = {"cache-control": "no-store"}
NOT_ASKED = (Unavailable, BrokenUpstream, TooMany)


@router.get("")
async def list_cloud_accounts(
    response: Response, ctx: MemberCtx, session: Read
) -> list[CloudAccountRead]:
    """The accounts that are logged in, or wait for a second step."""
    response.headers.update(LIVE)
    return [CloudAccountRead.of(one) for one in await accounts.list_accounts(session, ctx)]


@router.post(
    "",
    status_code=201,
    dependencies=[PrintLimited],
    responses=problems(Invalid, CloudLogInRefused, CloudLogInAgain, *NOT_ASKED),
)
async def log_in(body: CloudLogInCreate, ctx: AdminCtx, process: ProcessDep) -> CloudAccountRead:
    """The first step. ``state`` says whether a code is wanted: `code_needed` (it was sent by
    e-mail), `totp_needed` (the authenticator app shows it), or `connected`."""
    account = await accounts.begin_log_in(
        process,
        ctx,
        email=body.email,
        password=body.password.get_secret_value(),
        region=body.region,
    )
    return CloudAccountRead.of(account)


@router.get("/{cloud_account}", responses=problems(NotFound))
async def read_cloud_account(
    response: Response, cloud_account: AccountRef, ctx: MemberCtx, session: Read
) -> CloudAccountRead:
    """One account."""
    response.headers.update(LIVE)
    return CloudAccountRead.of(await accounts.get_account(session, ctx, cloud_account))


@router.post(
    "/{cloud_account}/code",
    dependencies=[PrintLimited],
    responses=problems(
        Invalid, NotFound, CloudLogInRefused, NoCodeAwaited, CloudLogInAgain, *NOT_ASKED
    ),
)
async def send_code(
    cloud_account: AccountRef, body: CloudCode, ctx: AdminCtx, process: ProcessDep
) -> CloudAccountRead:
    """The second step; after a wrong code the account goes on waiting."""
    account = await accounts.finish_log_in(
        process, ctx, ref=cloud_account, code=body.code.get_secret_value().strip()
    )
    return CloudAccountRead.of(account)


@router.post(
    "/{cloud_account}/send-code",
    dependencies=[PrintLimited],
    responses=problems(NotFound, CloudLogInRefused, NoCodeAwaited, *NOT_ASKED),
)
async def ask_for_code(
    cloud_account: AccountRef, ctx: AdminCtx, process: ProcessDep
) -> CloudAccountRead:
    """Let the cloud send another code by e-mail."""
    account = await accounts.send_code_again(process, ctx, ref=cloud_account)
    return CloudAccountRead.of(account)


@router.get("/{cloud_account}/devices", responses=problems(NotFound))
async def list_cloud_devices(
    response: Response, cloud_account: AccountRef, ctx: MemberCtx, session: Read
) -> list[CloudDeviceRead]:
    """The account's printers as the cloud named them last."""
    account = await accounts.get_account(session, ctx, cloud_account)
    response.headers.update(LIVE)
    found = await accounts.list_devices(session, ctx, account)
    return [CloudDeviceRead.of(device, printer) for device, printer in found]


@router.post(
    "/{cloud_account}/refresh",
    dependencies=[PrintLimited],
    responses=problems(NotFound, CloudLogInAgain, *NOT_ASKED),
)
async def refresh_cloud_account(
    cloud_account: AccountRef, ctx: MemberCtx, process: ProcessDep
) -> CloudAccountRead:
    """Ask the cloud for the account's printers and their LAN codes now."""
    account = await accounts.refresh_account(process, ctx, ref=cloud_account)
    return CloudAccountRead.of(account)


@router.post("/{cloud_account}/printers", status_code=201, responses=problems(Invalid, NotFound))
async def add_cloud_printers(
    cloud_account: AccountRef, body: CloudPrintersAdd, ctx: MemberCtx, session: Write, now: Now
) -> list[BambuPrinterRead]:
    """Set up printers of the account; those that are set up already stay as they are."""
    printers = await accounts.add_printers(
        session, ctx, ref=cloud_account, serials=body.serials, now=now
    )
    return [BambuPrinterRead.of(Overview(printer, now)) for printer in printers]


@router.delete("/{cloud_account}", responses=problems(NotFound))
async def remove_cloud_account(cloud_account: AccountRef, ctx: AdminCtx, session: Write) -> Message:
    """Forget the account and its log-in; its printers stay."""
    await accounts.remove_account(session, ctx, ref=cloud_account)
    return Message(message="Account removed")
