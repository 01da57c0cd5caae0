"""Settings: reference names as they stand, plain URLs translated, nonsense refused in words."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shopwright.kernel.settings import Settings, async_database_url, telemetry_database_url


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No ``.env`` or ``config.json`` of this folder comes in."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@db/shop", "postgresql+psycopg://u:p@db/shop"),
        ("postgresql://u:p@db/shop", "postgresql+psycopg://u:p@db/shop"),
        ("sqlite:////srv/shop.db", "sqlite+aiosqlite:////srv/shop.db"),
    ],
)
def test_plain_database_urls_are_translated(
    given: str, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", given)
    assert async_database_url(Settings()) == used


def test_database_url_wins_over_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_HOST", "db")
    monkeypatch.setenv("DB_PASSWORD", "p")
    parts = "postgresql+psycopg://shopwright:p@db:5432/shopwright"
    assert async_database_url(Settings()) == parts
    monkeypatch.setenv("DATABASE_URL", "sqlite:////srv/shop.db")
    assert async_database_url(Settings()) == "sqlite+aiosqlite:////srv/shop.db"


def test_without_any_url_a_file_in_the_data_folder_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPWRIGHT_DATA_DIR", "/srv/data")
    settings = Settings()
    assert async_database_url(settings) == "sqlite+aiosqlite:////srv/data/shopwright.db"
    assert telemetry_database_url(settings) == "sqlite+aiosqlite:////srv/data/telemetry.db"


def test_mysql_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://u:p@db/shop")
    with pytest.raises(ValidationError, match="MySQL is not supported"):
        Settings()


def test_any_origin_is_refused_because_answers_carry_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://shop.example, *")
    with pytest.raises(ValidationError, match="must name origins"):
        Settings()


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example, https://b.example")
    assert Settings().cors_origins == ["https://a.example", "https://b.example"]


@pytest.mark.parametrize(
    ("given", "used"), [("shop/", "/shop"), ("/a/b/", "/a/b"), ("/", ""), ("", "")]
)
def test_base_path_has_one_leading_slash(
    given: str, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASE_PATH", given)
    assert Settings().base_path == used


def test_secrets_do_not_show_in_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "very-secret-value")
    assert "very-secret-value" not in repr(Settings())
