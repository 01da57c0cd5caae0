"""The guard on calls to addresses that people typed: resolve, check every address, pin it.

Names are resolved here and the checked address is what is connected to, so that a name which means
something else a moment later (DNS rebinding) changes nothing. Redirects are never followed.
"""

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from shopwright.kernel.errors import Invalid, Unavailable
from shopwright.kernel.settings import Network, Settings

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_URL = 2000
PORTS = {"http": 80, "https": 443}
RESOLVE_S = 5.0
KEEPS_NONE = httpx.Limits(max_connections=100, max_keepalive_connections=0)

# Where clouds tell a machine its own secrets; refused even where private addresses are allowed.
METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254",  # AWS, Google, Azure, and most others
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure's wire server, a public address
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS over IPv6
        "fd20:ce::254",  # Google over IPv6
    )
)
EMBEDS_IPV4 = ipaddress.ip_network("64:ff9b::/96")  # NAT64


class AddressRefused(Invalid):
    code = "address-refused"
    title = "This address is not called"


class AddressUnknown(Unavailable):
    code = "address-unknown"
    title = "This name is not known to the DNS"


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Whether addresses of the shop's own network and of this machine may be called."""

    allows_private: bool = False
    allows_own: bool = True  # of the private ones, this machine's own

    @classmethod
    def for_webhooks(cls, settings: Settings) -> "EgressPolicy":
        """Private ones only in a shop's own network, and only when its owner says so."""
        return cls(settings.network is Network.LAN and settings.allow_private_webhooks)

    @classmethod
    def for_printers(cls) -> "EgressPolicy":
        """For whoever drives printers, which stand in the shop's network or on this machine."""
        return cls(allows_private=True)

    @classmethod
    def for_cameras(cls) -> "EgressPolicy":
        """For whoever drives printers, which stands in their network; what a printer names must
        not lead to the services of our own machine."""
        return cls(allows_private=True, allows_own=False)

    @classmethod
    def for_servers(cls, settings: Settings) -> "EgressPolicy":
        """For services an administrator names by host, as a mail relay in the shop's network."""
        return cls(settings.network is Network.LAN)


def check_url(url: str) -> str:
    """The URL without spaces around it; raises Invalid for what cannot be called at all."""
    text = url.strip()
    if len(text) > MAX_URL or not text.isprintable() or " " in text:
        raise Invalid(f"A URL has at most {MAX_URL} printable characters and no spaces.")
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
        httpx.URL(text)
    except (ValueError, httpx.InvalidURL) as err:
        raise Invalid(f"{text[:100]!r} is no URL.") from err
    if parts.scheme.lower() not in PORTS or not host:
        raise Invalid(f"{text[:100]!r} must begin with https:// or http:// and name a host.")
    if port == 0:
        raise Invalid("Port 0 cannot be called.")
    if parts.username or parts.password:
        raise Invalid("Leave user name and password out of the URL; requests are signed.")
    return text


async def check_reachable(url: str, policy: EgressPolicy) -> str:
    """``check_url``, and its host may be called now. A name the DNS does not know is accepted: that
    may be only today's."""
    text = check_url(url)
    parts = httpx.URL(text)
    try:
        await pin(parts.host, parts.port or PORTS[parts.scheme], policy)
    except AddressUnknown:
        return text
    return text


async def pin(host: str, port: int, policy: EgressPolicy) -> str:
    """The address to connect to. Raises AddressRefused when any address of the name is forbidden,
    AddressUnknown when it has none."""
    if _is_plain(host):
        return _choose(host, [host], policy)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as err:
        raise AddressUnknown(_unknown(host)) from err
    return _choose(host, [str(entry[4][0]) for entry in found], policy)


def pin_blocking(host: str, port: int, policy: EgressPolicy) -> str:
    """The same for code that runs in a thread."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as err:
        raise AddressUnknown(_unknown(host)) from err
    return _choose(host, [str(entry[4][0]) for entry in found], policy)


def why_refused(address: str, policy: EgressPolicy) -> str | None:
    """What is wrong with calling this address, or None."""
    ip = _plain(ipaddress.ip_address(address.partition("%")[0]))
    if ip in METADATA or ip.is_link_local:
        return "a metadata or link-local address, which is never called"
    if ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_loopback):
        return "no address of a server"
    if ip.is_loopback:
        return None if policy.allows_private and policy.allows_own else "a loopback address"
    return None if ip.is_global or policy.allows_private else "a private address"


class GuardedTransport(httpx.AsyncBaseTransport):
    """For ``httpx.AsyncClient(transport=…)``: every request goes to a checked, pinned address.

    The certificate is still checked against the name in the URL. Connections are kept only by
    ``limits`` of a client for a single host: a kept one could serve another name at the same
    address.
    """

    def __init__(self, policy: EgressPolicy, limits: httpx.Limits = KEEPS_NONE) -> None:
        self._policy = policy
        self._inner = httpx.AsyncHTTPTransport(verify=trust(), trust_env=False, limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        address = await pin(url.host, url.port or PORTS[url.scheme], self._policy)
        pinned = httpx.Request(
            request.method,
            url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": url.host},
        )
        return await self._inner.handle_async_request(pinned)

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._inner.__aexit__(exc_type, exc_value, traceback)

    async def aclose(self) -> None:
        """For clients that are closed without having been entered."""
        await self._inner.aclose()


@cache
def trust() -> ssl.SSLContext:
    """The certificates that are trusted, read once: that takes longer than most calls."""
    return httpx.create_ssl_context(trust_env=False)


def guarded_client(policy: EgressPolicy, timeout_s: float) -> httpx.AsyncClient:
    """Follows no redirects, takes no proxy or credentials from the environment."""
    return httpx.AsyncClient(
        transport=GuardedTransport(policy),
        timeout=timeout_s,
        follow_redirects=False,
        trust_env=False,
    )


def _choose(host: str, addresses: list[str], policy: EgressPolicy) -> str:
    """Names of mDNS have an IPv6 address of the link beside a usable one, which is left out."""
    usable = [address for address in addresses if not _is_of_link(address)] or addresses
    for address in usable:
        why = why_refused(address, policy)
        if why is not None:
            raise AddressRefused(f"{host} is {why}. {_advice(why)}", host=host)
    return usable[0]


def _is_of_link(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.version == 6 and ip.is_link_local  # noqa: PLR2004  IPv6


def _is_plain(host: str) -> bool:
    """It is an address in its usual spelling, about which no resolver need be asked."""
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        return False


def _advice(why: str) -> str:
    if why.startswith(("a private", "a loopback")):
        return (
            "Use a public https:// address, or set ALLOW_PRIVATE_WEBHOOKS=true (with NETWORK=lan) "
            "where this server runs."
        )
    return "Use the public address of your receiver."


def _unknown(host: str) -> str:
    return f"The name {host} is not known to the DNS. Check how it is written."


def _plain(ip: IpAddress) -> IpAddress:
    """The IPv4 address inside an IPv6 one, where there is one."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in EMBEDS_IPV4:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
