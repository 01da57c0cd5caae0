"""What the stand-in knows: documents and tabs, grants, translations, the calls of the year."""

import itertools
import secrets
from dataclasses import dataclass, field

from shopwright.sandbox.etsy.clock import SandboxClock
from shopwright.sandbox.onshape.faults import Faults
from shopwright.sandbox.onshape.files import Box, glb_of, pdf_of, step_of

ACCESS_S = 3600
CODE_S = 600
MODELS = ("PARTSTUDIO", "ASSEMBLY")
FORMATS = {"PARTSTUDIO": ("STEP", "GLTF"), "ASSEMBLY": ("STEP", "GLTF"), "APPLICATION": ("PDF",)}
PATHS = {"partstudios": "PARTSTUDIO", "assemblies": "ASSEMBLY", "drawings": "APPLICATION"}


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class OnshapeConfig:
    client_id: str = "SANDBOXONSHAPECLIENTID234567ABCDEF="
    client_secret: str = "sandbox-onshape-secret"
    redirect_uris: tuple[str, ...] = ("http://127.0.0.1:8000/api/parts/auth/onshape/callback",)
    access_key: str = "sandbox-access-key"
    secret_key: str = "sandbox-secret-key"
    name: str = "Maker of the sandbox"
    polls: int = 2  # that a translation stays ACTIVE
    yearly_calls: int = 2500


@dataclass
class Element:
    id: str
    name: str
    type: str  # PARTSTUDIO, ASSEMBLY, APPLICATION (a drawing), BLOB
    document: str
    box: Box | None = None  # None: empty
    content: bytes = b""  # of a BLOB

    def export(self, wanted: str) -> bytes | None:
        """None when there is nothing to export."""
        if wanted == "PDF":
            return pdf_of(self.name)
        if wanted == "GLTF":
            return glb_of(self.box)
        return step_of(self.box, self.name) if self.box else None


@dataclass
class Document:
    id: str
    name: str
    workspace: str
    microversion: str
    version: str
    elements: dict[str, Element] = field(default_factory=dict)
    is_shared: bool = True

    def has(self, place: str, place_id: str) -> bool:
        known = {"w": self.workspace, "v": self.version}
        return place == "m" or known.get(place) == place_id


@dataclass
class Translation:
    id: str
    element: Element
    wanted: str
    polls: int
    failure: str | None = None
    files: list[str] | None = None

    @property
    def state(self) -> str:
        if self.polls > 0:
            return "ACTIVE"
        return "FAILED" if self.failure else "DONE"


@dataclass
class Code:
    redirect_uri: str
    expires_at: float


class World:
    def __init__(self, config: OnshapeConfig) -> None:
        self.config = config
        self.clock = SandboxClock()
        self.faults = Faults()
        self.calls = 0  # that counted: answered with 2xx or 3xx
        self.log: list[str] = []  # "METHOD path" of every call to the interface
        self.leaks: list[str] = []  # access that was shown to the host with the files
        self.failure: str | None = None  # why the next translations fail
        self.is_endless = False  # translations that never end
        self.is_archived = 0  # results come as an archive of so many files
        self.codes: dict[str, Code] = {}
        self.access: dict[str, float] = {}
        self.refresh: set[str] = set()
        self.refreshes = 0
        self.translations: dict[str, Translation] = {}
        self.files: dict[str, bytes] = {}
        self._numbers = itertools.count(1)
        self.documents: dict[str, Document] = {}
        self._fill()

    def _fill(self) -> None:
        bracket = self.add_document("Bracket")
        self.studio = self.add_element(bracket, "Bracket", "PARTSTUDIO", box=(40, 20, 5))
        self.drawing = self.add_element(bracket, "Bracket Drawing 1", "APPLICATION")
        frame = self.add_document("Frame")
        self.assembly = self.add_element(frame, "Frame", "ASSEMBLY", box=(100, 60, 30))
        self.empty = self.add_element(frame, "Part Studio 2", "PARTSTUDIO")
        self.blob = self.add_element(
            frame, "spacer.step", "BLOB", content=step_of((10, 10, 2), "spacer")
        )

    def add_document(self, name: str) -> Document:
        document = Document(self.new_id(), name, self.new_id(), self.new_id(), self.new_id())
        self.documents[document.id] = document
        return document

    def add_element(
        self,
        document: Document,
        name: str,
        kind: str,
        *,
        box: Box | None = None,
        content: bytes = b"",
    ) -> Element:
        element = Element(self.new_id(), name, kind, document.id, box, content)
        document.elements[element.id] = element
        return element

    def new_id(self) -> str:
        return f"{next(self._numbers):04x}{secrets.token_hex(10)}"

    def edit(self, document_id: str, box: Box | None = None) -> None:
        """Somebody works on it: another microversion, and its first studio is another box."""
        document = self.documents[document_id]
        document.microversion = self.new_id()
        if box is not None:
            first = next(e for e in document.elements.values() if e.type in MODELS)
            first.box = box

    def check_quota(self) -> None:
        if self.calls >= self.config.yearly_calls:
            raise Refused(402, "API call limit reached")

    def find_document(self, document_id: str) -> Document:
        document = self.documents.get(document_id)
        if document is None:
            raise Refused(404, "Not found")
        if not document.is_shared:
            raise Refused(403, "Forbidden")
        return document

    def find_element(self, did: str, place: str, place_id: str, eid: str) -> Element:
        document = self.find_document(did)
        element = document.elements.get(eid)
        if not document.has(place, place_id) or element is None:
            raise Refused(404, "Not found")
        return element

    def translate(self, element: Element, wanted: str) -> Translation:
        if wanted not in FORMATS.get(element.type, ()):
            raise Refused(400, f"Format {wanted} is not supported for this element")
        polls = 1_000_000 if self.is_endless else self.config.polls
        made = Translation(self.new_id(), element, wanted, polls, failure=self.failure)
        self.translations[made.id] = made
        return made

    def poll(self, translation_id: str) -> Translation:
        found = self.translations.get(translation_id)
        if found is None:
            raise Refused(404, "Not found")
        found.polls = max(0, found.polls - 1)
        if found.state == "DONE" and found.files is None:
            content = found.element.export(found.wanted)
            found.files = [] if content is None else [self.keep(content)]
        return found

    def keep(self, content: bytes) -> str:
        """A file under a new id."""
        name = self.new_id()
        self.files[name] = content
        return name

    def new_code(self, redirect_uri: str) -> str:
        code = secrets.token_urlsafe(24)
        self.codes[code] = Code(redirect_uri, self.clock.now() + CODE_S)
        return code

    def redeem(self, code: str, redirect_uri: str) -> dict[str, object]:
        """Any try spends the code."""
        found = self.codes.pop(code, None)
        if found is None or self.clock.now() >= found.expires_at:
            raise Refused(400, "invalid_grant")
        if found.redirect_uri != redirect_uri:
            raise Refused(400, "invalid_grant")
        return self.issue()

    def rotate(self, refresh_token: str) -> dict[str, object]:
        """A refresh token works once."""
        if refresh_token not in self.refresh:
            raise Refused(400, "invalid_grant")
        self.refresh.remove(refresh_token)
        self.refreshes += 1
        return self.issue()

    def issue(self) -> dict[str, object]:
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self.access[access] = self.clock.now() + ACCESS_S
        self.refresh.add(refresh)
        return {
            "access_token": access,
            "token_type": "bearer",
            "expires_in": ACCESS_S,
            "refresh_token": refresh,
            "scope": "OAuth2ReadPII OAuth2Read",
        }

    def revoke(self) -> None:
        """Its owner takes the consent back."""
        self.access.clear()
        self.refresh.clear()
