"""Asks the server for work, all the time: each answer is mirrored, each question is a sign of
life."""

import asyncio
import platform
import random
from typing import Any

import structlog

from shopwright import __version__
from shopwright.agent import mirror
from shopwright.agent.client import MACHINE_WORDS, POLL_S, Client, CutOff, KeyRevoked, ServerRefused
from shopwright.agent.errands import Errands
from shopwright.agent.journal import Journal
from shopwright.fleet.models import PrinterCommand
from shopwright.kernel import ids
from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database
from shopwright.kernel.errors import ShopError

log = structlog.get_logger()

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 10.0
REVOKED_RETRY_S = 60.0
CUT_OFF = "the agent is cut off from the server, and nothing new is started meanwhile"


class WorkUnusable(Exception):
    """What the server told could not be written down, as when our own key file is another one."""


class Worker:
    """Knows the leases' epochs, so it also asks before each start."""

    def __init__(
        self,
        client: Client,
        database: Database,
        journal: Journal,
        clock: Clock,
        errands: Errands | None = None,
    ) -> None:
        self._client = client
        self._database = database
        self._journal = journal
        self._clock = clock
        self._errands = errands
        self._run = ids.new_uuid()
        self._cursor = ""
        self._epochs: dict[int, int] = {}
        self._held: dict[int, str] = {}
        self._kept: dict[int, dict[str, Any]] = {}

    async def run(self) -> None:
        """Until cancelled; whatever the server answers, printing goes on."""
        delay = FIRST_RETRY_S
        while True:
            try:
                await self._ask()
            except KeyRevoked:
                delay = REVOKED_RETRY_S
            except CutOff:
                delay = min(delay * 2, LAST_RETRY_S)
            except ServerRefused as err:
                self._client.contact.lost(err)
                delay = LAST_RETRY_S
            except WorkUnusable as err:
                log.error("the server's work could not be kept", reason=str(err))  # noqa: TRY400
                delay = LAST_RETRY_S
            else:
                delay = FIRST_RETRY_S
                continue
            self._cursor = ""
            await asyncio.sleep(delay * random.uniform(0.8, 1.2))  # noqa: S311  jitter, not a secret

    async def permit(self, command: PrinterCommand) -> str | None:
        """None, or why the start must not be sent: only the server knows whether it still may."""
        epoch = self._epochs.get(command.printer_id)
        if not self._client.contact.is_up or epoch is None:
            return CUT_OFF
        try:
            await self._client.permit_start(command.id, epoch)
        except (CutOff, KeyRevoked):
            return CUT_OFF
        except ServerRefused as err:
            return err.detail
        return None

    async def _ask(self) -> None:
        asked_at = self._clock.now()
        is_up = self._client.contact.is_up
        body = {
            "run": self._run,
            "journal": self._journal.id,
            "version": __version__,
            "machine": platform.node()[:MACHINE_WORDS],
            "waiting_events": await self._journal.count_waiting(),
            "sent_at": asked_at.isoformat(),
            "cursor": self._cursor if is_up else "",
            "wait_s": POLL_S if is_up else 0,
        }
        work = await self._client.fetch_work(body)
        await self._keep(work)

    async def _keep(self, work: dict[str, Any]) -> None:
        self._tell_held(work)
        if self._errands is not None:
            self._errands.take(work)
        if work["cursor"] == self._cursor:
            return
        self._epochs = {told["id"]: told["epoch"] for told in work["printers"]}
        try:
            await mirror.keep_work(self._database, work, self._clock.now(), self._kept)
        except ShopError as err:
            raise WorkUnusable(err.detail) from err
        self._kept = {told["id"]: told for told in work["printers"]}
        self._cursor = work["cursor"]

    def _tell_held(self, work: dict[str, Any]) -> None:
        held = {one["printer_id"]: one["reason"] for one in work["held"]}
        for printer_id, reason in held.items():
            if printer_id not in self._held:
                log.info("a printer is not ours yet", printer_id=printer_id, reason=reason)
        self._held = held
