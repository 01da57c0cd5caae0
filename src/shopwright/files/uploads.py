"""A multipart upload, streamed to a file that is gone afterwards: bounded in memory and on disk."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from shopwright.files.disk import incoming_file
from shopwright.kernel.edge import allow_body
from shopwright.kernel.errors import Invalid, TooLarge

PART = "file"
MEGABYTE = 1_000_000
WRITE_BYTES = 1_048_576  # gathered before a thread is asked to write
MAX_FIELD_BYTES = 65_536  # all parts that are no file
ENVELOPE_BYTES = 2 * MAX_FIELD_BYTES  # what a request has beyond its file
MAX_FILENAME = 255
MAX_SHOWN = 80  # characters of a name repeated in a refusal


class UploadMalformed(Invalid):
    code = "upload-malformed"
    title = "This is no upload"


class UploadTooLarge(TooLarge):
    code = "upload-too-large"
    title = "This upload is too large"


@dataclass(frozen=True, slots=True)
class Upload:
    """``content_type`` is what the sender claims, lower case; nothing relies on it. ``fields`` are
    the parts that are no file, by name; of one name twice, the first."""

    path: Path
    filename: str
    content_type: str
    size: int
    fields: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def receive_upload(
    request: Request, folder: Path, *, max_mb: int, part: str = PART
) -> AsyncIterator[Upload]:
    """The file of the part ``part``, on disk while the context is open.

    Raises UploadMalformed or UploadTooLarge as soon as it is known; parts without a file name
    come as ``fields``.
    """
    boundary = _boundary(request, part)
    _check_length(request, max_mb)
    allow_body(request, 2 * max_mb * MEGABYTE + ENVELOPE_BYTES)  # the reader's refusals come first
    reader = _FormReader(boundary, max_mb, part)
    with incoming_file(folder) as (file, path):
        await _stream(request, reader, file)
        yield reader.finished(path)


def check_filename(name: str) -> str:
    """The name in composed form; raises UploadMalformed for a path or an unprintable name."""
    name = unicodedata.normalize("NFC", name)
    if not name.strip() or not name.isprintable():
        raise UploadMalformed("The file has no readable name. Rename it and upload it again.")
    if "/" in name or "\\" in name or name in {".", ".."}:
        raise UploadMalformed(
            f"“{name[:MAX_SHOWN]}” is a path, not a file name. Send the name of the file alone."
        )
    if len(name) > MAX_FILENAME:
        raise UploadMalformed(
            f"The file name has {len(name):,} characters; at most {MAX_FILENAME} are kept."
        )
    return name


def _boundary(request: Request, part: str) -> bytes:
    header = request.headers.get("content-type", "")
    media_type, options = parse_options_header(header)
    if media_type != b"multipart/form-data":
        shown = media_type.decode("latin-1")[:MAX_SHOWN] or "of no named type"
        raise UploadMalformed(
            f"Send the file as multipart/form-data, in a part named “{part}”; this is {shown}."
        )
    boundary = options.get(b"boundary")
    if not boundary:
        raise UploadMalformed("The Content-Type of the upload names no boundary.")
    return boundary


def _check_length(request: Request, max_mb: int) -> None:
    """A told length is believed when it is too long; what really comes is counted anyway."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told) > max_mb * MEGABYTE + ENVELOPE_BYTES:
        raise _too_large(max_mb)


def _too_large(max_mb: int) -> UploadTooLarge:
    return UploadTooLarge(f"The file has more than {max_mb} MB, which is the limit here.")


async def _stream(request: Request, reader: "_FormReader", file: IO[bytes]) -> None:
    try:
        async for chunk in request.stream():
            reader.feed(chunk)
            if len(reader.pending) >= WRITE_BYTES:
                await asyncio.to_thread(file.write, reader.take())
    except ClientDisconnect as err:
        raise _broken_off() from err
    await asyncio.to_thread(file.write, reader.take())
    await asyncio.to_thread(file.flush)


def _broken_off() -> UploadMalformed:
    return UploadMalformed("The upload broke off before its end. Send it again.")


class _FormReader:
    """Finds the one file in a multipart body that comes in pieces."""

    def __init__(self, boundary: bytes, max_mb: int, part: str) -> None:
        self.pending = bytearray()
        self._max_mb = max_mb
        self._part = part
        self._size = 0
        self._field_bytes = 0
        self._fields: dict[str, bytearray] = {}
        self._field: bytearray | None = None  # the one that is being read
        self._filename: str | None = None
        self._content_type = ""
        self._name, self._value = b"", b""
        self._headers: dict[bytes, bytes] = {}
        self._is_in_file = False
        self._is_complete = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as err:
            raise _not_well_formed() from err

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.write(chunk)
        except FormParserError as err:
            raise _not_well_formed() from err

    def take(self) -> bytes:
        """What is to be written next."""
        taken = bytes(self.pending)
        self.pending.clear()
        return taken

    def finished(self, path: Path) -> Upload:
        if not self._is_complete:
            raise _broken_off()
        if self._filename is None:
            raise self._no_file()
        fields = {name: _decoded(bytes(value)) for name, value in self._fields.items()}
        return Upload(path, self._filename, self._content_type, self._size, fields)

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        filename = options.get(b"filename")
        self._is_in_file = filename is not None
        name = _decoded(options.get(b"name", b""))
        if filename is not None:
            self._begin_file(name, _decoded(filename))
        else:
            self._field = (
                None if name in self._fields else self._fields.setdefault(name, bytearray())
            )
        self._headers = {}

    def _begin_file(self, part: str, filename: str) -> None:
        if part != self._part:
            raise self._no_file()
        if self._filename is not None:
            raise UploadMalformed("Send one file at a time.")
        self._filename = check_filename(filename)
        media_type, _ = parse_options_header(self._headers.get(b"content-type"))
        self._content_type = media_type.decode("latin-1")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_in_file:
            self._add_to_field(data[start:end])
            return
        self._size += end - start
        if self._size > self._max_mb * MEGABYTE:
            raise _too_large(self._max_mb)
        self.pending += data[start:end]

    def _add_to_field(self, content: bytes) -> None:
        self._field_bytes += len(content)
        if self._field_bytes > MAX_FIELD_BYTES:
            raise UploadMalformed(f"The upload has too much beside the part “{self._part}”.")
        if self._field is not None:
            self._field += content

    def _on_end(self) -> None:
        self._is_complete = True

    def _no_file(self) -> UploadMalformed:
        return UploadMalformed(f"The upload has no file. Send it in a part named “{self._part}”.")


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _not_well_formed() -> UploadMalformed:
    return UploadMalformed("The upload is not well-formed multipart/form-data.")
