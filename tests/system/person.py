"""The shop's person: looks at the printers, answers what nobody else can know, packs and ships."""

from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpx

from tests.system.door import Door
from tests.system.eyes import Eyes
from tests.system.harness import OWNER_EMAIL, OWNER_PASSWORD, Etsy, Farm, Server

ENDED = {"finished": "printed", "failed": "failed", "cancelled": "failed", "interrupted": "failed"}


class StillStarting(Exception):
    """The server was killed, is back, and takes nothing yet."""


class Person:
    """Acts through the program's forms and API only; knows what the printers' own logs say."""

    def __init__(
        self, server: Server | Door, farm: Farm, eyes: Eyes, email: str = OWNER_EMAIL
    ) -> None:
        self._server = server
        self._email = email
        self._farm = farm
        self._eyes = eyes
        self._client = httpx.AsyncClient(base_url=server.url, timeout=20)
        self.etsy: Etsy | None = None  # where orders are shipped to, and looked up
        self.answers: list[tuple[str, str]] = []  # device job id, what was answered
        self.keeps: set[str] = set()  # the channel's ids of orders that do not leave

    async def __aenter__(self) -> Self:
        body = {"email": self._email, "password": OWNER_PASSWORD}
        answer = await self._client.post("/api/auth/login", json=body)
        token = answer.raise_for_status().json()["token"]
        self._client.headers["Authorization"] = f"Bearer {token}"
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
            "SELECT COUNT(*) FROM orders o WHERE o.status NOT IN ('shipped', 'canceled') "
            "AND NOT EXISTS (SELECT 1 FROM order_items i "
            "WHERE i.order_id = o.id AND i.waiting_code IS NOT NULL)"
        )
        return left == 0 and not await self._eyes.rows(
            "SELECT id FROM print_jobs WHERE status NOT IN ('completed', 'failed', 'cancelled') "
            "OR (status = 'completed' AND harvested_at IS NULL) "
            "UNION ALL SELECT id FROM effects WHERE status IN ('intended', 'sending', 'unknown')"
        )

    async def describe_rest(self) -> str:
        """What is not done yet, for a failure."""
        asked = {
            "print_jobs": "('completed', 'failed', 'cancelled')",
            "attempts": "('finished', 'failed', 'cancelled')",
            "orders": "('shipped', 'canceled')",
            "effects": "('done', 'failed')",
        }
        rows = [
            row
            for table, ended in asked.items()
            for row in await self._eyes.rows(f"SELECT * FROM {table} WHERE status NOT IN {ended}")  # noqa: S608  our own words
        ]
        rows += await self._eyes.rows("SELECT name, connection, activity, gate FROM printers")
        return "\n".join(str(row) for row in rows)

    async def go_round(self) -> None:
        """Whatever the server cannot hear now is done in the next round."""
        with suppress(httpx.TransportError, StillStarting):
            await self.answer_doubts()
            await self.take_plates_off()
            await self.clear_failures()
            if self.etsy:
                await self.ship()
                await self.look_at_etsy(self.etsy)

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
            is_broken = facts["knobs"]["never_starts"]
            await self._answer(doubt, ours[0] if ours else None, is_broken=is_broken)

    async def take_plates_off(self) -> None:
        """Finished plates are off the bed before they are counted."""
        finished = await self._eyes.rows(
            "SELECT j.id, j.yields, p.serial FROM print_jobs j "
            "JOIN printers p ON p.id = j.printer_id "
            "WHERE j.status = 'completed' AND j.harvested_at IS NULL"
        )
        for job in finished:
            await self._farm.act(job["serial"], "clear_plate")
            await self._form(f"/queue/{job['id']}/harvest", good=job["yields"])

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
            await self._form(f"/printers/{printer['id']}/clear")

    async def _answer(
        self, doubt: dict[str, Any], printed: dict[str, Any] | None, *, is_broken: bool
    ) -> None:
        answer = ENDED[printed["outcome"]] if printed else "did_not_print"
        self.answers.append((doubt["device_job_id"], answer))
        await self._form(f"/queue/{doubt['print_job_id']}/answer", answer=answer)
        if printed is None and not is_broken:  # it was taken out of work; nothing is wrong with it
            await self._form(f"/printers/{doubt['printer_id']}/return")

    async def answer(self, job_id: int, answer: str) -> int:
        """What the program says to it, by its status."""
        answered = await self._client.post(f"/queue/{job_id}/answer", data={"answer": answer})
        return answered.status_code

    async def ship(self) -> None:
        """Every order that is made leaves with a tracking number."""
        made = "SELECT id, number, external_id FROM orders WHERE status = 'completed'"
        for order in await self._eyes.rows(made):
            if order["external_id"] in self.keeps:
                continue
            body = {"carrier": "dhl", "tracking_code": f"TRACK{order['number']}"}
            await self._post(f"/api/orders/{order['id']}/ship", body)

    async def look_at_etsy(self, etsy: Etsy) -> None:
        """Say of every parcel in doubt whether its buyer was told."""
        doubts = "SELECT id, subject_id FROM effects WHERE kind = 'post_tracking'"
        for push in await self._eyes.rows(f"{doubts} AND status = 'unknown'"):
            parcel = "SELECT tracking_code FROM parcels WHERE id = :id"
            code = await self._eyes.value(parcel, id=push["subject_id"])
            was_told = any(mail["tracking_code"] == code for mail in await etsy.mails())
            outcome = "posted" if was_told else "not_posted"
            await self._post(f"/api/connections/pushes/{push['id']}/resolve", {"outcome": outcome})

    async def place_order(self, *items: tuple[str, int]) -> None:
        rows = [{"title": sku, "sku": sku, "quantity": quantity} for sku, quantity in items]
        await self._post("/api/orders", {"items": rows})

    async def connect(self, etsy: Etsy) -> None:
        """Give consent at Etsy and come back."""
        await etsy.allow(f"{self._server.url}/etsy/callback")
        begun = (await self._client.get("/api/connections/etsy/start")).raise_for_status().json()
        consent = await self._client.get(begun["authorize_url"], headers={"Authorization": ""})
        back = consent.headers["location"]
        (await self._client.get(back)).raise_for_status()
        self.etsy = etsy

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        self._check(await self._client.post(path, json=body))

    async def _form(self, path: str, **fields: object) -> None:
        """As the browser sends it; the answer is the page to go to."""
        self._check(await self._client.post(path, data=fields))

    def _check(self, answer: httpx.Response) -> None:
        """A conflict is no fault: the world moved on since the look, and the next round looks."""
        if answer.status_code == 503 and "starting" in answer.text:
            raise StillStarting
        if answer.status_code not in {200, 201, 204, 303, 409}:
            raise AssertionError(f"{answer.url} said {answer.status_code}: {answer.text[:500]}")
