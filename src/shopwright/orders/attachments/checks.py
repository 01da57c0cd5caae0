"""Is a file what its name says? Looked at in bounded pieces; nothing of it is ever run or drawn."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from shopwright.files.images import UNREADABLE
from shopwright.kernel.errors import Invalid
from shopwright.orders.customers.states import FileType
from shopwright.print_files.archive import PrintArchive
from shopwright.print_files.sliced_file import PrintFileTooLarge, UnreadablePrintFile

HEAD_BYTES = 1_000_000
STL_HEADER, STL_TRIANGLE = 84, 50  # bytes of a binary STL before its triangles, and of each
MAX_PIXELS = 100_000_000  # of a picture nobody here decodes; a camera's has 50 million
IMAGE_FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "gif": "GIF"}
_GCODE = re.compile(rb"^\s*(;|[GMT]\d)", re.MULTILINE | re.IGNORECASE)
_VERTEX = re.compile(rb"^v\s+-?[\d.]", re.MULTILINE)


class FileNotAsNamed(Invalid):
    code = "file-not-as-named"
    title = "This file is not what its name says"


class FileIsEmpty(Invalid):
    code = "file-empty"
    title = "This file is empty"


@dataclass(frozen=True, slots=True)
class Kind:
    """``content_type`` is told to whoever fetches the file; it always comes as an attachment."""

    file_type: FileType
    content_type: str
    fits: Callable[[Path, str], bool]
    word: str


def kind_of(filename: str) -> Kind:
    """By the ending of the name; what is not known is ``other``."""
    return KINDS.get(_ending(filename), OTHER)


def check_content(path: Path, filename: str) -> Kind:
    """Reads the disk: call it in a thread. Raises FileIsEmpty or FileNotAsNamed."""
    if path.stat().st_size == 0:
        raise FileIsEmpty(f"“{filename[:80]}” has no content. Choose the file again.")
    kind = kind_of(filename)
    if not kind.fits(path, _ending(filename)):
        raise FileNotAsNamed(
            f"“{filename[:80]}” is no {kind.word}, though its name says so. "
            "Save it again from the program it came from, or give it its right ending."
        )
    return kind


def _ending(filename: str) -> str:
    return filename.rpartition(".")[2].lower() if "." in filename else ""


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _is_text(head: bytes) -> bool:
    return b"\x00" not in head


def _fits_stl(path: Path, _: str) -> bool:
    head = _head(path)
    if len(head) >= STL_HEADER:
        count = int.from_bytes(head[80:STL_HEADER], "little")
        if path.stat().st_size == STL_HEADER + STL_TRIANGLE * count:
            return True
    return head.lstrip()[:5].lower() == b"solid" and b"facet" in head.lower() and _is_text(head)


def _fits_obj(path: Path, _: str) -> bool:
    head = _head(path)
    return _is_text(head) and bool(_VERTEX.search(head))


def _fits_3mf(path: Path, _: str) -> bool:
    try:
        with PrintArchive(path) as archive:
            return any(name.lower().endswith(".model") for name in archive.names())
    except (UnreadablePrintFile, PrintFileTooLarge):
        return False


def _fits_gcode(path: Path, _: str) -> bool:
    head = _head(path)
    return _is_text(head) and bool(_GCODE.search(head))


def _fits_image(path: Path, ending: str) -> bool:
    try:
        with Image.open(path, formats=(IMAGE_FORMATS[ending],)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return False
            picture.verify()
    except UNREADABLE:
        return False
    return True


def _fits_pdf(path: Path, _: str) -> bool:
    return b"%PDF-" in _head(path)[:1024]


def _fits_anything(_: Path, __: str) -> bool:
    return True


OTHER = Kind(FileType.OTHER, "application/octet-stream", _fits_anything, "file")
KINDS: Mapping[str, Kind] = {
    "stl": Kind(FileType.MODEL, "model/stl", _fits_stl, "STL model"),
    "obj": Kind(FileType.MODEL, "model/obj", _fits_obj, "OBJ model"),
    "3mf": Kind(FileType.MODEL, "model/3mf", _fits_3mf, "3MF model"),
    "gcode": Kind(FileType.GCODE, "text/x.gcode", _fits_gcode, "G-code"),
    "gco": Kind(FileType.GCODE, "text/x.gcode", _fits_gcode, "G-code"),
    "jpg": Kind(FileType.IMAGE, "image/jpeg", _fits_image, "JPEG picture"),
    "jpeg": Kind(FileType.IMAGE, "image/jpeg", _fits_image, "JPEG picture"),
    "png": Kind(FileType.IMAGE, "image/png", _fits_image, "PNG picture"),
    "gif": Kind(FileType.IMAGE, "image/gif", _fits_image, "GIF picture"),
    "pdf": Kind(FileType.PDF, "application/pdf", _fits_pdf, "PDF"),
}
