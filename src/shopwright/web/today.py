"""What a person must do now, and what is about to finish."""

from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from shopwright.fleet.states import Gate
from shopwright.kernel.edge import Read, get_process
from shopwright.telemetry.latest import LatestSnapshots
from shopwright.web.page import PageCtx
from shopwright.web.paging import Window
from shopwright.web.reads import fleet, inbox, jobs, orders, payments
from shopwright.web.reads.order_filters import OrderSearch

router = APIRouter(include_in_schema=False)

SHOWN = 8
SOON_DAYS = 1


@router.get("/")
async def show_today(page: PageCtx, session: Read) -> Response:
    """One page to begin the day with."""
    mine = page.organization_id
    cards = await fleet.read_cards(
        session,
        mine,
        get_process(page.request).context.keep(LatestSnapshots),
        queued=page.counts.queued,
    )
    today = page.now.astimezone(page.zone).date()
    held, _ = await orders.list_orders(
        session, mine, OrderSearch("held"), page.shop.time_zone, Window(1, SHOWN)
    )
    return page.render(
        "today.html",
        active="today",
        topics="today",
        to_clear=[card for card in cards if card.row.gate is Gate.NEEDS_CLEARING],
        trouble=[card for card in cards if card.faults or card.row.pip.tone == "red"],
        soonest=_soonest(cards),
        summary=fleet.summarize(cards),
        unknown=await jobs.list_unknown(session, mine),
        pending=await jobs.list_pending(session, mine, SHOWN),
        to_pack=await orders.list_to_pack(session, mine, SHOWN),
        held=held,
        doubts=await payments.list_doubts(session, mine, SHOWN),
        late=await orders.list_late(session, mine, today + timedelta(days=SOON_DAYS), SHOWN),
        skus=await inbox.list_groups(session, mine, SHOWN),
        has_products=await inbox.has_products(session, mine),
    )


def _soonest(cards: list[fleet.Card]) -> list[fleet.Card]:
    running = [card for card in cards if card.live.remaining_s is not None]
    return sorted(running, key=lambda card: card.live.remaining_s or 0)[:SHOWN]
