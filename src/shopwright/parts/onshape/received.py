"""Whether a file from Onshape is what was asked for; it may come in an archive, or be empty."""

import base64
import binascii
import json
import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any

from shopwright.kernel.errors import Conflict
from shopwright.parts.file_checks import GLB_MAGIC, GLB_VERSION, NotAPartFile, check_file
from shopwright.parts.states import FileKind

HEAD_BYTES = 512
ZIP_MAGIC = b"PK\x03\x04"
ENDINGS = {
    FileKind.STEP: (".step", ".stp"),
    FileKind.GLB: (".glb", ".gltf"),
    FileKind.PDF: (".pdf",),
}
MAX_GLTF_TEXT = 200_000_000
NOTHING = "There is nothing to export: the tab is empty."
SHOWN_FILES = 5


class OnshapeExportFailed(Conflict):
    code = "onshape-export-failed"
    title = "Onshape exported no file"


def make_fit(path: Path, wanted: FileKind, *, max_bytes: int) -> None:
    """Unpacks it in its place where needed; raises OnshapeExportFailed with what is wrong."""
    if path.stat().st_size == 0:
        raise OnshapeExportFailed(NOTHING)
    if _head(path).startswith(ZIP_MAGIC):
        _unpack(path, wanted, max_bytes)
    head = _head(path).lstrip()
    if head[:1] == b"<":
        raise OnshapeExportFailed("Onshape sent a web page instead of the file. Try again later.")
    if wanted is FileKind.GLB and head[:1] == b"{":
        _pack_gltf(path)
    try:
        check_file(path, f"export{ENDINGS[wanted][0]}")
    except NotAPartFile as err:
        raise OnshapeExportFailed(f"Onshape sent no {wanted.value.upper()} file.") from err
    if wanted is FileKind.GLB and not _scene(path).get("meshes"):
        raise OnshapeExportFailed(NOTHING)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _unpack(path: Path, wanted: FileKind, max_bytes: int) -> None:
    """Several parts may come in one archive; only a single file can be a version of a part."""
    inner = path.with_name(path.name + ".inner")
    try:
        with zipfile.ZipFile(path) as archive:
            entry = _only_entry(archive, wanted)
            if entry.file_size > max_bytes:
                raise OnshapeExportFailed("The archive from Onshape holds more than is taken here.")
            with archive.open(entry) as source, inner.open("wb") as target:
                shutil.copyfileobj(source, target)  # stops where the archive says it ends
        inner.replace(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as err:
        raise OnshapeExportFailed("The archive from Onshape is damaged. Try again.") from err
    finally:
        inner.unlink(missing_ok=True)


def _only_entry(archive: zipfile.ZipFile, wanted: FileKind) -> zipfile.ZipInfo:
    fitting = [
        entry for entry in archive.infolist() if entry.filename.lower().endswith(ENDINGS[wanted])
    ]
    if not fitting:
        raise OnshapeExportFailed(f"The archive from Onshape holds no {wanted.value.upper()} file.")
    if len(fitting) > 1:
        names = ", ".join(entry.filename[:40] for entry in fitting[:SHOWN_FILES])
        raise OnshapeExportFailed(
            f"Onshape exported {len(fitting)} files ({names}). Put one part in a studio of its "
            "own, or use the address of an assembly."
        )
    return fitting[0]


def _pack_gltf(path: Path) -> None:
    """glTF as text with its one buffer inside becomes a GLB; what lies elsewhere is not fetched."""
    try:
        document, binary = _parts_of(path.read_bytes())
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        raise OnshapeExportFailed("Onshape sent a glTF model that cannot be read.") from err
    text = json.dumps(document, separators=(",", ":")).encode()
    chunks = _chunk(b"JSON", text, b" ") + (_chunk(b"BIN\x00", binary, b"\x00") if binary else b"")
    header = GLB_MAGIC + struct.pack("<II", GLB_VERSION, 12 + len(chunks))
    path.write_bytes(header + chunks)


def _parts_of(text: bytes) -> tuple[dict[str, Any], bytes]:
    if len(text) > MAX_GLTF_TEXT:
        raise ValueError("too long")
    document = json.loads(text)
    buffers = document.get("buffers") or []
    if len(buffers) > 1:
        raise ValueError("more than one buffer")
    if not buffers:
        return document, b""
    head, _, encoded = str(buffers[0].pop("uri", "")).partition(",")
    if not head.startswith("data:") or not head.endswith(";base64"):
        raise ValueError("the buffer lies elsewhere")
    try:
        return document, base64.b64decode(encoded, validate=True)
    except binascii.Error as err:
        raise ValueError("the buffer is damaged") from err


def _chunk(kind: bytes, content: bytes, fill: bytes) -> bytes:
    padded = content + fill * (-len(content) % 4)
    return struct.pack("<I", len(padded)) + kind + padded


def _scene(path: Path) -> dict[str, Any]:
    """The description of a GLB that was looked at before."""
    with path.open("rb") as file:
        (length,) = struct.unpack_from("<I", file.read(20), 12)
        found: dict[str, Any] = json.loads(file.read(length))
    return found
