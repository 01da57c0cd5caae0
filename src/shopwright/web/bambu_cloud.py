"""Accounts at Bambu's cloud: log in in two steps, see the printers they name, add them."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx, MemberCtx, PrintLimited
from shopwright.fleet.addresses import CLOUD
from shopwright.fleet.cloud import accounts as cloud_accounts
from shopwright.fleet.cloud.schemas import CloudCode, CloudLogInCreate
from shopwright.fleet.models import CloudAccount, CloudDevice, Printer
from shopwright.fleet.states import CloudAccountState
from shopwright.kernel.edge import Now, ProcessDep, Read, Ref, Write, path_ref
from shopwright.web.judging import judge
from shopwright.web.page import MemberPageCtx, Page, done
from shopwright.web.pips import Pip

router = APIRouter(include_in_schema=False)

AccountRef = Annotated[Ref, path_ref("cloud_account")]
HERE = "/printers/cloud"
SENTENCES = {
    "email": "{value!r} is no e-mail address.",
    "password": "Type the account's password.",
    "code": "A code has 4 to 12 characters.",
}
PIPS = {
    CloudAccountState.CODE_NEEDED: Pip("code needed", "amber", "clock"),
    CloudAccountState.TOTP_NEEDED: Pip("code needed", "amber", "clock"),
    CloudAccountState.CONNECTED: Pip("logged in", "green", "circle-check"),
    CloudAccountState.LOG_IN_AGAIN: Pip("log in again", "red", "alert-triangle"),
}
NEXT = {
    CloudAccountState.CODE_NEEDED: "Bambu sent a code by e-mail: type it below.",
    CloudAccountState.TOTP_NEEDED: "Type the code the authenticator app shows.",
    CloudAccountState.CONNECTED: "is logged in.",
    CloudAccountState.LOG_IN_AGAIN: "must log in again.",
}


class LogInForm(BaseModel):
    """As typed."""

    email: str = ""
    password: str = ""
    region: str = "global"


@dataclass(frozen=True, slots=True)
class DeviceRow:
    device: CloudDevice
    printer: Printer | None

    @property
    def is_watched_only(self) -> bool:
        """It prints nothing until somebody enters its address."""
        return bool(self.printer and self.printer.driver == CLOUD and not self.printer.host)


@dataclass(frozen=True, slots=True)
class AccountRow:
    account: CloudAccount
    devices: list[DeviceRow]

    @property
    def pip(self) -> Pip:
        return PIPS[self.account.state]

    @property
    def wants_code(self) -> bool:
        return self.account.state in cloud_accounts.SECOND_STEP

    @property
    def is_by_mail(self) -> bool:
        return self.account.state is CloudAccountState.CODE_NEEDED

    @property
    def is_connected(self) -> bool:
        return self.account.state is CloudAccountState.CONNECTED

    @property
    def missing(self) -> list[str]:
        """The serials that are not yet printers of the shop."""
        return [row.device.serial for row in self.devices if row.printer is None]


@router.get(HERE)
async def show_accounts(page: MemberPageCtx, session: Read) -> Response:
    rows = [await _row(page, session, account) for account in await _accounts(page, session)]
    return page.render("bambu_cloud.html", active="printers", topics="fleet", accounts=rows)


@router.post(HERE, dependencies=[PrintLimited])
async def log_in(
    request: Request, ctx: AdminCtx, process: ProcessDep, form: Annotated[LogInForm, Form()]
) -> Response:
    """The first step; the password is passed on and not kept."""
    typed = judge(CloudLogInCreate, form.model_dump(), SENTENCES)
    account = await cloud_accounts.begin_log_in(
        process,
        ctx,
        email=typed.email,
        password=typed.password.get_secret_value(),
        region=typed.region,
    )
    return done(request, _next(account), to=HERE)


@router.post(HERE + "/{cloud_account}/code", dependencies=[PrintLimited])
async def send_code(
    request: Request,
    ctx: AdminCtx,
    process: ProcessDep,
    cloud_account: AccountRef,
    code: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """The second step."""
    typed = judge(CloudCode, {"code": code.replace(" ", "")}, SENTENCES)
    account = await cloud_accounts.finish_log_in(
        process, ctx, ref=cloud_account, code=typed.code.get_secret_value()
    )
    return done(request, _next(account), to=HERE)


@router.post(HERE + "/{cloud_account}/send-code", dependencies=[PrintLimited])
async def ask_for_code(
    request: Request, ctx: AdminCtx, process: ProcessDep, cloud_account: AccountRef
) -> Response:
    account = await cloud_accounts.send_code_again(process, ctx, ref=cloud_account)
    return done(request, f"Another code is on its way to {account.email}.", to=HERE)


@router.post(HERE + "/{cloud_account}/refresh", dependencies=[PrintLimited])
async def refresh(
    request: Request, ctx: MemberCtx, process: ProcessDep, cloud_account: AccountRef
) -> Response:
    account = await cloud_accounts.refresh_account(process, ctx, ref=cloud_account)
    return done(request, f"The printers of {account.email} were read.", to=HERE)


@router.post(HERE + "/{cloud_account}/add")
async def add_printers(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    cloud_account: AccountRef,
    serial: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """One or several of the account's printers."""
    added = await cloud_accounts.add_printers(
        session, ctx, ref=cloud_account, serials=serial or [], now=now
    )
    names = ", ".join(printer.name for printer in added) or "Nothing"
    return done(request, f"{names} added.", to=HERE)


@router.post(HERE + "/{cloud_account}/remove")
async def remove_account(
    request: Request, ctx: AdminCtx, session: Write, cloud_account: AccountRef
) -> Response:
    await cloud_accounts.remove_account(session, ctx, ref=cloud_account)
    return done(request, "The account is forgotten; its printers stay.", to=HERE)


async def _accounts(page: Page, session: Read) -> list[CloudAccount]:
    return await cloud_accounts.list_accounts(session, page.actor)


async def _row(page: Page, session: Read, account: CloudAccount) -> AccountRow:
    devices = await cloud_accounts.list_devices(session, page.actor, account)
    return AccountRow(account, [DeviceRow(device, printer) for device, printer in devices])


def _next(account: CloudAccount) -> str:
    said = NEXT[account.state]
    return said if account.state in cloud_accounts.SECOND_STEP else f"{account.email} {said}"
