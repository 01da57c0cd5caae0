"""Programs outside that are told of events: endpoints, their secrets, what was sent there."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx
from shopwright.kernel.edge import Now, Paging, ProcessDep, Read, Ref, Write, path_ref
from shopwright.kernel.errors import Unavailable
from shopwright.notifications import webhook_rules, webhooks
from shopwright.notifications.webhooks import EndpointChanges, Made
from shopwright.web.page import AdminPageCtx, done, fragment, go, is_htmx
from shopwright.web.paging import MAX_PAGE, Window
from shopwright.web.reads import webhooks as reads

router = APIRouter(include_in_schema=False)

EndpointRef = Annotated[Ref, path_ref("endpoint")]
DeliveryRef = Annotated[Ref, path_ref("webhook_delivery")]
HERE = "/webhooks"
PAGE_SIZE = 25  # each with its body and every try
Url = Annotated[str, Form(max_length=2000)]
Description = Annotated[str, Form(max_length=200)]
Types = Annotated[list[str] | None, Form()]


@router.get(HERE)
async def show_webhooks(page: AdminPageCtx, session: Read) -> Response:
    return page.render(
        "webhooks.html",
        active="webhooks",
        topics="webhooks",
        rows=await reads.list_endpoints(session, page.organization_id, page.now),
        choices=reads.event_choices(),
        most=webhook_rules.MAX_ENDPOINTS,
    )


@router.get("/webhooks/{endpoint}")
async def show_webhook(
    page: AdminPageCtx,
    session: Read,
    endpoint: EndpointRef,
    show: Annotated[str, Query(max_length=20)] = "all",
    number: Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    found = await webhooks.get_endpoint(session, page.actor, endpoint)
    window = Window(number, PAGE_SIZE)
    wanted = show if show in reads.FILTERS else "all"
    rows, total = await reads.list_deliveries(
        session, found, wanted, Paging(PAGE_SIZE, window.offset)
    )
    return page.render(
        "webhook.html",
        active="webhooks",
        topics="webhooks",
        row=await reads.read_endpoint(session, found, page.now),
        deliveries=rows,
        paging=window.of(total, len(rows)),
        filters=reads.FILTERS,
        show=wanted,
        choices=reads.event_choices(),
    )


@router.post(HERE)
async def add_webhook(
    request: Request,
    ctx: AdminCtx,
    process: ProcessDep,
    url: Url,
    description: Description = "",
    on: Types = None,
) -> Response:
    """The address is checked before anything is stored; the secret is shown once."""
    checked = await webhooks.check_url(process, url)
    async with process.database.write() as session:
        made = await webhooks.create_endpoint(
            session,
            ctx,
            url=checked,
            description=description,
            event_types=on or [],
            now=process.clock.now(),
        )
    text = "Enter it at the receiver; it checks with it that events come from here. Shown only now."
    return _secret(request, made, text)


@router.post("/webhooks/{endpoint}/edit")
async def edit_webhook(
    request: Request,
    ctx: AdminCtx,
    process: ProcessDep,
    endpoint: EndpointRef,
    url: Url,
    description: Description = "",
    on: Types = None,
) -> Response:
    """Nothing ticked means all events."""
    async with process.database.read() as session:
        known = await webhooks.get_endpoint(session, ctx, endpoint)
    checked = None
    if url.strip() != known.url:
        checked = await webhooks.check_url(process, url)
    changes = EndpointChanges(checked, description, on or [])
    async with process.database.write() as session:
        await webhooks.update_endpoint(
            session, ctx, ref=endpoint, changes=changes, now=process.clock.now()
        )
    return done(request, "The endpoint is changed.", to=f"{HERE}/{known.id}")


@router.post("/webhooks/{endpoint}/switch")
async def switch_webhook(
    request: Request, ctx: AdminCtx, session: Write, now: Now, endpoint: EndpointRef
) -> Response:
    """Off when it was on."""
    known = await webhooks.get_endpoint(session, ctx, endpoint)
    changes = EndpointChanges(is_active=not known.is_active)
    changed = await webhooks.update_endpoint(session, ctx, ref=endpoint, changes=changes, now=now)
    word = "It is told again." if changed.is_active else "It is told nothing until you want it."
    return done(request, word, to=f"{HERE}/{changed.id}")


@router.post("/webhooks/{endpoint}/delete")
async def delete_webhook(
    request: Request, ctx: AdminCtx, session: Write, endpoint: EndpointRef
) -> Response:
    await webhooks.delete_endpoint(session, ctx, ref=endpoint)
    return go(request, HERE)


@router.post("/webhooks/{endpoint}/rotate")
async def rotate_secret(
    request: Request, ctx: AdminCtx, session: Write, now: Now, endpoint: EndpointRef
) -> Response:
    made = await webhooks.rotate_secret(session, ctx, ref=endpoint, now=now)
    return _secret(request, made, "The one before signs along for 24 hours. Shown only now.")


@router.post("/webhooks/{endpoint}/test")
async def send_test(
    request: Request, ctx: AdminCtx, process: ProcessDep, endpoint: EndpointRef
) -> Response:
    delivery, answered = await webhooks.send_test(process, ctx, ref=endpoint)
    if not answered.is_delivered:
        raise Unavailable(answered.sentence)
    return done(request, f"It arrived. {answered.sentence}", to=f"{HERE}/{delivery.endpoint_id}")


@router.post("/webhooks/{endpoint}/replay")
async def replay_failed(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    endpoint: EndpointRef,
    days: Annotated[int, Form(ge=1, le=30)] = 30,
) -> Response:
    since = now - timedelta(days=days)
    count = await webhooks.replay_failed(session, ctx, ref=endpoint, since=since, now=now)
    word = "One event is" if count == 1 else f"{count} events are"
    return done(request, f"{word} sent again, oldest first.", to=f"{HERE}/{endpoint}")


@router.post("/webhooks/{endpoint}/deliveries/{webhook_delivery}/replay")
async def replay_delivery(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    endpoint: EndpointRef,
    webhook_delivery: DeliveryRef,
) -> Response:
    await webhooks.replay_delivery(session, ctx, ref=endpoint, delivery=webhook_delivery, now=now)
    return done(request, "It is sent again, with the same id.", to=f"{HERE}/{endpoint}")


def _secret(request: Request, made: Made, text: str) -> Response:
    template = "parts/shown_once.html" if is_htmx(request) else "webhook_secret.html"
    values = {
        "title": "The signing secret",
        "text": text,
        "secret": made.secret,
        "endpoint": made.endpoint,
    }
    return fragment(request, template, values)
