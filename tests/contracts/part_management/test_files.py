"""Files of parts, as the part-management document prints them."""

import io

import httpx
import pytest
from PIL import Image

from tests.contracts.part_management.documented import assert_documented, covers, zulu_time
from tests.contracts.part_management.team import PLATE, Team

PDF = b"%PDF-1.7\n1 0 obj <</OpenAction <</S /JavaScript /JS (app.alert\\(1\\))>>>> endobj\n%%EOF\n"


@covers("POST /api/parts/{id}/upload", "GET /api/parts/{id}/download", "GET /api/parts/{id}/model")
async def test_step_file_is_uploaded_converted_and_fetched(team: Team) -> None:
    part = await team.part()
    answer = assert_documented(
        await team.upload(part["id"], PLATE, "drive plate.step"),
        {
            "message": "File uploaded successfully",
            "filename": "drive plate.step",
            "file_path": str,
            "conversion": {"success": True, "error": None, "gltf_path": str},
        },
        201,
    )
    assert answer["conversion"]["gltf_path"] == f"/api/parts/{part['id']}/model"

    original = await team.get(f"/{part['id']}/download")
    assert (original.status_code, original.content) == (200, PLATE)
    assert original.headers["content-disposition"].startswith(
        'attachment; filename="drive plate.step"'
    )
    model = await team.get(f"/{part['id']}/model")
    assert (model.status_code, model.content[:4]) == (200, b"glTF")
    assert model.headers["content-type"] == "model/gltf-binary"
    assert (await team.get(f"/{part['id']}")).json()["file"] == "drive plate.step"


@covers("GET /api/parts/{id}/file", "GET /api/parts/{id}/drawing")
async def test_drawing_is_kept_beside_the_model_and_never_opened_here(team: Team) -> None:
    part = await team.part(type="hand")
    missing = await team.get(f"/{part['id']}/drawing")
    assert (missing.status_code, missing.json()["error"]) == (
        404, "This part has no drawing. Upload a PDF.",
    )  # fmt: skip
    answer = await team.upload(part["id"], PDF, "plate.PDF")
    assert_documented(answer, {"filename": "plate.PDF", "conversion": None, "version": 1}, 201)

    for path in ("file", "drawing"):
        served = await team.get(f"/{part['id']}/{path}")
        assert (served.status_code, served.content) == (200, PDF)
        assert served.headers["content-type"] == "application/pdf"
        assert served.headers["content-disposition"].startswith("attachment")
        assert served.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert served.headers["x-content-type-options"] == "nosniff"
    no_model = await team.get(f"/{part['id']}/model")
    assert (no_model.status_code, no_model.json()["error"]) == (
        404, "This part has no model. Upload a STEP file.",
    )  # fmt: skip


async def test_new_upload_is_a_new_version(team: Team) -> None:
    part = await team.part()
    await team.upload(part["id"], PDF, "a.pdf")
    await team.upload(part["id"], PDF + b"%2\n", "b.pdf")

    found = (await team.get(f"/{part['id']}/versions")).json()["versions"]
    assert [(row["version"], row["filename"]) for row in found] == [(2, "b.pdf"), (1, "a.pdf")]
    assert (await team.get(f"/{part['id']}/download", version=1)).content == PDF
    assert (await team.get(f"/{part['id']}/download")).content == PDF + b"%2\n"
    assert (await team.get(f"/{part['id']}/download", version=3)).status_code == 404
    read = (await team.get(f"/{part['id']}")).json()
    assert (read["version"], read["file"]) == (2, "b.pdf")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.step", b"", "The file is empty."),
        ("notes.step", b"Dear team, here is the part.", "the content is no STEP file"),
        ("part.sldprt", b"x", "is no file of a part. Upload a .step"),
        ("noending", b"x", "is no file of a part."),
        ("drawing.pdf", b"ISO-10303-21;", "the content is no PDF"),
        ("../../etc/passwd.step", PLATE, "is a path, not a file name"),
        ("..\\evil.step", PLATE, "is a path, not a file name"),
        ("mesh.stl", b"solid nothing", "is no STL model"),
        ("mesh.3mf", b"PK\x03\x04", "is no 3MF archive"),
        ("mesh.obj", b"hello", "it has no vertices"),
    ],
)
async def test_wrong_files_are_refused_with_the_reason_and_not_kept(
    team: Team, name: str, content: bytes, says: str
) -> None:
    part = await team.part()
    answer = await team.upload(part["id"], content, name)
    assert answer.status_code == 400, answer.text
    assert says in answer.json()["error"]
    assert (await team.get(f"/{part['id']}/versions")).json() == {"versions": []}
    assert (await team.get(f"/{part['id']}")).json() == part


async def test_upload_without_a_file_or_to_no_part(team: Team) -> None:
    part = await team.part()
    assert (await team.post(f"/{part['id']}/upload")).status_code == 400
    assert (await team.upload(999_999, PDF, "a.pdf")).status_code == 404
    assert (await team.get(f"/{part['id']}/download")).status_code == 404


@covers(
    "POST /api/parts/{id}/views", "GET /api/parts/{id}/views", "GET /api/parts/{id}/views/{number}"
)
async def test_views_are_drawn_anew_and_served(team: Team) -> None:
    part = await team.part()
    url = f"/api/parts/{part['id']}/views"
    answer = await send_views(team, url, view_0=png("red"), view_7=png("blue"))
    assert_documented(
        answer, {"files": ["view_0.png", "view_7.png"].__eq__, "updated_at": zulu_time}, 201
    )
    listed = (await team.get(f"/{part['id']}/views")).json()
    assert listed["urls"] == [f"{url}/0", f"{url}/7"]
    picture = await team.get(f"/{part['id']}/views/7")
    assert picture.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(picture.content)) as image:
        assert image.convert("RGB").getpixel((0, 0)) == (0, 0, 255)
    assert (await team.get(f"/{part['id']}/views/3")).status_code == 404

    refused = await send_views(team, url, view_1=b"no picture")
    assert (refused.status_code, refused.json()["error"]) == (
        400, "view_1 is no PNG, or it is damaged.",
    )  # fmt: skip
    assert (await send_views(team, url, view_8=png("red"))).status_code == 400


async def send_views(team: Team, url: str, **pictures: bytes) -> httpx.Response:
    files = {name: (f"{name}.png", content, "image/png") for name, content in pictures.items()}
    return await team.shop.client.post(url, headers={"X-API-Key": team.key}, files=files)


def png(color: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(target, "PNG")
    return target.getvalue()
