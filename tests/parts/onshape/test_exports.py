"""Models and drawings from Onshape, in good weather and bad."""

import asyncio
from typing import Any

import pytest

from shopwright.files.access import incoming_folder
from shopwright.kernel.actor import Actor
from shopwright.parts.onshape.exporting import MAX_POLLS
from shopwright.parts.onshape.states import ExportStatus
from shopwright.parts.onshape.tools import OnshapeTools
from shopwright.sandbox.onshape import Fault
from tests.conftest import ClientAs
from tests.parts.onshape.conftest import Drafting

PINNED = [
    "GET /documents/d/{}/w/{}/currentmicroversion",
    "GET /documents/d/{}/w/{}/elements",
]
TRANSLATED = [
    "POST /partstudios/d/{}/w/{}/e/{}/translations",
    "GET /translations/{}",
    "GET /translations/{}",
    "GET /documents/d/{}/externaldata/{}",
]


@pytest.fixture
async def shop(drafting: Drafting) -> Drafting:
    """Connected by keys, with no call in the log."""
    await drafting.connect()
    drafting.onshape.world.log.clear()
    return drafting


async def test_step_becomes_the_next_version_and_is_converted_like_an_upload(
    shop: Drafting,
) -> None:
    part = await shop.part(shop.onshape.world.studio)
    asked = (await shop.pull(part)).json()
    assert (asked["status"], asked["phase"], asked["version"]) == ("queued", "waiting", None)
    assert (asked["tab"], asked["fileName"], asked["askedBy"]) == (
        "Bracket", "Bracket.step", "Owner",
    )  # fmt: skip
    await shop.work()
    done = await shop.latest(part)
    assert (done["status"], done["progress"], done["error"], done["version"]) == (
        "done", 100, None, 1,
    )  # fmt: skip
    assert await shop.versions(part) == [(1, "Bracket.step")]
    model = await shop.client.get(f"/api/parts/{part}/model")
    assert (model.status_code, model.content[:4]) == (200, b"glTF")
    geometry = (await shop.client.get(f"/api/parts/{part}/geometry")).json()
    assert geometry["volumeMm3"] == pytest.approx(4000, rel=1e-3)

    assert shop.calls == PINNED + TRANSLATED
    assert shop.pauses == [2.0, 4.0]
    assert shop.onshape.world.leaks == []
    assert (await shop.standing())["callsUsed"] == 1 + len(shop.calls)  # one when it was connected


async def test_same_state_is_never_asked_for_again(shop: Drafting) -> None:
    first, second = [await shop.part(shop.onshape.world.studio) for _ in range(2)]
    await shop.pulled(first)
    shop.onshape.world.log.clear()
    answer = await shop.pull(second)
    assert (answer.json()["status"], answer.json()["version"]) == ("done", 1)
    assert shop.calls == PINNED[:1]
    again = await shop.pull(first)
    assert again.json()["version"] == 1
    assert await shop.versions(first) == [(1, "Bracket.step")]

    shop.onshape.world.edit(shop.onshape.world.studio.document, box=(50, 20, 5))
    await shop.pull(first)
    await shop.work()
    assert await shop.versions(first) == [(2, "Bracket.step"), (1, "Bracket.step")]


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


async def test_part_is_created_from_an_address(shop: Drafting) -> None:
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


async def test_failed_translation_says_why_and_another_try_starts_anew(shop: Drafting) -> None:
    part = await shop.part(shop.onshape.world.studio)
    shop.onshape.world.failure = "Self-intersecting geometry"
    failed = await shop.pulled(part)
    assert (failed["status"], failed["error"]) == (
        "failed", "Onshape could not translate it: Self-intersecting geometry.",
    )  # fmt: skip
    shop.onshape.world.failure = None
    assert (await shop.pulled(part))["version"] == 1
    assert len(shop.onshape.world.translations) == 2


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


async def test_killed_while_polling_the_next_one_goes_on_with_the_same_translation(
    shop: Drafting,
) -> None:
    """Shut down, and killed outright, after which the heartbeat stands still."""
    part = await shop.part(shop.onshape.world.studio)
    await shop.pull(part)
    reached, stuck = asyncio.Event(), asyncio.Event()

    async def hang(_: float) -> None:
        reached.set()
        await stuck.wait()

    tools = shop.process.context.keep(OnshapeTools)
    tools.sleep = hang
    work = asyncio.create_task(shop.work())
    await reached.wait()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert (await shop.export()).status is ExportStatus.QUEUED

    reached.clear()
    killed = asyncio.create_task(shop.work())
    await reached.wait()
    assert not await shop.work()
    tools.sleep = shop.wait
    await shop.wait(31)  # no heartbeat for so long
    await shop.work()
    assert (await shop.latest(part))["version"] == 1
    stuck.set()  # the one that was thought dead finds its work taken over
    await killed
    assert await shop.versions(part) == [(1, "Bracket.step")]
    assert len(shop.onshape.world.translations) == 1


@pytest.mark.parametrize("path", ["translations", "externaldata"])
async def test_rate_limit_is_waited_out_as_long_as_onshape_asks(shop: Drafting, path: str) -> None:
    part = await shop.part(shop.onshape.world.studio)
    shop.onshape.world.faults.add(Fault("rate_limited", path=path, retry_after_s=45))
    assert (await shop.pulled(part))["version"] == 1
    assert 45 in shop.pauses
    assert (await shop.standing())["callsUsed"] == shop.onshape.world.calls


async def test_pause_holds_for_everybody_and_nothing_is_called(shop: Drafting) -> None:
    part = await shop.part(shop.onshape.world.studio)
    shop.onshape.world.faults.add(Fault("rate_limited", retry_after_s=900))
    limited = await shop.pull(part)
    assert (limited.status_code, limited.json()["retry_after_s"]) == (503, 900)
    before = list(shop.calls)
    again = await shop.pull(part)
    assert again.json()["error"] == "Onshape asks us to pause for 900 s (too many calls)."
    assert shop.calls == before
    assert (await shop.standing())["pausedUntil"] == "2026-03-02T09:15:00Z"
    await shop.wait(901)
    assert (await shop.pull(part)).status_code == 201


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


async def test_used_up_calls_are_a_sentence_and_nothing_is_called(shop: Drafting) -> None:
    part = await shop.part(shop.onshape.world.studio)
    shop.limit(5)  # one is spent, two are for the address, two for the translation
    failed = await shop.pulled(part)
    assert failed["error"].startswith("The 5 calls to Onshape of 2026 are used up")
    assert (await shop.standing())["callsLeft"] == 0
    before = list(shop.calls)
    refused = await shop.pull(part)
    assert (refused.status_code, refused.json()["code"]) == (409, "onshape-calls-used-up")
    assert shop.calls == before
    shop.limit(50)
    assert (await shop.pulled(part))["version"] == 1
    assert len(shop.onshape.world.translations) == 1


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


async def test_two_parts_waiting_for_one_export_both_get_it(shop: Drafting) -> None:
    first, second = [await shop.part(shop.onshape.world.studio) for _ in range(2)]
    await shop.pull(first)
    await shop.pull(second)
    await shop.pull(second)
    await asyncio.gather(shop.work(), shop.work())
    assert [await shop.versions(part) for part in (first, second)] == [[(1, "Bracket.step")]] * 2
    assert len(shop.onshape.world.translations) == 1


async def test_part_deleted_meanwhile_takes_nothing(shop: Drafting) -> None:
    part = await shop.part(shop.onshape.world.studio)
    await shop.pull(part)
    await shop.client.delete(f"/api/parts/{part}")
    await shop.work()
    assert (await shop.export()).status is ExportStatus.DONE


async def test_drawing_of_a_hand_part_comes_from_onshape_when_it_is_asked_for(
    shop: Drafting, client_as: ClientAs, viewer: Actor
) -> None:
    part = await shop.part(shop.onshape.world.drawing, type="hand")
    url = f"/api/parts/{part}/drawing"
    guest = await client_as(viewer)
    assert (await guest.get(url)).status_code == 403
    first = await shop.client.get(url)
    assert (first.status_code, first.content[:5]) == (200, b"%PDF-")
    code = (await shop.client.get(f"/api/parts/{part}")).json()["partId"]
    assert await shop.versions(part) == [(1, f"{code}_drawing.pdf")]
    assert (await guest.get(url)).status_code == 200

    before = len(shop.calls)
    assert (await shop.client.get(url)).content == first.content
    assert len(shop.calls) == before
    assert (await shop.client.get(url, params={"refresh": "true"})).status_code == 200
    assert len(shop.calls) == before + 1  # the same microversion
    assert await shop.versions(part) == [(1, f"{code}_drawing.pdf")]

    cnc = await shop.part(shop.onshape.world.drawing, type="cnc")
    refused = await shop.client.get(f"/api/parts/{cnc}/drawing", params={"refresh": "true"})
    assert (refused.status_code, refused.json()["code"]) == (400, "drawing-of-hand-parts-only")
    shop.onshape.world.failure = "Sheet is damaged"
    shop.onshape.world.edit(shop.onshape.world.drawing.document)
    broken = await shop.client.get(url, params={"refresh": "true"})
    assert (broken.status_code, broken.json()["error"]) == (
        409, "Onshape could not translate it: Sheet is damaged.",
    )  # fmt: skip
    assert (await shop.client.get(url)).content == first.content
