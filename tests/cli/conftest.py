"""The command line in this process, on a shop of the test's own."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shopwright.cli.main import app, exit_code
from shopwright.kernel.errors import ShopError


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    detail: str = ""


Shopwright = Callable[..., Outcome]


@pytest.fixture
def shop_env(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings as a person gives them: by the environment, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", migrated_url)
    monkeypatch.setenv("SHOPWRIGHT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SHOPWRIGHT_MASTER_KEY", "a master key for tests of 40 characters")
    monkeypatch.setenv("SHOPWRIGHT_PASSWORD", "correct horse battery")
    return tmp_path


@pytest.fixture
def shopwright(shop_env: Path) -> Shopwright:
    """`shopwright("user", "create", …)`: what it printed and the exit code it would end with."""

    def run(*arguments: str, keyboard: str = "") -> Outcome:
        result = CliRunner().invoke(app, list(arguments), input=keyboard)
        if isinstance(result.exception, ShopError):
            return Outcome(exit_code(result.exception), result.stdout, result.exception.detail)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run
