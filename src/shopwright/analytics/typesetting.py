"""Reports as PDF: typst in a child process, with limits on memory and time."""

import asyncio
import hashlib
import sys
from collections import OrderedDict

import msgspec
from starlette.responses import Response

from shopwright.analytics.papers import Paper
from shopwright.kernel.errors import Unavailable

PDF = "application/pdf"
WALL_S = 60
AT_ONCE = 2  # children of this process
KEPT = 8  # the last PDFs: whoever opens one often saves it next


class PdfResponse(Response):
    media_type = PDF


class Typesetter:
    """One per process."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._made: OrderedDict[str, bytes] = OrderedDict()

    async def answer(self, name: str, paper: Paper) -> PdfResponse:
        """For saving; raises as ``make`` does."""
        headers = {"content-disposition": f'attachment; filename="{name}.pdf"'}
        return PdfResponse(await self.make(paper), headers=headers)

    async def make(self, paper: Paper) -> bytes:
        """Raises Unavailable when it takes too long or cannot be set."""
        content = msgspec.json.encode(paper.content())
        key = hashlib.sha256(content).hexdigest()
        if key not in self._made:
            async with self._turn:
                self._made[key] = await _typeset(content)
        self._made.move_to_end(key)
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return self._made[key]


async def _typeset(content: bytes) -> bytes:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shopwright.analytics.typeset",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        pdf, words = await asyncio.wait_for(child.communicate(content), WALL_S)
    except TimeoutError as err:
        raise Unavailable("The PDF took too long. Ask for fewer days, or for the CSV.") from err
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        last = words.decode(errors="replace").strip().rpartition("\n")[2]
        raise Unavailable(f"The PDF could not be made: {last[:200]}")
    return pdf
