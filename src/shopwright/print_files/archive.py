"""A 3MF from a stranger, opened so that no archive can cost more than a bounded amount of memory.

Nothing is ever unpacked to disk, and G-code is read only at its beginning.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from shopwright.print_files.sliced_file import PrintFileTooLarge, UnreadablePrintFile
from shopwright.print_files.slicer_values import clean_name

MAX_MEMBERS = 2_000  # 36 plates have about 400; more is no print file
MAX_MEMBER_BYTES = 400_000_000  # unpacked; the largest plates seen are a third of that
MAX_UNPACKED_BYTES = 4_000_000_000  # all members; 36 plates of a hundred megabytes
MAX_RATIO = 200  # G-code packs 4 to 10 times, settings 30 times, a bomb 1,000 times
RATIO_MATTERS_FROM = 1_000_000  # bytes unpacked; below, any ratio is harmless
MAX_READ_BYTES = 1_000_000  # one read of the file; bounds the table of contents
CHUNK_BYTES = 65_536
LOCAL_HEADER_BYTES = 30  # fixed part in front of every member
ENCRYPTED = 0x1 | 0x40  # flag bits: encrypted, strongly encrypted
READABLE_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # all that 3MF allows

_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,  # includes what zipfile does not implement
    ValueError,
    OverflowError,
)


class PrintArchive:
    """A checked archive. Every method raises UnreadablePrintFile on a fault of the file."""

    def __init__(self, path: Path) -> None:
        self._file = _CautiousFile(io.FileIO(path))
        try:
            with _faults_named("the archive"):
                self._zip = zipfile.ZipFile(self._file)
            self._members = _checked_members(self._zip.infolist())
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._zip.close()
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name.casefold() in self._members

    def names(self) -> tuple[str, ...]:
        return tuple(member.filename for member in self._members.values())

    def stream(self, name: str, *, limit: int) -> Iterator[bytes]:
        """The whole member, in chunks; PrintFileTooLarge before the first when it is larger."""
        member = self._members[name.casefold()]
        if member.file_size > limit:
            raise PrintFileTooLarge(
                f"{clean_name(name)} has {member.file_size:,} bytes; at most {limit:,} are read."
            )
        with self._open(member) as content:
            while chunk := content.read(CHUNK_BYTES):
                yield chunk

    def read(self, name: str, *, limit: int) -> bytes:
        return b"".join(self.stream(name, limit=limit))

    def read_head(self, name: str, count: int) -> bytes:
        """The first ``count`` bytes, or all when there are fewer."""
        head = bytearray()
        with self._open(self._members[name.casefold()]) as content:
            while len(head) < count and (chunk := content.read(min(CHUNK_BYTES, count))):
                head += chunk
        return bytes(head[:count])

    @contextmanager
    def _open(self, member: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
        with _faults_named(member.filename), self._zip.open(member) as content:
            yield content


class _CautiousFile(io.BufferedReader):
    """zipfile reads the table of contents in one go, as long as the archive claims it is."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return super().read(MAX_READ_BYTES)
        if size > MAX_READ_BYTES:
            raise PrintFileTooLarge(
                f"The archive's table of contents has {size:,} bytes; "
                f"print files have at most {MAX_READ_BYTES:,}."
            )
        return super().read(size)

    def seek(self, target: int, whence: int = 0, /) -> int:
        if whence == io.SEEK_SET and target < 0:
            raise zipfile.BadZipFile("an offset in front of the file")
        return super().seek(target, whence)


@contextmanager
def _faults_named(name: str) -> Iterator[None]:
    try:
        yield
    except _FAULTS as err:
        raise UnreadablePrintFile(
            f"The file is damaged: {clean_name(name)} cannot be unpacked. "
            "Export it again from the slicer and upload it again."
        ) from err


def _checked_members(members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    if len(members) > MAX_MEMBERS:
        raise PrintFileTooLarge(
            f"The archive has {len(members):,} members; print files have at most {MAX_MEMBERS:,}."
        )
    for member in members:
        _check_name(member.orig_filename)
        _check_packing(member)
        _check_size(member)
    _check_together(members)
    return _by_name(members)


def _check_name(name: str) -> None:
    segments = name.split("/")
    is_absolute = name.startswith("/") or (len(name) > 1 and name[1] == ":")
    if ".." in segments or is_absolute or "\\" in name or "\0" in name or not name:
        raise UnreadablePrintFile(
            f"The archive has a member named “{clean_name(name)}”, which points outside of it. "
            "No slicer writes that; the file is not accepted."
        )


def _check_packing(member: zipfile.ZipInfo) -> None:
    name = clean_name(member.filename)
    if member.flag_bits & ENCRYPTED:
        raise UnreadablePrintFile(
            f"The archive is encrypted ({name}). Export it without a password."
        )
    if member.compress_type not in READABLE_METHODS:
        raise UnreadablePrintFile(
            f"{name} is packed by a method that 3MF does not allow ({member.compress_type})."
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UnreadablePrintFile(f"{name} is a symbolic link; print files have none.")


def _check_size(member: zipfile.ZipInfo) -> None:
    name, size = clean_name(member.filename), member.file_size
    if size > MAX_MEMBER_BYTES:
        raise PrintFileTooLarge(
            f"{name} would unpack to {size:,} bytes; at most {MAX_MEMBER_BYTES:,} are accepted."
        )
    if size > RATIO_MATTERS_FROM and size > MAX_RATIO * member.compress_size:
        raise PrintFileTooLarge(
            f"{name} would unpack to more than {MAX_RATIO} times its size. "
            "This is a ZIP bomb, not a print file."
        )


def _check_together(members: list[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED_BYTES:
        raise PrintFileTooLarge(
            f"The archive would unpack to {total:,} bytes; "
            f"at most {MAX_UNPACKED_BYTES:,} are accepted."
        )
    # Members that share bytes are how a small archive unpacks to a huge one at modest ratios.
    for before, after in pairwise(sorted(members, key=lambda member: member.header_offset)):
        if before.header_offset + LOCAL_HEADER_BYTES + before.compress_size > after.header_offset:
            raise UnreadablePrintFile(
                f"{clean_name(before.filename)} and {clean_name(after.filename)} overlap "
                "in the archive. The file is damaged or hostile."
            )


def _by_name(members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """By folded name: readers disagree on which of two equal names counts, so there may be one."""
    named: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        if named.setdefault(member.filename.casefold(), member) is not member:
            raise UnreadablePrintFile(
                f"The archive holds {clean_name(member.filename)} twice; "
                "it is not clear which counts."
            )
    return named
