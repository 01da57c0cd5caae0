"""Log lines where nobody sits at a terminal: one JSON object each, secrets masked."""

import json
import subprocess
import sys

PROGRAM = """
import logging, structlog
from shopwright.kernel.settings import Settings
from shopwright.server import logs

logs.configure(Settings())
log = structlog.get_logger("shopwright.request")
log.debug("too fine")
log.info("request", method="GET", token="abc")
try:
    raise ValueError("broken")
except ValueError:
    structlog.get_logger().exception("failed", part=b"x")
logging.getLogger("some.library").warning("odd %s", 7)
"""


def test_each_line_is_json_with_its_logger_and_no_secret() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    seen = [(line["event"], line["level"], line["logger"]) for line in lines]
    assert seen == [
        ("request", "info", "shopwright.request"),
        ("failed", "error", "__main__"),
        ("odd 7", "warning", "some.library"),
    ]
    assert (lines[0]["method"], lines[0]["token"]) == ("GET", "***")
    assert lines[1]["exception"].endswith("ValueError: broken")
