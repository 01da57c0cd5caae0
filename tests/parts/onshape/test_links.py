"""Addresses as people copy them from their browser."""

import pytest

from shopwright.parts.onshape.links import NotAnOnshapeLink, OnshapeLink, parse_link

D, W, E = "a" * 24, "b" * 24, "c" * 24
HERE = f"/documents/{D}/w/{W}/e/{E}"
STAND_IN = "http://127.0.0.1:8123"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        (f"https://cad.onshape.com{HERE}", OnshapeLink("cad.onshape.com", D, "w", W, E)),
        (f" https://acme.onshape.com{HERE}/ ", OnshapeLink("acme.onshape.com", D, "w", W, E)),
        (
            f"https://cad.onshape.com/documents/{D}/v/{W}/e/{E}?renderMode=0&configuration=Size%3DL",
            OnshapeLink("cad.onshape.com", D, "v", W, E, "Size=L"),
        ),
        (
            f"https://CAD.onshape.com:443/documents/{D}/m/{W}/e/{E}#x",
            OnshapeLink("cad.onshape.com", D, "m", W, E),
        ),
        (f"https://cad.onshape.com/documents/{D}/w/{W}", OnshapeLink("cad.onshape.com", D, "w", W)),
        (f"https://cad.onshape.com/documents/{D}", OnshapeLink("cad.onshape.com", D)),
        (f"{STAND_IN}{HERE}", OnshapeLink("127.0.0.1", D, "w", W, E)),
    ],
)
def test_addresses_of_documents_are_read(url: str, link: OnshapeLink) -> None:
    assert parse_link(url, STAND_IN) == link


@pytest.mark.parametrize(
    "host",
    [
        "http://cad.onshape.com",
        "https://onshape.com",
        "https://a.b.onshape.com",
        "https://cad.onshape.com.evil.test",
        "https://evil-onshape.com",
        "https://cad.onshape.com@evil.test",
        "https://user:password@cad.onshape.com",
        "https://cad.onshape.com:8443",
        "https://127.0.0.1",
        "http://127.0.0.1:8124",
        "ftp://cad.onshape.com",
        "https://-.onshape.com",
        "https://[::1",
        "https://cad.onshape.com\n.evil.test",
    ],
)
def test_hosts_that_are_not_onshapes_are_refused(host: str) -> None:
    with pytest.raises(NotAnOnshapeLink):
        parse_link(f"{host}{HERE}", STAND_IN)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/", "names no document"),
        ("/documents/1", "names no document"),
        (f"/documents/{D.upper()}", "names no document"),
        (f"/documents/{D}/x/{W}/e/{E}", "names no document"),
        (f"{HERE}/../../etc", "names no document"),
        (f"{HERE}?configuration={'x' * 1001}", "more than 1000 characters"),
        (f"{HERE}?configuration=%00", "cannot be printed"),
    ],
)
def test_other_pages_of_onshape_are_refused(path: str, says: str) -> None:
    with pytest.raises(NotAnOnshapeLink, match=says):
        parse_link(f"https://cad.onshape.com{path}")


def test_part_without_an_address_says_so() -> None:
    with pytest.raises(NotAnOnshapeLink, match="has no Onshape address"):
        parse_link(None)
