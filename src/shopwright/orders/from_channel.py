"""Orders of a channel become ours: one page at a time, in the transaction that stores the page."""

from collections.abc import Sequence

from sqlalchemy.exc import DataError, IntegrityError

from shopwright.channels import service as channels
from shopwright.channels.events import ChannelPageArrived
from shopwright.channels.port import (
    Address,
    ChannelOrder,
    ChannelOrderItem,
    ChannelStatus,
)
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Invalid, ShopError
from shopwright.orders import intake
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.states import OrderStatus

MAX_MINOR = 10**14  # beyond this it is no price but a fault, and no database column holds it
MAX_TITLE, MAX_SKU, MAX_NAME, MAX_EMAIL = 300, 200, 200, 254

STATUSES = {
    ChannelStatus.PENDING: OrderStatus.PENDING,
    ChannelStatus.PAID: OrderStatus.PAID,
    # The channel's "completed" is an order that is done; ours would still be made and packed.
    ChannelStatus.COMPLETED: OrderStatus.SHIPPED,
    ChannelStatus.SHIPPED: OrderStatus.SHIPPED,
    ChannelStatus.DELIVERED: OrderStatus.DELIVERED,
    ChannelStatus.CANCELED: OrderStatus.CANCELED,
    ChannelStatus.REFUNDED: OrderStatus.REFUNDED,
}


async def on_channel_page(session: WriteSession, event: ChannelPageArrived) -> None:
    """Import a page. An order that our rules or the database refuse is rejected with the reason;
    the others of its page are not held up."""
    ctx = system_actor(event.organization_id, event.channel)
    drafts: dict[str, OrderDraft] = {}
    rejected: dict[str, str] = {}
    for order in sorted(event.orders, key=lambda order: order.updated_at):
        draft = to_draft(order, event.channel, event.connection_id)
        try:
            check(draft)
        except Invalid as err:
            rejected[order.external_id] = err.detail
        else:
            drafts[order.external_id] = draft
    new, updated = await _import(session, ctx, event, list(drafts.values()), rejected)
    await channels.record_outcome(session, ctx, event, new=new, updated=updated, rejected=rejected)


def to_draft(order: ChannelOrder, channel: str, connection_id: int) -> OrderDraft:
    """What the channel says, in our words. Long texts are cut to what we keep of them."""
    return OrderDraft(
        status=status_of(order),
        currency=order.currency,
        placed_at=order.placed_at,
        items=tuple(_to_item(item) for item in _owed_items(order)),
        channel=channel,
        connection_id=connection_id,
        external_id=order.external_id,
        buyer_name=(order.buyer_name or "")[:MAX_NAME],
        buyer_email=order.buyer_email[:MAX_EMAIL] if order.buyer_email else None,
        buyer_external_id=order.buyer_user_id,
        ship_to=_to_ship_to(order.address),
        subtotal_minor=order.subtotal_minor,
        shipping_minor=order.shipping_minor,
        tax_minor=order.tax_minor + order.vat_minor,
        discount_minor=order.discount_minor,
        total_minor=order.total_minor,
        refunded_minor=order.refunded_minor,
        buyer_message=order.buyer_note or "",
        gift_message=_gift_message(order),
        is_gift=order.is_gift,
        promised_on=order.promised_on,
        updated_at=order.updated_at,
        is_new_content=True,
    )


def status_of(order: ChannelOrder) -> OrderStatus:
    """A shipped order is not made again, and one of files only has nothing to be made."""
    status = STATUSES[order.status]
    is_done = order.is_shipped or all(item.is_digital for item in order.items)
    return OrderStatus.SHIPPED if status is OrderStatus.PAID and is_done else status


def check(draft: OrderDraft) -> None:
    """Raises Invalid with the reason for the person who looks at the rejected order."""
    intake.check_draft(draft)
    amounts = [draft.total_minor, draft.subtotal_minor, *(i.price_minor for i in draft.items)]
    if any(abs(amount) > MAX_MINOR for amount in amounts):
        raise Invalid(f"Order {draft.external_id} has an impossible amount of money.")


async def _import(
    session: WriteSession,
    ctx: Actor,
    event: ChannelPageArrived,
    drafts: Sequence[OrderDraft],
    rejected: dict[str, str],
) -> tuple[int, int]:
    """All at once; when that is refused, one by one, to find out which one it is."""
    try:
        return await _import_together(session, ctx, event, drafts)
    except (ShopError, DataError, IntegrityError):
        pass
    new = updated = 0
    for draft in drafts:
        try:
            counts = await _import_together(session, ctx, event, [draft])
        except ShopError as err:
            rejected[str(draft.external_id)] = err.detail
        except (DataError, IntegrityError) as err:
            rejected[str(draft.external_id)] = f"The order cannot be stored: {err.orig}"
        else:
            new, updated = new + counts[0], updated + counts[1]
    return new, updated


async def _import_together(
    session: WriteSession, ctx: Actor, event: ChannelPageArrived, drafts: Sequence[OrderDraft]
) -> tuple[int, int]:
    async with session.begin_nested():
        return await intake.import_orders(
            session,
            ctx,
            connection_id=event.connection_id,
            drafts=drafts,
            now=event.arrived_at,
        )


def _owed_items(order: ChannelOrder) -> Sequence[ChannelOrderItem]:
    """Files are delivered by the channel; they are left out where there is something to make."""
    made = [item for item in order.items if not item.is_digital]
    return made or order.items


def _to_item(item: ChannelOrderItem) -> ItemDraft:
    return ItemDraft(
        title=item.title[:MAX_TITLE],
        quantity=item.quantity,
        sku=item.sku[:MAX_SKU] if item.sku else None,
        price_minor=item.unit_price_minor,
        external_id=item.external_id,
        options=item.options,
        personalisation=item.personalisations,
        promised_on=item.promised_on,
    )


def _to_ship_to(address: Address) -> dict[str, str]:
    """Only the lines that the channel tells."""
    lines = {
        "name": address.name,
        "line1": address.first_line,
        "line2": address.second_line,
        "city": address.city,
        "state": address.state,
        "postcode": address.postcode,
        "country": address.country_iso,
    }
    known = {name: line for name, line in lines.items() if line}
    if not known.keys() - {"name", "country"} and address.formatted:
        known["formatted"] = address.formatted
    return known


def _gift_message(order: ChannelOrder) -> str:
    message = order.gift_message or ""
    return f"{message}\n{order.gift_sender}".strip() if order.gift_sender else message
