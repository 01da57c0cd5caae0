"""The HTTP interface as a file, as typed."""

import json
from pathlib import Path

import pytest

from shopwright.server.postman import FORMAT
from tests.cli.conftest import Shopwright


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")
def test_the_command_writes_it(shopwright: Shopwright, tmp_path: Path) -> None:
    file = tmp_path / "collection.json"
    assert shopwright("api", "postman", "--to", str(file)).code == 0
    assert json.loads(file.read_text())["info"]["schema"] == FORMAT
    printed = json.loads(shopwright("api", "openapi").out)
    assert "/api/orders" in printed["paths"]
