"""Customers: the list by segment, and the page of one with all that was said and made."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import JSONResponse, Response

from shopwright.accounts.access import AdminCtx, MemberCtx
from shopwright.files import service as files
from shopwright.files.access import drop_bytes
from shopwright.kernel.edge import Now, ProcessDep, Read, Ref, Write, path_ref, writing
from shopwright.kernel.errors import Invalid
from shopwright.orders.attachments import queries as attachment_queries
from shopwright.orders.attachments import service as attachments
from shopwright.orders.attachments.service import Owners
from shopwright.orders.customers import feedback as customer_feedback
from shopwright.orders.customers import privacy as customer_privacy
from shopwright.orders.customers import queries as customer_queries
from shopwright.orders.customers import requests as customer_requests
from shopwright.orders.customers import service as customers
from shopwright.orders.customers.feedback import FeedbackSpec
from shopwright.orders.customers.requests import RequestSpec
from shopwright.orders.customers.schemas import (
    CustomerBody,
    FeedbackCreate,
    RequestChange,
    RequestCreate,
)
from shopwright.orders.customers.service import CustomerSpec
from shopwright.orders.customers.states import RequestPriority, RequestStatus, Segment
from shopwright.web.judging import judge
from shopwright.web.page import NO_STORE, PageCtx, done, go
from shopwright.web.paging import MAX_PAGE, Window
from shopwright.web.reads import customers as reads

router = APIRouter(include_in_schema=False)

CustomerRef = Annotated[Ref, path_ref("customer")]
RequestRef = Annotated[Ref, path_ref("customer_request")]
AttachmentRef = Annotated[Ref, path_ref("attachment")]
Short = Annotated[str, Form(max_length=300)]
Long = Annotated[str, Form(max_length=10_000)]
SENTENCES = {
    "name": "A customer has a name of at most 200 characters.",
    "email": "{value!r} is no e-mail address.",
    "phone": "A telephone number has at most 40 characters.",
    "title": "Say in a few words, at most 200 characters, what is asked for.",
    "desired_by": "{value!r} is no date.",
    "rating": "A rating is a number from 1 to 5.",
}


@router.get("/customers")
async def show_customers(
    page: PageCtx,
    session: Read,
    show: Annotated[str, Query(max_length=20)] = "all",
    search: Annotated[str, Query(max_length=100)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    """By segment, the newest first."""
    if show != "all" and show not in set(Segment):
        raise Invalid(f"There is no segment {show!r} of customers.")
    window = Window(number)
    rows, total = await reads.list_customers(
        session,
        page.organization_id,
        search=search.strip(),
        segment=None if show == "all" else Segment(show),
        currency=page.shop.currency,
        window=window,
    )
    return page.render(
        "customers.html",
        active="customers",
        topics="customers",
        customers=rows,
        counts_by=await customer_queries.count_segments(session, page.actor),
        words=reads.WORDS,
        show=show,
        search=search,
        paging=window.of(total, len(rows)),
        query=urlencode({"show": show, "search": search}) + "&",
    )


@router.post("/customers")
async def create_customer(
    request: Request, ctx: MemberCtx, session: Write, name: Short, email: Short = "",
    phone: Short = "",
) -> Response:  # fmt: skip
    typed = {"name": name, "email": email.strip() or None, "phone": phone.strip() or None}
    spec = CustomerSpec(**judge(CustomerBody, typed, SENTENCES).model_dump())
    made = await customers.create_customer(session, ctx, spec=spec)
    return go(request, f"/customers/{made.id}")


@router.get("/customers/{customer}")
async def show_customer(
    page: PageCtx, session: Read, process: ProcessDep, customer: CustomerRef
) -> Response:
    """Everything about one customer."""
    found = await customers.get_customer(session, page.actor, customer)
    mine, currency = page.organization_id, page.shop.currency
    orders = await reads.list_orders(session, mine, found.id)
    kept = await attachment_queries.list_of_customer(
        session, page.actor, found.id, [order.id for order in orders]
    )
    stored = await files.find_files(session, page.actor, {file.sha256 for file in kept})
    return page.render(
        "customer.html",
        active="customers",
        topics=f"customer:{found.id} orders",
        customer=found,
        chip_of=reads.segment_chip(found.order_count, found.total_spend_minor, currency),
        orders=orders,
        requests=await reads.list_requests(session, mine, found.id),
        statuses=list(RequestStatus),
        priorities=list(RequestPriority),
        feedback=await reads.list_feedback(session, mine, found.id),
        talks=await reads.list_talks(session, mine, found.id),
        files=[
            (
                file,
                files.make_link(process, stored[file.sha256], now=page.now, filename=file.name)[0],
            )
            for file in kept
            if file.sha256 in stored
        ],
    )


@router.get("/customers/{customer}/export")
async def export_customer(ctx: AdminCtx, session: Read, customer: CustomerRef) -> Response:
    """Everything that is known, as a file to hand over."""
    known = await customer_privacy.export_customer(session, ctx, ref=customer)
    disposition = f'attachment; filename="customer-{customer}.json"'
    return JSONResponse(known, headers={**NO_STORE, "Content-Disposition": disposition})


@router.post("/customers/{customer}")
async def update_customer(
    *, request: Request, ctx: MemberCtx, session: Write, customer: CustomerRef, name: Short,
    email: Short = "", phone: Short = "", notes: Long = "",
) -> Response:  # fmt: skip
    typed = {
        "name": name, "email": email.strip() or None, "phone": phone.strip() or None,
        "notes": notes,
    }  # fmt: skip
    changes = judge(CustomerBody, typed, SENTENCES).model_dump()
    changed = await customers.update_customer(session, ctx, ref=customer, changes=changes)
    return done(request, f"{changed.name} is up to date.", to=f"/customers/{changed.id}")


@router.post("/customers/{customer}/requests")
async def create_request(
    *, request: Request, ctx: MemberCtx, session: Write, now: Now, customer: CustomerRef,
    title: Short, description: Long = "", priority: Short = "normal", desired_by: Short = "",
) -> Response:  # fmt: skip
    typed = {
        "title": title, "description": description, "priority": priority,
        "desired_by": desired_by.strip() or None,
    }  # fmt: skip
    body = judge(RequestCreate, typed, SENTENCES)
    spec = RequestSpec(**body.model_dump(exclude={"order_id"}))
    made = await customer_requests.create_request(
        session, ctx, customer=customer, spec=spec, now=now
    )
    return done(request, "The request is kept.", to=f"/customers/{made.customer_id}")


@router.post("/customer-requests/{customer_request}")
async def update_request(
    request: Request, ctx: MemberCtx, session: Write, now: Now, customer_request: RequestRef,
    status: Short,
) -> Response:  # fmt: skip
    body = judge(RequestChange, {"status": status}, {"status": "{value!r} is no state of it."})
    changed = await customer_requests.update_request(
        session, ctx, ref=customer_request, changes=body.changes(), now=now
    )
    words = changed.status.replace("_", " ")
    return done(request, f"“{changed.title}” is {words}.", to=f"/customers/{changed.customer_id}")


@router.post("/customers/{customer}/feedback")
async def add_feedback(
    request: Request, ctx: MemberCtx, session: Write, customer: CustomerRef, rating: Short,
    comment: Long = "",
) -> Response:  # fmt: skip
    body = judge(FeedbackCreate, {"rating": rating, "comment": comment}, SENTENCES)
    spec = FeedbackSpec(body.rating, body.comment)
    made = await customer_feedback.add_feedback(session, ctx, customer=customer, spec=spec)
    return done(request, "Thank you for writing it down.", to=f"/customers/{made.customer_id}")


@router.post("/customers/{customer}/files")
async def add_file(
    request: Request, ctx: MemberCtx, process: ProcessDep, customer: CustomerRef
) -> Response:
    async with process.database.read() as session:
        await customers.get_customer(session, ctx, customer)  # before the file is waited for
    kept = await attachments.receive_attachment(request, ctx, Owners(customer=customer))
    return done(request, f"{kept.name} is kept.", to=f"/customers/{kept.customer_id}")


@router.post("/customers/{customer}/files/{attachment}/remove")
async def remove_file(
    request: Request, ctx: MemberCtx, process: ProcessDep, customer: CustomerRef,
    attachment: AttachmentRef,
) -> Response:  # fmt: skip
    async with writing(request) as session:
        found, gone = await attachments.remove_of_customer(
            session, ctx, customer=customer, ref=attachment
        )
    await drop_bytes(process, gone)
    return done(request, "The file is gone.", to=f"/customers/{found.id}")


@router.post("/customers/{customer}/anonymise")
async def anonymise_customer(
    request: Request, ctx: AdminCtx, process: ProcessDep, customer: CustomerRef, confirm: Short
) -> Response:
    """Take out what is personal and keep the books."""
    async with writing(request) as session:
        found, gone = await customer_privacy.anonymise_customer(
            session, ctx, ref=customer, confirm=confirm, reason="the customer asked for it",
            now=process.clock.now(),
        )  # fmt: skip
    await drop_bytes(process, gone)
    return done(request, "What was personal is gone.", to=f"/customers/{found.id}")
