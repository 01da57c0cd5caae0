"""Pictures of a camera, always as JPEG.

A camera of the printer's own host is asked like the printer. One of another host is asked without
our key and behind the egress guard: a printer must not send us to this machine's own services.
"""

import asyncio
import io
from urllib.parse import urlsplit

import httpx
from PIL import Image

from shopwright.drivers.errors import LinkFailed
from shopwright.drivers.polled.link import Answer, HttpLink, bounded
from shopwright.files.images import UNREADABLE
from shopwright.kernel.egress import EgressPolicy, check_url, guarded_client
from shopwright.kernel.errors import ShopError

JPEG = b"\xff\xd8"
MOST_PIXELS = 40_000_000
OWN_HOST = frozenset({"", "localhost", "127.0.0.1", "::1"})
ELSEWHERE = "The camera's address is of another host ({host})."
ELSEWHERE_S = 10.0


async def take(
    link: HttpLink,
    address: str,
    *,
    port: int | None = None,
    policy: EgressPolicy = EgressPolicy.for_cameras(),  # noqa: B008  a frozen value
) -> bytes:
    """The picture at the address that the device told; raises LinkFailed."""
    if _is_elsewhere(link, address):
        return await as_jpeg(await _ask_elsewhere(address, policy))
    return await as_jpeg(await link.get(own_address(link, address, port=port)))


async def as_jpeg(answer: Answer) -> bytes:
    """Raises LinkFailed when it is no picture."""
    if not answer.is_good:
        raise LinkFailed(f"The camera gave no picture: {answer.reason}.")
    if answer.content.startswith(JPEG):
        return answer.content
    return await asyncio.to_thread(_convert, answer.content)


def own_address(link: HttpLink, address: str, *, port: int | None = None) -> str:
    """The device's word for its camera as an address that we may ask; raises LinkFailed.

    What the device calls localhost is the device. ``port`` is for addresses without one.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"", "http", "https"}:
        raise LinkFailed(f"The camera speaks {parts.scheme}, which is not supported.")
    if _is_elsewhere(link, address):
        raise LinkFailed(ELSEWHERE.format(host=parts.hostname))
    host = f"[{link.host}]" if ":" in link.host else link.host
    at = (
        parts.port
        or (port if not parts.netloc else None)
        or (443 if parts.scheme == "https" else 80)
    )
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme or 'http'}://{host}:{at}/{parts.path.lstrip('/')}{query}"


def _is_elsewhere(link: HttpLink, address: str) -> bool:
    return (urlsplit(address).hostname or "") not in OWN_HOST | {link.host}


async def _ask_elsewhere(address: str, policy: EgressPolicy) -> Answer:
    try:
        url = check_url(address)
        async with (
            guarded_client(policy, ELSEWHERE_S) as client,
            client.stream("GET", url) as response,
        ):
            content = await bounded(response)
    except ShopError as err:
        host = urlsplit(address).hostname
        raise LinkFailed(f"The camera's address ({host}) is not asked: {err.detail}") from err
    except httpx.HTTPError as err:
        host = urlsplit(address).hostname
        raise LinkFailed(f"The camera at {host} gave no picture in time.") from err
    return Answer(response.status_code, content, response.headers.get("content-type", ""))


def _convert(content: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "WEBP", "GIF")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise LinkFailed("The camera's picture is too large.")
            made = io.BytesIO()
            picture.convert("RGB").save(made, "JPEG", quality=85)
    except UNREADABLE as err:
        raise LinkFailed("What the camera sent is no picture.") from err
    return made.getvalue()
