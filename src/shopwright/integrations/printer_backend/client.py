"""The printer backend of reference (b) over HTTP: jobs, commands, health.

``sendPrintJob``, ``control`` and ``health`` are the reference's; asking for one job or command by
its id is our own addition, which other backends answer with a plain 404.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from shopwright.kernel.metrics import outside_call
from shopwright.print_jobs.port import (
    BackendInDoubt,
    BackendRefused,
    BackendUnreachable,
    CannotTell,
    RemoteCommand,
    RemoteJob,
)

CONNECT_S = 5.0
HEALTH_S = 5.0  # as the reference probes it
MAX_ANSWER = 1_000_000
MAX_WORDS = 300
UNKNOWN_CODES = frozenset({"backend-job-unknown", "backend-command-unknown"})
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
TRY_LATER = frozenset({408, 429})


class HttpPrinterBackend:
    def __init__(self, *, url: str, api_key: str, timeout_s: float) -> None:
        self._url = url.rstrip("/")
        self._headers = {"X-API-Key": api_key} if api_key else {}
        self._timeout = httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))

    async def check(self) -> None:
        """``/health``; the backend of the reference has it at ``/`` in some versions."""
        answer = await self._look("/health", HEALTH_S)
        if answer.status_code == httpx.codes.NOT_FOUND:
            answer = await self._look("/", HEALTH_S)
        if not answer.is_success:
            raise BackendRefused(f"The printer backend answers with status {answer.status_code}.")

    async def send_job(self, payload: Mapping[str, Any]) -> RemoteJob:
        answer = await self._post("/sendPrintJob", payload, key=str(payload["job_id"]))
        return _read_job(_object(answer))

    async def find_job(self, job_id: str) -> RemoteJob | CannotTell | None:
        told = await self._find(f"/jobs/{quote(job_id, safe='')}")
        return _read_job(told) if isinstance(told, dict) else told

    async def send_command(self, command: Mapping[str, Any]) -> RemoteCommand:
        answer = await self._post("/control", command, key=None)
        return _read_command(_object(answer))

    async def find_command(self, command_id: str) -> RemoteCommand | CannotTell | None:
        told = await self._find(f"/control/{quote(command_id, safe='')}")
        return _read_command(told) if isinstance(told, dict) else told

    async def _find(self, path: str) -> dict[str, Any] | CannotTell | None:
        """The answer, where it is one of this question."""
        answer = await self._look(path, self._timeout.read or HEALTH_S)
        told = _object(answer)
        if answer.status_code == httpx.codes.NOT_FOUND and told.get("code") in UNKNOWN_CODES:
            return None
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise BackendUnreachable(_says(answer))
        return told if answer.is_success and isinstance(told.get("status"), str) else CannotTell()

    async def _look(self, path: str, timeout_s: float) -> httpx.Response:
        """A question, which may be asked again: whatever goes wrong, nothing happened."""
        try:
            async with self._client(httpx.Timeout(timeout_s)) as http:
                with outside_call("printer backend") as call:
                    answer = await http.get(self._url + path)
                    call.outcome = f"{answer.status_code // 100}xx"
        except (httpx.HTTPError, httpx.InvalidURL) as err:
            raise BackendUnreachable(_unreachable(err)) from err
        return answer

    async def _post(self, path: str, body: Mapping[str, Any], *, key: str | None) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        try:
            async with self._client(self._timeout) as http:
                with outside_call("printer backend") as call:
                    answer = await http.post(self._url + path, json=dict(body), headers=headers)
                    call.outcome = f"{answer.status_code // 100}xx"
        except (*NOT_SENT, httpx.InvalidURL) as err:
            raise BackendUnreachable(_unreachable(err)) from err
        except httpx.HTTPError as err:
            raise BackendInDoubt(
                f"The printer backend gave no answer ({type(err).__name__}). "
                "It may have taken the request all the same."
            ) from err
        _judge(answer)
        return answer

    def _client(self, timeout: httpx.Timeout) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=timeout, headers=self._headers, trust_env=False)


def _judge(answer: httpx.Response) -> None:
    if answer.status_code in TRY_LATER:
        raise BackendUnreachable(_says(answer))
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise BackendInDoubt(f"{_says(answer)} It may have taken the request all the same.")
    if not answer.is_success:
        raise BackendRefused(_says(answer))
    if _object(answer).get("ok") is False:
        raise BackendRefused(_says(answer))


def _object(answer: httpx.Response) -> dict[str, Any]:
    """Whatever is no JSON object says nothing."""
    if len(answer.content) > MAX_ANSWER:
        return {}
    try:
        told = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _read_job(told: Mapping[str, Any]) -> RemoteJob:
    percent = told.get("progress_percentage", told.get("progress"))
    is_number = isinstance(percent, int | float) and not isinstance(percent, bool)
    return RemoteJob(
        id=_text(told, "id", "fileId", "file_id", "jobId", "job_id"),
        status=_text(told, "status") or "queued",
        percent=min(max(float(percent), 0.0), 100.0) if is_number else None,
        reason=_text(told, "failure_reason", "errorMessage", "error"),
    )


def _read_command(told: Mapping[str, Any]) -> RemoteCommand:
    return RemoteCommand(
        id=_text(told, "commandId", "command_id", "id"),
        status=(_text(told, "status") or "pending").lower(),
        message=_text(told, "errorMessage", "message"),
    )


def _text(told: Mapping[str, Any], *names: str) -> str | None:
    """The first of these members that says something."""
    for name in names:
        value = told.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()[:MAX_WORDS]
    return None


def _says(answer: httpx.Response) -> str:
    words = _text(_object(answer), "detail", "message", "error") or "without a word"
    return f"The printer backend answered with status {answer.status_code}: {words.rstrip('.')}."


def _unreachable(err: Exception) -> str:
    return (
        f"The printer backend cannot be reached ({type(err).__name__}). "
        "See that it runs and that PRINTER_BACKEND_URL is right."
    )
