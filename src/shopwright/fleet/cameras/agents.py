"""Cameras of printers that an agent drives: a picture is asked for in the database, the agent takes
it on its network and hands it over. Any process may ask, whichever one the agent talks to."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from shopwright.fleet.cameras import queries
from shopwright.fleet.cameras.models import CameraShot
from shopwright.fleet.port import CameraMissing, DriverError
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.live import Hub, touch
from shopwright.kernel.signals import Signal

ASKED, TAKEN = "camera_asked", "camera_taken"  # topics
EVERY_S = 2.0  # each picture is a message to the agent, and one back
ANSWER_S = 15.0
LOOK_S = 1.0  # a safety net; the agent's answer wakes whoever asked
AWAITED = timedelta(seconds=ANSWER_S)


@dataclass(frozen=True, slots=True)
class Shot:
    """What an agent says: a picture, or why there is none; ``is_missing``: there will be none."""

    number: int
    jpeg: bytes | None = None
    trouble: str | None = None
    is_missing: bool = False


async def pictures(process: Process, ctx: Actor, printer_id: int) -> AsyncGenerator[bytes, None]:
    """About one every two seconds. Raises CameraMissing, or DriverError with the agent's words."""
    with _listening(process.context.hub, ctx, printer_id) as heard:
        try:
            while True:
                yield await _take(process, ctx, printer_id, heard)
                await asyncio.sleep(EVERY_S)
        finally:
            async with process.database.write() as session:
                await queries.drop(session, ctx, printer_id)


async def record_shot(session: WriteSession, ctx: Actor, *, printer_id: int, shot: Shot) -> bool:
    """False when nobody awaits it any more."""
    is_wanted = await queries.hand_over(
        session,
        ctx,
        printer_id,
        shot.number,
        content=shot.jpeg,
        trouble=shot.trouble,
        is_missing=shot.is_missing,
    )
    if is_wanted:
        touch(session, ctx.organization_id, TAKEN, printer_id)
    return is_wanted


async def _take(process: Process, ctx: Actor, printer_id: int, heard: asyncio.Event) -> bytes:
    async with process.database.write() as session:
        number = await queries.ask(session, ctx, printer_id, process.clock.now())
        touch(session, ctx.organization_id, ASKED, printer_id)
    try:
        async with asyncio.timeout(ANSWER_S):
            return _content(await _await_shot(process, ctx, printer_id, number, heard))
    except TimeoutError as err:
        raise DriverError("Its agent sent no picture in time. Is the agent connected?") from err


async def _await_shot(
    process: Process, ctx: Actor, printer_id: int, number: int, heard: asyncio.Event
) -> CameraShot:
    while True:
        heard.clear()
        async with process.database.read() as session:
            shot = await queries.find_shot(session, ctx, printer_id)
        if shot is not None and shot.taken >= number and _says_something(shot):
            return shot
        try:
            async with asyncio.timeout(LOOK_S):
                await heard.wait()
        except TimeoutError:
            continue


def _says_something(shot: CameraShot) -> bool:
    """Not while another viewer's process has asked for the next one already."""
    return shot.content is not None or shot.trouble is not None or shot.is_missing


def _content(shot: CameraShot) -> bytes:
    if shot.content is not None:
        return shot.content
    kind = CameraMissing if shot.is_missing else DriverError
    raise kind(shot.trouble or "Its agent has no picture.")


@contextmanager
def _listening(hub: Hub, ctx: Actor, printer_id: int) -> Iterator[asyncio.Event]:
    heard = asyncio.Event()

    def hear(signal: Signal) -> None:
        if signal.topic == TAKEN and signal.key == printer_id:
            heard.set()

    leave = hub.listen(ctx.organization_id, hear)
    try:
        yield heard
    finally:
        leave()
