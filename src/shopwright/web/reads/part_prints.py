"""What a part's page says of printing it: what was sliced, or what it takes by estimate."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Ref
from shopwright.parts.models import PartFile
from shopwright.parts.queries import FoundPart
from shopwright.parts.slicing import profiles, queries, service
from shopwright.parts.slicing.estimates import Estimate
from shopwright.parts.slicing.models import SliceProfile, Slicing
from shopwright.parts.states import SOLID, ConversionStatus
from shopwright.web.reads.inbox import Choice, list_choices


@dataclass(frozen=True, slots=True)
class Prints:
    """``estimate`` is None once the newest model was sliced; ``choices`` are what recipes the
    result may go into."""

    slicings: Sequence[tuple[Slicing, SliceProfile]]
    newest_sha256: str
    estimate: Estimate | None
    estimate_material: str
    can_slice: bool
    profiles: Sequence[SliceProfile]
    choices: Sequence[Choice]


async def read_prints(
    session: AsyncSession, ctx: Actor, found: FoundPart, files: Sequence[PartFile]
) -> Prints | None:
    """None until the model is measured; ``files`` come newest first."""
    made = found.conversion
    models = [file for file in files if file.kind in SOLID]
    if made is None or not models or made.size_x_mm is None:
        return None
    slicings = await queries.list_slicings(session, ctx, found.part.id)
    newest = models[0].sha256
    done = [row for row, _ in slicings if row.status is ConversionStatus.DONE]
    guess: tuple[Estimate | None, str] = (None, "")
    if all(row.source_sha256 != newest for row in done):
        ref = Ref(found.part.id, None)
        guess = await service.estimate_part(session, ctx, ref, profile_ref=None, material=None)
    return Prints(
        slicings=slicings,
        newest_sha256=newest,
        estimate=guess[0],
        estimate_material=guess[1],
        can_slice=service.find_program() is not None,
        profiles=await profiles.list_profiles(session, ctx),
        choices=await list_choices(session, ctx.organization_id) if done else [],
    )
