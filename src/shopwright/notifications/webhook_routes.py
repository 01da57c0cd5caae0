"""Outgoing webhooks over HTTP: endpoints, their secrets, what was sent, and sending it again."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from shopwright.accounts.access import AdminCtx, ViewerCtx
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
    writing,
)
from shopwright.kernel.egress import AddressRefused
from shopwright.kernel.errors import Invalid
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import read_moment
from shopwright.notifications import queries, webhook_queries, webhook_rules, webhooks
from shopwright.notifications.schemas import Message
from shopwright.notifications.states import WebhookStatus
from shopwright.notifications.targets import EffectsHeld
from shopwright.notifications.webhook_schemas import (
    DeliveryWithBody,
    EndpointCreate,
    EndpointMade,
    EndpointRead,
    EndpointUpdate,
    Replayed,
    WebhookDeliveryRead,
    WebhookTestRead,
    every_type,
)
from shopwright.notifications.webhooks import (
    EndpointChanges,
    EndpointOff,
    StillOnItsWay,
    TooManyEndpoints,
)

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"], route_class=RepeatableRoute)

EndpointRef = Annotated[Ref, path_ref("endpoint")]
DeliveryRef = Annotated[Ref, path_ref("webhook_delivery")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
LogPaging = Annotated[Paging, page_of(50)]
Since = Annotated[str, Query(max_length=40, description="a time, or a date in the shop's zone")]


@router.get("/event-types")
async def list_event_types(_ctx: ViewerCtx, paging: EveryRow) -> JSONResponse:
    """What an endpoint can be told of, with an example of each."""
    rows = every_type()
    page = rows[paging.offset : paging.offset + paging.limit]
    return listed("event_types", page, len(rows), paging)


@router.get("")
async def list_webhooks(ctx: AdminCtx, session: Read, paging: EveryRow, now: Now) -> JSONResponse:
    """Which programs are told, of what, and whether it arrives."""
    rows = await webhook_queries.list_endpoints(session, ctx.organization_id)
    page = rows[paging.offset : paging.offset + paging.limit]
    return listed("webhooks", [EndpointRead.of(row, now) for row in page], len(rows), paging)


@router.post("", status_code=201, responses=problems(AddressRefused, TooManyEndpoints))
async def create_webhook(
    request: Request, body: EndpointCreate, ctx: AdminCtx, process: ProcessDep
) -> EndpointMade:
    """One more program to tell; the secret it checks signatures with is shown in this answer
    only."""
    url = await webhooks.check_url(process, body.url)
    now = process.clock.now()
    async with writing(request) as session:
        made = await webhooks.create_endpoint(
            session,
            ctx,
            url=url,
            description=body.description,
            event_types=body.event_types,
            now=now,
        )
    return EndpointMade.with_secret(made, now)


@router.get("/{endpoint}")
async def read_webhook(
    endpoint: EndpointRef, ctx: AdminCtx, session: Read, now: Now
) -> EndpointRead:
    return EndpointRead.of(await webhooks.get_endpoint(session, ctx, endpoint), now)


@router.patch("/{endpoint}", responses=problems(AddressRefused))
async def update_webhook(
    endpoint: EndpointRef, body: EndpointUpdate, ctx: AdminCtx, process: ProcessDep
) -> EndpointRead:
    """Another address or choice of events; or switch it off, or on again."""
    async with process.database.read() as session:
        await webhooks.get_endpoint(session, ctx, endpoint)
    url = await webhooks.check_url(process, body.url) if body.url is not None else None
    changes = EndpointChanges(url, body.description, body.event_types, body.is_active)
    now = process.clock.now()
    async with process.database.write() as session:
        changed = await webhooks.update_endpoint(
            session, ctx, ref=endpoint, changes=changes, now=now
        )
    return EndpointRead.of(changed, now)


@router.delete("/{endpoint}")
async def delete_webhook(endpoint: EndpointRef, ctx: AdminCtx, session: Write) -> Message:
    """With the log of what it was sent; nothing more goes there."""
    await webhooks.delete_endpoint(session, ctx, ref=endpoint)
    return Message(message="Webhook deleted")


@router.post("/{endpoint}/rotate", status_code=201)
async def rotate_webhook_secret(
    endpoint: EndpointRef, ctx: AdminCtx, session: Write, now: Now
) -> EndpointMade:
    """A new secret that signs at once; the one before signs along for 24 hours, so that the
    receiver can change over."""
    made = await webhooks.rotate_secret(session, ctx, ref=endpoint, now=now)
    return EndpointMade.with_secret(made, now)


@router.post("/{endpoint}/test", responses=problems(EffectsHeld))
async def test_webhook(
    endpoint: EndpointRef, ctx: AdminCtx, process: ProcessDep
) -> WebhookTestRead:
    """Send ``webhook.test`` now; the answer says what the receiver said."""
    return WebhookTestRead.of(*await webhooks.send_test(process, ctx, ref=endpoint))


@router.get("/{endpoint}/deliveries")
async def list_webhook_deliveries(
    endpoint: EndpointRef,
    ctx: AdminCtx,
    session: Read,
    paging: LogPaging,
    status: Annotated[list[WebhookStatus] | None, Query()] = None,
) -> JSONResponse:
    """What it was sent in the last 30 days, newest first, with every try."""
    shop = ctx.organization_id
    found = await webhooks.get_endpoint(session, ctx, endpoint)
    rows, total = await webhook_queries.list_deliveries(
        session, shop, found.id, statuses=status or [], paging=paging
    )
    attempts = await webhook_queries.list_attempts(session, shop, [row.id for row in rows])
    page = [WebhookDeliveryRead.of(row, attempts) for row in rows]
    return listed("deliveries", page, total, paging)


@router.get("/{endpoint}/deliveries/{webhook_delivery}")
async def read_webhook_delivery(
    endpoint: EndpointRef, webhook_delivery: DeliveryRef, ctx: AdminCtx, session: Read
) -> DeliveryWithBody:
    """One event as it was sent, with every try."""
    shop = ctx.organization_id
    found = await webhooks.get_endpoint(session, ctx, endpoint)
    row = await webhooks.get_delivery(session, ctx, found, webhook_delivery)
    attempts = await webhook_queries.list_attempts(session, shop, [row.id])
    bodies = await webhook_queries.read_bodies(session, shop, [row.event_id])
    return DeliveryWithBody.sent(row, attempts, bodies[row.event_id])


@router.post(
    "/{endpoint}/deliveries/{webhook_delivery}/replay",
    responses=problems(EndpointOff, StillOnItsWay),
)
async def replay_webhook_delivery(
    endpoint: EndpointRef, webhook_delivery: DeliveryRef, ctx: AdminCtx, session: Write, now: Now
) -> WebhookDeliveryRead:
    """Send an event again, whether it failed or arrived; its id stays the same."""
    row = await webhooks.replay_delivery(
        session, ctx, ref=endpoint, delivery=webhook_delivery, now=now
    )
    attempts = await webhook_queries.list_attempts(session, ctx.organization_id, [row.id])
    return WebhookDeliveryRead.of(row, attempts)


@router.post("/{endpoint}/replay", responses=problems(Invalid, EndpointOff))
async def replay_failed_deliveries(
    endpoint: EndpointRef, ctx: AdminCtx, session: Write, now: Now, since: Since | None = None
) -> Replayed:
    """Send everything again that failed since then (without ``since``: in the last 30 days),
    oldest first, under the same ids."""
    moment = now - webhook_rules.KEEP
    if since is not None:
        organization = await queries.get_organization(session, ctx.organization_id)
        moment = read_moment(since, organization.time_zone)
    count = await webhooks.replay_failed(session, ctx, ref=endpoint, since=moment, now=now)
    return Replayed(replayed=count)
