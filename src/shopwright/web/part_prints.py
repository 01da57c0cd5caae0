"""Slicing on a part's page: profiles, how far it is, and the step it adds to a recipe."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx
from shopwright.catalog import service as catalog
from shopwright.catalog.rules import StepSpec
from shopwright.kernel.edge import Now, Read, Ref, Write, parse_ref, path_ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.parts.materials import MATERIALS
from shopwright.parts.slicing import profiles, service
from shopwright.parts.slicing.uploads import receive_profile
from shopwright.print_files.printer_models import BAMBU_MODELS, OTHER_BRANDS
from shopwright.web.page import PageCtx, done

router = APIRouter(include_in_schema=False)

PROFILES = "/parts/profiles"
PartRef = Annotated[Ref, path_ref("part")]
ProfileRef = Annotated[Ref, path_ref("slice_profile")]
SlicingRef = Annotated[Ref, path_ref("slicing")]
FIRST_PLATE = 1


class NothingSliced(Conflict):
    code = "slicing-not-done"
    title = "There is no print file yet"


@router.get(PROFILES)
async def show_profiles(page: PageCtx, session: Read) -> Response:
    return page.render(
        "slice_profiles.html",
        active="parts",
        topics="parts",
        profiles=await profiles.list_profiles(session, page.actor),
        can_slice=service.find_program() is not None,
        models=[model.display for model in (*BAMBU_MODELS, *OTHER_BRANDS)],
        materials=[material.name for material in MATERIALS],
    )


@router.post(PROFILES)
async def add_profile(request: Request, ctx: MemberCtx) -> Response:
    profile = await receive_profile(request, ctx)
    return done(request, f"{profile.name} can be used for slicing.", to=PROFILES)


@router.post("/parts/profiles/{slice_profile}/remove")
async def remove_profile(
    request: Request, ctx: MemberCtx, session: Write, now: Now, slice_profile: ProfileRef
) -> Response:
    await profiles.hide_profile(session, ctx, ref=slice_profile, now=now)
    return done(request, "The profile is gone; what was sliced with it stays.", to=PROFILES)


@router.post("/parts/{part}/slicings")
async def slice_part(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    part: PartRef,
    profile: Annotated[str, Form(max_length=40)],
) -> Response:
    """The work goes on after the answer; the page shows how far it is."""
    row = await service.want_slicing(session, ctx, ref=part, profile_ref=parse_ref(profile))
    return done(request, "It is being sliced.", to=f"/parts/{row.part_id}")


@router.post("/parts/{part}/slicings/{slicing}/recipe")
async def add_to_recipe(
    *,
    request: Request,
    ctx: MemberCtx,
    session: Write,
    part: PartRef,
    slicing: SlicingRef,
    sku: Annotated[str, Form(max_length=200)],
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Printing this file becomes one more step of what makes that product."""
    row = await service.get_slicing(session, ctx, part, slicing)
    if row.print_file_id is None:
        raise NothingSliced("The part is not sliced yet, so there is nothing to print.")
    code = sku.strip()
    found = await catalog.find_variants_by_code(session, ctx, [code])
    if code not in found:
        raise NotFound(f"There is no product with the SKU “{code[:80]}”.")
    step = StepSpec(Ref(row.print_file_id, None), FIRST_PLATE, name=name.strip())
    variant = await catalog.add_step(session, ctx, variant_id=found[code].id, step=step)
    sentence = f"Printing it is a step of {variant.sku} now."
    return done(request, sentence, to=f"/parts/{row.part_id}")
