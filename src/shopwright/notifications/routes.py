"""Targets, settings and the log of messages over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    SettingsDep,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
    writing,
)
from shopwright.kernel.egress import AddressRefused
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.notifications import deliveries, preferences, queries, targets
from shopwright.notifications.deliveries import NothingToRetry
from shopwright.notifications.preferences import MailSpec, QuietSpec
from shopwright.notifications.schemas import (
    DeliveryRead,
    MailServerIn,
    Message,
    SecretMade,
    SettingsRead,
    SettingsUpdate,
    TargetCreate,
    TargetRead,
    TargetUpdate,
    TestRead,
    every_topic,
)
from shopwright.notifications.states import DeliveryStatus
from shopwright.notifications.targets import EffectsHeld, TargetChanges

router = APIRouter(prefix="/api/notifications", tags=["notifications"], route_class=RepeatableRoute)

TargetRef = Annotated[Ref, path_ref("target")]
DeliveryRef = Annotated[Ref, path_ref("delivery")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
LogPaging = Annotated[Paging, page_of(100)]


@router.get("/topics")
async def list_topics(_ctx: ViewerCtx, paging: EveryRow) -> JSONResponse:
    """What one can be told of."""
    rows = every_topic()
    page = rows[paging.offset : paging.offset + paging.limit]
    return listed("topics", page, len(rows), paging)


@router.get("/targets")
async def list_targets(ctx: ViewerCtx, session: Read, paging: EveryRow) -> JSONResponse:
    """Who is told, of what, and whether it arrives."""
    rows = await queries.list_targets(session, ctx.organization_id)
    page = [TargetRead.of(row) for row in rows[paging.offset : paging.offset + paging.limit]]
    return listed("targets", page, len(rows), paging)


@router.post("/targets", status_code=201, responses=problems(AddressRefused))
async def create_target(
    request: Request, body: TargetCreate, ctx: AdminCtx, process: ProcessDep
) -> TargetRead:
    """Somebody more to be told; the address is checked first."""
    address = await targets.check_address(process, body.kind, body.address.get_secret_value())
    async with writing(request) as session:
        target = await targets.create_target(
            session,
            ctx,
            name=body.name,
            address=address,
            topics=body.topics,
            now=process.clock.now(),
        )
    return TargetRead.of(target)


@router.patch("/targets/{target}", responses=problems(AddressRefused))
async def update_target(
    target: TargetRef, body: TargetUpdate, ctx: AdminCtx, process: ProcessDep
) -> TargetRead:
    """Another name, address or choice of topics; or switch it off for a while."""
    async with process.database.read() as session:
        known = await targets.get_target(session, ctx, target)
    address = None
    if body.address is not None:
        address = await targets.check_address(process, known.kind, body.address.get_secret_value())
    changes = TargetChanges(body.name, address, body.topics, body.is_active)
    async with process.database.write() as session:
        changed = await targets.update_target(
            session, ctx, ref=target, changes=changes, now=process.clock.now()
        )
    return TargetRead.of(changed)


@router.delete("/targets/{target}")
async def delete_target(target: TargetRef, ctx: AdminCtx, session: Write, now: Now) -> Message:
    """Nobody is told there any more; what waited for it is dropped."""
    await targets.delete_target(session, ctx, ref=target, now=now)
    return Message(message="Target deleted")


@router.post("/targets/{target}/test", responses=problems(EffectsHeld))
async def send_test(target: TargetRef, ctx: AdminCtx, process: ProcessDep) -> TestRead:
    """Send a test message now; the answer says what the other side said."""
    return TestRead.of(await targets.send_test(process, ctx, ref=target))


@router.get("/settings")
async def read_settings(
    ctx: AdminCtx, session: Read, now: Now, settings: SettingsDep
) -> SettingsRead:
    """Quiet hours, how long a job may wait, the mail server."""
    row = await preferences.get_settings(session, ctx, now)
    return SettingsRead.of(row, settings.smtp_host)


@router.put("/settings")
async def update_settings(
    body: SettingsUpdate, ctx: AdminCtx, session: Write, now: Now, settings: SettingsDep
) -> SettingsRead:
    """What is named changes. At the end of quiet hours everything comes in one message."""
    row = await preferences.get_settings(session, ctx, now)
    if {"quiet_from", "quiet_until", "does_urgent_pass"} & body.model_fields_set:
        passes = body.does_urgent_pass
        spec = QuietSpec(
            _named(body, "quiet_from", row.quiet_from),
            _named(body, "quiet_until", row.quiet_until),
            row.does_urgent_pass if passes is None else passes,
        )
        row = await preferences.update_quiet_hours(session, ctx, spec=spec, now=now)
    if body.job_wait_hours is not None:
        row = await preferences.update_job_wait(session, ctx, hours=body.job_wait_hours, now=now)
    if body.mail is not None:
        spec_of_mail = _mail_spec(body.mail)
        row = await preferences.update_mail_server(session, ctx, spec=spec_of_mail, now=now)
    return SettingsRead.of(row, settings.smtp_host)


@router.post("/webhook-secret", status_code=201)
async def rotate_webhook_secret(ctx: AdminCtx, session: Write, now: Now) -> SecretMade:
    """A new secret that webhooks are signed with (Standard Webhooks); the one before signs along,
    until the next rotation."""
    return SecretMade(secret=await preferences.rotate_webhook_secret(session, ctx, now=now))


@router.get("/deliveries")
async def list_deliveries(
    ctx: ViewerCtx,
    session: Read,
    paging: LogPaging,
    status: Annotated[list[DeliveryStatus] | None, Query()] = None,
) -> JSONResponse:
    """The log: what was sent to whom, what is tried again when, and what the other side said."""
    rows, total = await queries.list_deliveries(
        session, ctx.organization_id, statuses=status or [], target=None, paging=paging
    )
    return listed("deliveries", [DeliveryRead.of(*row) for row in rows], total, paging)


@router.post("/deliveries/{delivery}/retry", responses=problems(NothingToRetry))
async def retry_delivery(
    delivery: DeliveryRef, ctx: MemberCtx, session: Write, now: Now
) -> DeliveryRead:
    """Send a failed message again, or a mail of which nobody knows whether it left."""
    row = await deliveries.retry(session, ctx, ref=delivery, now=now)
    return DeliveryRead.of(row, None)


def _named(body: SettingsUpdate, name: str, known: str | None) -> str:
    """Null or empty takes it away; what is not named stays."""
    return (getattr(body, name) if name in body.model_fields_set else known) or ""


def _mail_spec(mail: MailServerIn) -> MailSpec:
    secret = mail.password
    return MailSpec(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        user=mail.user,
        sender=mail.sender,
        password=None if secret is None else secret.get_secret_value(),
    )
