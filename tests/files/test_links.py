import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwright.files.links import (
    FileLink,
    FileLinkExpired,
    FileLinkInvalid,
    read_file_link,
    sign_file_link,
)
from shopwright.files.storage import InvalidFileKey

OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32
NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
LINK = FileLink("ab" * 32, "bracket é.gcode.3mf", "model/3mf", NOW + timedelta(minutes=5))


def test_a_link_says_what_was_signed() -> None:
    token = sign_file_link([NEW], LINK)

    assert read_file_link([NEW], token, now=NOW) == LINK
    assert token.replace("-", "").replace("_", "").replace(".", "").isalnum()


def test_a_link_ends_at_its_second() -> None:
    token = sign_file_link([NEW], LINK)

    assert read_file_link([NEW], token, now=LINK.expires_at - timedelta(seconds=1)) == LINK
    with pytest.raises(FileLinkExpired, match="This link has expired"):
        read_file_link([NEW], token, now=LINK.expires_at)


def test_the_newest_key_signs_and_every_known_key_is_accepted() -> None:
    before_rotation = sign_file_link([OLD], LINK)
    after_rotation = sign_file_link([OLD, NEW], LINK)

    assert read_file_link([OLD, NEW], before_rotation, now=NOW) == LINK
    assert read_file_link([NEW], after_rotation, now=NOW) == LINK
    with pytest.raises(FileLinkInvalid):
        read_file_link([NEW], before_rotation, now=NOW)


def test_a_signature_for_another_purpose_or_by_a_foreign_key_is_refused() -> None:
    with pytest.raises(FileLinkInvalid):
        read_file_link([NEW], sign_file_link([NEW], LINK, purpose="thumbnail"), now=NOW)
    with pytest.raises(FileLinkInvalid):
        read_file_link([NEW], sign_file_link([FOREIGN], LINK), now=NOW)


def test_no_character_of_a_link_can_be_changed() -> None:
    token = sign_file_link([NEW], LINK)
    # The last character of the signature carries two bits that decode to nothing.
    for place in range(len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        with pytest.raises(FileLinkInvalid):
            read_file_link([NEW], changed, now=NOW)


def test_another_file_or_time_cannot_be_put_in() -> None:
    payload, _, signature = sign_file_link([NEW], LINK).partition(".")
    text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    for changed in (text.replace(b"abab", b"cdcd"), text.replace(b"17487", b"27487")):
        assert changed != text
        forged = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        with pytest.raises(FileLinkInvalid):
            read_file_link([NEW], f"{forged}.{signature}", now=NOW)


@pytest.mark.parametrize("token", ["", ".", "a", "a.b", "é.é", "a.b.c", "=.=", "x" * 5_000, "%.%"])
def test_nonsense_is_refused(token: str) -> None:
    with pytest.raises(FileLinkInvalid, match="not complete or was changed"):
        read_file_link([NEW], token, now=NOW)


@given(st.text(max_size=40))
def test_any_text_is_refused(token: str) -> None:
    with pytest.raises(FileLinkInvalid):
        read_file_link([NEW], token, now=NOW)


def test_only_a_file_key_is_signed() -> None:
    with pytest.raises(InvalidFileKey):
        sign_file_link([NEW], FileLink("../etc/passwd", "x", "text/plain", NOW))
