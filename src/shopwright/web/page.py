"""What a page route takes and gives back: who looks, the shop, rendering, answers to forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shopwright.accounts import credentials
from shopwright.accounts.access import requires
from shopwright.accounts.credentials import CredentialKind
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import Now, Process, Read, get_process
from shopwright.kernel.times import zone_of
from shopwright.web import templating
from shopwright.web.reads.nav import Counts, Shop, read_nav
from shopwright.web.rights import rights_of
from shopwright.web.rooms import LiveRooms

NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Page:
    """One look at a screen: actor, shop, counters, time."""

    request: Request
    actor: Actor
    shop: Shop
    counts: Counts
    now: datetime
    seen: str

    @property
    def organization_id(self) -> int:
        return self.actor.organization_id

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.shop.time_zone)

    def render(self, template: str, *, active: str, topics: str = "", **values: Any) -> Response:
        """The whole page; the body says which live topics it shows."""
        process = get_process(self.request)
        shown = {
            **rights_of(self.actor.role),
            "page": self,
            "shop": self.shop,
            "counts": self.counts,
            "active": active,
            "topics": f"nav {topics}".strip(),
            "here": _here(self.request),
            "csrf": _csrf(self.request, process),
            "now": self.now,
            "zone": self.zone,
            "is_wall": self.request.query_params.get("wall") == "1",
            **values,
        }
        html = templating.render(process.settings.pages_path, template, shown)
        return HTMLResponse(html, headers=NO_STORE)


def page_for(role: Role) -> Any:
    """A dependency: the page for whoever has at least ``role``."""

    async def open_page(
        request: Request,
        actor: Annotated[Actor, Depends(requires(role))],
        session: Read,
        now: Now,
    ) -> Page:
        # Before anything is read: what changes from here on makes the page fetch again.
        seen = LiveRooms.of(get_process(request)).seen(actor.organization_id)
        shop, counts = await read_nav(session, actor.organization_id)
        return Page(request, actor, shop, counts, now, seen)

    return Depends(open_page)


PageCtx = Annotated[Page, page_for(Role.VIEWER)]
MemberPageCtx = Annotated[Page, page_for(Role.MEMBER)]
AdminPageCtx = Annotated[Page, page_for(Role.ADMIN)]


def is_htmx(request: Request) -> bool:
    return "hx-request" in request.headers


def done(request: Request, sentence: str, *, to: str, tone: str = "green") -> Response:
    """The answer to a form: a message and fresh content for htmx, a redirect without it."""
    process = get_process(request)
    if not is_htmx(request):
        return RedirectResponse(process.settings.pages_path + to, status_code=303)
    toast = templating.render(
        process.settings.pages_path, "parts/toast.html", {"sentence": sentence, "tone": tone}
    )
    return HTMLResponse(toast, headers={**_toast_headers(), "HX-Trigger": "refetch"})


def go(request: Request, to: str) -> Response:
    """Open another page, whichever way the form was sent."""
    target = get_process(request).settings.pages_path + to
    if is_htmx(request):
        return Response(status_code=204, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


def fragment(request: Request, template: str, values: Mapping[str, Any]) -> Response:
    process = get_process(request)
    return HTMLResponse(
        templating.render(process.settings.pages_path, template, values), headers=NO_STORE
    )


def _toast_headers() -> dict[str, str]:
    return {**NO_STORE, "HX-Retarget": "#messages", "HX-Reswap": "beforeend"}


def _here(request: Request) -> str:
    """Path and query of this page, below the base path."""
    root = request.scope.get("root_path") or ""
    path = request.scope["path"].removeprefix(root) or "/"
    query = request.scope["query_string"].decode("latin-1")
    return quote(path, safe="/") + (f"?{query}" if query else "")


def _csrf(request: Request, process: Process) -> str:
    """For the htmx header; empty for a caller without our cookie."""
    credential = credentials.find_credential(request)
    if credential is None or credential.kind is not CredentialKind.COOKIE:
        return ""
    return credentials.csrf_token(process.context.vault, credential.secret)
