"""Every kind of tab, and whatever can go wrong. On SQLite alone: the statements are those of
``test_exports``."""

from typing import Any

import pytest

from shopwright.files.access import incoming_folder
from shopwright.parts.onshape.exporting import MAX_POLLS
from shopwright.parts.onshape.states import ExportStatus
from shopwright.sandbox.onshape import Fault
from tests.databases import Databases, SqliteDatabases
from tests.parts.onshape.conftest import PINNED, Drafting


@pytest.fixture(scope="session")
def databases(sqlite_databases: SqliteDatabases) -> Databases:
    return sqlite_databases


@pytest.mark.parametrize(
    ("tab", "wanted", "magic", "name"),
    [
        ("assembly", "step", b"ISO-10303-21", "Frame.step"),
        ("studio", "glb", b"glTF", "Bracket.glb"),
        ("assembly", "GLTF", b"glTF", "Frame.glb"),
        ("drawing", "pdf", b"%PDF-", "drawing.pdf"),
        ("studio", "pdf", b"%PDF-", "drawing.pdf"),  # the only drawing of its document
        ("blob", "step", b"ISO-10303-21", "spacer.step"),
    ],
)
async def test_each_kind_of_tab_gives_its_formats(
    shop: Drafting, tab: str, wanted: str, magic: bytes, name: str
) -> None:
    part = await shop.part(getattr(shop.onshape.world, tab))
    done = await shop.pulled(part, wanted)
    assert (done["status"], done["version"]) == ("done", 1), done["error"]
    assert done["fileName"].endswith(name)
    file = await shop.client.get(f"/api/parts/{part}/download")
    assert file.content.startswith(magic)
    assert shop.onshape.world.leaks == []


@pytest.mark.parametrize(("place", "wanted"), [("v", "step"), ("v", "glb"), ("m", "glb")])
async def test_fixed_states_are_not_pinned_and_microversions_need_no_translation(
    shop: Drafting, place: str, wanted: str
) -> None:
    link = shop.onshape.link(shop.onshape.world.studio, place)
    part = await shop.part(onshapeUrl=link)
    assert (await shop.pulled(part, wanted))["version"] == 1
    has_translated = any("translations" in call for call in shop.calls)
    assert (has_translated, PINNED[0] in shop.calls) == (place == "v", False)
    assert shop.onshape.world.leaks == []


async def test_part_is_created_from_an_address_and_its_file_is_converted(
    shop: Drafting,
) -> None:
    whole = {"onshapeUrl": shop.onshape.link(shop.onshape.world.studio, is_whole=False)}
    made = await shop.client.post("/api/parts/from-onshape", json=whole | {"type": "cnc"})
    assert made.status_code == 201, made.text
    part, file = made.json()["part"], made.json()["file"]
    assert (part["name"], part["type"], part["category"], part["onshapeUrl"]) == (
        "Bracket", "cnc", "review", whole["onshapeUrl"],
    )  # fmt: skip
    assert (file["status"], file["partId"]) == ("queued", part["id"])
    await shop.work()
    assert await shop.versions(part["id"]) == [(1, "Bracket.step")]
    model = await shop.client.get(f"/api/parts/{part['id']}/model")
    assert (model.status_code, model.content[:4]) == (200, b"glTF")
    geometry = (await shop.client.get(f"/api/parts/{part['id']}/geometry")).json()
    assert geometry["volumeMm3"] == pytest.approx(4000, rel=1e-3)

    refused = await shop.client.post(
        "/api/parts/from-onshape",
        json={"onshapeUrl": shop.onshape.link(shop.onshape.world.assembly, is_whole=False)},
    )
    assert refused.status_code == 400
    assert refused.json()["error"] == (
        "The document has 2 tabs to choose from: “Frame”, “Part Studio 2”. Open the one you mean "
        "in Onshape and copy its whole address, …/e/…."
    )
    assert (await shop.client.get("/api/parts")).json()["total"] == 1


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"onshapeUrl": None}, 400, "The part has no Onshape address."),
        ({"onshapeUrl": "https://evil.test/documents/1"}, 400, "is not at Onshape"),
        ({"onshapeUrl": "https://cad.onshape.com/signin"}, 400, "names no document"),
        ({"format": "dwg"}, 400, "format must be step, glb or pdf"),
        ({"place": "m"}, 400, "of which Onshape exports no STEP"),
        ({"tab": "drawing"}, 400, "“Bracket Drawing 1” is no part studio"),
        ({"tab": "gone"}, 404, "has no such tab any more"),
        ({"tab": "document"}, 404, "Onshape does not have this document"),
        ({"tab": "private"}, 409, "does not let the connected account do this"),
    ],
)
async def test_what_cannot_be_exported_is_refused_before_anything_is_written(
    shop: Drafting, changes: dict[str, Any], status: int, says: str
) -> None:
    world = shop.onshape.world
    tabs = {"drawing": world.drawing}
    link = shop.onshape.link(
        tabs.get(changes.get("tab", ""), world.studio), changes.get("place", "w")
    )
    if changes.get("tab") == "gone":
        link = link.replace(world.studio.id, "f" * 24)
    if changes.get("tab") == "document":
        link = link.replace(world.studio.document, "f" * 24)
    if changes.get("tab") == "private":
        world.documents[world.studio.document].is_shared = False
    part = await shop.part(onshapeUrl=changes.get("onshapeUrl", link))
    answer = await shop.pull(part, changes.get("format", "step"))
    assert answer.status_code == status, answer.text
    assert says in answer.json()["error"]
    assert (await shop.client.get(f"/api/parts/{part}/onshape")).status_code == 404
    assert world.translations == {}


async def test_endless_translation_is_given_up_and_waited_for_again(shop: Drafting) -> None:
    part = await shop.part(shop.onshape.world.studio)
    shop.onshape.world.is_endless = True
    failed = await shop.pulled(part)
    assert failed["error"] == (
        "Onshape has not finished its translation in ten minutes. Ask again later: the same "
        "translation is waited for."
    )
    assert (len(shop.pauses), shop.pauses[:6]) == (MAX_POLLS, [2.0, 4.0, 8.0, 16.0, 32.0, 60.0])
    (translation,) = shop.onshape.world.translations.values()
    translation.polls = 1
    assert (await shop.pulled(part))["version"] == 1
    assert len(shop.onshape.world.translations) == 1


@pytest.mark.parametrize("path", ["translations", "externaldata"])
async def test_rate_limit_is_waited_out_as_long_as_onshape_asks(shop: Drafting, path: str) -> None:
    part = await shop.part(shop.onshape.world.studio)
    shop.onshape.world.faults.add(Fault("rate_limited", path=path, retry_after_s=45))
    assert (await shop.pulled(part))["version"] == 1
    assert 45 in shop.pauses
    assert (await shop.standing())["callsUsed"] == shop.onshape.world.calls


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("server_error", "Onshape has a fault of its own (status 500)."),
        ("html", "Onshape gave an answer that cannot be read (text/html)."),
        ("conflict", "Onshape refuses this: The document is being changed."),
    ],
)
async def test_faults_end_as_a_sentence_and_another_try_helps(
    shop: Drafting, fault: str, says: str
) -> None:
    part = await shop.part(shop.onshape.world.studio)
    shop.onshape.world.faults.add(Fault(fault, calls=10, path="/translations"))
    assert (await shop.pulled(part))["error"] == says
    shop.onshape.world.faults.waiting.clear()
    assert (await shop.pulled(part))["version"] == 1


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("giant", "Onshape's file has more than 1 MB"),
        ("web_page_file", "Onshape sent a web page instead of the file."),
        ("to_private", "Onshape names an address that is not called"),
    ],
)
async def test_wrong_files_are_not_kept(shop: Drafting, fault: str, says: str) -> None:
    shop.process.settings = shop.process.settings.model_copy(update={"max_upload_mb": 1})
    part = await shop.part(shop.onshape.world.studio)
    shop.onshape.world.faults.add(Fault(fault, calls=2, path="externaldata"))
    failed = await shop.pulled(part)
    assert failed["status"] == "failed"
    assert failed["error"].startswith(says)
    assert await shop.versions(part) == []
    assert list(incoming_folder(shop.process.settings).iterdir()) == []


@pytest.mark.parametrize(
    ("files", "says"),
    [(1, None), (2, "Onshape exported 2 files (Part 1.step, Part 2.step).")],
)
async def test_archive_is_unpacked_when_it_holds_one_file(
    shop: Drafting, files: int, says: str | None
) -> None:
    part = await shop.part(shop.onshape.world.studio)
    shop.onshape.world.is_archived = files
    done = await shop.pulled(part)
    assert done["version"] == (None if says else 1)
    assert (done["error"] or "").startswith(says or "")


@pytest.mark.parametrize("wanted", ["step", "glb"])
async def test_empty_studio_has_nothing_to_export(shop: Drafting, wanted: str) -> None:
    part = await shop.part(shop.onshape.world.empty)
    assert (await shop.pulled(part, wanted))["error"] == (
        "There is nothing to export: the tab is empty."
    )


async def test_quota_that_onshape_counts_itself_stops_our_calls(shop: Drafting) -> None:
    part = await shop.part(shop.onshape.world.studio)
    shop.onshape.world.calls = shop.onshape.world.config.yearly_calls
    refused = await shop.pull(part)
    assert refused.json()["error"] == (
        "Onshape says that the calls of the account's plan are used up."
    )
    before = list(shop.calls)
    assert (await shop.pull(part)).status_code == 503
    assert shop.calls == before


async def test_part_deleted_meanwhile_takes_nothing(shop: Drafting) -> None:
    part = await shop.part(shop.onshape.world.studio)
    await shop.pull(part)
    await shop.client.delete(f"/api/parts/{part}")
    await shop.work()
    assert (await shop.export()).status is ExportStatus.DONE
