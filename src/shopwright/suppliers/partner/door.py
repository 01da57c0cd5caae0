"""Who may call the manufacturer's routes: its key, its address, or a secret path for hints."""

import hmac
import ipaddress
from typing import Annotated

from fastapi import Depends, Request

from shopwright.accounts import credentials
from shopwright.accounts.access import Requires
from shopwright.accounts.scopes import PARTNER
from shopwright.accounts.visitors import visitor_of
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import allow_body, get_process, principal_of
from shopwright.kernel.errors import NotFound
from shopwright.kernel.limits import MINUTE, Limit
from shopwright.suppliers import correlation

# Not below the 35 a minute that the reference announces; the settings refuse less.
PARTNER_LIMIT = Limit(
    "partner", "rate_limit_partner_per_minute", MINUTE, "requests per minute from the manufacturer"
)
NAME = "manufacturer"
MAX_BODY = 64 * 1024
HEADER = "X-Correlation-ID"


class PartnerDoor(Requires):
    """A key of the scope ``partner``, or a person of that role. ``admits_address``: hints may also
    come from the manufacturer's own addresses."""

    def __init__(self, role: Role = Role.MEMBER, *, admits_address: bool = False) -> None:
        super().__init__(role, PARTNER)
        self.admits_address = admits_address

    async def __call__(self, request: Request) -> Actor:
        allow_body(request, MAX_BODY)
        follow(request)
        has_credential = credentials.find_credential(request) is not None
        if self.admits_address and not has_credential and is_listed(request):
            limits.charge(request, PARTNER_LIMIT, principal_of(request))
            return await shop_of(request)
        actor = await super().__call__(request)
        limits.charge(request, PARTNER_LIMIT, principal_of(request))
        return actor


PartnerCtx = Annotated[Actor, Depends(PartnerDoor())]
PartnerAdminCtx = Annotated[Actor, Depends(PartnerDoor(Role.ADMIN))]
HintCtx = Annotated[Actor, Depends(PartnerDoor(admits_address=True))]


async def by_secret(request: Request, secret: str) -> Actor:
    """Whoever knows the path of the settings; raises NotFound, as for a path that is not there."""
    limits.charge(request, PARTNER_LIMIT, principal_of(request))
    allow_body(request, MAX_BODY)
    follow(request)
    known = get_process(request).settings.chinese_api_callback_secret
    expected = known.get_secret_value() if known else ""
    if not expected or not hmac.compare_digest(expected.encode(), secret.encode()):
        raise NotFound("There is nothing here.")
    return await shop_of(request)


SecretCtx = Annotated[Actor, Depends(by_secret)]


async def shop_of(request: Request) -> Actor:
    """A hint gives no right: it may only make us ask the manufacturer."""
    visitor = await visitor_of(request)
    return Actor(visitor.organization_id, Role.VIEWER, NAME, scopes=frozenset({PARTNER}))


def follow(request: Request) -> None:
    """The caller's correlation id goes with everything this request makes us ask, and back."""
    told = correlation.accept(request.headers.get(HEADER))
    if told is None:
        return
    correlation.correlation_id.set(told)
    state = request.scope.setdefault("state", {})
    state.setdefault("extra_headers", {})[HEADER.lower()] = told


def is_listed(request: Request) -> bool:
    """Whether the caller's address, or its network, stands in CHINESE_API_ADDRESSES."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    listed = get_process(request).settings.chinese_api_addresses
    return any(address in network for text in listed if (network := _network(text)))


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
