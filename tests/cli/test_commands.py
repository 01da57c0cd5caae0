"""People, keys, tables, configuration and the doctor, as typed."""

import json
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from shopwright.cli.main import exit_code
from shopwright.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from shopwright.kernel.migrations import alembic_config
from shopwright.migrations import SCRIPTS
from tests.cli.conftest import Shopwright


def test_the_first_user_brings_the_organization(shopwright: Shopwright) -> None:
    made = shopwright("user", "create", "Boss@Shop.test", "--role", "owner")
    assert (made.code, made.out) == (0, "boss@shop.test can sign in as owner.\n")
    assert shopwright("org", "list").out.split("\t")[0] == "my-shop"
    again = shopwright("user", "create", "boss@shop.test")
    assert (again.code, again.detail) == (
        4,
        "There is a user with the address boss@shop.test already.",
    )


def test_a_token_from_the_command_line_signs_in(shopwright: Shopwright) -> None:
    shopwright("user", "create", "boss@shop.test", "--role", "owner")
    made = shopwright("token", "create", "boss@shop.test")
    assert made.code == 0
    assert made.out.count(".") == 2
    missing = shopwright("token", "create", "nobody@shop.test")
    assert (missing.code, missing.detail) == (3, "There is no user nobody@shop.test.")


def test_keys_are_made_listed_and_revoked(shopwright: Shopwright) -> None:
    shopwright("org", "create", "Print Shop")
    secret = shopwright("key", "create", "till", "--scope", "orders").out.strip()
    assert secret.startswith("sk_")
    listed = shopwright("key", "list").out
    assert secret not in listed
    assert listed == f"1\t{secret[:9]}…\tmember\torders\ttill\n"
    assert shopwright("key", "revoke", "1").code == 0
    assert shopwright("key", "list").out == ""
    assert shopwright("key", "revoke", "1").code == 3


def test_with_two_organizations_one_must_be_named(shopwright: Shopwright) -> None:
    shopwright("org", "create", "One")
    shopwright("org", "create", "Two", "--currency", "usd", "--time-zone", "America/New_York")
    assert shopwright("key", "create", "till").code == 3
    assert shopwright("key", "create", "till", "--org", "two").code == 0
    assert shopwright("org", "create", "Three", "--currency", "XXX").code == 2


def test_an_organization_is_deleted_only_when_meant(shopwright: Shopwright) -> None:
    shopwright("org", "create", "One")
    shopwright("key", "create", "till")
    assert shopwright("org", "delete", "one", keyboard="two\n").code == 4
    assert shopwright("org", "delete", "one", keyboard="one\n").code == 0
    assert shopwright("org", "list").out == ""


def test_the_tables_are_as_the_program_expects(shopwright: Shopwright) -> None:
    head = ScriptDirectory.from_config(alembic_config("sqlite://", SCRIPTS)).get_current_head()
    assert shopwright("db", "current").out.strip() == head
    checked = shopwright("db", "check")
    assert (checked.code, checked.detail) == (0, "")


def test_wrong_settings_are_named(shopwright: Shopwright, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://root@localhost/shop")
    refused = shopwright("doctor")
    assert refused.code == 2
    assert "MySQL is not supported." in refused.detail


def test_the_doctor_says_what_to_do(shopwright: Shopwright, shop_env: Path) -> None:
    (shop_env / "data").mkdir()
    first = shopwright("doctor")
    assert first.code == 0
    assert "nobody can sign in; run `user create EMAIL --role owner`." in first.out
    assert "none in the data folder; run `backup` every night." in first.out


def test_the_doctor_finds_a_database_that_does_not_answer(
    shopwright: Shopwright, shop_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop_env / "data").mkdir()
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres@127.0.0.1:1/none")
    found = shopwright("doctor")
    assert found.code == 1
    assert "problem  database       does not answer:" in found.out


def test_configuration_files_are_written_once(shopwright: Shopwright, shop_env: Path) -> None:
    assert shopwright("config", "create").code == 0
    config = json.loads((shop_env / "config.json").read_text())
    assert config["PORT"] == 8000
    assert "# JWT_SECRET=\n" in (shop_env / ".env.example").read_text()
    again = shopwright("config", "create")
    assert (again.code, again.detail) == (4, "config.json exists already; move it away first.")
    assert shopwright("org", "list").code == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [(Invalid, 2), (NotFound, 3), (Conflict, 4), (Unavailable, 5), (Forbidden, 1)],
)
def test_kinds_of_error_have_their_exit_codes(error: type[Invalid], code: int) -> None:
    assert exit_code(error("no")) == code
