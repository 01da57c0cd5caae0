"""What an Onshape address means: which tab, at which fixed state of its document.

A workspace changes under our hands, so its current microversion is read once and stands for it;
what was fetched of a microversion or a version is never asked for again.
"""

from collections.abc import Sequence

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Invalid
from shopwright.parts.onshape import exports
from shopwright.parts.onshape.access import open_onshape
from shopwright.parts.onshape.links import OnshapeLink, parse_link
from shopwright.parts.onshape.port import OnshapeMissing, OnshapePort, Source, Tab
from shopwright.parts.onshape.states import SOURCES, TabType
from shopwright.parts.states import FileKind

SHOWN_TABS = 5
FORMATS = {"step": FileKind.STEP, "glb": FileKind.GLB, "gltf": FileKind.GLB, "pdf": FileKind.PDF}
WANTED = {
    FileKind.STEP: "a part studio, an assembly or a STEP file",
    FileKind.GLB: "a part studio, an assembly or a GLB file",
    FileKind.PDF: "a drawing",
}


class NoSuchTab(Invalid):
    code = "onshape-tab-unclear"
    title = "The address does not say which tab is meant"


def format_of(text: str) -> FileKind:
    """Raises Invalid with the formats there are."""
    wanted = FORMATS.get(text.strip().lower().lstrip("."))
    if wanted is None:
        raise Invalid(f"format must be step, glb or pdf, not {text[:8]!r}.")
    return wanted


async def locate(process: Process, ctx: Actor, url: str | None, wanted: FileKind) -> Source:
    """At most three calls; raises NotAnOnshapeLink and NoSuchTab before anything is fetched."""
    link = parse_link(url, process.settings.onshape_url)
    async with await open_onshape(process, ctx) as onshape:
        place, place_id = link.place, link.place_id
        if place is None or place_id is None:
            place, place_id = "w", await onshape.find_workspace(link.host, link.document)
        workspace = place_id if place == "w" else None
        pin, pin_id = place, place_id
        if workspace is not None:
            pin = "m"
            pin_id = await onshape.read_microversion(link.host, link.document, workspace)
        tab = await _known_tab(process, ctx, link, pin_id, wanted)
        if tab is None:
            tab = await _find_tab(onshape, link, (place, place_id), wanted)
    source = Source(
        host=link.host,
        document=link.document,
        pin=pin,
        pin_id=pin_id,
        tab=tab,
        workspace=workspace,
        configuration=link.configuration,
    )
    _check_translatable(source, wanted)
    return source


def is_direct(source: Source, wanted: FileKind) -> bool:
    """It is a file as it lies there, or the GLB of a microversion: nothing is translated."""
    is_fixed = source.pin == "m" and source.workspace is None
    return source.tab.type is TabType.FILE or (is_fixed and wanted is FileKind.GLB)


async def _known_tab(
    process: Process, ctx: Actor, link: OnshapeLink, pin_id: str, wanted: FileKind
) -> Tab | None:
    """From an earlier export of the same state, which saves a call."""
    if link.element is None:
        return None
    async with process.database.read() as session:
        tab = await exports.find_tab(session, ctx, link.document, pin_id, link.element)
    return tab if tab is not None and tab.type in SOURCES[wanted] else None


async def _find_tab(
    onshape: OnshapePort, link: OnshapeLink, at: tuple[str, str], wanted: FileKind
) -> Tab:
    """The tab that is named, if it fits; else the only one of the document that does."""
    tabs = await onshape.list_tabs(link.host, link.document, *at)
    if link.element is not None:
        named = next((tab for tab in tabs if tab.id == link.element), None)
        if named is None:
            raise OnshapeMissing("The document has no such tab any more. Copy its address anew.")
        if _fits(named, wanted):
            return named
        if wanted is not FileKind.PDF:
            raise NoSuchTab(f"“{named.name[:80]}” is no {_words(wanted)}.")
    return _only(tabs, wanted)


def _only(tabs: Sequence[Tab], wanted: FileKind) -> Tab:
    """Of the models a tab of Onshape's own goes before an uploaded file."""
    fitting = [tab for tab in tabs if _fits(tab, wanted)]
    own = [tab for tab in fitting if tab.type is not TabType.FILE] or fitting
    if len(own) == 1:
        return own[0]
    if not own:
        raise NoSuchTab(f"The document has no tab that is {WANTED[wanted]}.")
    names = ", ".join(f"“{tab.name[:40]}”" for tab in own[:SHOWN_TABS])
    raise NoSuchTab(
        f"The document has {len(own)} tabs to choose from: {names}. Open the one you mean in "
        "Onshape and copy its whole address, …/e/…."
    )


def _fits(tab: Tab, wanted: FileKind) -> bool:
    if tab.type is TabType.FILE:
        endings = {"stp", "step"} if wanted is FileKind.STEP else {wanted.value}
        return tab.name.rsplit(".", maxsplit=1)[-1].lower() in endings
    return tab.type in SOURCES[wanted]


def _check_translatable(source: Source, wanted: FileKind) -> None:
    if source.pin == "m" and source.workspace is None and not is_direct(source, wanted):
        raise NoSuchTab(
            "The address names a microversion (/m/…), of which Onshape exports no "
            f"{wanted.value.upper()}. Use the address of a version (/v/…) or of the workspace."
        )


def _words(wanted: FileKind) -> str:
    return WANTED[wanted].removeprefix("a ")
