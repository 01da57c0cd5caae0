"""Onshape: connect it, see the calls that are left, make parts from addresses, fetch files."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx, MemberCtx
from shopwright.kernel.edge import Now, ProcessDep, Read, Ref, Write, path_ref, writing
from shopwright.parts.onshape import account, service
from shopwright.parts.onshape.access import KeyPair
from shopwright.parts.onshape.routes import PAGE, begin_connecting
from shopwright.parts.onshape.schemas import OnshapeKeys, OnshapePartBody
from shopwright.parts.onshape.sources import format_of
from shopwright.parts.onshape.tools import redirect_uris
from shopwright.parts.states import PartType
from shopwright.web.judging import judge
from shopwright.web.page import PageCtx, done, go, is_htmx
from shopwright.web.reads import onshape as reads

router = APIRouter(include_in_schema=False)

PartRef = Annotated[Ref, path_ref("part")]
Wanted = Annotated[str, Form(max_length=8)]
SENTENCES = {
    "access_key": "Type the access key as Onshape shows it, without spaces.",
    "secret_key": "Type the secret key, too.",
    "onshape_url": "{value!r} is no web address.",
}


@router.get(PAGE)
async def show_onshape(
    *,
    page: PageCtx,
    session: Read,
    process: ProcessDep,
    connected: Annotated[str, Query(max_length=10)] = "",
    onshape_error: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """``connected`` and ``onshape_error`` come with the way back from Onshape's consent."""
    return page.render(
        "onshape.html",
        active="parts",
        topics="parts",
        standing=await account.read_standing(process, session, page.actor, page.now),
        pulls=await reads.list_pulls(session, page.actor),
        types=PartType,
        addresses=redirect_uris(process.settings),
        is_fresh=bool(connected),
        onshape_error=onshape_error,
    )


@router.post(PAGE + "/connect")
async def connect(
    request: Request, ctx: MemberCtx, session: Write, process: ProcessDep, now: Now
) -> Response:
    """Send the browser to Onshape, which asks for consent."""
    answer = Response(status_code=204)
    url = await begin_connecting(request, answer, ctx, session, process, now)
    if is_htmx(request):
        answer.headers["HX-Redirect"] = url
    else:
        answer.status_code = 303
        answer.headers["location"] = url
    return answer


@router.post(PAGE + "/keys")
async def connect_by_keys(
    request: Request,
    ctx: AdminCtx,
    process: ProcessDep,
    access_key: Annotated[str, Form(max_length=300)] = "",
    secret_key: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    typed = {"access_key": access_key.strip(), "secret_key": secret_key.strip()}
    keys = judge(OnshapeKeys, typed, SENTENCES)
    pair = KeyPair(keys.access_key, keys.secret_key.get_secret_value())
    await account.connect_by_keys(process, ctx, pair)
    return done(request, "Onshape is connected.", to=PAGE)


@router.post(PAGE + "/disconnect")
async def disconnect(request: Request, ctx: AdminCtx, session: Write) -> Response:
    await account.disconnect(session, ctx)
    return done(request, "Onshape is disconnected; files that came from it stay.", to=PAGE)


@router.post(PAGE + "/new")
async def create_part(
    *,
    request: Request,
    ctx: MemberCtx,
    process: ProcessDep,
    url: Annotated[str, Form(max_length=600)] = "",
    kind: Annotated[PartType, Form()] = PartType.CNC,
    wanted: Wanted = "step",
) -> Response:
    """A part from an address; its own page shows how far the file is."""
    body = judge(OnshapePartBody, {"onshape_url": url.strip(), "type": kind}, SENTENCES)
    made, _ = await service.create_part(
        process, ctx, spec=body.spec(), wanted=format_of(wanted), writing=writing(request)
    )
    return go(request, f"/parts/{made.part.id}")


@router.post("/parts/{part}/onshape")
async def pull_file(
    request: Request, ctx: MemberCtx, process: ProcessDep, part: PartRef, wanted: Wanted = "step"
) -> Response:
    pulled = await service.pull_file(
        process, ctx, ref=part, wanted=format_of(wanted), url=None, writing=writing(request)
    )
    sentence = f"{pulled.pull.file_name} is being fetched from Onshape."
    if pulled.pull.version:
        sentence = f"{pulled.pull.file_name} is version {pulled.pull.version}."
    return done(request, sentence, to=f"/parts/{pulled.pull.part_id}")
