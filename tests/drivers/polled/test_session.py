"""Asking again and again: one question at a time, and what counts as lost."""

import asyncio
import dataclasses
from datetime import UTC, datetime

import pytest

from shopwright.drivers.errors import CredentialRejected, LinkFailed, NoAnswer
from shopwright.drivers.polled.session import Session
from shopwright.fleet.port import DeviceReport
from shopwright.fleet.states import Activity, ConnectionState, Outcome

REPORT = DeviceReport(
    observed_at=datetime(2026, 11, 21, tzinfo=UTC),
    connection=ConnectionState.ONLINE,
    activity=Activity.IDLE,
    outcome=Outcome.NONE,
    device_job_id=None,
    is_full=True,
)


class Printer:
    """Answers from a list; an error is raised, and the last answer is given for ever."""

    def __init__(self, *answers: DeviceReport | Exception) -> None:
        self._answers = list(answers)
        self.at_once = self.most_at_once = 0

    async def read(self) -> DeviceReport:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_questions_never_overlap() -> None:
    printer = Printer(REPORT)
    session = Session(printer.read, every_s=0.001, silence_s=1)
    await session.open()
    await asyncio.gather(*(session.refresh() for _ in range(20)))
    await session.close()
    assert printer.most_at_once == 1


async def test_one_missing_answer_is_no_loss() -> None:
    later = dataclasses.replace(REPORT, native="later")
    session = Session(Printer(REPORT, NoAnswer("hm"), later).read, every_s=0.001, silence_s=5)
    await session.open()
    with session.listen() as feed:
        assert (await feed.next_report()).native == "later"
    await session.close()


@pytest.mark.parametrize("error", [LinkFailed("gone"), CredentialRejected("no longer")])
async def test_a_loss_ends_every_listener_with_its_own_words(
    error: LinkFailed | CredentialRejected,
) -> None:
    session = Session(Printer(REPORT, error).read, every_s=0.001, silence_s=5)
    await session.open()
    with session.listen() as one, session.listen() as other:
        for feed in (one, other):
            with pytest.raises(type(error), match=str(error)):
                await feed.next_report()
    with session.listen() as late, pytest.raises(type(error)):
        await late.next_report()
    await session.close()
