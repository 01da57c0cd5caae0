"""The shop's person: looks at the printers, answers what the program cannot know, packs and ships."""

from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpx

from tests.system.eyes import Eyes
from tests.system.harness import Farm, Server

ENDED = {"finished": "printed", "failed": "failed", "cancelled": "failed", "interrupted": "failed"}


class Person:
    """Acts through the API only; knows what the printers' own logs say."""

    def __init__(self, server: Server, farm: Farm, eyes: Eyes) -> None:
        self._farm = farm
        self._eyes = eyes
        self._client = httpx.AsyncClient(base_url=server.url, timeout=20)
        self.answers: list[tuple[str, str]] = []  # device job id, what was answered

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def has_made_everything(self) -> bool:
        """One round through the shop; whether every order is made."""
        await self.go_round()
        return await self._eyes.are_all({"completed", "shipped", "canceled"})

    async def has_done_everything(self) -> bool:
        """One round through the shop; whether only orders with an unknown SKU are left."""
        await self.go_round()
        left = await self._eyes.value(
            "SELECT COUNT(*) FROM orders o WHERE o.status NOT IN ('completed', 'shipped', 'canceled') "
            "AND NOT EXISTS (SELECT 1 FROM order_items i "
            "WHERE i.order_id = o.id AND i.waiting_code IS NOT NULL)"
        )
        return left == 0 and not await self._eyes.rows(
            "SELECT id FROM print_jobs WHERE status NOT IN ('completed', 'failed', 'cancelled') "
            "OR (status = 'completed' AND harvested_at IS NULL)"
        )

    async def go_round(self) -> None:
        """Whatever the server cannot hear now is done in the next round."""
        with suppress(httpx.TransportError):
            await self.answer_doubts()
            await self.take_plates_off()
            await self.clear_failures()

    async def answer_doubts(self) -> None:
        """Tell the program what the printer's own log says of every attempt in doubt."""
        doubts = await self._eyes.rows(
            "SELECT a.device_job_id, a.print_job_id, a.printer_id, p.serial FROM attempts a "
            "JOIN printers p ON p.id = a.printer_id WHERE a.status = 'unknown'"
        )
        for doubt in doubts:
            facts = await self._farm.look(doubt["serial"])
            ours = [p for p in facts["prints"] if p["subtask_id"] == doubt["device_job_id"]]
            if ours and ours[0]["outcome"] == "running":
                continue  # its report will settle it
            await self._answer(doubt, ours[0] if ours else None, is_broken=facts["knobs"]["never_starts"])

    async def take_plates_off(self) -> None:
        """Finished plates are off the bed before they are counted."""
        finished = await self._eyes.rows(
            "SELECT j.id, j.yields, p.serial FROM print_jobs j JOIN printers p ON p.id = j.printer_id "
            "WHERE j.status = 'completed' AND j.harvested_at IS NULL"
        )
        for job in finished:
            await self._farm.act(job["serial"], "clear_plate")
            await self._post(f"/test/harvest/{job['id']}", good=job["yields"])

    async def clear_failures(self) -> None:
        """A failed print is taken off, and the printer repaired."""
        waiting = await self._eyes.rows(
            "SELECT p.id, p.serial FROM printers p WHERE p.gate = 'needs_clearing' AND NOT EXISTS "
            "(SELECT 1 FROM print_jobs j WHERE j.printer_id = p.id "
            "AND j.status = 'completed' AND j.harvested_at IS NULL)"
        )
        for printer in waiting:
            await self._farm.turn(printer["serial"], fail_at_percent=None)
            await self._farm.act(printer["serial"], "clear_plate")
            await self._post(f"/test/clear/{printer['id']}")

    async def _answer(
        self, doubt: dict[str, Any], printed: dict[str, Any] | None, *, is_broken: bool
    ) -> None:
        answer = ENDED[printed["outcome"]] if printed else "did_not_print"
        self.answers.append((doubt["device_job_id"], answer))
        await self._post(f"/test/resolve/{doubt['print_job_id']}", answer=answer)
        if printed is None and not is_broken:  # it was taken out of work; nothing is wrong with it
            await self._post(f"/test/back/{doubt['printer_id']}")

    async def _post(self, path: str, **body: object) -> httpx.Response:
        return (await self._client.post(path, json=body)).raise_for_status()
