"""``/health`` tells of the printer backend from what was found before, and never waits for it."""

from shopwright.print_jobs.backend import health as backend_health
from shopwright.print_jobs.port import open_backend
from shopwright.sandbox.printer_backend import PrinterBackendSandbox
from tests.clock import FixedClock
from tests.print_jobs.backend.shop import Shop


async def look(shop: Shop) -> object:
    backend = open_backend(shop.process.settings)
    assert backend is not None
    await backend_health.look(shop.process, backend)
    return (await shop.client.get("/health")).json()["printerBackend"]


async def test_health_follows_the_backend(
    shop: Shop, backend: PrinterBackendSandbox, clock: FixedClock
) -> None:
    unasked = (await shop.client.get("/health")).json()["printerBackend"]
    assert unasked == {"healthy": False, "url": backend.url}
    assert await look(shop) == {"healthy": True, "url": backend.url}
    assert backend_health.health_of(shop.process).checked_at == clock.now()

    backend.knobs.is_down = True
    assert await look(shop) == {"healthy": False, "url": backend.url}
    words = "The printer backend answers with status 503."
    assert backend_health.health_of(shop.process).sentence == words
    assert (await shop.client.get("/health")).status_code == 200


async def test_health_stays_well_while_the_backend_is_slow(
    shop: Shop, backend: PrinterBackendSandbox
) -> None:
    backend.knobs.late_s = 3600
    answer = await shop.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
