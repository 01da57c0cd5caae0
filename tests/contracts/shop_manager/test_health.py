"""The document's health check."""

from tests.contracts.shop_manager.documented import assert_documented, covers
from tests.contracts.shop_manager.shop import Shop


@covers("GET /health", "GET /api/health")
async def test_health_is_told(shop: Shop) -> None:
    for path in ("/health", "/api/health"):
        assert_documented(
            await shop.client.get(path),
            {"status": "healthy", "timestamp": str, "service": str, "version": str},
        )
