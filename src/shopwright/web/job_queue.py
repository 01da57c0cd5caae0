"""The queue of print jobs: waiting, in work, ended; and what a person decides about them."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx
from shopwright.kernel.edge import Now, Read, Ref, Write, parse_ref, path_ref
from shopwright.kernel.errors import Invalid
from shopwright.print_jobs import attempts, cancel, harvest, ordering, revision, service
from shopwright.print_jobs.ordering import Place
from shopwright.print_jobs.states import TERMINAL
from shopwright.web.page import PageCtx, done
from shopwright.web.paging import MAX_PAGE, Window
from shopwright.web.reads import jobs

router = APIRouter(include_in_schema=False)

JobRef = Annotated[Ref, path_ref("job")]
TOP = "top"
ANSWERS = {
    attempts.Answer.PRINTED: "Noted: it printed. Take the plate off and count it.",
    attempts.Answer.FAILED: "Noted: the print failed. What it owed is planned again.",
    attempts.Answer.DID_NOT_PRINT: "Noted: it did not print. The job waits in the queue again.",
}


class MoveForm(BaseModel):
    """``after`` and ``before`` are the ids of the new neighbours; empty where there is none."""

    to: Annotated[str, Field(max_length=10)] = ""
    after: Annotated[str, Field(max_length=40)] = ""
    before: Annotated[str, Field(max_length=40)] = ""
    revision: Annotated[str, Field(max_length=50)] = ""

    def place(self) -> Place:
        """Raises NotFound for what is no id."""
        return Place(
            parse_ref(self.after) if self.after else None,
            parse_ref(self.before) if self.before else None,
            self.revision,
        )


@router.get("/queue")
async def show_queue(page: PageCtx, session: Read) -> Response:
    """What waits, in order, each with its reason."""
    waiting = await jobs.list_waiting(session, page.organization_id)
    return page.render(
        "queue.html",
        active="queue",
        topics="queue",
        tab="waiting",
        jobs=waiting,
        steps=jobs.steps_of(waiting),
        unknown=await jobs.list_unknown(session, page.organization_id),
    )


@router.get("/queue/active")
async def show_active(page: PageCtx, session: Read) -> Response:
    return page.render(
        "queue.html",
        active="queue",
        topics="queue",
        tab="active",
        jobs=await jobs.list_active(session, page.organization_id),
        unknown=[],
    )


@router.get("/queue/history")
async def show_history(
    page: PageCtx,
    session: Read,
    status: Annotated[str, Query(max_length=20)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    wanted = next((one for one in TERMINAL if one == status), None)
    if status and wanted is None:
        raise Invalid(f"An ended job is completed, failed or cancelled, not {status!r}.")
    window = Window(number)
    rows, total = await jobs.list_ended(session, page.organization_id, wanted, window)
    return page.render(
        "queue.html",
        active="queue",
        topics="queue",
        tab="history",
        jobs=rows,
        unknown=[],
        status=status,
        paging=window.of(total, len(rows)),
    )


@router.post("/queue/{job}/move")
async def move_job(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    job: JobRef,
    form: Annotated[MoveForm, Form()],
) -> Response:
    """Between two others as they were seen, or before everything else."""
    if form.to == TOP:
        moved = await ordering.move_to_top(session, ctx, ref=job)
    else:
        moved = await ordering.move_job(session, ctx, ref=job, place=form.place())
    return done(request, f"{moved.name} is moved.", to="/queue")


@router.post("/queue/{job}/hold")
async def hold_job(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    job: JobRef,
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    found = await service.get_job(session, ctx, job)
    words = reason.strip() or f"Held by {ctx.name}."
    await service.hold_job(session, ctx, job_id=found.id, reason=words)
    return done(request, f"{found.name} waits until you release it.", to="/queue")


@router.post("/queue/{job}/release")
async def release_job(request: Request, ctx: MemberCtx, session: Write, job: JobRef) -> Response:
    found = await service.get_job(session, ctx, job)
    await service.release_job(session, ctx, job_id=found.id)
    return done(request, f"{found.name} is in the queue again.", to="/queue")


@router.post("/queue/{job}/cancel")
async def cancel_job(
    request: Request, ctx: MemberCtx, session: Write, now: Now, job: JobRef
) -> Response:
    found = await service.get_job(session, ctx, job)
    reason = f"by {ctx.name}"
    await cancel.cancel_job(session, ctx, job_id=found.id, reason=reason, now=now)
    return done(request, f"{found.name} is cancelled.", to="/queue")


@router.post("/queue/{job}/answer")
async def answer_unknown(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    job: JobRef,
    answer: Annotated[attempts.Answer, Form()],
) -> Response:
    """«Did it print?», answered by somebody who looked."""
    found = await service.get_job(session, ctx, job)
    await attempts.resolve_attempt(session, ctx, job_id=found.id, answer=answer, now=now)
    return done(request, ANSWERS[answer], to="/queue")


@router.post("/queue/{job}/harvest")
async def harvest_job(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    job: JobRef,
    good: Annotated[int, Form(ge=0)],
) -> Response:
    """The plate is off and judged; the printer may print again."""
    found = await service.get_job(session, ctx, job)
    harvested = await harvest.harvest_job(session, ctx, job_id=found.id, good=good, now=now)
    return done(request, f"Counted: {_judged(harvested.yields, good)}.", to="/printers")


@router.post("/queue/{job}/revise")
async def revise_harvest(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    job: JobRef,
    good: Annotated[int, Form(ge=0)],
) -> Response:
    """Counted wrong, or a bad copy was found later; until it is shipped."""
    found = await service.get_job(session, ctx, job)
    revised = await revision.revise_harvest(session, ctx, job_id=found.id, good=good, now=now)
    words = f"Counted anew: {_judged(revised.yields, good)}."
    return done(request, words, to="/queue/history")


def _judged(yields: int, good: int) -> str:
    scrap = yields - good
    return f"{good} good" + (f", {scrap} scrap: owed again" if scrap else "")
