"""Pictures of a camera, always as JPEG."""

import asyncio
import io
from urllib.parse import urlsplit

from PIL import Image, UnidentifiedImageError

from shopwright.drivers.errors import LinkFailed
from shopwright.drivers.polled.link import Answer, HttpLink

JPEG = b"\xff\xd8"
MOST_PIXELS = 40_000_000
OWN_HOST = frozenset({"", "localhost", "127.0.0.1", "::1"})
ELSEWHERE = "The camera's address is of another host ({host}), which is not asked."


async def as_jpeg(answer: Answer) -> bytes:
    """Raises LinkFailed when it is no picture."""
    if not answer.is_good:
        raise LinkFailed(f"The camera gave no picture: {answer.reason}.")
    if answer.content.startswith(JPEG):
        return answer.content
    return await asyncio.to_thread(_convert, answer.content)


def own_address(link: HttpLink, address: str, *, port: int | None = None) -> str:
    """The device's word for its camera as an address that we may ask; raises LinkFailed.

    What the device calls localhost is the device. Other hosts are left alone: a printer must not
    send us through the shop's network. ``port`` is for addresses without one.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"", "http", "https"}:
        raise LinkFailed(f"The camera speaks {parts.scheme}, which is not supported.")
    if (parts.hostname or "") not in OWN_HOST | {link.host}:
        raise LinkFailed(ELSEWHERE.format(host=parts.hostname))
    host = f"[{link.host}]" if ":" in link.host else link.host
    at = (
        parts.port
        or (port if not parts.netloc else None)
        or (443 if parts.scheme == "https" else 80)
    )
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme or 'http'}://{host}:{at}/{parts.path.lstrip('/')}{query}"


def _convert(content: bytes) -> bytes:
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "WEBP", "GIF")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise LinkFailed("The camera's picture is too large.")
            made = io.BytesIO()
            picture.convert("RGB").save(made, "JPEG", quality=85)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as err:
        raise LinkFailed("What the camera sent is no picture.") from err
    return made.getvalue()
