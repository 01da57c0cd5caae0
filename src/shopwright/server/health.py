"""``/health`` from cached results, ``/ready`` once migrated and wired, ``/metrics`` for a token's
holder."""

import hmac
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import generate_latest
from sqlalchemy import text
from starlette.responses import JSONResponse, PlainTextResponse, Response

from shopwright import __version__
from shopwright.files import health as file_health
from shopwright.kernel.edge import ProcessDep
from shopwright.kernel.errors import Unauthenticated
from shopwright.kernel.metrics import REGISTRY
from shopwright.print_jobs.backend import health as backend_health

router = APIRouter(tags=["health"])


@router.get("/health")
@router.get("/api/health", include_in_schema=False)
async def health(request: Request) -> dict[str, Any]:
    """Whether the program lives, while it starts as well; probes nothing inside the request."""
    return {
        "status": "healthy",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "service": "PrintPro3D Backend",
        "version": __version__,
        "database": "sqlite" if request.app.state.settings.is_sqlite else "postgresql",
        "chinese_api": None,
        "printerBackend": _printer_backend(request),
        "storage": _storage(request),
    }


def _storage(request: Request) -> dict[str, object] | None:
    """None while the program starts."""
    process = getattr(request.app.state, "process", None)
    return file_health.describe(process) if process else None


def _printer_backend(request: Request) -> dict[str, object]:
    process = getattr(request.app.state, "process", None)
    return backend_health.describe(request.app.state.settings.printer_backend_url, process)


@router.get("/ready")
async def ready(process: ProcessDep) -> JSONResponse:
    """200 once the database answers and the loops run, else 503 with the reason."""
    if not process.is_ready:
        return JSONResponse({"status": "starting"}, status_code=503)
    async with process.database.read() as session:
        await session.execute(text("SELECT 1"))
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request, process: ProcessDep) -> Response:
    """Prometheus text; needs ``SHOPWRIGHT_METRICS_TOKEN`` as bearer unless the caller is on
    loopback."""
    token = process.settings.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token is not None:
        if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
            raise Unauthenticated("The metrics need the metrics token as bearer.")
    elif request.client is None or request.client.host not in {"127.0.0.1", "::1", "testclient"}:
        raise Unauthenticated("Set SHOPWRIGHT_METRICS_TOKEN to read metrics from another machine.")
    return Response(generate_latest(REGISTRY), media_type="text/plain; version=0.0.4")
