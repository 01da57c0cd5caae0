"""Labels as PDF: typst in a child process."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from shopwright.kernel.actor import Actor
from shopwright.kernel.children import ChildFailed, run_child
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Invalid, Unavailable
from shopwright.parts import service
from shopwright.parts.converting import Workplaces, limits_of, work_folder
from shopwright.parts.labels.papers import (
    MOST_LABELS,
    check_skipped,
    content_of,
    get_paper,
)
from shopwright.parts.models import Part

CHILD = "shopwright.parts.labels.label_child"
CPU_S, WALL_S = 45, 60.0
MEMORY_MB = 2048  # of addresses: typst maps its fonts and starts a thread per core


class LabelsUnavailable(Unavailable):
    code = "labels-unavailable"
    title = "The labels could not be made"


async def list_parts(session: AsyncSession, ctx: Actor, refs: Sequence[Ref]) -> list[Part]:
    """In the order they are named, each once; raises PartMissing, or Invalid for none or too
    many."""
    if not 1 <= len(refs) <= MOST_LABELS:
        raise Invalid(f"Name 1 to {MOST_LABELS} parts to make labels of; these are {len(refs)}.")
    found = [(await service.get_part(session, ctx, ref)).part for ref in refs]
    return list({part.id: part for part in found}.values())


async def make_labels(
    process: Process, parts: Sequence[Part], *, size: str, skipped: int = 0
) -> bytes:
    """A PDF; raises UnknownPaper, Invalid, or LabelsUnavailable."""
    paper = get_paper(size)
    check_skipped(paper, skipped)
    content = content_of(parts, paper, process.settings.pages_url, skipped)
    limits = replace(limits_of(process), memory_mb=MEMORY_MB, cpu_s=CPU_S, wall_s=WALL_S)
    async with process.context.keep(Workplaces).places, work_folder(process) as folder:
        source, target = folder / "labels.json", folder / "labels.pdf"
        await asyncio.to_thread(source.write_text, json.dumps(content))
        work = {"content": str(source), "target": str(target)}
        try:
            await run_child(CHILD, work, limits=limits, progress=lambda _: None)
        except ChildFailed as failure:
            raise LabelsUnavailable(f"The labels could not be set: {failure}.") from failure
        return await asyncio.to_thread(target.read_bytes)


class PdfResponse(Response):
    media_type = "application/pdf"


def send_labels(pdf: bytes, parts: Sequence[Part]) -> PdfResponse:
    """To be saved or opened by the browser's own viewer."""
    name = f"label-{parts[0].code}.pdf" if len(parts) == 1 else "labels.pdf"
    return PdfResponse(
        pdf,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
