"""Uploads that are refused: the exact answer, and nothing kept in the database or on disk."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from starlette.types import Message

from shopwright.files.uploads import MAX_FIELD_BYTES
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.print_files.printer_models import ALL_MODELS
from tests.conftest import bearer
from tests.print_files import factories
from tests.print_files.factories import GCODE, PROJECT_SETTINGS, SLICE_INFO
from tests.print_files.uploading import NAME, NOTHING, URL, sliced, upload, what_is_stored

ACCEPTED = "Upload a .gcode.3mf (“Export plate sliced file”) or a .gcode."
BOUNDARY = "shopwright-test-boundary"
MULTIPART_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
MULTIPART = {"content-type": MULTIPART_TYPE}
POST = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": URL,
    "raw_path": URL.encode(),
    "root_path": "",
    "query_string": b"",
    "scheme": "http",
    "client": ("127.0.0.1", 50000),
    "server": ("shop.test", 80),
}
TOO_LARGE = "The file has more than 1 MB, which is the limit here."
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE config [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    "<config><plate>&a;</plate></config>"
)
KNOWN_MODELS = [model.display for model in ALL_MODELS]
UNKNOWN = factories.settings(printer_model="Unheard Of Z9")
UNKNOWN_CODE = factories.slice_info(printer_model_id="Z9")


@pytest.fixture(autouse=True)
async def nothing_is_stored(process: Process) -> AsyncIterator[None]:
    """After every test of this module."""
    yield
    assert await what_is_stored(process) == NOTHING


def refusal(answer: Response) -> tuple[int, str, str]:
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["detail"] == body["error"]
    return answer.status_code, body["code"], body["detail"]


def form(content: bytes, disposition: str = f'name="file"; filename="{NAME}"') -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def zip_bomb() -> bytes:
    """20 MB of zeros in 20 KB."""
    return factories.zip_bytes({**factories.members(), "Metadata/plate_2.gcode": bytes(20_000_000)})


def lying_size() -> bytes:
    """The directory says that a member of 2 MB has 4 GB."""
    content = bytearray(sliced({"Metadata/plate_1.png": bytes(2_000_000)}))
    name = content.rindex(b"Metadata/plate_1.png")
    at = content.rindex(b"PK\x01\x02", 0, name)
    content[at + 24 : at + 28] = struct.pack("<L", 0xF0000000)
    return bytes(content)


CONTENTS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "0 bytes": (
        lambda: b"",
        "print-file-unreadable",
        "The file is empty. Export it again and upload it again.",
    ),
    "a picture": (
        factories.picture,
        "print-file-unreadable",
        f"The name ends with .3mf, but the content is no 3MF archive. {ACCEPTED}",
    ),
    "zip bomb": (
        zip_bomb,
        "print-file-too-large",
        (
            "Metadata/plate_2.gcode would unpack to more than 200 times its size. "
            "This is a ZIP bomb, not a print file."
        ),
    ),
    "member of 4 GB": (
        lying_size,
        "print-file-too-large",
        (
            "Metadata/plate_1.png would unpack to 4,026,531,840 bytes; "
            "at most 400,000,000 are accepted."
        ),
    ),
    "name with ..": (
        lambda: factories.zip_bytes({**factories.members(), "../../evil.gcode": "G28"}),
        "print-file-unreadable",
        (
            "The archive has a member named “../../evil.gcode”, which points outside of it. "
            "No slicer writes that; the file is not accepted."
        ),
    ),
    "XML entities": (
        lambda: sliced({SLICE_INFO: ENTITIES}),
        "print-file-unreadable",
        (
            "Metadata/slice_info.config declares a document type or entities. "
            "No slicer writes that; the file is not accepted."
        ),
    ),
    "unsliced": (
        lambda: sliced({SLICE_INFO: None, GCODE: None}),
        "print-file-unsliced",
        (
            "This file is a project, not a sliced plate. Slice it, then choose "
            "“Export plate sliced file” in the slicer and upload the .gcode.3mf."
        ),
    ),
    "some archive": (
        lambda: factories.zip_bytes({"holiday.txt": "sun"}),
        "print-file-unreadable",
        (
            "This is a ZIP archive, but not a sliced 3MF. In the slicer choose "
            "“Export plate sliced file” and upload the .gcode.3mf."
        ),
    ),
    "cut short": (
        lambda: sliced()[:2000],
        "print-file-unreadable",
        (
            "The file is damaged: the archive cannot be unpacked. "
            "Export it again from the slicer and upload it again."
        ),
    ),
    "unknown printer model": (
        lambda: sliced({PROJECT_SETTINGS: UNKNOWN, SLICE_INFO: UNKNOWN_CODE}),
        "printer-model-unknown",
        (
            "This file was sliced for the printer model “Z9”, which is not known here. "
            f"Slice it for one of these: {', '.join(KNOWN_MODELS)}."
        ),
    ),
}


@pytest.mark.parametrize("case", CONTENTS)
async def test_hostile_content_is_refused(client: AsyncClient, case: str) -> None:
    make, code, sentence = CONTENTS[case]
    assert refusal(await upload(client, make())) == (400, code, sentence)


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        (
            "../../etc/cron.d/x.gcode.3mf",
            "upload-malformed",
            (
                "“../../etc/cron.d/x.gcode.3mf” is a path, not a file name. "
                "Send the name of the file alone."
            ),
        ),
        (
            "..\\x.gcode",
            "upload-malformed",
            "“..\\x.gcode” is a path, not a file name. Send the name of the file alone.",
        ),
        (
            "..",
            "upload-malformed",
            "“..” is a path, not a file name. Send the name of the file alone.",
        ),
        (
            "x\x00.gcode.3mf",
            "upload-malformed",
            "The file has no readable name. Rename it and upload it again.",
        ),
        (
            "x" * 300 + ".gcode.3mf",
            "upload-malformed",
            "The file name has 310 characters; at most 255 are kept.",
        ),
        (
            "bracket.stl",
            "print-file-unreadable",
            f"“bracket.stl” is not a sliced file. {ACCEPTED}",
        ),
    ],
)
async def test_hostile_name_is_refused(
    client: AsyncClient, name: str, code: str, sentence: str
) -> None:
    body = form(sliced(), f'name="file"; filename="{name}"')
    answer = await client.post(URL, content=body, headers=MULTIPART)
    assert refusal(answer) == (400, code, sentence)


async def test_file_that_says_it_is_a_picture_is_refused(client: AsyncClient) -> None:
    assert refusal(await upload(client, sliced(), content_type="image/png")) == (
        400,
        "print-file-unreadable",
        f"The upload says it is image/png, not a sliced file. {ACCEPTED}",
    )


@pytest.mark.parametrize(
    ("content_type", "sentence"),
    [
        (
            "application/json",
            (
                "Send the file as multipart/form-data, in a part named “file”; "
                "this is application/json."
            ),
        ),
        (
            "",
            (
                "Send the file as multipart/form-data, in a part named “file”; "
                "this is of no named type."
            ),
        ),
        ("multipart/form-data", "The Content-Type of the upload names no boundary."),
        (
            "multipart/form-data; boundary=" + "x" * 1000,
            "The upload is not well-formed multipart/form-data.",
        ),
    ],
)
async def test_request_of_another_kind_is_refused(
    client: AsyncClient, content_type: str, sentence: str
) -> None:
    answer = await client.post(URL, content=sliced(), headers={"content-type": content_type})
    assert refusal(answer) == (400, "upload-malformed", sentence)


NO_FILE = "The upload has no file. Send it in a part named “file”."
BROKEN_OFF = "The upload broke off before its end. Send it again."
BODIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut in the file": (lambda: form(sliced())[:1500], BROKEN_OFF),
    "cut in the last line": (lambda: form(sliced())[:-4], BROKEN_OFF),
    "nothing": (lambda: b"", BROKEN_OFF),
    "no multipart": (sliced, "The upload is not well-formed multipart/form-data."),
    "no part": (f"--{BOUNDARY}--\r\n".encode, NO_FILE),
    "no file": (lambda: form(sliced()[:100], 'name="file"'), NO_FILE),
    "file under another name": (lambda: form(sliced(), 'name="x"; filename="y.gcode"'), NO_FILE),
    "two files": (
        lambda: form(sliced()).removesuffix(b"--\r\n") + b"\r\n"
        + form(sliced()).partition(b"\r\n")[2],
        "Send one file at a time.",
    ),
    "too much beside": (
        lambda: form(bytes(MAX_FIELD_BYTES + 1), 'name="note"'),
        "The upload has too much beside the part “file”.",
    ),
    "endless header": (
        lambda: form(b"", 'name="file"; x="' + "y" * 100_000 + '"'),
        "The upload is not well-formed multipart/form-data.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
async def test_broken_multipart_is_refused(client: AsyncClient, case: str) -> None:
    make, sentence = BODIES[case]
    answer = await client.post(URL, content=make(), headers=MULTIPART)
    assert refusal(answer) == (400, "upload-malformed", sentence)


@pytest.fixture
def one_megabyte(process: Process) -> None:
    process.settings = process.settings.model_copy(update={"max_upload_mb": 1})


async def in_pieces(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """Without a length, as chunked encoding."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.usefixtures("one_megabyte")
async def test_file_beyond_the_limit_is_refused_by_its_told_length(client: AsyncClient) -> None:
    answer = await upload(client, bytes(1_200_000))
    assert refusal(answer) == (413, "upload-too-large", TOO_LARGE)


@pytest.mark.usefixtures("one_megabyte")
async def test_file_beyond_the_limit_is_refused_while_it_comes(client: AsyncClient) -> None:
    answer = await client.post(URL, content=in_pieces(form(bytes(1_000_001))), headers=MULTIPART)
    assert refusal(answer) == (413, "upload-too-large", TOO_LARGE)


@pytest.mark.usefixtures("one_megabyte")
async def test_file_at_the_limit_is_read(client: AsyncClient) -> None:
    answer = await client.post(URL, content=in_pieces(form(bytes(1_000_000))), headers=MULTIPART)
    assert refusal(answer)[:2] == (400, "print-file-unreadable")


async def test_stranger_is_refused_before_anything_is_read(anonymous: AsyncClient) -> None:
    touched: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        touched.append(1)
        yield form(sliced())

    answer = await anonymous.post(URL, content=body(), headers=MULTIPART)
    assert (answer.status_code, touched) == (401, [])


async def test_sender_that_goes_away_leaves_nothing(
    app: FastAPI, process: Process, owner: Actor
) -> None:
    """The connection ends in the middle of the body."""
    token = (await bearer(process, owner))["Authorization"]
    messages: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": form(sliced())[:1500], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent: list[Message] = []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"authorization", token.encode()), (b"content-type", MULTIPART_TYPE.encode())]
    await app({**POST, "headers": headers}, receive, send)
    assert sent[0]["status"] == 400
    assert BROKEN_OFF in sent[1]["body"].decode()


async def test_many_hostile_files_at_once_are_all_refused(client: AsyncClient) -> None:
    answers = await asyncio.gather(*(upload(client, sliced({GCODE: b""})) for _ in range(10)))
    assert {refusal(answer) for answer in answers} == {
        (
            400,
            "print-file-unreadable",
            "The G-code of plate 1 is empty. Slice and export it again.",
        )
    }
