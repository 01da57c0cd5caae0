"""A real S3 server of our own as a process on a port of its own: moto, which keeps all in memory.

It checks no signature of a presigned URL, and the keys of other requests only when told to.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import SecretStr

START_S = 60.0
STOP_S = 20.0
KEY, SECRET = "shopwright", "a secret of some length"
LISTENS = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")


class S3Server:
    """Started on entering; ``kill`` and ``start`` again give an empty one at the same address."""

    def __init__(self) -> None:
        self._log = Path(tempfile.mkdtemp(prefix="shopwright-s3-")) / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()
        self._log.unlink()
        self._log.parent.rmdir()

    def start(self) -> None:
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*command, "-p", port], stdout=log, stderr=log)
        self.url = self._wait_for_address()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_S)
            self._process = None

    def make_bucket(self, name: str) -> None:
        httpx.put(f"{self.url}/{name}").raise_for_status()

    def list_uploads(self, name: str) -> list[str]:
        """Names of multipart uploads that were begun and neither completed nor taken back."""
        answer = httpx.get(f"{self.url}/{name}?uploads").raise_for_status()
        return re.findall(r"<Key>([^<]*)</Key>", answer.text)

    def check_keys(self, *, on: bool) -> None:
        """From now on only keys that the server knows open it, and it knows none; or all do."""
        content = "0" if on else "inf"
        httpx.post(f"{self.url}/moto-api/reset-auth", content=content).raise_for_status()

    def environment(self, bucket: str, prefix: str = "") -> dict[str, str]:
        """The settings of a program that keeps its files here."""
        return {
            "SHOPWRIGHT_S3_ENDPOINT": self.url,
            "SHOPWRIGHT_S3_BUCKET": bucket,
            "SHOPWRIGHT_S3_PREFIX": prefix,
            "SHOPWRIGHT_S3_ACCESS_KEY_ID": KEY,
            "SHOPWRIGHT_S3_SECRET_ACCESS_KEY": SECRET,
            "SHOPWRIGHT_S3_REGION": "us-east-1",
        }

    def settings(self, bucket: str, prefix: str = "") -> dict[str, Any]:
        """The same by the names of their fields."""
        return {
            "s3_endpoint": self.url,
            "s3_bucket": bucket,
            "s3_prefix": prefix,
            "s3_access_key_id": KEY,
            "s3_secret_access_key": SecretStr(SECRET),
            "s3_region": "us-east-1",
        }

    def _wait_for_address(self) -> str:
        deadline = time.monotonic() + START_S
        while True:
            log = self._log.read_text(errors="replace")
            if found := LISTENS.search(log):
                return found[1]
            is_dead = self._process is None or self._process.poll() is not None
            if is_dead or time.monotonic() > deadline:
                raise RuntimeError(f"The S3 server did not start. Its log says:\n{log}")
            time.sleep(0.02)  # another process's output cannot be awaited
