"""The health check and the listing at the root, as the document prints them."""

from tests.contracts.printpro3d.backend import Backend
from tests.contracts.printpro3d.documented import assert_documented, covers, millis_time


@covers("GET /health")
async def test_health_tells_of_the_printer_backend(backend: Backend) -> None:
    assert_documented(
        await backend.shop.client.get("/health"),
        {
            "status": "healthy",
            "timestamp": millis_time,
            "service": "PrintPro3D Backend",
            "printerBackend": {"healthy": bool, "url": None},
            "version": str,
        },
    )


@covers("GET /")
async def test_root_lists_the_endpoints_for_whoever_accepts_json_alone(backend: Backend) -> None:
    client = backend.shop.client
    listed = await client.get("/", headers={"accept": "application/json"})
    assert_documented(
        listed,
        {
            "service": "PrintPro3D Backend",
            "version": str,
            "endpoints": {"printers": "/api/printers", "printJobs": "/api/print-jobs"},
        },
    )
    for accepted in ("text/html", "*/*", "text/html,application/json"):
        page = await client.get("/", headers={"accept": accepted})
        assert "application/json" not in page.headers.get("content-type", "")
