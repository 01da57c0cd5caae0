"""A camera's pictures as HTTP answers, for the API and the pages."""

import asyncio
from collections.abc import AsyncGenerator

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from shopwright.accounts.standing import Standing
from shopwright.fleet.cameras.service import Camera, Cameras
from shopwright.fleet.cameras.ways import find_camera
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref, get_process
from shopwright.kernel.errors import ShopError

LOOK_S = 2.0  # how soon a log-out ends a stream of a camera that is silent
LONGEST_S = 600.0  # a page that is still looked at asks again
BOUNDARY = "picture"
STREAM_TYPE = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
HEADERS = {
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "content-security-policy": "default-src 'none'; sandbox",
}


async def answer_snapshot(request: Request, ctx: Actor, ref: Ref) -> Response:
    """A JPEG of at most a second ago."""
    process = get_process(request)
    camera = await find_camera(process, ctx, ref)
    picture = await Cameras.of(process).take_picture(camera)
    return Response(picture.jpeg, media_type="image/jpeg", headers=HEADERS)


async def answer_stream(request: Request, ctx: Actor, ref: Ref) -> Response:
    """Pictures until the viewer leaves, the sign-in ends, or the time is over.

    There is a picture before the answer begins, so that a camera that fails is a proper problem.
    """
    process = get_process(request)
    camera = await find_camera(process, ctx, ref)
    await Cameras.of(process).take_picture(camera)
    parts = follow(process, camera, Standing(process, request, ctx))
    return StreamingResponse(parts, media_type=STREAM_TYPE, headers=HEADERS)


async def follow(
    process: Process, camera: Camera, standing: Standing, *, longest_s: float = LONGEST_S
) -> AsyncGenerator[bytes, None]:
    """The parts of the stream. A viewer who reads slowly gets the newest picture, not each one."""
    loop = asyncio.get_running_loop()
    until, number = loop.time() + longest_s, 0
    with Cameras.of(process).watch(camera) as feed:
        yield f"--{BOUNDARY}\r\n".encode()
        while loop.time() < until and await standing.holds():
            try:
                async with asyncio.timeout(LOOK_S):
                    picture = await feed.after(number)
            except TimeoutError:
                continue
            except ShopError:
                return
            number = picture.number
            yield _part(picture.jpeg)


def _part(jpeg: bytes) -> bytes:
    """With the boundary after it: browsers show a picture when they see where it ends."""
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + f"\r\n--{BOUNDARY}\r\n".encode()
