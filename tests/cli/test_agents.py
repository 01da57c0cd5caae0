"""``shopwright agent``: what it says when it cannot begin."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from shopwright.agent import identity
from shopwright.agent.client import CutOff
from shopwright.agent.identity import AgentIdentity, AlreadyEnrolled, NotEnrolled
from shopwright.cli.main import app, exit_code
from shopwright.kernel.errors import ShopError
from shopwright.server.process import DataFolderInUse, lock_data_folder

NOBODY = "http://127.0.0.1:1"  # a port nobody listens on


def refused(folder: Path, *words: str) -> ShopError:
    result = CliRunner().invoke(app, ["agent", *words, "--data-dir", str(folder)])
    assert isinstance(result.exception, ShopError), result.output
    return result.exception


@pytest.fixture
def enrolled(tmp_path: Path) -> Path:
    identity.save(tmp_path, AgentIdentity(NOBODY, "Attic", "uuid", "sk_secret"))
    return tmp_path


def test_an_agent_that_is_not_enrolled_says_how_to(tmp_path: Path) -> None:
    error = refused(tmp_path, "run")
    assert (type(error), exit_code(error)) == (NotEnrolled, 3)
    assert "shopwright agent enrol URL CODE" in error.detail


def test_a_folder_is_of_one_agent(enrolled: Path) -> None:
    error = refused(enrolled, "enrol", NOBODY, "AAAA-BBBB-CCCC-DDDD")
    assert (type(error), exit_code(error)) == (AlreadyEnrolled, 4)


def test_the_key_is_readable_by_its_owner_alone(enrolled: Path) -> None:
    file = enrolled / identity.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert "sk_secret" not in repr(identity.load(enrolled))


def test_a_second_process_on_the_folder_is_refused(enrolled: Path) -> None:
    with lock_data_folder(enrolled):
        error = refused(enrolled, "run")
    assert (type(error), exit_code(error)) == (DataFolderInUse, 4)


def test_a_server_that_does_not_answer_spends_nothing(tmp_path: Path) -> None:
    error = refused(tmp_path, "enrol", NOBODY, "AAAA-BBBB-CCCC-DDDD")
    assert (type(error), exit_code(error)) == (CutOff, 5)
    assert not (tmp_path / identity.FILE).exists()
