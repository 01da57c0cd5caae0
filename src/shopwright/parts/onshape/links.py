"""The address of something in Onshape, as people copy it from their browser (fact sheet 4.3)."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from shopwright.kernel.errors import Invalid

PUBLIC_SITE = "https://cad.onshape.com"
MAX_CONFIGURATION = 1000
_HOST = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)\.onshape\.com\Z")
_ID = r"[0-9a-f]{24}"
_PATH = re.compile(
    rf"/documents/(?P<document>{_ID})(/(?P<place>[wvm])/(?P<place_id>{_ID})"
    rf"(/e/(?P<element>{_ID}))?)?/?"
)


class NotAnOnshapeLink(Invalid):
    code = "onshape-link-unreadable"
    title = "This is no address of a document in Onshape"


@dataclass(frozen=True, slots=True)
class OnshapeLink:
    """``place`` is w, v or m: workspace, version or microversion; None in a document's bare
    address, as ``element`` is in one that names no tab."""

    host: str
    document: str
    place: str | None = None
    place_id: str | None = None
    element: str | None = None
    configuration: str = ""


def parse_link(url: str | None, site_url: str = PUBLIC_SITE) -> OnshapeLink:
    """Raises NotAnOnshapeLink. Only hosts directly below onshape.com are taken over https, and the
    one that this server is set up to call, as a stand-in for it may be."""
    text = (url or "").strip()
    if not text:
        raise NotAnOnshapeLink("The part has no Onshape address. Enter it as onshapeUrl.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as err:
        raise NotAnOnshapeLink(f"{text[:100]!r} is no URL.") from err
    host = (parts.hostname or "").lower()
    is_plain = parts.username is None and parts.password is None
    is_theirs = parts.scheme == "https" and port in {None, 443} and _HOST.fullmatch(host)
    if not is_plain or not (is_theirs or is_origin(text, site_url)):
        raise NotAnOnshapeLink(
            f"{text[:100]!r} is not at Onshape. Its addresses begin with {PUBLIC_SITE}/documents/ "
            "or with your company's name instead of cad."
        )
    found = _PATH.fullmatch(parts.path)
    if found is None:
        raise NotAnOnshapeLink(
            "The Onshape address names no document: open the tab in Onshape and copy the whole "
            "address, /documents/…/w/…/e/…."
        )
    return OnshapeLink(
        host=host,
        document=found["document"],
        place=found["place"],
        place_id=found["place_id"],
        element=found["element"],
        configuration=_configuration(parts.query),
    )


def is_onshape_host(host: str) -> bool:
    """Exactly one name in front of onshape.com."""
    return _HOST.fullmatch(host.lower()) is not None


def is_origin(url: str, site_url: str) -> bool:
    """Same scheme, host and port."""
    try:
        (one, first), (other, second) = ((p, p.port) for p in map(urlsplit, (url, site_url)))
    except ValueError:
        return False
    return (one.scheme, one.hostname, first) == (other.scheme, other.hostname, second)


def _configuration(query: str) -> str:
    values = parse_qs(query).get("configuration", [""])
    if len(values[0]) > MAX_CONFIGURATION or not values[0].isprintable():
        raise NotAnOnshapeLink(
            f"The configuration in the Onshape address has more than {MAX_CONFIGURATION} "
            "characters, or some that cannot be printed."
        )
    return values[0]
