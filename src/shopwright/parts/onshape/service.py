"""What people ask for: the model or drawing of an Onshape address as a part's next version."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import NotFound
from shopwright.parts import service as parts
from shopwright.parts.onshape.models import OnshapeExport, OnshapePull
from shopwright.parts.onshape.pulls import find_latest, want_pull
from shopwright.parts.onshape.sources import locate
from shopwright.parts.queries import FoundPart
from shopwright.parts.service import PartSpec
from shopwright.parts.states import FileKind

Writing = AbstractAsyncContextManager[WriteSession]


class NothingAsked(NotFound):
    code = "onshape-nothing-asked"
    title = "Nothing of this part was asked of Onshape"


@dataclass(frozen=True, slots=True)
class Pulled:
    """How far it is; the export says so, and ``pull.version`` once the part has it."""

    pull: OnshapePull
    export: OnshapeExport


async def pull_file(
    process: Process,
    ctx: Actor,
    *,
    ref: Ref,
    wanted: FileKind,
    url: str | None,
    writing: Writing,
) -> Pulled:
    """From ``url``, else from the part's own address. Onshape is asked what that is before the
    transaction opens; raises what it answers."""
    async with process.database.read() as session:
        part = (await parts.get_part(session, ctx, ref)).part
    source = await locate(process, ctx, url or part.onshape_url, wanted)
    async with writing as session:
        now = process.clock.now()
        return Pulled(
            *await want_pull(session, ctx, ref=ref, source=source, wanted=wanted, now=now)
        )


async def create_part(
    process: Process, ctx: Actor, *, spec: PartSpec, wanted: FileKind, writing: Writing
) -> tuple[FoundPart, Pulled]:
    """A part called as its tab, unless it has a name, with its first file on the way."""
    source = await locate(process, ctx, str(spec.facts.get("onshape_url") or ""), wanted)
    named = replace(spec, name=spec.name or source.tab.name or None)
    async with writing as session:
        now = process.clock.now()
        made = await parts.create_part(session, ctx, spec=named, now=now)
        ref = Ref(made.part.id, None)
        pulled = await want_pull(session, ctx, ref=ref, source=source, wanted=wanted, now=now)
        return await parts.get_part(session, ctx, ref), Pulled(*pulled)


async def get_latest(process: Process, ctx: Actor, ref: Ref) -> Pulled:
    """What was last asked for; raises PartMissing or NothingAsked."""
    async with process.database.read() as session:
        part = (await parts.get_part(session, ctx, ref)).part
        found = await find_latest(session, ctx, part.id)
    if found is None:
        raise NothingAsked("Nothing of this part was asked of Onshape yet.")
    return Pulled(*found)
