"""How a profile is taken in."""

import asyncio

from starlette.requests import Request

from shopwright.files.access import incoming_folder
from shopwright.files.uploads import receive_upload
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import get_process, writing
from shopwright.parts.slicing import profiles
from shopwright.parts.slicing.models import SliceProfile
from shopwright.parts.slicing.profiles import NewProfile

MAX_MB = 1
INI = ".ini"


async def receive_profile(request: Request, ctx: Actor) -> SliceProfile:
    """The request's ini with ``name``, ``printer_model`` and ``material``; without a name the
    file's. A refused one leaves nothing."""
    process = get_process(request)
    folder = incoming_folder(process.settings)
    async with receive_upload(request, folder, max_mb=MAX_MB) as upload:
        content = await asyncio.to_thread(upload.path.read_bytes)
        new = NewProfile(
            name=upload.fields.get("name", "").strip() or upload.filename.removesuffix(INI),
            printer_model=upload.fields.get("printer_model", ""),
            material=upload.fields.get("material", ""),
            content=content,
        )
    async with writing(request) as session:
        return await profiles.add_profile(session, ctx, new=new, now=process.clock.now())
