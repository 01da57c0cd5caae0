"""Notifications react to what the slices tell: rows are written, nothing is sent here.

Most shops have told nobody to be told; who listens is looked up before a sentence is made.
"""

from datetime import timedelta
from functools import partial

from shopwright.accounts.events import MemberInvited
from shopwright.channels.events import ReconnectAsked
from shopwright.fleet.events import PrinterBack, PrinterInTrouble, PrinterLost, SlotsChanged
from shopwright.fleet.states import ConnectionState
from shopwright.inventory.events import FilamentLow
from shopwright.kernel.db import WriteSession
from shopwright.kernel.effects import EffectInDoubt
from shopwright.notifications import delivery_queries, news
from shopwright.notifications.deliveries import SEND_EMAIL
from shopwright.notifications.mail import ProcessMail
from shopwright.notifications.states import TargetKind
from shopwright.notifications.telling import (
    Addressee,
    Notice,
    has_mail_server,
    tell,
    tell_about,
    tell_to,
)
from shopwright.notifications.topics import Topic
from shopwright.orders.events import OrderDeclaredShipped, OrderHeld, OrderReady, OrdersArrived
from shopwright.planning.events import SkusUnknown
from shopwright.print_jobs.events import PrintJobEnded, PrintJobStarted
from shopwright.shipping.events import OrderShipped

GRACE = timedelta(minutes=2)  # a printer that is back within this was never away
BACK = "It came back by itself."


async def on_print_started(session: WriteSession, event: PrintJobStarted) -> None:
    shop, printer_id = event.organization_id, event.printer_id
    make = partial(news.print_started, session, shop, event.print_job_id, printer_id)
    await tell_about(session, shop, Topic.PRINT_STARTED, make, printer_id=printer_id)


async def on_print_ended(session: WriteSession, event: PrintJobEnded) -> None:
    shop, printer_id = event.organization_id, event.printer_id
    reason = (event.reason or "the print failed") if event.has_failed else None
    topic = Topic.PRINT_FAILED if event.has_failed else Topic.PRINT_COMPLETED
    make = partial(news.print_ended, session, shop, event.print_job_id, printer_id, reason)
    await tell_about(session, shop, topic, make, printer_id=printer_id)


async def on_slots_changed(session: WriteSession, event: SlotsChanged) -> None:
    shop, printer_id, now = event.organization_id, event.printer_id, session.context.clock.now()
    make = partial(news.slots_changed, session, shop, printer_id, event.changes, now)
    await tell_about(session, shop, Topic.MATERIAL_CHANGED, make, printer_id=printer_id)


async def on_printer_lost(session: WriteSession, event: PrinterLost) -> None:
    """Told only when it stays away; a wrong access code does not mend itself."""
    shop, printer_id, now = event.organization_id, event.printer_id, session.context.clock.now()
    is_refused = event.connection is ConnectionState.AUTH_FAILED
    make = partial(
        news.printer_lost, session, shop, printer_id, event.connection, event.sentence, now
    )
    topic = Topic.PRINTER_REFUSES if is_refused else Topic.PRINTER_OFFLINE
    delay = None if is_refused else GRACE
    await tell_about(session, shop, topic, make, printer_id=printer_id, delay=delay)


async def on_printer_back(session: WriteSession, event: PrinterBack) -> None:
    is_lost = delivery_queries.is_about(Topic.PRINTER_OFFLINE, event.printer_id)
    now = session.context.clock.now()
    await delivery_queries.drop_waiting(session, event.organization_id, is_lost, BACK, now)


async def on_printer_in_trouble(session: WriteSession, event: PrinterInTrouble) -> None:
    shop, printer_id, now = event.organization_id, event.printer_id, session.context.clock.now()
    make = partial(news.printer_in_trouble, session, shop, printer_id, event.sentence, now)
    await tell_about(session, shop, Topic.PRINTER_TROUBLE, make, printer_id=printer_id)


async def on_filament_low(session: WriteSession, event: FilamentLow) -> None:
    make = partial(news.filament_low, session, event, session.context.clock.now())
    await tell_about(session, event.organization_id, Topic.FILAMENT_LOW, make)


async def on_orders_arrived(session: WriteSession, event: OrdersArrived) -> None:
    make = partial(news.orders_arrived, session, event.organization_id, event.order_ids)
    await tell_about(session, event.organization_id, Topic.ORDER_ARRIVED, make)


async def on_order_held(session: WriteSession, event: OrderHeld) -> None:
    make = partial(news.order_held, session, event.organization_id, event.order_id)
    await tell_about(session, event.organization_id, Topic.ORDER_HELD, make)


async def on_order_ready(session: WriteSession, event: OrderReady) -> None:
    now = session.context.clock.now()
    make = partial(news.order_ready, session, event.organization_id, event.order_id, now)
    await tell_about(session, event.organization_id, Topic.ORDER_READY, make)


async def on_order_shipped(session: WriteSession, event: OrderShipped) -> None:
    make = partial(news.order_shipped, session, event)
    await tell_about(session, event.organization_id, Topic.ORDER_SHIPPED, make)


async def on_order_declared_shipped(session: WriteSession, event: OrderDeclaredShipped) -> None:
    """Where the channel is told as well, a parcel's own event follows."""
    if not event.is_channel_told:
        make = partial(news.order_shipped, session, event)
        await tell_about(session, event.organization_id, Topic.ORDER_SHIPPED, make)


async def on_skus_unknown(session: WriteSession, event: SkusUnknown) -> None:
    notice = news.skus_unknown(event.skus, session.context.clock.now())
    await tell(session, event.organization_id, notice)


async def on_reconnect_asked(session: WriteSession, event: ReconnectAsked) -> None:
    now = session.context.clock.now()
    notice = news.reconnect_asked(event.connection_id, event.name, event.sentence, now)
    await tell(session, event.organization_id, notice)


async def on_effect_in_doubt(session: WriteSession, event: EffectInDoubt) -> None:
    """A mail in doubt stands in the log; telling of it by mail would go round in circles."""
    if event.kind != SEND_EMAIL:
        notice = news.outcome_unknown(event.effect_id, event.kind, event.sentence)
        await tell(session, event.organization_id, notice)


async def on_member_invited(session: WriteSession, event: MemberInvited) -> None:
    """The link goes out by mail where there is a mail server; whoever invites sees it anyway."""
    if not await has_mail_server(session, event.organization_id):
        return
    base_url = session.context.keep(ProcessMail).base_url
    notice = Notice(
        Topic.INVITATION,
        f"invitation:{event.invitation_id}",
        f"{event.invited_by} invites you",
        f"You are invited to work here as {event.role}. The link works once, for seven days:",
        sealed=f"{base_url}/invitation?token={event.token}",
    )
    lane = f"invitation:{event.invitation_id}"
    invited = Addressee(lane, TargetKind.EMAIL, recipient=event.email)
    await tell_to(session, event.organization_id, notice, [invited])
