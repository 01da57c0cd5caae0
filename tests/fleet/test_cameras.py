"""One connection to a camera for all who look, and what they are told when there is none."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from fastapi import Request
from httpx import AsyncClient

from shopwright.accounts.identities import IdentityCache
from shopwright.accounts.standing import Standing
from shopwright.fleet.cameras import service as module
from shopwright.fleet.cameras.answers import follow
from shopwright.fleet.cameras.service import (
    Camera,
    Cameras,
    CameraUnavailable,
    NoCamera,
    TooManyViewers,
)
from shopwright.fleet.cameras.ways import find_camera
from shopwright.fleet.port import AuthenticationFailed, CameraMissing, DriverError
from shopwright.fleet.states import DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.live import Hub
from shopwright.kernel.signals import Signal
from shopwright.sandbox.bambu import Knobs, PrinterConfig, VirtualPrinter
from tests import factories
from tests.conftest import ClientAs

PATIENCE_S = 30.0
PRINTER = 7


class Scope:
    """A camera that shows what it is given, and knows how often it was opened and closed."""

    def __init__(self, organization_id: int = 1, printer_id: int = PRINTER) -> None:
        self.opened = self.closed = 0
        self.camera = Camera(organization_id, printer_id, self._pictures)
        self._shots: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    def show(self, shot: bytes | Exception) -> None:
        self._shots.put_nowait(shot)

    async def _pictures(self) -> AsyncGenerator[bytes, None]:
        self.opened += 1
        try:
            while True:
                shot = await self._shots.get()
                if isinstance(shot, Exception):
                    raise shot
                yield shot
        finally:
            self.closed += 1


async def until_closed(scope: Scope, times: int = 1) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while scope.closed < times:  # noqa: ASYNC110  a generator tells nobody that it ended
            await asyncio.sleep(0.01)


@pytest.fixture
def cameras() -> Cameras:
    return Cameras()


async def test_viewers_share_one_connection_and_all_see_each_picture(cameras: Cameras) -> None:
    scope = Scope()
    with cameras.watch(scope.camera) as one, cameras.watch(scope.camera) as other:
        scope.show(b"first")
        seen = await asyncio.gather(one.after(0), other.after(0))
        assert [picture.jpeg for picture in seen] == [b"first", b"first"]
        assert cameras.count_viewers(1) == 2
    assert (scope.opened, cameras.count_viewers(1)) == (1, 0)
    cameras.end_all()


async def test_the_connection_ends_some_seconds_after_the_last_viewer(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINGER_S", 0.2)
    scope = Scope()
    for number in range(3):  # turning the page does not hang up
        with cameras.watch(scope.camera) as feed:
            scope.show(b"picture")
            await feed.after(number)
    assert (scope.opened, scope.closed) == (1, 0)
    await until_closed(scope)
    with cameras.watch(scope.camera) as feed:
        scope.show(b"again")
        assert (await feed.after(0)).jpeg == b"again"
    assert scope.opened == 2
    cameras.end_all()


async def test_a_slow_viewer_misses_pictures_and_only_one_is_kept(cameras: Cameras) -> None:
    scope = Scope()
    with cameras.watch(scope.camera) as feed:
        for number in range(50):
            scope.show(b"picture %d" % number)
        async with asyncio.timeout(PATIENCE_S):
            while feed.newest is None or feed.newest.number < 50:  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert (await feed.after(1)).jpeg == b"picture 49"
    cameras.end_all()


async def test_a_fresh_picture_is_not_taken_again(cameras: Cameras) -> None:
    scope = Scope()
    scope.show(b"fresh")
    assert (await cameras.take_picture(scope.camera)).jpeg == b"fresh"
    assert (await cameras.take_picture(scope.camera)).number == 1
    cameras.end_all()


async def test_an_old_picture_is_not_shown_as_a_new_one(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH_S", 0.0)
    scope = Scope()
    scope.show(b"old")
    await cameras.take_picture(scope.camera)
    scope.show(b"new")
    assert (await cameras.take_picture(scope.camera)).jpeg == b"new"
    assert scope.opened == 1
    cameras.end_all()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (DriverError("Nothing listens on port 6000."), CameraUnavailable),
        (AuthenticationFailed("Check the access code."), CameraUnavailable),
        (CameraMissing("It speaks RTSP."), NoCamera),
    ],
)
async def test_every_viewer_is_told_why_and_the_camera_is_left_alone_for_a_while(
    cameras: Cameras, fault: Exception, told: type[Exception]
) -> None:
    scope = Scope()
    with cameras.watch(scope.camera) as one, cameras.watch(scope.camera) as other:
        scope.show(fault)
        for feed in (one, other):
            with pytest.raises(told, match=str(fault)):
                await feed.after(0)
    with pytest.raises(told, match=str(fault)):
        await cameras.take_picture(scope.camera)
    assert scope.opened == 1
    cameras.end_all()


async def test_a_camera_that_failed_is_asked_again_later(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    scope = Scope()
    scope.show(DriverError("It was switched off."))
    with pytest.raises(CameraUnavailable):
        await cameras.take_picture(scope.camera)
    scope.show(b"back")
    assert (await cameras.take_picture(scope.camera)).jpeg == b"back"
    cameras.end_all()


async def test_a_silent_camera_is_not_waited_for_for_ever(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PICTURE_S", 0.05)
    with pytest.raises(CameraUnavailable, match="no picture in time"):
        await cameras.take_picture(Scope().camera)
    cameras.end_all()


async def test_there_is_an_end_to_how_many_may_look(
    cameras: Cameras, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_OF_PRINTER", 2)
    monkeypatch.setattr(module, "MAX_OF_ORGANIZATION", 3)
    mine, mine_too, theirs = Scope(), Scope(printer_id=8), Scope(organization_id=2, printer_id=9)
    with cameras.watch(mine.camera), cameras.watch(mine.camera):
        with pytest.raises(TooManyViewers, match="2 people look through this camera already"):
            cameras.watch(mine.camera).__enter__()
        with cameras.watch(mine_too.camera):
            with pytest.raises(TooManyViewers, match="3 camera pictures are open already"):
                cameras.watch(mine_too.camera).__enter__()
            with cameras.watch(theirs.camera):
                assert (cameras.count_viewers(1), cameras.count_viewers(2)) == (3, 1)
    cameras.end_all()


async def test_a_printer_that_is_set_up_anew_is_looked_at_anew(cameras: Cameras) -> None:
    hub, scope = Hub(), Scope()
    cameras.attach(hub)
    with cameras.watch(scope.camera) as feed:
        scope.show(b"picture")
        await feed.after(0)
        hub.publish(Signal(1, "printer_setup", PRINTER + 1))
        hub.publish(Signal(1, "printer_setup", PRINTER))
        with pytest.raises(CameraUnavailable, match="was changed"):
            await feed.after(0)
    await until_closed(scope)


async def test_a_stream_ends_with_its_sign_in(process: Process, owner: Actor) -> None:
    request = Request({"type": "http", "headers": [(b"x-api-key", b"sk_gone")]})
    scope, standing = Scope(owner.organization_id), Standing(process, request, owner)
    async with aclosing(follow(process, scope.camera, standing)) as parts:
        assert await anext(parts) == b"--picture\r\n"
        scope.show(b"JPEG")
        assert await anext(parts) == (
            b"Content-Type: image/jpeg\r\nContent-Length: 4\r\n\r\nJPEG\r\n--picture\r\n"
        )
        process.context.keep(IdentityCache).forget_all()
        scope.show(b"NEXT")
        with pytest.raises(StopAsyncIteration):
            await anext(parts)
    assert Cameras.of(process).count_viewers(owner.organization_id) == 0
    Cameras.of(process).end_all()


async def test_a_stream_ends_when_its_time_is_over(process: Process, owner: Actor) -> None:
    request = Request({"type": "http", "headers": [(b"x-api-key", b"sk_1")]})
    scope, standing = Scope(owner.organization_id), Standing(process, request, owner)
    parts = [part async for part in follow(process, scope.camera, standing, longest_s=0)]
    assert parts == [b"--picture\r\n"]
    Cameras.of(process).end_all()


async def make_printer(
    process: Process, ctx: Actor, machine: VirtualPrinter, code: str | None = None
) -> int:
    async with process.database.write() as session:
        printer = await factories.make_printer(session, ctx)
        printer.host, printer.serial = machine.host, machine.serial
        printer.ports = {"camera": machine.camera_port or 1}
        printer.access_code = session.context.vault.encrypt(code or machine.access_code)
        return printer.id


async def test_pictures_come_from_the_printer_over_one_connection(
    process: Process, owner: Actor, client: AsyncClient
) -> None:
    knobs = Knobs(camera_interval_s=0.02)
    async with VirtualPrinter(PrinterConfig(knobs=knobs)) as machine:
        printer_id = await make_printer(process, owner, machine)
        path = f"/api/printers/{printer_id}/camera/snapshot"
        camera = await find_camera(process, owner, Ref(printer_id, None))
        with Cameras.of(process).watch(camera), Cameras.of(process).watch(camera):
            answers = [await client.get(path) for _ in range(3)]
        for answer in answers:
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == "image/jpeg"
            assert answer.headers["cache-control"] == "no-store"
            assert (answer.content[:2], answer.content[-2:]) == (b"\xff\xd8", b"\xff\xd9")
        assert machine.camera_viewers == (1, True)
        Cameras.of(process).end_all()


async def test_a_wrong_code_is_told(process: Process, owner: Actor, client: AsyncClient) -> None:
    async with VirtualPrinter() as machine:
        printer_id = await make_printer(process, owner, machine, code="00000000")
        answer = await client.get(f"/api/printers/{printer_id}/camera/snapshot")
        stream = await client.get(f"/api/printers/{printer_id}/camera/stream")
    assert (answer.status_code, answer.json()["code"]) == (503, "camera-unavailable")
    assert "check the access code" in answer.json()["detail"]
    assert (stream.status_code, stream.json()["code"]) == (503, "camera-unavailable")
    Cameras.of(process).end_all()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model": "X1C", "serial": "00M00A2"}, "The camera of the X1C speaks RTSP"),
        ({"driver": "network", "driven_by": DrivenBy.EXTERNAL}, "software outside drives this"),
    ],
)
async def test_a_printer_without_a_camera_says_why(
    process: Process, owner: Actor, client: AsyncClient, changes: dict[str, object], why: str
) -> None:
    async with process.database.write() as session:
        printer = await factories.make_printer(session, owner)
        for name, value in changes.items():
            setattr(printer, name, value)
        printer_id = printer.id
    answer = await client.get(f"/api/printers/{printer_id}/camera/snapshot")
    assert (answer.status_code, answer.json()["code"]) == (404, "printer-without-camera")
    assert why in answer.json()["detail"]
    Cameras.of(process).end_all()


async def test_nobody_sees_the_camera_of_another_shop(
    process: Process, owner: Actor, stranger: Actor, client_as: ClientAs
) -> None:
    async with process.database.write() as session:
        printer_id = (await factories.make_printer(session, owner)).id
    foreign = await client_as(stranger)
    for what in ("snapshot", "stream"):
        answer = await foreign.get(f"/api/printers/{printer_id}/camera/{what}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
