"""A machine's screen: opened once with the machine's key, then known by a sealed cookie.

The cookie names machine and key and no secret; it ends with the key. No script can read it, and no
other site's page can use it.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from shopwright.accounts import access, credentials, identities
from shopwright.accounts.credentials import Credential, CredentialKind
from shopwright.catalog.designs import shop_settings
from shopwright.catalog.designs.models import ShopSettings
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import Process, get_process, principal_of
from shopwright.kernel.errors import Forbidden, ShopError
from shopwright.kernel.secrets import Vault
from shopwright.kiosk.machines import queries
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.models import Machine
from shopwright.web.shop_page import NO_STORE, render_shop

router = APIRouter(include_in_schema=False)

COOKIE = "shopwright_screen"
PURPOSE = "kiosk-screens"
LIFE = timedelta(days=400)  # what browsers allow; the key ends it sooner
PARTS = 4


class ScreenClosed(Forbidden):
    code = "kiosk-screen-closed"
    title = "This screen belongs to no machine"


@dataclass(frozen=True, slots=True)
class Screen:
    """The machine before which somebody stands."""

    request: Request
    actor: Actor
    machine: Machine
    shop: ShopSettings


@router.get("/kiosk/pair")
async def show_pairing(request: Request) -> Response:
    """Where the machine's key is typed in, once."""
    return render_shop(request, "kiosk/pair.html", {"sentence": None})


@router.post("/kiosk/pair")
async def pair(request: Request, key: Annotated[str, Form(max_length=200)] = "") -> Response:
    limits.charge(request, limits.PUBLIC, principal_of(request))
    check_origin(request)
    process = get_process(request)
    try:
        actor, machine = await _machine_of_key(process, key.strip())
    except ShopError as err:
        shown = {"sentence": err.detail}
        return render_shop(request, "kiosk/pair.html", shown, status=err.status)
    answer = RedirectResponse(f"{process.settings.base_path}/kiosk", status_code=303)
    answer.set_cookie(
        COOKIE,
        seal(process.context.vault, actor.organization_id, machine),
        max_age=int(LIFE.total_seconds()),
        path=f"{process.settings.base_path}/kiosk",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    answer.headers.update(NO_STORE)
    return answer


async def find_screen(request: Request) -> Screen:
    """Raises ScreenClosed for a browser that was not paired, or whose key has ended."""
    limits.charge(request, limits.WIDE, principal_of(request))
    process = get_process(request)
    named = unseal(process.context.vault, request.cookies.get(COOKIE, ""))
    if named is None:
        raise ScreenClosed("This screen is not opened yet. Open it with the machine's key.")
    organization_id, machine_id, key_id = named
    actor = Actor(
        organization_id, Role.MEMBER, "screen", key_id=key_id, scopes=frozenset({machines.KIOSK})
    )
    async with process.database.read() as session:
        machine = await queries.find_by_key(session, actor)
        keys = await queries.find_keys(session, actor, [key_id])
        shop = await shop_settings.get_settings(session, actor)
    if machine is None or machine.id != machine_id or key_id not in keys:
        raise ScreenClosed("The machine's key was changed. Open the screen with the new one.")
    request.state.shop = shop
    return Screen(request, actor, machine, shop)


async def find_acting_screen(request: Request) -> Screen:
    """The same for what changes something: sent by the screen's own page."""
    check_origin(request)
    return await find_screen(request)


def check_origin(request: Request) -> None:
    if not credentials.is_same_origin(request):
        raise Forbidden("This was not sent by the screen's own page. Load it again.")


def seal(vault: Vault, organization_id: int, machine: Machine) -> str:
    named = f"{organization_id}.{machine.id}.{machine.key_id}"
    return f"{named}.{_sign(vault.subkey(PURPOSE), named)}"


def unseal(vault: Vault, cookie: str) -> tuple[int, int, int] | None:
    """Organization, machine and key; None for what we did not seal."""
    named, _, signature = cookie.rpartition(".")
    said = signature.encode()
    good = [hmac.compare_digest(_sign(k, named).encode(), said) for k in vault.subkeys(PURPOSE)]
    parts = named.split(".")
    if not any(good) or len(parts) != PARTS - 1:
        return None
    organization_id, machine_id, key_id = (int(part) for part in parts)
    return organization_id, machine_id, key_id


async def _machine_of_key(process: Process, key: str) -> tuple[Actor, Machine]:
    """Raises Unauthenticated, Forbidden or MachineOff."""
    identity = await identities.identify(process, Credential(CredentialKind.KEY, key))
    actor = access.actor_of(identity)
    async with process.database.read() as session:
        return actor, await machines.get_own(session, actor)


def _sign(key: bytes, named: str) -> str:
    return hmac.new(key, named.encode(), hashlib.sha256).hexdigest()


ScreenCtx = Annotated[Screen, Depends(find_screen)]
ActingScreenCtx = Annotated[Screen, Depends(find_acting_screen)]
