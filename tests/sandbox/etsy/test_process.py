"""The sandbox as a process, its trickle and its webhooks."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx

from shopwright.sandbox.etsy import webhooks
from shopwright.sandbox.etsy.server import EtsySandbox
from shopwright.sandbox.etsy.world import Hook
from tests.sandbox.etsy.conftest import seed

SOURCES = Path(__file__).parents[3] / "src"


async def test_the_process_announces_itself_serves_and_ends_cleanly() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shopwright.sandbox.etsy", "--orders", "20", "--per-minute", "0"),
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    urls = json.loads(line)
    async with httpx.AsyncClient(timeout=10) as http:
        tokens = (await http.post(f"{urls['url']}/sandbox/tokens", json={})).json()
        headers = {
            "x-api-key": "sandbox-keystring:sandbox-secret",
            "authorization": f"Bearer {tokens['access_token']}",
        }
        answer = await http.get(f"{urls['api_url']}/shops/500321/receipts", headers=headers)
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert (answer.json()["count"], process.returncode, errors) == (20, 0, b"")


async def test_orders_trickle_in_until_told_to_stop(
    api: httpx.AsyncClient, etsy: EtsySandbox
) -> None:
    orders = etsy.world.shops[500321].receipts
    await api.post("/sandbox/trickle", json={"every_s": 0.01, "seed": 3})
    async with asyncio.timeout(5):
        while len(orders) < 3:  # noqa: ASYNC110 - the trickle has no event to wait for
            await asyncio.sleep(0.005)
    await api.post("/sandbox/trickle", json={"every_s": 0})
    count = len(orders)
    await asyncio.sleep(0.05)
    assert len(orders) == count


async def test_a_slow_answer_does_not_keep_the_sandbox_from_ending() -> None:
    async with EtsySandbox() as etsy, httpx.AsyncClient(base_url=etsy.url, timeout=20) as http:
        fault = {"kind": "slow", "path": "/oauth/token", "delay_s": 600}
        await http.post("/sandbox/faults", json=fault)
        asking = asyncio.create_task(http.post("/v3/public/oauth/token", data={}))
        async with asyncio.timeout(5):
            while etsy.faults.waiting:  # noqa: ASYNC110 - the server's own state
                await asyncio.sleep(0.005)
        etsy.stop_waiting()
        assert (await asking).json()["error"] == "invalid_request"  # it had no body


async def test_webhooks_are_signed(api: httpx.AsyncClient, etsy: EtsySandbox) -> None:
    """A known signature of the Standard Webhooks rules: HMAC-SHA256 of id.timestamp.body."""
    assert webhooks.sign("whsec_c2VjcmV0", "msg_1", 1_795_000_000, '{"a":1}') == (
        "v1,7OjWIJ6JBmsAFfv7VWDTvBSPoPlpqt5uYOq/ukBtpD8="
    )
    (made,) = await seed(api)
    etsy.world.hooks.append(Hook(f"{etsy.url}/sandbox/clock", "whsec_c2VjcmV0"))
    wish = {"event_type": "order.paid", "receipt_id": made}
    answer = await api.post("/sandbox/webhooks/emit", json=wish)
    (delivery,) = answer.json()["deliveries"]
    assert delivery["status"] == 400  # the clock does not know these words: it was reached
