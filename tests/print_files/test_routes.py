"""Print files over HTTP: versions, lists, pictures, downloads, links."""

import asyncio
import hashlib
import io
from dataclasses import dataclass, field

import pytest
from httpx import AsyncClient
from PIL import Image
from sqlalchemy import select

from shopwright.accounts.models import AuditEntry
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.print_files import service
from shopwright.print_files.events import PrintFileVersionAdded
from tests.clock import FixedClock
from tests.conftest import ClientAs
from tests.print_files.factories import (
    PROJECT_SETTINGS,
    model_settings,
    picture,
    settings,
)
from tests.print_files.uploading import NAME, URL, Stored, sliced, upload, what_is_stored

SECOND = {"Metadata/model_settings.config": model_settings("second try")}


@dataclass
class Heard:
    events: list[PrintFileVersionAdded] = field(default_factory=list)

    async def hear(self, _session: WriteSession, event: PrintFileVersionAdded) -> None:
        self.events.append(event)


@pytest.fixture
def heard(process: Process) -> Heard:
    heard = Heard()
    process.context.subscriptions.subscribe(PrintFileVersionAdded, heard.hear)
    return heard


async def test_upload_is_read_and_stored(
    client: AsyncClient, process: Process, clock: FixedClock
) -> None:
    content = sliced()
    answer = await upload(client, content)
    assert answer.status_code == 201
    body = answer.json()
    print_file_id, plate = body["id"], body["plates"][0]
    thumbnail = plate["thumbnail_url"]
    assert thumbnail.startswith(f"{URL}/{print_file_id}/plates/1/thumbnail?v=")
    assert body == {
        "id": print_file_id,
        "uuid": body["uuid"],
        "name": NAME,
        "version": 1,
        "is_newest": True,
        "kind": "gcode_3mf",
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "slicer": "bambu_studio",
        "slicer_version": "02.03.00.70",
        "printer_model": "P1S",
        "nozzle_mm": 0.4,
        "project_filament_count": 3,
        "uploaded_by": "Owner",
        "created_at": body["created_at"],
        "download_url": f"{URL}/{print_file_id}/download",
        "plates": [
            {
                "id": plate["id"],
                "uuid": plate["uuid"],
                "number": 1,
                "name": "bracket",
                "time_s": 5025,
                "total_g": 23.45,
                "layers": 164,
                "bed_type": "Textured PEI Plate",
                "objects": ["bracket.stl"],
                "warnings": [],
                "thumbnail_url": thumbnail,
                "filaments": [
                    {
                        "project_index": 1,
                        "material": "PLA",
                        "color": "161616",
                        "used_g": 22.46,
                        "used_mm": 7530,
                        "product": "GFA00",
                    },
                    {
                        "project_index": 3,
                        "material": "PETG",
                        "color": "F2F2F2",
                        "used_g": 0.99,
                        "used_mm": 330,
                        "product": "GFG99",
                    },
                ],
            }
        ],
        "versions": [
            {
                "id": print_file_id,
                "uuid": body["uuid"],
                "version": 1,
                "sha256": body["sha256"],
                "size_bytes": len(content),
                "uploaded_by": "Owner",
                "created_at": body["created_at"],
            }
        ],
    }
    assert await what_is_stored(process) == Stored(2, 1, 1, 2, on_disk=2)
    assert (await client.get(f"{URL}/{print_file_id}")).json() == body
    assert (await client.get(f"{URL}/{body['uuid']}/")).json() == body


async def test_same_name_and_content_is_the_same_version(
    client: AsyncClient, process: Process, heard: Heard
) -> None:
    first = await upload(client, sliced())
    again = await upload(client, sliced())
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert await what_is_stored(process) == Stored(2, 1, 1, 2, on_disk=2)
    assert heard.events == []


async def test_same_name_with_other_content_is_the_next_version(
    client: AsyncClient, owner: Actor, heard: Heard
) -> None:
    first = (await upload(client, sliced())).json()
    second = (await upload(client, sliced(SECOND))).json()
    assert (first["version"], second["version"]) == (1, 2)
    assert [version["id"] for version in second["versions"]] == [second["id"], first["id"]]
    older = (await client.get(f"{URL}/{first['id']}")).json()
    assert (older["version"], older["is_newest"]) == (1, False)
    expected = PrintFileVersionAdded(owner.organization_id, second["id"], (first["id"],))
    assert heard.events == [expected]


async def test_same_content_under_another_name_is_stored_once_on_disk(
    client: AsyncClient, process: Process
) -> None:
    await upload(client, sliced())
    other = await upload(client, sliced(), "other.gcode.3mf")
    assert (other.status_code, other.json()["version"]) == (201, 1)
    assert await what_is_stored(process) == Stored(2, 2, 2, 4, on_disk=2)


async def test_uploads_of_one_name_at_once_get_versions_of_their_own(
    client: AsyncClient, process: Process
) -> None:
    files = [sliced({"Metadata/model_settings.config": model_settings(f"{n}")}) for n in range(6)]
    answers = await asyncio.gather(*(upload(client, content) for content in files))
    assert [answer.status_code for answer in answers] == [201] * 6
    assert sorted(answer.json()["version"] for answer in answers) == [1, 2, 3, 4, 5, 6]
    assert (await what_is_stored(process)).print_files == 6


async def test_upload_is_audited(client: AsyncClient, process: Process, owner: Actor) -> None:
    body = (await upload(client, sliced())).json()
    async with process.database.read() as session:
        entries = await session.scalars(
            select(AuditEntry).where(AuditEntry.organization_id == owner.organization_id)
        )
    assert [(e.action, e.subject_id, e.actor, e.facts) for e in entries] == [
        (
            "print_file.uploaded",
            body["id"],
            "Owner",
            {"name": NAME, "version": 1, "sha256": body["sha256"]},
        )
    ]


async def test_repeated_request_with_the_same_key_gets_the_first_answer(
    client: AsyncClient, process: Process
) -> None:
    client.headers["Idempotency-Key"] = "upload 1"
    first = await upload(client, sliced())
    again = await upload(client, sliced())
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await what_is_stored(process)).print_files == 1


async def test_plain_gcode_without_a_machine_may_run_on_any(client: AsyncClient) -> None:
    content = (
        b"; generated by PrusaSlicer 2.9.0+linux-x64 on 2026-01-02 at 03:04:05 UTC\nG28\n"
        b"G1 X1 Y1 E1\n; filament used [mm] = 1000.00\n; filament used [g] = 2.98\n"
        b"; estimated printing time (normal mode) = 1h 2m 3s\n; filament_type = PLA\n"
        b"; nozzle_diameter = 0.4\n"
    )
    body = (await upload(client, content, "clip.gcode")).json()
    assert (body["kind"], body["slicer"], body["printer_model"]) == ("gcode", "prusa_slicer", None)
    assert (body["plates"][0]["time_s"], body["plates"][0]["total_g"]) == (3723, 2.98)


async def test_list_shows_the_newest_version_of_each_name(client: AsyncClient) -> None:
    await upload(client, sliced(), "Clip.gcode.3mf")
    newest = (await upload(client, sliced(SECOND), "Clip.gcode.3mf")).json()
    bare = {"Metadata/plate_1.png": None}
    anchor = (await upload(client, sliced(bare), "anchor.gcode.3mf")).json()
    body = (await client.get(URL)).json()
    rows = body.pop("print_files")
    assert body == {"total": 2, "limit": 50, "offset": 0, "page": 1, "pages": 1}
    assert [(r["id"], r["name"], r["version"], r["version_count"]) for r in rows] == [
        (anchor["id"], "anchor.gcode.3mf", 1, 1),
        (newest["id"], "Clip.gcode.3mf", 2, 2),
    ]
    assert [(r["plate_count"], r["time_s"], r["total_g"]) for r in rows] == [(1, 5025, 23.45)] * 2
    assert rows[0]["thumbnail_url"] is None
    assert rows[1]["thumbnail_url"] == newest["plates"][0]["thumbnail_url"]


async def test_list_is_searched_and_paged(client: AsyncClient) -> None:
    for name in ("a.gcode.3mf", "b.gcode.3mf", "c_50%.gcode.3mf"):
        await upload(client, sliced(), name)
    x1c = {PROJECT_SETTINGS: settings(printer_model="Bambu Lab X1 Carbon")}
    await upload(client, sliced(x1c), "d.gcode.3mf")

    async def names(**query: str | int) -> list[str]:
        body = (await client.get(URL, params=query)).json()
        return [row["name"] for row in body["print_files"]]

    assert await names(search="50%") == ["c_50%.gcode.3mf"]
    assert await names(search="X1C") == ["d.gcode.3mf"]
    assert await names(printer_model="p1s", limit=1, offset=1) == ["b.gcode.3mf"]
    assert await names(search="nothing") == []
    assert (await client.get(URL, params={"limit": 0})).status_code == 400


async def test_picture_is_drawn_anew_and_kept_by_the_browser(client: AsyncClient) -> None:
    source = picture(800, 600)
    body = (await upload(client, sliced({"Metadata/plate_1.png": source}))).json()
    url = body["plates"][0]["thumbnail_url"]
    answer = await client.get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, max-age=86400"
    assert answer.content != source
    sha256 = hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["etag"] == f'"{sha256}"'
    assert url.endswith(f"?v={sha256[:8]}")
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.size) == ("PNG", (512, 384))
    known = await client.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


async def test_plate_without_picture_or_without_existence_is_not_found(
    client: AsyncClient,
) -> None:
    body = (await upload(client, sliced({"Metadata/plate_1.png": None}))).json()
    for number, sentence in ((1, "Plate 1 has no picture."), (2, "There is no such plate.")):
        answer = await client.get(f"{URL}/{body['id']}/plates/{number}/thumbnail")
        assert (answer.status_code, answer.json()["detail"]) == (404, sentence)


async def test_download_is_an_attachment_in_a_sandbox(client: AsyncClient) -> None:
    content, name = sliced(), 'Größe "2".gcode.3mf'
    body = (await upload(client, content, name)).json()
    assert body["name"] == name.replace('"', "%22")  # as browsers write it, too
    answer = await client.get(body["download_url"])
    assert answer.status_code == 200
    assert answer.content == content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="Gr__e %222%22.gcode.3mf"; '
        "filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%25222%2522.gcode.3mf"
    )


async def test_signed_link_serves_strangers_until_it_expires(
    client: AsyncClient, anonymous: AsyncClient, clock: FixedClock
) -> None:
    content = sliced()
    body = (await upload(client, content)).json()
    made = await client.get(f"{URL}/{body['id']}/link")
    assert made.headers["cache-control"] == "no-store"
    assert made.json()["expires_at"] == "2026-03-02T10:00:00Z"
    link = made.json()["link"]
    assert link.startswith("/files/")
    fetched = await anonymous.get(link)
    assert (fetched.status_code, fetched.content) == (200, content)
    assert fetched.headers["content-disposition"].startswith("attachment; ")
    clock.advance(hours=1)
    over = await anonymous.get(link)
    assert (over.status_code, over.json()["code"]) == (410, "file-link-expired")
    changed = await anonymous.get(link[:-2] + ("AA" if link[-2:] != "AA" else "BB"))
    assert (changed.status_code, changed.json()["code"]) == (403, "file-link-invalid")


async def test_lost_bytes_are_said_to_be_missing(client: AsyncClient, process: Process) -> None:
    body = (await upload(client, sliced())).json()
    sha256 = body["sha256"]
    (process.settings.data_dir / "files" / sha256[:2] / sha256).unlink()
    answer = await client.get(body["download_url"])
    assert (answer.status_code, answer.json()["code"]) == (404, "stored-file-missing")


async def test_another_shop_sees_nothing(
    client: AsyncClient, client_as: ClientAs, stranger: Actor
) -> None:
    body = (await upload(client, sliced())).json()
    other = await client_as(stranger)
    for path in ("", "/download", "/link", "/plates/1/thumbnail"):
        assert (await other.get(f"{URL}/{body['id']}{path}")).status_code == 404
    assert (await other.get(URL)).json()["total"] == 0
    own = (await upload(other, sliced())).json()
    assert (own["version"], own["id"] != body["id"]) == (1, True)


async def test_viewer_may_look_but_not_upload(
    client: AsyncClient, client_as: ClientAs, viewer: Actor, process: Process
) -> None:
    looking = await client_as(viewer)
    refused = await upload(looking, sliced())
    assert refused.status_code == 403
    assert (await what_is_stored(process)).on_disk == 0
    body = (await upload(client, sliced())).json()
    assert (await looking.get(f"{URL}/{body['id']}")).json() == body


async def test_plates_are_listed_by_file_for_other_slices(
    client: AsyncClient, owner: Actor, process: Process
) -> None:
    body = (await upload(client, sliced())).json()
    async with process.database.read() as session:
        plates = await service.list_plates(session, owner, [body["id"]])
        found = await service.get_print_file(session, owner, Ref(None, body["uuid"]))
        assert await service.list_plates(session, owner, []) == {}
    assert list(plates) == [body["id"]]
    assert [(p.number, p.time_s, p.total_mg) for p in plates[body["id"]]] == [(1, 5025, 23450)]
    assert [f.used_mg for f in plates[body["id"]][0].filaments] == [22460, 990]
    assert (found.id, found.nozzle_um) == (body["id"], 400)
