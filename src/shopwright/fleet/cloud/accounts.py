"""Accounts at Bambu Lab's cloud: log-in in one or two steps, their printers, and what happens when
a log-in runs out. The cloud is always asked outside of transactions."""

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import entry_points

from shopwright.accounts import audit
from shopwright.fleet import drivers, service
from shopwright.fleet.addresses import BAMBU_LAB, CLOUD
from shopwright.fleet.cloud import queries
from shopwright.fleet.cloud.port import (
    CloudHosts,
    CloudLogInAgain,
    CloudPrinter,
    Clouds,
    CodeNeeded,
    LoggedIn,
    LogIn,
    PrinterCloud,
    TotpNeeded,
)
from shopwright.fleet.models import CloudAccount, CloudDevice, Printer
from shopwright.fleet.service import PrinterDraft
from shopwright.fleet.states import CloudAccountState, CloudRegion, DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Conflict, Invalid, NotFound, TooMany, Unavailable
from shopwright.kernel.live import touch
from shopwright.kernel.secrets import Vault

RAN_OUT = "The log-in at Bambu's cloud ran out. Log in again."
SECOND_STEP = frozenset({CloudAccountState.CODE_NEEDED, CloudAccountState.TOTP_NEEDED})

Maker = Callable[[CloudHosts], PrinterCloud]


class NoCodeAwaited(Conflict):
    code = "cloud-no-code-awaited"
    title = "This account waits for no code"


async def begin_log_in(
    process: Process, ctx: Actor, *, email: str, password: str, region: CloudRegion
) -> CloudAccount:
    """The account as it stands then: connected, or waiting for a code.

    Raises CloudLogInRefused, and then nothing is kept. The password never is.
    """
    email = email.strip().lower()
    answer = await make_cloud(process, region).log_in(email, password)
    async with process.database.write() as session:
        account = await queries.find_account_of(session, ctx, email, region)
        if account is None:
            account = CloudAccount(
                organization_id=ctx.organization_id, email=email, region=region, token=""
            )
            session.add(account)
        await _keep(session, ctx, account, answer, process.clock.now())
    return await _with_printers(process, ctx, account)


async def finish_log_in(process: Process, ctx: Actor, *, ref: Ref, code: str) -> CloudAccount:
    """The second step. Raises NotFound, NoCodeAwaited, or CloudLogInRefused, and then the account
    goes on waiting."""
    account = await _load(process, ctx, ref)
    cloud = make_cloud(process, account.region)
    if account.state is CloudAccountState.TOTP_NEEDED:
        answer = await cloud.log_in_with_totp(_open(process, account.log_in_key), code)
    elif account.state is CloudAccountState.CODE_NEEDED:
        answer = await cloud.log_in_with_code(account.email, code)
    else:
        raise NoCodeAwaited(f"{account.email} waits for no code. Begin with the password.")
    async with process.database.write() as session:
        account = await get_account(session, ctx, ref)
        await _keep(session, ctx, account, answer, process.clock.now())
    return await _with_printers(process, ctx, account)


async def send_code_again(process: Process, ctx: Actor, *, ref: Ref) -> CloudAccount:
    """Raises NoCodeAwaited unless a code by e-mail is what the account waits for."""
    account = await _load(process, ctx, ref)
    if account.state is not CloudAccountState.CODE_NEEDED:
        raise NoCodeAwaited(f"{account.email} waits for no code by e-mail.")
    await make_cloud(process, account.region).send_code(account.email)
    return account


async def refresh_account(process: Process, ctx: Actor, *, ref: Ref) -> CloudAccount:
    """Read its printers anew. Raises CloudLogInAgain, which the account then says as well."""
    account = await _load(process, ctx, ref)
    if has_run_out(account, process.clock.now()):
        await _lose_log_in(process, ctx, account, RAN_OUT)
        raise CloudLogInAgain(RAN_OUT)
    if not account.token:
        raise CloudLogInAgain(account.trouble or "This account is not logged in. Log in first.")
    try:
        found = await _ask_printers(process, account)
    except CloudLogInAgain as err:
        await _lose_log_in(process, ctx, account, err.detail)
        raise
    return await _keep_printers(process, ctx, account, found)


async def get_account(session: ReadSession | WriteSession, ctx: Actor, ref: Ref) -> CloudAccount:
    """Raises NotFound, also for another organization's."""
    account = await queries.find_account(session, ctx, ref)
    if account is None:
        raise NotFound(f"There is no cloud account {ref}.")
    return account


async def list_accounts(session: ReadSession | WriteSession, ctx: Actor) -> list[CloudAccount]:
    return await queries.list_accounts(session, ctx)


async def list_devices(
    session: ReadSession | WriteSession, ctx: Actor, account: CloudAccount
) -> list[tuple[CloudDevice, Printer | None]]:
    """What the account named last, each with the shop's printer of its serial."""
    devices = await queries.list_devices(session, ctx, account.id)
    serials = [device.serial for device in devices]
    printers = await queries.list_printers_of(session, ctx, serials)
    return [(device, printers.get(device.serial)) for device in devices]


async def add_printers(
    session: WriteSession, ctx: Actor, *, ref: Ref, serials: Sequence[str], now: datetime
) -> list[Printer]:
    """The account's printers of these serials as the shop's own; those it has already stay as they
    are. Raises Invalid for a serial that the account does not name."""
    account = await get_account(session, ctx, ref)
    known = {
        device.serial: (device, mine) for device, mine in await list_devices(session, ctx, account)
    }
    added = []
    for serial in dict.fromkeys(serials):
        if serial not in known:
            raise Invalid(f"{account.email} has no printer {serial}. Read its printers anew.")
        device, mine = known[serial]
        if mine is None:
            draft = _draft(device, session.context.vault)
            mine = await service.register_printer(session, ctx, draft=draft, now=now)
        elif mine.driver == CLOUD and mine.driven_by is DrivenBy.EXTERNAL:
            mine.driven_by = drivers.usual_owner(CLOUD)
            await service.set_up(session, mine)
        added.append(mine)
    return added


async def remove_account(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    """Its token is forgotten; its printers stay, and are reached over the LAN alone."""
    account = await get_account(session, ctx, ref)
    await queries.delete_account(session, account)
    audit.record(session, ctx, "cloud_account.removed", account.id, email=account.email)
    _changed(session, account)


def has_run_out(account: CloudAccount, now: datetime) -> bool:
    return bool(account.token and account.expires_at and account.expires_at <= now)


def make_cloud(process: Process, region: CloudRegion) -> PrinterCloud:
    (found,) = entry_points(group="shopwright.printer_clouds", name="bambu")
    maker: Maker = found.load()
    return maker(Clouds.of(process.settings).hosts(region))


async def _keep(
    session: WriteSession, ctx: Actor, account: CloudAccount, answer: LogIn, now: datetime
) -> None:
    """A token that still works stays until a new one is there."""
    vault = session.context.vault
    account.log_in_key = ""
    account.trouble, account.updated_at = None, now
    match answer:
        case LoggedIn():
            account.state = CloudAccountState.CONNECTED
            account.token = vault.encrypt(answer.token)
            account.expires_at, account.user_id = now + answer.lives, answer.user_id
        case CodeNeeded():
            account.state = CloudAccountState.CODE_NEEDED
        case TotpNeeded():
            account.state = CloudAccountState.TOTP_NEEDED
            account.log_in_key = vault.encrypt(answer.key)
    await session.flush()
    if account.state is CloudAccountState.CONNECTED:
        audit.record(session, ctx, "cloud_account.connected", account.id, email=account.email)
    _changed(session, account)


async def _with_printers(process: Process, ctx: Actor, account: CloudAccount) -> CloudAccount:
    """After a log-in; the account is connected even when its list cannot be read right then."""
    if account.state is not CloudAccountState.CONNECTED:
        return account
    try:
        return await refresh_account(process, ctx, ref=Ref(account.id, None))
    except (Unavailable, TooMany):
        return account


async def _ask_printers(process: Process, account: CloudAccount) -> tuple[CloudPrinter, ...]:
    token = _open(process, account.token)
    return await make_cloud(process, account.region).list_printers(token)


async def _keep_printers(
    process: Process, ctx: Actor, account: CloudAccount, found: Sequence[CloudPrinter]
) -> CloudAccount:
    now = process.clock.now()
    async with process.database.write() as session:
        kept = await get_account(session, ctx, Ref(account.id, None))
        await queries.put_devices(session, kept, found, now)
        kept.checked_at = kept.updated_at = now
        await session.flush()
        _changed(session, kept)
    return kept


async def _lose_log_in(process: Process, ctx: Actor, account: CloudAccount, sentence: str) -> None:
    """Its links end with the same sentence, of which people are told per printer."""
    async with process.database.write() as session:
        kept = await get_account(session, ctx, Ref(account.id, None))
        if kept.token != account.token:
            return  # somebody logged in anew meanwhile
        kept.state, kept.trouble = CloudAccountState.LOG_IN_AGAIN, sentence
        kept.token, kept.expires_at, kept.updated_at = "", None, process.clock.now()
        await session.flush()
        _changed(session, kept)


async def _load(process: Process, ctx: Actor, ref: Ref) -> CloudAccount:
    async with process.database.read() as session:
        return await get_account(session, ctx, ref)


def _open(process: Process, stored: str) -> str:
    return process.context.vault.decrypt(stored)


def _changed(session: WriteSession, account: CloudAccount) -> None:
    """Runners look at the ways to all printers again."""
    touch(session, account.organization_id, "printer_setup", 0)
    touch(session, account.organization_id, "cloud_accounts", account.id)


def _draft(device: CloudDevice, vault: Vault) -> PrinterDraft:
    return PrinterDraft(
        name=device.name,
        host="",
        access_code=vault.decrypt(device.access_code) if device.access_code else "",
        serial=device.serial,
        model=device.model,
        brand=BAMBU_LAB,
        driver=CLOUD,
    )
