"""One's own account: who one is here, the password, and the Etsy account that signs one in."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from shopwright.accounts import profile, queries, sign_in
from shopwright.accounts.access import IdentityCtx, actor_of
from shopwright.accounts.models import User
from shopwright.accounts.passwords import MIN_LENGTH
from shopwright.accounts.schemas import ProfileUpdate
from shopwright.channels.adapters import is_etsy_set_up
from shopwright.kernel.edge import Now, ProcessDep, Read, SettingsDep, writing
from shopwright.kernel.errors import Forbidden
from shopwright.web.etsy_sign_in import ACCOUNT
from shopwright.web.judging import judge
from shopwright.web.page import PageCtx, done

router = APIRouter(include_in_schema=False)
SENTENCES = {"email": "{value!r} is no e-mail address."}


@router.get(ACCOUNT)
async def show_account(
    page: PageCtx,
    session: Read,
    settings: SettingsDep,
    problem: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """``problem`` comes with the way back from Etsy."""
    if page.actor.user_id is None:
        raise Forbidden("A key is not a person.")
    user = await session.get_one(User, page.actor.user_id)
    return page.render(
        "account.html",
        active="account",
        user=user,
        places=await queries.list_places(session, user.id),
        is_etsy_set_up=is_etsy_set_up(settings),
        min_length=MIN_LENGTH,
        problem=problem,
    )


@router.post("/account/profile")
async def update_profile(
    request: Request,
    identity: IdentityCtx,
    process: ProcessDep,
    now: Now,
    first_name: Annotated[str, Form(max_length=100)] = "",
    email: Annotated[str, Form(max_length=300)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    wanted = judge(ProfileUpdate, {"email": email.strip()}, SENTENCES)
    ctx = actor_of(identity)
    await profile.prove_password(process, ctx, wanted.email, password)
    async with writing(request) as session:
        await profile.update_profile(
            session, ctx, first_name=first_name, username=None, email=wanted.email, now=now
        )
    return done(request, "Your account is changed.", to=ACCOUNT)


@router.post("/account/password")
async def change_password(
    request: Request,
    identity: IdentityCtx,
    process: ProcessDep,
    current: Annotated[str, Form(max_length=1000)],
    new: Annotated[str, Form(max_length=1000)],
) -> Response:
    """Every other sign-in of this person ends."""
    await sign_in.change_password(process, actor_of(identity), identity.session_id, current, new)
    return done(request, "Your password is changed; your other sign-ins ended.", to=ACCOUNT)
