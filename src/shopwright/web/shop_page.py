"""What a page of the shop takes and gives back: which shop, its settings, rendering."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, Response

from shopwright.accounts.visitors import visitor_of
from shopwright.catalog.designs import shop_settings
from shopwright.catalog.designs.models import ShopSettings
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Now, Read, principal_of
from shopwright.kernel.errors import Unavailable
from shopwright.web import templating

NO_STORE = {"cache-control": "no-store"}
UTC = ZoneInfo("UTC")


class ShopClosed(Unavailable):
    code = "shop-closed"
    title = "The shop is closed"


@dataclass(frozen=True, slots=True)
class ShopPage:
    """One look at the shop by a stranger."""

    request: Request
    actor: Actor
    settings: ShopSettings
    now: datetime

    def render(
        self, template: str, *, active: str = "", status: int = 200, **values: Any
    ) -> Response:
        shown = {"active": active, "now": self.now, "zone": UTC, **values}
        return render_shop(self.request, template, shown, status=status)


async def open_shop(request: Request, session: Read, now: Now) -> ShopPage:
    """The page of whoever comes, counted by address with the wide limit; raises ShopClosed."""
    page = await open_order_page(request, session, now)
    if not page.settings.is_open:
        raise ShopClosed("This shop takes no orders at present. Come back another day.")
    return page


async def open_order_page(request: Request, session: Read, now: Now) -> ShopPage:
    """The same in a closed shop: who has ordered still follows his order."""
    limits.charge(request, limits.WIDE, principal_of(request))
    actor = await visitor_of(request)
    settings = await shop_settings.get_settings(session, actor)
    request.state.shop = settings
    return ShopPage(request, actor, settings, now)


ShopPageCtx = Annotated[ShopPage, Depends(open_shop)]
ShopOrderCtx = Annotated[ShopPage, Depends(open_order_page)]


def render_shop(
    request: Request, template: str, values: Mapping[str, Any], *, status: int = 200
) -> Response:
    """In the shop's layout; its name is a plain one where no shop was found."""
    shop = getattr(request.state, "shop", None) or _nameless()
    base_path = request.app.state.settings.base_path
    html = templating.render(base_path, template, {"active": "", "shop": shop, **values})
    return HTMLResponse(html, status_code=status, headers=NO_STORE)


def _nameless() -> ShopSettings:
    return ShopSettings(
        shop_name="Shop", contact_email="", terms_url="", privacy_url="", currency="EUR"
    )
