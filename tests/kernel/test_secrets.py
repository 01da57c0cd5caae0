"""The vault: what it encrypts it reads again, also with a rotated key, and never with a wrong
one."""

import stat
from pathlib import Path

import pytest

from shopwright.kernel.secrets import KeyUnusable, Vault, load_or_make_key, parse_key

OLD = b"an old master key of more than 32 bytes"
NEW = b"a new master key of more than 32 bytes!"


def test_text_comes_back_and_is_not_readable_in_between() -> None:
    vault = Vault(OLD)
    stored = vault.encrypt("12345678")
    assert "12345678" not in stored
    assert vault.decrypt(stored) == "12345678"


def test_rotated_key_reads_what_the_old_one_wrote() -> None:
    stored = Vault(OLD).encrypt("code")
    rotated = Vault(OLD, NEW)
    assert rotated.decrypt(stored) == "code"
    assert rotated.encrypt("code").split(".")[0] != stored.split(".")[0]


def test_wrong_key_says_so() -> None:
    stored = Vault(OLD).encrypt("code")
    with pytest.raises(KeyUnusable, match="another master key"):
        Vault(NEW).decrypt(stored)


def test_damaged_row_says_so() -> None:
    vault = Vault(OLD)
    with pytest.raises(KeyUnusable, match="damaged"):
        vault.decrypt(vault.encrypt("code")[:-4] + "AAAA")


def test_purposes_have_keys_of_their_own() -> None:
    vault = Vault(OLD)
    assert len({vault.subkey("cookies"), vault.subkey("file-links"), OLD[:32]}) == 3


def test_made_key_is_the_owners_alone_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "data" / "master.key"
    key = load_or_make_key(path)
    assert load_or_make_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_short_key_is_refused() -> None:
    with pytest.raises(KeyUnusable, match="at least 32"):
        parse_key("short")
