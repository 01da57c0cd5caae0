"""Whether an uploaded file is what its name says, from a look at its beginning and its end.

Nothing is parsed here: a file of any size takes a few reads, and a hostile one only meets the
reader in a process of its own.
"""

import json
import os
import struct
import zipfile
from pathlib import Path
from typing import IO

from shopwright.kernel.errors import Invalid
from shopwright.parts.states import FileKind

HEAD_BYTES = 65_536
STEP_MAGIC = b"ISO-10303-21"
PDF_HEAD = 1024  # viewers look that far for the magic
GLB_MAGIC, GLB_VERSION = b"glTF", 2
MAX_GLB_JSON = 20_000_000
STL_HEADER, STL_FACET = 84, 50  # bytes
MODEL_IN_3MF = "3D/3dmodel.model"
ENDINGS = {
    ".step": FileKind.STEP,
    ".stp": FileKind.STEP,
    ".stl": FileKind.STL,
    ".3mf": FileKind.THREE_MF,
    ".obj": FileKind.OBJ,
    ".glb": FileKind.GLB,
    ".pdf": FileKind.PDF,
}
CONTENT_TYPES = {
    FileKind.STEP: "application/step",
    FileKind.STL: "model/stl",
    FileKind.THREE_MF: "model/3mf",
    FileKind.OBJ: "model/obj",
    FileKind.GLB: "model/gltf-binary",
    FileKind.PDF: "application/pdf",
}
ACCEPTED = "Upload a .step, .stp, .stl, .3mf, .obj or .glb model, or a .pdf drawing."


class NotAPartFile(Invalid):
    code = "part-file-unreadable"
    title = "This is no file of a part"


def check_file(path: Path, name: str) -> FileKind:
    """Raises NotAPartFile with what is wrong; reads little, whatever the size."""
    kind = kind_of(name)
    if path.stat().st_size == 0:
        raise NotAPartFile("The file is empty. Export it again and upload it again.")
    with path.open("rb") as file:
        complaint = _CHECKS[kind](file)
    if complaint:
        raise NotAPartFile(complaint)
    return kind


def kind_of(name: str) -> FileKind:
    """By the ending; raises NotAPartFile for any other."""
    ending = Path(name).suffix.lower()
    if ending not in ENDINGS:
        raise NotAPartFile(f"“{name[:80]}” is no file of a part. {ACCEPTED}")
    return ENDINGS[ending]


def _check_step(file: IO[bytes]) -> str | None:
    head = file.read(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    while head.startswith(b"/*"):  # comments may stand before the first word
        head = head.partition(b"*/")[2].lstrip()
    if head.startswith(STEP_MAGIC):
        return None
    return (
        "The name ends with .step, but the content is no STEP file: it does not begin with "
        "ISO-10303-21. Export it from the CAD program as STEP."
    )


def _check_pdf(file: IO[bytes]) -> str | None:
    if b"%PDF-" in file.read(PDF_HEAD):
        return None
    return "The name ends with .pdf, but the content is no PDF."


def _check_stl(file: IO[bytes]) -> str | None:
    size = os.fstat(file.fileno()).st_size
    head = file.read(HEAD_BYTES)
    if size >= STL_HEADER:
        (facets,) = struct.unpack_from("<I", head, STL_HEADER - 4)
        if size == STL_HEADER + facets * STL_FACET and facets:
            return None
    if head.lstrip().lower().startswith(b"solid") and b"facet" in head.lower():
        return None
    return "The name ends with .stl, but the content is no STL model, or it breaks off."


def _check_3mf(file: IO[bytes]) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = {name.lstrip("/").lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "The name ends with .3mf, but the content is no 3MF archive, or it breaks off."
    if MODEL_IN_3MF.lower() in names or any(name.endswith(".model") for name in names):
        return None
    return "The 3MF archive has no model in it."


def _check_obj(file: IO[bytes]) -> str | None:
    head = file.read(HEAD_BYTES)
    if b"\x00" not in head and any(line.startswith(b"v ") for line in head.splitlines()):
        return None
    return "The name ends with .obj, but the content is no OBJ model: it has no vertices."


def _check_glb(file: IO[bytes]) -> str | None:
    """A GLB that names files elsewhere is refused: nobody fetches those."""
    head = file.read(20)
    if len(head) < 20 or head[:4] != GLB_MAGIC:  # noqa: PLR2004  header and first chunk's
        return "The name ends with .glb, but the content is no GLB model."
    version, _, length, kind = struct.unpack("<III4s", head[4:])
    if version != GLB_VERSION or kind != b"JSON" or length > MAX_GLB_JSON:
        return "Only GLB of glTF 2.0 is read."
    try:
        document = json.loads(file.read(length))
        references = [
            entry["uri"]
            for name in ("buffers", "images")
            for entry in document.get(name) or ()
            if "uri" in entry
        ]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return "The GLB model breaks off, or its description is not well-formed."
    if any(not str(uri).startswith("data:") for uri in references):
        return (
            f"The GLB model refers to another file ({str(references[0])[:60]}), which is not "
            "fetched. Export it with everything embedded."
        )
    return None


_CHECKS = {
    FileKind.STEP: _check_step,
    FileKind.PDF: _check_pdf,
    FileKind.STL: _check_stl,
    FileKind.THREE_MF: _check_3mf,
    FileKind.OBJ: _check_obj,
    FileKind.GLB: _check_glb,
}
