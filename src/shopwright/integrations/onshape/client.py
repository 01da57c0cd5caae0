"""The adapter for Onshape's REST interface, v10 (fact sheet 4.4)."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from shopwright.integrations.onshape.calls import OnshapeCalls
from shopwright.integrations.onshape.oauth import OnshapeOAuth
from shopwright.integrations.onshape.payloads import (
    DocumentAnswer,
    ElementAnswer,
    MicroversionAnswer,
    SessionAnswer,
    TranslationAnswer,
    decode,
    order_of,
)
from shopwright.parts.onshape.port import (
    Access,
    CallMeter,
    OnshapeApp,
    Source,
    Tab,
    Translation,
)
from shopwright.parts.onshape.states import TabType
from shopwright.parts.states import FileKind

ANY_BYTES = "application/octet-stream"
GLB_BYTES = "model/gltf-binary"
PATHS = {
    TabType.PART_STUDIO: "partstudios",
    TabType.ASSEMBLY: "assemblies",
    TabType.DRAWING: "drawings",
}

T = TypeVar("T")


class Onshape:
    """What the entry point names."""

    def consents(self, app: OnshapeApp) -> OnshapeOAuth:
        return OnshapeOAuth(app)

    def open(self, app: OnshapeApp, access: Access, meter: CallMeter) -> "OnshapeClient":
        return OnshapeClient(OnshapeCalls(app, access, meter))


class OnshapeClient:
    def __init__(self, calls: OnshapeCalls) -> None:
        self._calls = calls

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._calls.close()

    async def read_name(self) -> str:
        found = await self._get("", "/users/sessioninfo", SessionAnswer)
        return found.name or found.email or "an Onshape account"

    async def find_workspace(self, host: str, document: str) -> str:
        found = await self._get(host, f"/documents/{document}", DocumentAnswer)
        return found.default_workspace.id

    async def read_microversion(self, host: str, document: str, workspace: str) -> str:
        path = f"/documents/d/{document}/w/{workspace}/currentmicroversion"
        return (await self._get(host, path, MicroversionAnswer)).microversion

    async def list_tabs(self, host: str, document: str, place: str, place_id: str) -> Sequence[Tab]:
        path = f"/documents/d/{document}/{place}/{place_id}/elements"
        return [found.tab() for found in await self._get(host, path, list[ElementAnswer])]

    async def start_translation(self, source: Source, wanted: FileKind) -> Translation:
        """Translations take a workspace or a version, never a microversion."""
        at = f"w/{source.workspace}" if source.workspace else f"v/{source.pin_id}"
        path = f"/{PATHS[source.tab.type]}/d/{source.document}/{at}/e/{source.tab.id}/translations"
        order = order_of(wanted, source.tab.type, source.configuration)
        body, kind = await self._calls.ask("POST", self._calls.url(source.host, path), order)
        return decode(body, TranslationAnswer, kind).translation()

    async def read_translation(self, host: str, translation_id: str) -> Translation:
        found = await self._get(host, f"/translations/{translation_id}", TranslationAnswer)
        return found.translation()

    async def fetch_result(
        self, host: str, result: Translation, target: Path, *, max_bytes: int
    ) -> None:
        if result.files:
            path = f"/documents/d/{result.document}/externaldata/{result.files[0]}"
        else:
            path = f"/blobelements/d/{result.document}/w/{result.workspace}/e/{result.elements[0]}"
        url = self._calls.url(host, path)
        await self._calls.save(url, ANY_BYTES, target, max_bytes=max_bytes)

    async def fetch_directly(self, source: Source, target: Path, *, max_bytes: int) -> None:
        at = f"d/{source.document}/{source.pin}/{source.pin_id}/e/{source.tab.id}"
        if source.tab.type is TabType.FILE:
            path, accept = f"/blobelements/{at}", ANY_BYTES
        else:
            path, accept = f"/{PATHS[source.tab.type]}/{at}/gltf", GLB_BYTES
        url = self._calls.url(source.host, path)
        await self._calls.save(url, accept, target, max_bytes=max_bytes)

    async def _get(self, host: str, path: str, kind: type[T]) -> T:
        body, content_type = await self._calls.ask("GET", self._calls.url(host, path))
        return decode(body, kind, content_type)
