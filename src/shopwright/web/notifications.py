"""Who is told of what and whether it arrives: targets, rules, quiet hours, the log."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, SecretStr
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx, MemberCtx
from shopwright.kernel.edge import (
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    SettingsDep,
    Write,
    path_ref,
)
from shopwright.kernel.errors import Invalid, Unavailable
from shopwright.kernel.settings import MailSecurity
from shopwright.notifications import deliveries, preferences, targets
from shopwright.notifications.preferences import MailSpec, QuietSpec
from shopwright.notifications.shop_routes import check_webhook
from shopwright.notifications.states import TargetKind
from shopwright.notifications.targets import TargetChanges
from shopwright.notifications.telling import PRINTER_DEFAULTS
from shopwright.web.page import PageCtx, done, fragment, is_htmx
from shopwright.web.paging import MAX_PAGE, PAGE_SIZE, Window
from shopwright.web.reads import notifications as reads

router = APIRouter(include_in_schema=False)

TargetRef = Annotated[Ref, path_ref("target")]
DeliveryRef = Annotated[Ref, path_ref("delivery")]
PrinterRef = Annotated[Ref, path_ref("printer")]
HERE, LOG = "/notifications", "/notifications/log"
MAX_PORT, MAX_HOURS = 65535, 168
Text = Annotated[str, Form(max_length=2000)]


class MailForm(BaseModel):
    """As typed. An empty password stays what it is."""

    host: Annotated[str, Form(max_length=255)] = ""
    port: Annotated[int, Form()] = 587
    security: MailSecurity = MailSecurity.STARTTLS
    user: Annotated[str, Form(max_length=254)] = ""
    password: SecretStr = SecretStr("")
    sender: Annotated[str, Form(max_length=254)] = ""


@router.get(HERE)
async def show_notifications(page: PageCtx, session: Read, settings: SettingsDep) -> Response:
    mine = page.organization_id
    return page.render(
        "notifications.html",
        active="notifications",
        topics="notifications",
        targets=await reads.list_targets(session, mine),
        groups=reads.topic_groups(),
        printers=await reads.list_printers(session, mine),
        switches=reads.SWITCHES,
        chosen=await preferences.get_settings(session, page.actor, page.now),
        environment_host=settings.smtp_host,
        securities=list(MailSecurity),
        recent=await reads.list_recent(session, mine),
    )


@router.get(LOG)
async def show_log(
    page: PageCtx,
    session: Read,
    show: Annotated[str, Query(max_length=20)] = "all",
    number: Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    window = Window(number)
    wanted = show if show in reads.FILTERS else "all"
    rows, total = await reads.list_log(
        session, page.organization_id, wanted, Paging(PAGE_SIZE, window.offset)
    )
    return page.render(
        "notification_log.html",
        active="notifications",
        topics="notifications",
        rows=rows,
        paging=window.of(total, len(rows)),
        filters=reads.FILTERS,
        show=wanted,
    )


@router.post("/notifications/targets")
async def add_target(
    request: Request,
    ctx: AdminCtx,
    process: ProcessDep,
    kind: Annotated[TargetKind, Form()],
    address: Text,
    name: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """The address is checked before anything is stored."""
    checked = await targets.check_address(process, kind, address)
    async with process.database.write() as session:
        made = await targets.create_target(
            session, ctx, name=name, address=checked, now=process.clock.now()
        )
    return done(request, f"{made.name} is told from now on. Send it a test.", to=HERE)


@router.post("/notifications/targets/{target}/test")
async def send_test(
    request: Request, ctx: AdminCtx, process: ProcessDep, target: TargetRef
) -> Response:
    tried = await targets.send_test(process, ctx, ref=target)
    if not tried.is_sent:
        raise Unavailable(tried.sentence)
    return done(request, tried.sentence, to=HERE)


@router.post("/notifications/targets/{target}/switch")
async def switch_target(
    request: Request, ctx: AdminCtx, session: Write, now: Now, target: TargetRef
) -> Response:
    """Off when it was on."""
    known = await targets.get_target(session, ctx, target)
    changes = TargetChanges(is_active=not known.is_active)
    changed = await targets.update_target(session, ctx, ref=target, changes=changes, now=now)
    word = "is told again" if changed.is_active else "is told nothing for now"
    return done(request, f"{changed.name} {word}.", to=HERE)


@router.post("/notifications/targets/{target}/edit")
async def edit_target(
    request: Request,
    ctx: AdminCtx,
    process: ProcessDep,
    target: TargetRef,
    name: Annotated[str, Form(max_length=100)] = "",
    address: Text = "",
) -> Response:
    """An empty address stays what it is."""
    async with process.database.read() as session:
        known = await targets.get_target(session, ctx, target)
    checked = None
    if address.strip():
        checked = await targets.check_address(process, known.kind, address)
    changes = TargetChanges(name=name, address=checked)
    async with process.database.write() as session:
        changed = await targets.update_target(
            session, ctx, ref=target, changes=changes, now=process.clock.now()
        )
    return done(request, f"{changed.name} is changed.", to=HERE)


@router.post("/notifications/targets/{target}/delete")
async def delete_target(
    request: Request, ctx: AdminCtx, session: Write, now: Now, target: TargetRef
) -> Response:
    await targets.delete_target(session, ctx, ref=target, now=now)
    return done(request, "Nobody is told there any more.", to=HERE)


@router.post("/notifications/rules")
async def change_rules(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    shown: Annotated[list[str] | None, Form()] = None,
    on: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """``on`` has ``target:topic`` for every tick; targets that were not shown stay as they are."""
    ticks = [tick.partition(":") for tick in on or []]
    for target_id in dict.fromkeys(shown or []):
        topics = [topic for target, _, topic in ticks if target == target_id]
        ref = Ref(_read_id(target_id), None)
        changes = TargetChanges(topics=topics)
        await targets.update_target(session, ctx, ref=ref, changes=changes, now=now)
    return done(request, "Everybody hears what is ticked.", to=HERE)


@router.post("/notifications/printers/{printer}")
async def change_printer(
    request: Request,
    ctx: MemberCtx,
    process: ProcessDep,
    printer: PrinterRef,
    on: Annotated[list[str] | None, Form()] = None,
    webhook_url: Text = "",
) -> Response:
    """What is not ticked is off."""
    changes: dict[str, Any] = {name: name in (on or []) for name in PRINTER_DEFAULTS}
    changes["webhook_url"] = await check_webhook(process, webhook_url)
    async with process.database.write() as session:
        await preferences.update_switches(
            session, ctx, printer=printer, changes=changes, now=process.clock.now()
        )
    return done(request, "The printer's notifications are changed.", to=HERE)


@router.post("/notifications/quiet")
async def change_quiet_hours(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    begin: Annotated[str, Form(max_length=8)] = "",
    end: Annotated[str, Form(max_length=8)] = "",
    passes: Annotated[bool, Form()] = False,
) -> Response:
    spec = QuietSpec(begin, end, passes)
    row = await preferences.update_quiet_hours(session, ctx, spec=spec, now=now)
    if row.quiet_from is None:
        return done(request, "There are no quiet hours.", to=HERE)
    return done(request, f"It is quiet from {row.quiet_from} to {row.quiet_until}.", to=HERE)


@router.post("/notifications/waiting")
async def change_job_wait(
    request: Request, ctx: AdminCtx, session: Write, now: Now, hours: Annotated[int, Form()]
) -> Response:
    if not 1 <= hours <= MAX_HOURS:
        raise Invalid(f"Say how many hours a job may wait, from 1 to {MAX_HOURS}.")
    await preferences.update_job_wait(session, ctx, hours=hours, now=now)
    return done(request, f"You are told of jobs that wait longer than {hours} hours.", to=HERE)


@router.post("/notifications/mail")
async def change_mail_server(
    request: Request, ctx: AdminCtx, session: Write, now: Now, form: Annotated[MailForm, Form()]
) -> Response:
    if not 1 <= form.port <= MAX_PORT:
        raise Invalid(f"A port is a number from 1 to {MAX_PORT}; mail servers use 587 or 465.")
    spec = MailSpec(
        host=form.host,
        port=form.port,
        security=form.security,
        user=form.user,
        sender=form.sender,
        password=form.password.get_secret_value() or None,
    )
    row = await preferences.update_mail_server(session, ctx, spec=spec, now=now)
    if not row.mail_host:
        return done(request, "The shop has no mail server of its own now.", to=HERE)
    return done(request, f"Mails go out by {row.mail_host}. Send yourself a test.", to=HERE)


@router.post("/notifications/secret")
async def rotate_secret(request: Request, ctx: AdminCtx, session: Write, now: Now) -> Response:
    """Shown in this answer only."""
    secret = await preferences.rotate_webhook_secret(session, ctx, now=now)
    template = "parts/shown_once.html" if is_htmx(request) else "shown_once.html"
    values = {
        "title": "The secret that webhooks are signed with",
        "text": "It is shown only now. The one before signs along until the next change.",
        "secret": secret,
    }
    return fragment(request, template, values)


@router.post("/notifications/log/{delivery}/retry")
async def retry_delivery(
    request: Request, ctx: MemberCtx, session: Write, now: Now, delivery: DeliveryRef
) -> Response:
    await deliveries.retry(session, ctx, ref=delivery, now=now)
    return done(request, "It is sent again.", to=LOG)


def _read_id(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:  # noqa: PLR2004  64 bits
        raise Invalid("The form is broken; load the page again.")
    return int(text)
