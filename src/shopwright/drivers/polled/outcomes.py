"""Settling a start by what the printer shows afterwards; an acknowledgement proves nothing."""

import asyncio

from shopwright.drivers.errors import CredentialRejected, LinkFailed
from shopwright.drivers.polled.link import Answer
from shopwright.drivers.polled.session import Feed
from shopwright.fleet.port import Confirmed, DeviceReport, Done, Refused, Unconfirmed
from shopwright.fleet.states import BUSY, Activity, Outcome

BROKEN, AWAY = 500, 503  # HTTP's; 503 is said before anything is done
PROVES_WORK = frozenset({Outcome.FINISHED, Outcome.CANCELLED, Outcome.FAILED})


def why_not_now(report: DeviceReport | None) -> Refused | None:
    """The first reason against starting; None when nothing speaks against it."""
    if report is None or not report.is_full:
        return Refused("The printer has not reported its state since we connected; nothing sent.")
    if report.activity is not Activity.IDLE:
        word = report.native or "an unknown state"
        return Refused(f"The printer is not free to start: it reports {word}.")
    if report.has_storage is False:
        return Refused("The printer has no usable storage: put a USB stick or card in.")
    return None


def is_unclear(answer: Answer) -> bool:
    """An error of the program, or of a proxy that did not wait for it, proves nothing: what was
    asked may have been done."""
    return answer.status >= BROKEN and answer.status != AWAY


def settled(answer: Answer, program: str) -> Done | Refused | Unconfirmed:
    """What became of a command."""
    if answer.is_good:
        return Done()
    if is_unclear(answer):
        return Unconfirmed(
            f"{program} broke off: {answer.reason}. Whether it was done is not known."
        )
    return Refused(f"{program} refused: {answer.reason}", str(answer.status))


def shows(report: DeviceReport, device_job_id: str) -> bool:
    """Our job is at work, or was: its id is used once only."""
    is_at_work = report.activity in BUSY or report.outcome in PROVES_WORK
    return report.device_job_id == device_job_id and is_at_work


async def settle_start(feed: Feed, device_job_id: str, limit_s: float) -> Confirmed | Unconfirmed:
    try:
        async with asyncio.timeout(limit_s):
            while True:
                report = await feed.next_report()
                if shows(report, device_job_id):
                    return Confirmed(report)
    except TimeoutError:
        return Unconfirmed(
            f"The printer did not show the job at work within {limit_s:.0f} s: "
            "look at the printer before starting it again."
        )
    except (LinkFailed, CredentialRejected) as err:
        return Unconfirmed(f"{err} Whether the print started is not known.")
