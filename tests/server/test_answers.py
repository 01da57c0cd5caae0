"""Every answer: problem details, request id, security headers, paths with and without the final
slash."""

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from shopwright import __version__


async def test_health_says_what_the_reference_clients_read(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/health")
    body = answer.json()
    assert answer.status_code == 200
    assert body["status"] == "healthy"
    assert body["service"] == "PrintPro3D Backend"
    assert body["version"] == __version__
    assert body["printerBackend"] == {"healthy": False, "url": None}


async def test_health_answers_below_api_and_with_a_final_slash(anonymous: AsyncClient) -> None:
    for path in ("/health/", "/api/health", "/api/health/"):
        assert (await anonymous.get(path)).json()["status"] == "healthy"


async def test_ready_once_everything_runs(anonymous: AsyncClient) -> None:
    assert (await anonymous.get("/ready")).json() == {"status": "ready"}


async def test_unknown_path_is_a_problem_with_both_spellings_of_the_sentence(
    client: AsyncClient,
) -> None:
    answer = await client.get("/api/nothing", headers={"X-Request-Id": "abc-123"})
    body = answer.json()
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "abc-123"
    assert body["detail"] == body["error"]
    assert body["status"] == 404
    assert body["request_id"] == "abc-123"


async def test_hostile_request_id_is_replaced(anonymous: AsyncClient) -> None:
    answer = await anonymous.get("/health", headers={"X-Request-Id": "a<script>"})
    assert answer.headers["x-request-id"] != "a<script>"


async def test_answers_carry_the_security_headers(anonymous: AsyncClient) -> None:
    headers = (await anonymous.get("/health")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "script-src 'self'" in headers["content-security-policy"]


async def test_metrics_count_requests_by_route_and_statements(anonymous: AsyncClient) -> None:
    await anonymous.get("/ready")
    text = (await anonymous.get("/metrics")).text
    assert 'shopwright_request_seconds_count{method="GET",route="/ready",status="200"}' in text
    assert "shopwright_query_seconds_count" in text


async def test_wrong_method_is_405_in_the_same_shape(client: AsyncClient) -> None:
    answer = await client.delete("/health")
    assert answer.status_code == 405
    assert answer.json()["status"] == 405


async def test_while_it_starts_only_health_answers(application: FastAPI) -> None:
    """The application before its process hangs on it."""
    transport = ASGITransport(application, client=("127.0.0.1", 50000))
    async with AsyncClient(transport=transport, base_url="http://shop.test") as client:
        assert (await client.get("/health")).json()["status"] == "healthy"
        answer = await client.get("/api/orders")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["error"] == "The server is starting. Try again in a second."
