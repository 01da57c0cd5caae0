"""Parts that people make: the board by workshop, one part with its files, one tap to take it."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.files.access import Files
from shopwright.files.serving import send_picture
from shopwright.kernel.edge import MAX_ID, Now, ProcessDep, Read, Ref, Write, path_ref
from shopwright.kernel.errors import Invalid
from shopwright.parts import conversions, queries, service, versions
from shopwright.parts.converting import is_settled
from shopwright.parts.labels.papers import PAPERS, link_of
from shopwright.parts.schemas import PartBody
from shopwright.parts.serving import send_file
from shopwright.parts.states import ConversionStatus, PartStatus, PartType
from shopwright.parts.uploads import receive_part_file
from shopwright.parts.versions import PartFileMissing
from shopwright.web.page import PageCtx, done, go
from shopwright.web.pips import CATEGORIES
from shopwright.web.reads import onshape
from shopwright.web.reads import parts as reads
from shopwright.web.reads.part_prints import read_prints

router = APIRouter(include_in_schema=False)

HERE = "/parts"
PartRef = Annotated[Ref, path_ref("part")]
Word = Annotated[str, Form(max_length=200)]


@router.get(HERE)
async def show_board(
    page: PageCtx, session: Read, search: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    return page.render(
        "part_board.html",
        active="parts",
        topics="parts",
        search=search,
        board=await reads.read_board(session, page.actor, search.strip()),
        categories=CATEGORIES,
        types=PartType,
        papers=PAPERS,
    )


@router.post(HERE)
async def create_part(
    *,
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    name: Word,
    kind: Annotated[PartType, Form()] = PartType.CNC,
    material: Word = "",
    amount: Annotated[int, Form(ge=1, le=100_000)] = 1,
) -> Response:
    """It waits for review; its file comes on its own page."""
    if not name.strip():
        raise Invalid("Give the part a name.")
    body = PartBody(name=name.strip(), type=kind, material=material.strip() or None, amount=amount)
    made = await service.create_part(session, ctx, spec=body.spec(), now=now)
    return go(request, f"{HERE}/{made.part.id}")


@router.get("/parts/{part}")
async def show_part(page: PageCtx, session: Read, process: ProcessDep, part: PartRef) -> Response:
    found = await service.get_part(session, page.actor, part)
    made = found.conversion
    files = await queries.list_files(session, page.actor, found.part.id)
    return page.render(
        "part.html",
        active="parts",
        topics=f"part:{found.part.id} parts",  # a conversion belongs to no single part
        part=found.part,
        made=made,
        card=reads.card_of(found.part, made.preview_sha256 if made else None, page.actor),
        category=CATEGORIES[found.part.category],
        measures=reads.measures_of(found),
        workers=reads.workers_of(found.part),
        files=files,
        current=reads.current_versions(files),
        prints=await read_prints(session, page.actor, found, files),
        label_url=link_of(process.settings.base_url, found.part),
        papers=PAPERS,
        onshape=await onshape.read_part(process, session, page.actor, found.part),
        is_converting=made is not None and not is_settled(made),
        is_broken=made is not None and made.status is ConversionStatus.FAILED,
    )


@router.post("/parts/{part}/take")
async def take_part(
    request: Request, ctx: MemberCtx, session: Write, now: Now, part: PartRef
) -> Response:
    """Raises PartTaken, with whoever was quicker."""
    found = await service.assign_part(session, ctx, ref=part, name=None, now=now)
    return done(request, f"{found.part.name} is yours.", to=f"{HERE}/{found.part.id}")


@router.post("/parts/{part}/give-back")
async def give_back(
    request: Request, ctx: MemberCtx, session: Write, now: Now, part: PartRef
) -> Response:
    found = await service.unclaim_part(session, ctx, ref=part, now=now)
    return done(request, f"{found.part.name} is free again.", to=f"{HERE}/{found.part.id}")


@router.post("/parts/{part}/finish")
async def finish_part(
    request: Request, ctx: MemberCtx, session: Write, now: Now, part: PartRef
) -> Response:
    found = await service.complete_part(session, ctx, ref=part, misc_info={}, now=now)
    return done(request, f"{found.part.name} is completed.", to=f"{HERE}/{found.part.id}")


@router.post("/parts/{part}/made")
async def count_made(
    *,
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    part: PartRef,
    amount: Annotated[int, Form(ge=1, le=1_000_000)],
) -> Response:
    """Some of them are there; all of them complete the part."""
    found = await service.complete_part(
        session, ctx, ref=part, misc_info={}, amount=amount, now=now
    )
    name, is_all = found.part.name, found.part.status is PartStatus.COMPLETED
    words = f"{name} is completed." if is_all else f"{found.part.made} of {name} are made."
    return done(request, words, to=f"{HERE}/{found.part.id}")


@router.post("/parts/{part}/approve")
async def approve_part(
    request: Request, ctx: MemberCtx, session: Write, now: Now, part: PartRef
) -> Response:
    found = await service.approve_part(session, ctx, ref=part, reviewer=None, misc_info={}, now=now)
    where = CATEGORIES[found.part.category].word
    return done(request, f"{found.part.name} may be made: {where}.", to=f"{HERE}/{found.part.id}")


@router.post("/parts/{part}/revert")
async def revert_part(
    request: Request, ctx: MemberCtx, session: Write, now: Now, part: PartRef
) -> Response:
    found = await service.revert_part(session, ctx, ref=part, now=now)
    return done(request, f"{found.part.name} is in work again.", to=f"{HERE}/{found.part.id}")


@router.post("/parts/{part}/file")
async def add_file(request: Request, ctx: MemberCtx, part: PartRef) -> Response:
    """A model is converted after the answer; the page shows how far it is."""
    added = await receive_part_file(request, ctx, part)
    sentence = f"{added.file.name} is version {added.file.version}."
    return done(request, sentence, to=f"{HERE}/{added.file.part_id}")


@router.post("/parts/{part}/convert")
async def convert_again(
    request: Request, ctx: MemberCtx, session: Write, part: PartRef
) -> Response:
    """Raises NothingToRetry."""
    await conversions.retry_conversion(session, ctx, ref=part)
    found = await service.get_part(session, ctx, part)
    return done(request, "It is converted once more.", to=f"{HERE}/{found.part.id}")


@router.get("/parts/{part}/preview")
async def show_preview(
    request: Request, ctx: ViewerCtx, session: Read, files: Files, part: PartRef
) -> Response:
    made = (await service.get_part(session, ctx, part)).conversion
    if made is None or made.preview_sha256 is None:
        raise PartFileMissing("There is no picture of this part.")
    return await send_picture(request, files, made.preview_sha256)


@router.get("/parts/{part}/files/{number}")
async def download_file(
    request: Request,
    ctx: ViewerCtx,
    session: Read,
    files: Files,
    part: PartRef,
    number: Annotated[int, Path(ge=1, le=MAX_ID)],
) -> Response:
    """That version, as it was uploaded; a browser saves it."""
    file = await versions.get_file(session, ctx, part, version=number)
    return await send_file(request, files, file)
