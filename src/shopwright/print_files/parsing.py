"""The way in: an uploaded file, by its name and by what it really is, becomes a SlicedFile."""

from pathlib import Path

from shopwright.print_files.gcode import read_gcode
from shopwright.print_files.gcode_3mf import read_gcode_3mf
from shopwright.print_files.sliced_file import (
    FileKind,
    PrintFileTooLarge,
    SlicedFile,
    UnreadablePrintFile,
)
from shopwright.print_files.slicer_values import clean_name

MAX_FILE_BYTES = 500_000_000  # Wi-Fi printers take 100 KB/s: this would be uploading for 80 minutes
MAX_STEM = 100  # characters of a plate named after its file
ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"
BGCODE_MAGIC = b"GCDE"
ACCEPTED = "Upload a .gcode.3mf (“Export plate sliced file”) or a .gcode."


def read_sliced_file(path: Path, *, filename: str | None = None) -> SlicedFile:
    """What is in the file; ``filename`` is the uploader's name for it, where ``path`` has another.

    Raises UnreadablePrintFile, and nothing else, whatever the content. Memory stays bounded and
    little is read; hostile files take up to a second of CPU, so keep it off the event loop.
    """
    name = filename or path.name
    kind = _kind_by_name(name)
    _check_size(path.stat().st_size)
    with path.open("rb") as file:
        _check_magic(kind, file.read(4))
    if kind is FileKind.GCODE_3MF:
        return read_gcode_3mf(path)
    return read_gcode(path, name=_stem(name))


def _kind_by_name(name: str) -> FileKind:
    lowered = name.casefold()
    if lowered.endswith(".3mf"):
        return FileKind.GCODE_3MF
    if lowered.endswith((".gcode", ".gco")):
        return FileKind.GCODE
    if lowered.endswith((".bgcode", ".bgc")):
        raise _binary_gcode()
    raise UnreadablePrintFile(f"“{clean_name(name)}” is not a sliced file. {ACCEPTED}")


def _check_size(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise PrintFileTooLarge(
            f"The file has {size:,} bytes; at most {MAX_FILE_BYTES:,} are accepted. "
            "Slice fewer plates into one file."
        )
    if size == 0:
        raise UnreadablePrintFile("The file is empty. Export it again and upload it again.")


def _check_magic(kind: FileKind, magic: bytes) -> None:
    is_zip = magic in {ZIP_MAGIC, EMPTY_ZIP_MAGIC}
    if kind is FileKind.GCODE_3MF and not is_zip:
        raise UnreadablePrintFile(
            f"The name ends with .3mf, but the content is no 3MF archive. {ACCEPTED}"
        )
    if kind is FileKind.GCODE and is_zip:
        raise UnreadablePrintFile(
            "The name ends with .gcode, but the content is a ZIP archive. "
            "If it is a sliced 3MF, name it .gcode.3mf."
        )
    if magic == BGCODE_MAGIC:
        raise _binary_gcode()


def _binary_gcode() -> UnreadablePrintFile:
    return UnreadablePrintFile(
        "Binary G-code (.bgcode) is not read. In PrusaSlicer turn off “Supports binary G-code” "
        "in the printer settings and export a .gcode."
    )


def _stem(name: str) -> str:
    base = name.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    return clean_name(base.rsplit(".", maxsplit=1)[0])[:MAX_STEM]
