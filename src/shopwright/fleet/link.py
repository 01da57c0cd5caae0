"""Keeps one driver connected to one printer: reports in, commands out, reconnects with backoff."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from shopwright.files.storage import FileStore
from shopwright.fleet import device_state, queries
from shopwright.fleet.cloud.port import Clouds
from shopwright.fleet.device_state import Reached
from shopwright.fleet.events import CommandSettled
from shopwright.fleet.models import PrinterCommand
from shopwright.fleet.port import (
    AuthenticationFailed,
    Confirmed,
    DeviceCommand,
    DeviceReport,
    Done,
    DriverError,
    Endpoint,
    PrinterDriver,
    Refused,
    Timeouts,
    Unconfirmed,
)
from shopwright.fleet.service import START_EFFECT
from shopwright.fleet.starting import Permit, Starter, load_effect, permit_always, remote_name
from shopwright.fleet.states import BUSY, CommandStatus, ConnectionState, Outcome
from shopwright.kernel import events
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.live import Hub
from shopwright.kernel.metrics import REPORTS, outside_call
from shopwright.kernel.signals import Signal
from shopwright.telemetry.latest import SlotView, Snapshot

log = structlog.get_logger()

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30.0
AUTH_RETRY_S = 60.0  # a wrong code stays wrong until a person corrects it, which restarts the link
TOO_LATE = "the printer was not reachable in time"
PERCENT_STEP = 5  # progress kept in the database survives a restart this finely


@dataclass(frozen=True, slots=True)
class LinkTools:
    """What the runner lends to each of its links."""

    database: Database
    files: FileStore
    clock: Clock
    hub: Hub
    record: Callable[[Snapshot], None]
    forget: Callable[[int], None]  # another process drives it now
    timeouts: Timeouts
    permit: Permit = permit_always
    clouds: Clouds = field(default_factory=Clouds)


class PrinterLink:
    """Owned by the runner, which holds the printer's lease in ``epoch``."""

    def __init__(
        self,
        tools: LinkTools,
        *,
        organization_id: int,
        printer_id: int,
        epoch: int,
        endpoint: Endpoint,
        driver: type[PrinterDriver],
    ) -> None:
        self._tools = tools
        self._ctx: Actor = system_actor(organization_id, "fleet")
        self._printer_id = printer_id
        self._epoch = epoch
        self._endpoint = endpoint
        self._driver_class = driver
        self._wake = asyncio.Event()
        self._fresh = asyncio.Event()
        self._latest: DeviceReport | None = None
        self._news: object = None
        self._reached = Reached()
        self._starting: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None
        self._tidied: str | None = None
        self._connected_at: datetime | None = None
        self._starter = Starter(
            tools.database,
            tools.files,
            tools.clock,
            self._ctx,
            printer_id,
            epoch,
            lambda: self._latest,
            tools.permit,
        )

    async def look_after(self, command: PrinterCommand) -> None:
        """Give back a start that could not be sent in time, also while the printer is out of reach;
        whatever else is open may be new."""
        is_late = command.expires_at <= self._tools.clock.now()
        if command.kind != START_EFFECT or not is_late:
            self.wake()
        elif self._starting is None or self._starting.done():
            await self._starter.give_up(command, TOO_LATE)

    def wake(self) -> None:
        """There is a new command."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled. Loss is logged once and recovery once."""
        delay = FIRST_RETRY_S
        while True:
            try:
                async with self._driver_class(
                    self._endpoint, timeouts=self._tools.timeouts
                ) as driver:
                    await self._serve(driver)
            except AuthenticationFailed as err:
                await self._lose(ConnectionState.AUTH_FAILED, str(err))
                delay = AUTH_RETRY_S
            except (DriverError, OSError, TimeoutError) as err:
                was_connected = self._fresh.is_set()
                await self._lose(ConnectionState.OFFLINE, str(err) or type(err).__name__)
                delay = FIRST_RETRY_S if was_connected else min(delay * 2, LAST_RETRY_S)
            await asyncio.sleep(delay * random.uniform(0.8, 1.2))  # noqa: S311  jitter, not a secret

    async def _serve(self, driver: PrinterDriver) -> None:
        self._fresh.clear()
        self._news = None
        self._connected_at = self._tools.clock.now()
        tasks = [
            asyncio.create_task(self._follow_reports(driver)),
            asyncio.create_task(self._work_commands(driver)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _end([*tasks, *(task for task in (self._starting, self._tidying) if task)])
            self._starting = self._tidying = None

    async def _follow_reports(self, driver: PrinterDriver) -> None:
        async for report in driver.reports():
            REPORTS.inc()
            self._reached = self._reached.after(report)
            self._show(report)
            if not report.is_full:
                continue
            news = _news_of(report, self._reached.percent)
            if news != self._news:
                await self._record(report, driver.fingerprint)
                self._news = news
            self._latest = report
            self._tidy_after(driver, report)
            if not self._fresh.is_set():
                self._fresh.set()
                log.info("printer connected", printer_id=self._printer_id)
        raise DriverError("The printer closed the connection.")

    def _tidy_after(self, driver: PrinterDriver, report: DeviceReport) -> None:
        """A file whose print ended only fills the printer's small storage."""
        has_ended = report.outcome is not Outcome.NONE and report.activity not in BUSY
        ended = report.device_job_id if has_ended else None
        if ended is None or ended == self._tidied:
            return
        self._tidied = ended
        self._tidying = asyncio.create_task(self._delete_file(driver, ended))

    async def _delete_file(self, driver: PrinterDriver, device_job_id: str) -> None:
        """Best effort: a file that stays costs space, nothing else."""
        async with self._tools.database.read() as session:
            command = await queries.find_start(session, self._ctx, self._printer_id, device_job_id)
        if command is None:
            return
        try:
            await driver.delete(remote_name(command))
        except (DriverError, AuthenticationFailed, OSError) as err:
            log.info("a printed file stays", printer_id=self._printer_id, reason=str(err))

    async def _record(self, report: DeviceReport, fingerprint: str | None) -> None:
        async with self._tools.database.write() as session:
            if not await queries.holds_lease(session, self._printer_id, self._epoch):
                return  # the next owner's word counts; the runner ends this link at its next round
            await device_state.record_report(
                session,
                self._ctx,
                printer_id=self._printer_id,
                report=report,
                reached=self._reached,
                fingerprint=fingerprint,
            )

    def _show(self, report: DeviceReport) -> None:
        self._tools.record(snapshot_of(self._ctx.organization_id, self._printer_id, report))
        self._tools.hub.publish(Signal(self._ctx.organization_id, "telemetry", self._printer_id))

    async def _lose(self, connection: ConnectionState, sentence: str) -> None:
        if self._fresh.is_set():
            log.warning("printer lost", printer_id=self._printer_id, reason=sentence)
        self._fresh.clear()
        async with self._tools.database.write() as session:
            if not await queries.holds_lease(session, self._printer_id, self._epoch):
                return  # lost here, perhaps well where the next owner listens
            await device_state.record_loss(
                session,
                self._ctx,
                printer_id=self._printer_id,
                connection=connection,
                sentence=sentence,
                now=self._tools.clock.now(),
            )

    async def _work_commands(self, driver: PrinterDriver) -> None:
        await self._fresh.wait()
        while True:
            self._wake.clear()
            async with self._tools.database.read() as session:
                commands = await queries.list_open_commands(session, self._printer_id)
            for command in commands:
                await self._work(driver, command)
            await self._wake.wait()

    async def _work(self, driver: PrinterDriver, command: PrinterCommand) -> None:
        if command.kind == START_EFFECT:
            if self._starting is None or self._starting.done():
                self._collect_start()
                self._starting = asyncio.create_task(self._start(driver, command))
                self._starting.add_done_callback(lambda _: self._wake.set())
            return
        if command.status is CommandStatus.PENDING:
            await self._send(driver, command)
        else:
            # Sent in an earlier life of this link: whether it arrived cannot be known.
            await self._settle(
                command, CommandStatus.TIMEOUT, "the link was lost after it was sent"
            )

    def _collect_start(self) -> None:
        """A start that ended in an error ends the link: it reconnects and settles what is open."""
        if self._starting is not None and self._starting.done() and not self._starting.cancelled():
            self._starting.result()

    async def _start(self, driver: PrinterDriver, command: PrinterCommand) -> None:
        now = self._tools.clock.now()
        async with self._tools.database.write() as session:
            if command.status is CommandStatus.PENDING:
                claimed = await queries.send_command(
                    session,
                    command.id,
                    self._ctx.organization_id,
                    self._printer_id,
                    self._epoch,
                    now,
                )
            else:
                claimed = command
            effect = await load_effect(session, self._ctx, int(command.effect_id or 0))
        if effect.status is EffectStatus.INTENDED:
            if claimed is None or command.expires_at <= now:
                await self._starter.give_up(command, TOO_LATE)
            else:
                await self._starter.start(driver, claimed, effect)
        elif effect.status is EffectStatus.SENDING:
            await self._starter.settle(command, await self._wait_for_proof(command))

    async def _wait_for_proof(self, command: PrinterCommand) -> Confirmed | Unconfirmed:
        """The start was sent in an earlier life: only the printer can say whether it arrived."""
        connected_at = self._connected_at or self._tools.clock.now()
        deadline = connected_at + timedelta(seconds=self._tools.timeouts.start_s)
        while self._tools.clock.now() < deadline:
            report = self._latest
            if report is not None and _proves(report, str(command.device_job_id)):
                return Confirmed(report)
            await asyncio.sleep(0.1)
        return Unconfirmed(
            "The server was stopped, or the link lost, while the start was being sent, and the "
            "printer does not show the job. Look at the printer: did it print?"
        )

    async def _send(self, driver: PrinterDriver, command: PrinterCommand) -> None:
        now = self._tools.clock.now()
        async with self._tools.database.write() as session:
            sent = await queries.send_command(
                session, command.id, self._ctx.organization_id, self._printer_id, self._epoch, now
            )
        if sent is None:
            await self._settle(command, CommandStatus.TIMEOUT, "it expired before it could be sent")
            return
        with outside_call("printer_command") as call:
            result = await driver.run(DeviceCommand(sent.kind, sent.arguments))
            call.outcome = type(result).__name__.lower()
        if isinstance(result, Done):
            await self._settle(command, CommandStatus.COMPLETED, None)
        elif isinstance(result, Refused):
            await self._settle(command, CommandStatus.FAILED, result.sentence)
        else:
            await self._settle(command, CommandStatus.TIMEOUT, result.sentence)

    async def _settle(
        self, command: PrinterCommand, status: CommandStatus, detail: str | None
    ) -> None:
        organization_id, now = self._ctx.organization_id, self._tools.clock.now()
        async with self._tools.database.write() as session:
            settled = await queries.settle_command(
                session, organization_id, command.id, status, detail, now
            )
            if settled is not None:
                ended = CommandSettled(
                    organization_id, self._printer_id, command.id, status, settled.detail, now
                )
                await events.publish(session, ended)
            session.signals.add(Signal(organization_id, "printer", self._printer_id))


def snapshot_of(organization_id: int, printer_id: int, report: DeviceReport) -> Snapshot:
    """What pages and telemetry keep of a report."""
    progress, temperatures = report.progress, report.temperatures
    return Snapshot(
        organization_id=organization_id,
        printer_id=printer_id,
        at=report.observed_at,
        connection=report.connection,
        activity=report.activity,
        percent=progress.percent if progress else None,
        layer=progress.layer if progress else None,
        layers=progress.layers if progress else None,
        remaining_s=progress.remaining_s if progress else None,
        stage=progress.stage if progress else None,
        nozzle=temperatures.nozzle if temperatures else None,
        nozzle_target=temperatures.nozzle_target if temperatures else None,
        bed=temperatures.bed if temperatures else None,
        bed_target=temperatures.bed_target if temperatures else None,
        chamber=temperatures.chamber if temperatures else None,
        slots=tuple(
            SlotView(s.number, s.is_loaded, s.material, s.color, s.remaining_percent)
            for s in report.slots
        ),
        faults=tuple(fault.sentence for fault in report.faults),
        job_name=report.job_name,
        device_job_id=report.device_job_id,
        wifi_dbm=report.wifi_dbm,
        is_light_on=report.is_light_on,
        native=report.native,
    )


def _news_of(report: DeviceReport, percent: int) -> object:
    """What must be in the database at once; everything else is telemetry."""
    return (
        report.activity,
        report.outcome,
        report.device_job_id,
        report.control,
        report.has_storage,
        report.firmware,
        report.slots,
        tuple(fault.code for fault in report.faults),
        percent // PERCENT_STEP,
    )


def _proves(report: DeviceReport, device_job_id: str) -> bool:
    if report.device_job_id != device_job_id or not report.is_full:
        return False
    return report.activity in BUSY or report.outcome is not Outcome.NONE


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
