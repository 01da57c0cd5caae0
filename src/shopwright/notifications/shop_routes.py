"""Reference (a): a printer's notification settings, and the alerts."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.kernel.edge import (
    ALL_ROWS,
    MAX_ID,
    Now,
    Paging,
    Process,
    ProcessDep,
    Read,
    Ref,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.egress import AddressRefused, EgressPolicy, check_reachable
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.notifications import alerts, preferences
from shopwright.notifications.alerts import NoAlertChannels
from shopwright.notifications.shop_schemas import (
    AlertPreview,
    AlertSettingsRead,
    AlertSettingsUpdate,
    AlertsTriggered,
    SwitchesPage,
    SwitchesRead,
    SwitchesUpdate,
    plain,
)
from shopwright.notifications.targets import EffectsHeld

router = APIRouter(prefix="/api", tags=["notifications"], route_class=RepeatableRoute)

PrinterRef = Annotated[Ref, path_ref("printer")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]


@router.get("/bambu/notifications", response_model=SwitchesRead | SwitchesPage)
async def read_notifications(
    ctx: ViewerCtx,
    session: Read,
    paging: EveryRow,
    printer_id: Annotated[int | None, Query(ge=1, le=MAX_ID, examples=[1])] = None,
) -> Any:
    """A printer's notification settings; without ``printer_id`` those of every printer, as a
    list."""
    if printer_id is not None:
        found = await preferences.get_switches(session, ctx, Ref(printer_id, None))
        return SwitchesRead.of(found)
    rows = [SwitchesRead.of(one) for one in await preferences.list_switches(session, ctx)]
    page = rows[paging.offset : paging.offset + paging.limit]
    return listed("notifications", page, len(rows), paging)


@router.get("/bambu/notifications/{printer}")
async def read_printer_notifications(
    printer: PrinterRef, ctx: ViewerCtx, session: Read
) -> SwitchesRead:
    """The same, by the printer's id; a printer nobody has set has the defaults."""
    return SwitchesRead.of(await preferences.get_switches(session, ctx, printer))


@router.put("/bambu/notifications/{printer}", responses=problems(AddressRefused))
async def update_printer_notifications(
    printer: PrinterRef, body: SwitchesUpdate, ctx: MemberCtx, process: ProcessDep
) -> SwitchesRead:
    """Change some of them; the webhook's address is checked first."""
    changes = body.switches()
    if body.webhook_url is not None:
        changes["webhook_url"] = await check_webhook(process, body.webhook_url)
    async with process.database.write() as session:
        found = await preferences.update_switches(
            session, ctx, printer=printer, changes=changes, now=process.clock.now()
        )
    return SwitchesRead.of(found)


@router.get("/alerts/settings")
async def read_alert_settings(ctx: ViewerCtx, session: Read, now: Now) -> AlertSettingsRead:
    """What alerts tell of, and which channels are set up."""
    row = await preferences.get_settings(session, ctx, now)
    return AlertSettingsRead.of(row, await alerts.list_channels(session, ctx))


@router.put("/alerts/settings", responses=problems(AddressRefused))
async def update_alert_settings(
    body: AlertSettingsUpdate, ctx: AdminCtx, process: ProcessDep
) -> AlertSettingsRead:
    """Set channels up or take them away; addresses are checked first."""
    wanted = body.addresses()
    if body.telegram_bot_token is not None or body.telegram_chat_id is not None:
        token, chat_id = plain(body.telegram_bot_token), body.telegram_chat_id or ""
        wanted["telegram"] = alerts.telegram_url(token, chat_id)
    checked = await alerts.check_channels(process, wanted)
    now = process.clock.now()
    async with process.database.write() as session:
        await alerts.put_channels(session, ctx, checked, now)
        row = await preferences.update_alerts(
            session, ctx, printer_issues=body.printer_issues, low_stock=body.low_stock, now=now
        )
        return AlertSettingsRead.of(row, await alerts.list_channels(session, ctx))


@router.get("/alerts/preview")
async def preview_alerts(ctx: ViewerCtx, session: Read, now: Now) -> AlertPreview:
    """What a trigger would tell now: printers in trouble and low stock."""
    return AlertPreview.of(await alerts.preview(session, ctx, now))


@router.post("/alerts/trigger", responses=problems(NoAlertChannels, EffectsHeld))
async def trigger_alerts(ctx: MemberCtx, process: ProcessDep) -> AlertsTriggered:
    """Tell every channel now. Nothing goes out when nothing is wrong."""
    return AlertsTriggered.of(*await alerts.trigger(process, ctx))


async def check_webhook(process: Process, text: str) -> str | None:
    """None for an empty one."""
    policy = EgressPolicy.for_webhooks(process.settings)
    return await check_reachable(text, policy) if text.strip() else None
