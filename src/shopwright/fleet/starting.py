"""Starts one print on one printer: upload, then the start itself, sent at most once.

The upload may be repeated; it changes nothing that matters. The effect becomes ``sending`` in a
commit of its own before the start is sent. Whoever finds it ``sending`` after a crash or a lost
link waits for the printer to show our job id, and never sends again.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from shopwright.files.storage import FileStore, StoredFileDamaged, StoredFileMissing
from shopwright.fleet import queries, service
from shopwright.fleet.events import StartPhase, StartSettled
from shopwright.fleet.models import PrinterCommand
from shopwright.fleet.port import (
    Confirmed,
    DeviceReport,
    DriverError,
    PrinterDriver,
    Refused,
    RemoteFile,
    SlotMap,
    Unconfirmed,
)
from shopwright.fleet.states import (
    Activity,
    CommandStatus,
    ControlAccess,
    StartPhaseName,
    StartResult,
)
from shopwright.kernel import effects, events
from shopwright.kernel.actor import Actor
from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import Unavailable
from shopwright.kernel.metrics import outside_call

UPLOAD_TRIES = 3
FILE_GONE = (
    "the file is missing from the storage; upload it again or restore it, then release the job"
)
WATCHED = "the printer is only watched through its maker's cloud, which starts no prints"
Permit = Callable[[PrinterCommand], Awaitable[str | None]]
MAX_NAME = 60  # printers choke on long names; protocol notes say 100 with the suffix


async def permit_always(_command: PrinterCommand) -> str | None:
    """Whoever shares the database with the queue needs nobody's word before a start."""
    return None


@dataclass(slots=True)
class Starter:
    """What a start needs of its link."""

    database: Database
    files: FileStore
    clock: Clock
    ctx: Actor
    printer_id: int
    epoch: int
    latest: Callable[[], DeviceReport | None]  # what the printer says of itself now
    permit: Permit = permit_always  # asked right before the start is sent; why not, in words

    async def start(self, driver: PrinterDriver, command: PrinterCommand, effect: Effect) -> None:
        """From a claimed command to its settled effect. Cancelled or cut off, it leaves rows to
        settle by."""
        report = self.latest()
        if report is not None and report.control is ControlAccess.WATCHED:
            await self.give_up(command, WATCHED)  # its LAN went away since the job was claimed
            return
        remote = await self._upload(driver, command)
        if remote is None:
            return
        report = self.latest()
        if report is not None and report.activity is not Activity.IDLE:
            # Not its fault: somebody started something at its screen since the job was claimed.
            await self.give_up(command, f"the printer says {report.activity}, not idle")
            return
        refusal = await self.permit(command)
        if refusal is not None:
            await self.give_up(command, refusal)
            return
        if not await self._begin_sending(effect, command):
            return
        try:
            result = await self._send(driver, command, remote)
        except DriverError as err:
            await self._take_back(command, f"the link was gone before the start was sent: {err}")
            return
        await self.settle(command, result)

    async def _send(
        self, driver: PrinterDriver, command: PrinterCommand, remote: RemoteFile
    ) -> Confirmed | Refused | Unconfirmed:
        arguments = command.arguments
        with outside_call("printer_start") as call:
            result = await driver.start(
                remote,
                plate=arguments["plate"],
                slots=SlotMap(tuple(arguments["slots"])),
                device_job_id=str(command.device_job_id),
                job_name=remote_name(command).removesuffix(".gcode.3mf").removesuffix(".gcode"),
            )
            call.outcome = type(result).__name__.lower()
        return result

    async def settle(
        self, command: PrinterCommand, result: Confirmed | Refused | Unconfirmed
    ) -> None:
        """Effect, command, attempt and printer change together."""
        async with self.database.write() as session:
            if isinstance(result, Confirmed):
                await self._close(
                    session,
                    command,
                    EffectStatus.DONE,
                    CommandStatus.COMPLETED,
                    StartResult.CONFIRMED,
                    "started",
                )
            elif isinstance(result, Refused):
                await self.refuse(session, command, result.sentence)
            else:
                await self._close(
                    session,
                    command,
                    EffectStatus.UNKNOWN,
                    CommandStatus.TIMEOUT,
                    StartResult.UNPROVEN,
                    result.sentence,
                )

    async def refuse(self, session: WriteSession, command: PrinterCommand, sentence: str) -> None:
        """Nothing started. The printer is taken out of work, or it would refuse the next job as
        well."""
        await self._close(
            session,
            command,
            EffectStatus.FAILED,
            CommandStatus.FAILED,
            StartResult.NOT_STARTED,
            sentence,
        )
        await service.take_out_of_work(
            session, self.ctx, printer_id=self.printer_id, reason=sentence[:300]
        )

    async def give_up(self, command: PrinterCommand, sentence: str) -> bool:
        """Nobody will send it; no fault of the printer. False when somebody is sending it."""
        async with self.database.write() as session:
            if not await self._withdraw(session, command, sentence):
                return False
            await self._not_started(session, command, sentence)
            return True

    async def _withdraw(
        self, session: WriteSession, command: PrinterCommand, sentence: str
    ) -> bool:
        effect_id = int(command.effect_id or 0)
        organization_id, now = self.ctx.organization_id, self.clock.now()
        return await effects.withdraw(session, organization_id, effect_id, sentence, now)

    async def _take_back(self, command: PrinterCommand, sentence: str) -> None:
        """The driver says that nothing left it: the job may go to any printer again."""
        async with self.database.write() as session:
            await self._not_started(session, command, sentence)

    async def _not_started(
        self, session: WriteSession, command: PrinterCommand, sentence: str
    ) -> None:
        await self._close(
            session,
            command,
            EffectStatus.FAILED,
            CommandStatus.TIMEOUT,
            StartResult.NOT_STARTED,
            sentence,
        )

    async def _upload_once(
        self, driver: PrinterDriver, command: PrinterCommand, path: Path
    ) -> RemoteFile:
        with outside_call("printer_upload") as call:
            remote = await driver.upload(
                path,
                name=remote_name(command),
                sha256=command.arguments["sha256"],
                progress=_ignore,
            )
            call.outcome = "done"
        return remote

    async def _upload(self, driver: PrinterDriver, command: PrinterCommand) -> RemoteFile | None:
        await self._tell(command, StartPhaseName.UPLOADING)
        sha256 = command.arguments["sha256"]
        for attempt in range(1, UPLOAD_TRIES + 1):
            try:
                async with self.files.local_copy(sha256) as path:
                    return await self._upload_once(driver, command, path)
            except StoredFileDamaged as err:
                await self._give_up_for_good(command, err.detail)
                return None
            except StoredFileMissing:
                await self._give_up_for_good(command, FILE_GONE)
                return None
            except Unavailable as err:
                await self.give_up(command, err.detail)
                return None
            except DriverError as err:
                if attempt == UPLOAD_TRIES:
                    sentence = f"The file could not be uploaded: {err}"
                    async with self.database.write() as session:
                        if await self._withdraw(session, command, sentence):
                            await self.refuse(session, command, sentence)
                    return None
                await asyncio.sleep(attempt)
        return None

    async def _give_up_for_good(self, command: PrinterCommand, sentence: str) -> None:
        async with self.database.write() as session:
            if await self._withdraw(session, command, sentence):
                await self._close(
                    session,
                    command,
                    EffectStatus.FAILED,
                    CommandStatus.FAILED,
                    StartResult.IMPOSSIBLE,
                    sentence,
                )

    async def _begin_sending(self, effect: Effect, command: PrinterCommand) -> bool:
        """Whoever wins this sends. The loser withdraws what nobody sends."""
        async with self.database.write() as session:
            if not await queries.holds_lease(session, self.printer_id, self.epoch):
                return False
            claimed = await effects.begin_sending(
                session, self.ctx.organization_id, effect.id, self.clock.now()
            )
            if claimed is not None:
                await events.publish(session, self._phase(command, StartPhaseName.STARTING))
        if claimed is None:
            await self.give_up(command, "outside effects are held since a restore")
        return claimed is not None

    async def _tell(self, command: PrinterCommand, phase: StartPhaseName) -> None:
        async with self.database.write() as session:
            await events.publish(session, self._phase(command, phase))

    def _phase(self, command: PrinterCommand, phase: StartPhaseName) -> StartPhase:
        return StartPhase(
            self.ctx.organization_id, self.printer_id, str(command.device_job_id), phase
        )

    async def _close(
        self,
        session: WriteSession,
        command: PrinterCommand,
        effect: EffectStatus,
        status: CommandStatus,
        result: StartResult,
        sentence: str,
    ) -> None:
        now: datetime = self.clock.now()
        organization_id = self.ctx.organization_id
        settled = await queries.settle_command(
            session, organization_id, command.id, status, sentence, now
        )
        if settled is None or settled.effect_id is None:
            return
        await effects.settle(session, organization_id, settled.effect_id, effect, sentence, now)
        await events.publish(
            session,
            StartSettled(
                organization_id, self.printer_id, str(command.device_job_id), result, sentence
            ),
        )


def remote_name(command: PrinterCommand) -> str:
    """An ASCII name for the printer's card, unique by our job id."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", str(command.arguments["job_name"])).strip("-")[:MAX_NAME]
    suffix = ".gcode.3mf" if command.arguments.get("is_3mf", True) else ".gcode"
    return f"{words or 'job'}-{command.device_job_id}{suffix}"


async def load_effect(session: WriteSession, ctx: Actor, effect_id: int) -> Effect:
    effect = await session.scalar(
        select(Effect)
        .where(Effect.id == effect_id, Effect.organization_id == ctx.organization_id)
        .execution_options(populate_existing=True)
    )
    if effect is None:
        raise LookupError(f"effect {effect_id} is gone")
    return effect


def _ignore(_sent: int, _total: int) -> None:
    """Upload progress is not shown yet."""
