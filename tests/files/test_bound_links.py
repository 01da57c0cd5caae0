"""Links bound to one picture: documented forms and lifetimes, nothing else opened by them."""

from datetime import UTC, datetime, timedelta

import pytest

from shopwright.files.links import (
    DEFAULT_LIFE,
    LONGEST_LIFE,
    FileLinkExpired,
    FileLinkInvalid,
    LinkFor,
    read_bound_link,
    sign_bound_link,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
END = NOW + timedelta(hours=48)
OLD, NEW = b"o" * 32, b"n" * 32


def token(bound_to: str = "1/a.png", audience: LinkFor = LinkFor.MANUFACTURER) -> str:
    return sign_bound_link([OLD, NEW], bound_to, audience, END)


def test_a_token_has_the_documented_form_and_opens_its_picture() -> None:
    expiry, audience, signature = token().split(":")
    assert (int(expiry), audience, len(signature)) == (int(END.timestamp()), "manufacturer", 64)
    found = read_bound_link([OLD, NEW], token(), "1/a.png", now=NOW)
    assert found == (LinkFor.MANUFACTURER, END)


def test_lifetimes_are_those_of_the_document() -> None:
    lives = {a.value: (DEFAULT_LIFE[a], LONGEST_LIFE[a]) for a in LinkFor}
    assert lives == {
        "manufacturer": (timedelta(hours=48), timedelta(hours=72)),
        "end_user": (timedelta(hours=1), timedelta(hours=4)),
        "admin": (timedelta(hours=24), timedelta(hours=168)),
    }


def test_it_ends_at_its_second() -> None:
    read_bound_link([NEW], token(), "1/a.png", now=END - timedelta(seconds=1))
    with pytest.raises(FileLinkExpired):
        read_bound_link([NEW], token(), "1/a.png", now=END)


def test_a_former_key_still_opens_and_a_foreign_one_does_not() -> None:
    old = sign_bound_link([OLD], "1/a.png", LinkFor.ADMIN, END)
    assert read_bound_link([OLD, NEW], old, "1/a.png", now=NOW)[0] is LinkFor.ADMIN
    with pytest.raises(FileLinkInvalid):
        read_bound_link([NEW], old, "1/a.png", now=NOW)


@pytest.mark.parametrize("bound_to", ["1/b.png", "2/a.png", "1/a.pn", "", "1/a.png "])
def test_it_opens_nothing_else(bound_to: str) -> None:
    with pytest.raises(FileLinkInvalid):
        read_bound_link([NEW], token(), bound_to, now=NOW)


def altered() -> list[str]:
    expiry, audience, signature = token().split(":")
    return [
        f"{int(expiry) + 1}:{audience}:{signature}",
        f"{expiry}:admin:{signature}",
        f"{expiry}:{signature}",
        f"{expiry}:{audience}:{signature[:-1]}0",
        f"{expiry}:{audience}:",
        f"{expiry}:{audience}",
        f"{expiry}:{audience}:{signature}:x",
        "",
        ":",
        "x" * 10_000,
        "9" * 400 + f"::{signature}",
        "\ud800:end_user:aa",
    ]


@pytest.mark.parametrize("changed", altered())
def test_an_altered_token_opens_nothing(changed: str) -> None:
    with pytest.raises(FileLinkInvalid):
        read_bound_link([NEW], changed, "1/a.png", now=NOW)
