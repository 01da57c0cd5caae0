"""Onshape's JSON as it comes (fact sheet 4.4), and what it means in our words."""

from typing import TypeVar

import msgspec

from shopwright.kernel.errors import BrokenUpstream
from shopwright.parts.onshape.port import Tab, Translation
from shopwright.parts.onshape.states import TabType
from shopwright.parts.states import FileKind

T = TypeVar("T")
MAX_SAID = 200
MAX_NAME = 200
TAB_TYPES = {
    "PARTSTUDIO": TabType.PART_STUDIO,
    "ASSEMBLY": TabType.ASSEMBLY,
    "DRAWING": TabType.DRAWING,
    "BLOB": TabType.FILE,
}
DRAWING_TYPE = "drawing"  # within the data type of an APPLICATION: onshape-app/drawing
FORMATS = {FileKind.STEP: "STEP", FileKind.GLB: "GLTF", FileKind.PDF: "PDF"}


class TokenAnswer(msgspec.Struct):
    access_token: str
    refresh_token: str
    expires_in: int = 3600


class SessionAnswer(msgspec.Struct):
    name: str = ""
    email: str = ""


class WorkspaceAnswer(msgspec.Struct):
    id: str


class DocumentAnswer(msgspec.Struct):
    default_workspace: WorkspaceAnswer = msgspec.field(name="defaultWorkspace")


class MicroversionAnswer(msgspec.Struct):
    microversion: str


class ElementAnswer(msgspec.Struct):
    id: str
    name: str = ""
    element_type: str = msgspec.field(name="elementType", default="")
    data_type: str | None = msgspec.field(name="dataType", default=None)

    def tab(self) -> Tab:
        return Tab(self.id, self.name[:MAX_NAME], self._type())

    def _type(self) -> TabType:
        if self.element_type == "APPLICATION" and DRAWING_TYPE in (self.data_type or "").lower():
            return TabType.DRAWING
        return TAB_TYPES.get(self.element_type, TabType.OTHER)


class TranslationAnswer(msgspec.Struct):
    id: str
    state: str = msgspec.field(name="requestState")
    failure: str | None = msgspec.field(name="failureReason", default=None)
    files: list[str] | None = msgspec.field(name="resultExternalDataIds", default=None)
    elements: list[str] | None = msgspec.field(name="resultElementIds", default=None)
    document: str | None = msgspec.field(name="resultDocumentId", default=None)
    workspace: str | None = msgspec.field(name="resultWorkspaceId", default=None)

    def translation(self) -> Translation:
        """A state we do not know is one to wait in."""
        failure = None
        if self.state == "FAILED":
            failure = (self.failure or "Onshape gave no reason").strip()[:MAX_SAID]
        return Translation(
            id=self.id,
            is_over=self.state in {"DONE", "FAILED"},
            failure=failure,
            files=tuple(self.files or ()),
            elements=tuple(self.elements or ()),
            document=self.document or "",
            workspace=self.workspace or "",
        )


class Refusal(msgspec.Struct):
    message: str = ""
    error: str = ""
    error_description: str = ""


def decode(body: bytes, kind: type[T], content_type: str = "") -> T:
    """Raises BrokenUpstream, also for a page of HTML under a good status."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        shown = content_type.partition(";")[0].strip()[:60] or "no known type"
        raise BrokenUpstream(f"Onshape gave an answer that cannot be read ({shown}).") from err


def said_in(body: bytes) -> str:
    """Why Onshape refused, in its words, or nothing."""
    try:
        refusal = msgspec.json.decode(body, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    text = refusal.error_description or refusal.message or refusal.error
    return " ".join(text.split())[:MAX_SAID].rstrip(".")


def order_of(wanted: FileKind, tab: TabType, configuration: str) -> dict[str, object]:
    """The body that asks for a translation. Grouped: several parts come in one file."""
    order: dict[str, object] = {"formatName": FORMATS[wanted], "storeInDocument": False}
    if wanted is FileKind.PDF:
        return order | {
            "currentSheetOnly": False,
            "selectablePdfText": True,
            "colorMethod": "color",
        }
    order["translate"] = True
    if tab is TabType.PART_STUDIO:
        order["grouping"] = True
    if configuration:
        order["configuration"] = configuration
    return order
