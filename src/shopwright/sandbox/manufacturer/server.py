"""The manufacturer on a real socket, inside a test's loop or in a process of its own."""

import asyncio
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, Self

import httpx
import uvicorn

from shopwright.sandbox.etsy.server import EmbeddedServer, listen, quiet
from shopwright.sandbox.manufacturer.app import Api, make_app
from shopwright.sandbox.manufacturer.world import PAID, WALK, Account, Knobs, Order, Payment, World

PAYMENT_CALLBACK = "/api/chinese/order/payStatus"
ORDER_CALLBACK = "/api/chinese/order/status-update"
TELLS_AT_MOST = 10  # as the manufacturer documents
TELL_AGAIN_S = 0.5
CALL_S = 10.0


class ManufacturerSandbox:
    """Listens on ``url`` until the block ends. ``callbacks`` is the shop's base URL, with the
    headers that let it in; without one it tells nobody anything."""

    def __init__(
        self,
        account: Account | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        callbacks: str = "",
        callback_headers: Mapping[str, str] | None = None,
    ) -> None:
        self.account = account or Account()
        self.knobs, self.world, self.url = Knobs(), World(), ""
        self.callbacks, self.callback_headers = callbacks, dict(callback_headers or {})
        self.api = Api(self.world, self.knobs, self.account, self._hear)
        self._address = (host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self._app = make_app(self.api, self.world, self.knobs, self.move_order, self.move_payment)

    @property
    def orders(self) -> dict[str, Order]:
        """By the shop's id, OREN…"""
        return self.world.orders

    @property
    def payments(self) -> dict[str, Payment]:
        """By the shop's id, PYEN…"""
        return self.world.payments

    @property
    def settings(self) -> dict[str, str]:
        account = self.account
        return {
            "CHINESE_API_BASE_URL": self.url,
            "CHINESE_API_ACCOUNT": account.account,
            "CHINESE_API_PASSWORD": account.password,
            "CHINESE_API_SYSTEM_NAME": account.system_name,
            "CHINESE_API_FIXED_KEY": account.fixed_key,
            "CHINESE_API_DEVICE_ID": account.device_id,
            "CHINESE_API_SIGNATURE": account.signature,
        }

    def reset(self) -> None:
        """As if it had just begun: no orders, full stock, nothing turned."""
        for task in self._tasks:
            task.cancel()
        self.knobs.reset()
        self.world.reset()
        self.api.reset()
        self.callbacks, self.callback_headers = "", {}

    def count(self, path: str) -> int:
        """How often this path was asked for and let in."""
        return sum(1 for called, _ in self.api.calls if called == path)

    async def __aenter__(self) -> Self:
        self._listener = listen(self._address)
        self.url = "http://{}:{}".format(*self._listener.getsockname()[:2])
        self._server = EmbeddedServer(uvicorn.Config(self._app, **quiet()))
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        await self._server.ready.wait()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server.stop()
        await self._serving
        self._listener.close()

    async def move_order(self, key: str, status: int) -> None:
        """What its machine does next; the shop is told."""
        self.world.orders[key].status = status
        self._start(self._tell(ORDER_CALLBACK, {"third_id": key, "status": status}))

    async def move_payment(self, key: str, status: int) -> None:
        """What a customer does at its machine; the shop is told."""
        payment = self.world.payments[key]
        payment.status = status
        told = {
            "third_id": key,
            "pay_type": payment.body["pay_type"],
            "pay_amount": payment.body["pay_amount"],
            "pay_date": "2026-11-21 10:00:00",
            "status": status,
        }
        self._start(self._tell(PAYMENT_CALLBACK, told))

    def _hear(self, kind: str, key: str) -> None:
        if kind == "payment" and self.knobs.pays_after_s:
            self._start(self._pay(key))
        if kind == "order":
            self._start(self._make(key))

    async def _pay(self, key: str) -> None:
        await asyncio.sleep(self.knobs.pays_after_s)
        if self.world.payments[key].status < PAID:
            await self.move_payment(key, PAID)

    async def _make(self, key: str) -> None:
        order = self.world.orders[key]
        if self.knobs.fetches:
            async with httpx.AsyncClient(timeout=CALL_S, trust_env=False) as http:
                order.picture = (await http.get(order.body["pic"])).content
        for status in WALK:
            if not self.knobs.walks_every_s:
                return
            await asyncio.sleep(self.knobs.walks_every_s)
            await self.move_order(key, status)

    async def _tell(self, path: str, told: dict[str, Any]) -> None:
        """Until it is taken, ten times at most; the documented body is a list."""
        for _ in range(TELLS_AT_MOST if self.callbacks else 0):
            try:
                async with httpx.AsyncClient(timeout=CALL_S, trust_env=False) as http:
                    answer = await http.post(
                        self.callbacks + path, json=[told], headers=self.callback_headers
                    )
                if answer.json().get("data") == "success":
                    return
            except (httpx.HTTPError, ValueError):
                pass
            await asyncio.sleep(TELL_AGAIN_S)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
