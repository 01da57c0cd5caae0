"""A process: one per data folder, secrets where they belong."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from shopwright.kernel.settings import Environment
from shopwright.server.process import DataFolderInUse, SecretsMissing, lock_data_folder, make_vault
from tests.conftest import TestSettings


def test_second_server_on_a_data_folder_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    refused = pytest.raises(DataFolderInUse, match=r"process \d+\) already works on")
    with lock_data_folder(tmp_path), refused:
        lock_data_folder(tmp_path)
    lock_data_folder(tmp_path).close()


def test_production_on_postgresql_needs_its_master_key(tmp_path: Path) -> None:
    settings = TestSettings(
        environment=Environment.PRODUCTION,
        database_url="postgresql://u:p@127.0.0.1/x",
        data_dir=tmp_path,
    )
    with pytest.raises(SecretsMissing, match="SHOPWRIGHT_MASTER_KEY"):
        make_vault(settings)


def test_key_is_made_once_in_the_data_folder(tmp_path: Path) -> None:
    settings = TestSettings(data_dir=tmp_path)
    stored = make_vault(settings).encrypt("code")
    assert make_vault(settings).decrypt(stored) == "code"


def test_rotated_keys_come_comma_separated(tmp_path: Path) -> None:
    old, new = "old " * 10, "new " * 10
    stored = make_vault(TestSettings(data_dir=tmp_path, master_key=SecretStr(old))).encrypt("x")
    both = make_vault(TestSettings(data_dir=tmp_path, master_key=SecretStr(f"{old},{new}")))
    assert both.decrypt(stored) == "x"
