"""Settling a sent command or start by what the printer says afterwards."""

import asyncio

from shopwright.drivers.bambu import faults
from shopwright.drivers.bambu.codec import Ack, Verdict
from shopwright.drivers.bambu.commands import Plan
from shopwright.drivers.bambu.errors import LinkFailed
from shopwright.drivers.bambu.reports import Mirror
from shopwright.drivers.bambu.session import Feed
from shopwright.fleet.port import (
    Confirmed,
    DeviceReport,
    Done,
    Fault,
    Refused,
    Severity,
    Unconfirmed,
)
from shopwright.fleet.states import BUSY, ControlAccess, Outcome

PROVES_WORK = frozenset({Outcome.FINISHED, Outcome.CANCELLED})  # it was at work and has ended


async def settle_command(
    feed: Feed, mirror: Mirror, plan: Plan, sequence_id: str, timeout_s: float
) -> Done | Refused | Unconfirmed:
    """Wait for the ack or for telemetry that shows the effect, whichever comes first."""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                event = await feed.next()
                answer = _judge_command(event, mirror, plan, sequence_id)
                if answer:
                    return answer
    except TimeoutError:
        return Unconfirmed(f"The printer gave no answer within {timeout_s:.0f} s.")
    except LinkFailed as err:
        return Unconfirmed(f"{err} Whether it took the command is not known.")


async def settle_start(
    feed: Feed, before: DeviceReport, job_id: str, sequence_id: str, timeout_s: float
) -> Confirmed | Refused | Unconfirmed:
    """Wait for a report with our job at work. Silence and lost links prove nothing."""
    old_error = _print_error(before)
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                event = await feed.next()
                answer = _judge_start(event, job_id, sequence_id, old_error)
                if answer:
                    return answer
                if isinstance(event, DeviceReport) and _print_error(event) is None:
                    old_error = None
    except TimeoutError:
        return Unconfirmed(
            f"The printer did not show the job at work within {timeout_s:.0f} s: "
            "look at the printer before starting it again."
        )
    except LinkFailed as err:
        return Unconfirmed(f"{err} Whether the print started is not known.")


def _judge_command(
    event: DeviceReport | Ack, mirror: Mirror, plan: Plan, sequence_id: str
) -> Done | Refused | None:
    if isinstance(event, Ack):
        if event.sequence_id == sequence_id and event.verdict is Verdict.ACCEPTED:
            return Done()
        return _refused_by(event, sequence_id)
    if plan.needs_control and event.control is ControlAccess.BLOCKED:
        return Refused(faults.DEVELOPER_MODE)
    return Done() if plan.proof and plan.proof(event, mirror.state) else None


def _judge_start(
    event: DeviceReport | Ack, job_id: str, sequence_id: str, old_error: Fault | None
) -> Confirmed | Refused | None:
    if isinstance(event, Ack):
        return _refused_by(event, sequence_id)
    is_ours = event.device_job_id == job_id
    if is_ours and (event.activity in BUSY or event.outcome in PROVES_WORK):
        return Confirmed(event)
    if event.control is ControlAccess.BLOCKED:
        return Refused(faults.DEVELOPER_MODE)
    error = _print_error(event)
    if error is None or error == old_error or error.severity is Severity.INFO:
        return None
    if is_ours or error.code in faults.START_FAILURES:
        return Refused(error.sentence, error.code)
    return None


def _print_error(report: DeviceReport) -> Fault | None:
    errors = (fault for fault in report.faults if not fault.code.startswith(faults.HMS))
    return next(errors, None)


def _refused_by(ack: Ack, sequence_id: str) -> Refused | None:
    if ack.sequence_id != sequence_id:
        return None
    code = str(ack.code) if ack.code else None
    if ack.verdict is Verdict.BLOCKED:
        return Refused(faults.DEVELOPER_MODE, code)
    if ack.verdict is Verdict.REJECTED:
        return Refused(f"The printer refused: {ack.reason or code or 'no reason given'}.", code)
    return None
