"""Profiles for slicing: uploaded, listed, taken away; a new upload of a name replaces the old."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.parts.materials import find_material
from shopwright.parts.queries import TOPIC
from shopwright.parts.slicing import queries
from shopwright.parts.slicing.ini import Bed, read_profile
from shopwright.parts.slicing.models import SliceProfile
from shopwright.print_files.printer_models import find_printer_model

MAX_PROFILES = 200
USUAL_DENSITY = 1.24  # PLA's, for a material that nobody knows
WORDS = re.compile(r"[\w.+()/ -]{1,60}")


class ProfileMissing(NotFound):
    code = "slice-profile-missing"
    title = "There is no such profile"


@dataclass(frozen=True, slots=True)
class NewProfile:
    """As uploaded: ``content`` is the ini."""

    name: str
    printer_model: str
    material: str
    content: bytes


async def list_profiles(session: AsyncSession, ctx: Actor) -> Sequence[SliceProfile]:
    return await queries.list_profiles(session, ctx)


async def get_profile(session: AsyncSession, ctx: Actor, ref: Ref) -> SliceProfile:
    """Raises ProfileMissing."""
    found = await queries.find_profile(session, ctx, ref)
    if found is None:
        raise ProfileMissing(f"There is no profile {ref}.")
    return found


async def add_profile(
    session: WriteSession, ctx: Actor, *, new: NewProfile, now: datetime
) -> SliceProfile:
    """Raises NotAProfile or Invalid with what is wrong."""
    name = _word(new.name, "name", 100)
    wanted = _word(new.printer_model, "printer_model", 60)
    known = find_printer_model(wanted)
    model = known.display if known else wanted
    material = _word(new.material, "material", 40)
    density = find_material(material)
    checked = read_profile(
        new.content,
        printer_model=model,
        material=material,
        density=density.density if density else USUAL_DENSITY,
        bed=Bed(*known.bed_mm) if known and known.bed_mm else None,
    )
    await queries.hide_profiles(session, ctx, name=name, now=now)
    if len(await queries.list_profiles(session, ctx)) >= MAX_PROFILES:
        raise Invalid(f"There are {MAX_PROFILES} profiles already. Take one away first.")
    profile = SliceProfile(
        organization_id=ctx.organization_id,
        name=name,
        printer_model=model,
        material=material,
        settings=checked.settings,
        fingerprint=checked.fingerprint,
        left_out=checked.left_out,
        bed_x_mm=checked.bed.x_mm,
        bed_y_mm=checked.bed.y_mm,
        bed_z_mm=checked.bed.z_mm,
        layer_um=checked.layer_um,
        uploaded_by=ctx.name[:120],
        created_at=now,
    )
    session.add(profile)
    await session.flush()
    audit.record(session, ctx, "slice_profile.added", profile.id, name=name)
    touch(session, ctx.organization_id, TOPIC)
    return profile


async def hide_profile(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> None:
    """What was sliced with it stays."""
    profile = await get_profile(session, ctx, ref)
    await queries.hide_profiles(session, ctx, name=profile.name, now=now)
    audit.record(session, ctx, "slice_profile.deleted", profile.id, name=profile.name)
    touch(session, ctx.organization_id, TOPIC)


def _word(text: str, what: str, most: int) -> str:
    word = " ".join(text.split())
    if not word or len(word) > most or not WORDS.fullmatch(word[:60]) or not word.isprintable():
        raise Invalid(f"{what} has 1 to {most} letters, digits, spaces or . + - ( ) /.")
    return word
