"""Models and drawings from Onshape: asked for once, carried out by one, waited for by many."""

import asyncio

from shopwright.kernel.actor import Actor
from shopwright.parts.onshape.states import ExportStatus
from shopwright.parts.onshape.tools import OnshapeTools
from shopwright.sandbox.onshape import Fault
from tests.conftest import ClientAs
from tests.parts.onshape.conftest import PINNED, TRANSLATED, Drafting


async def test_step_becomes_the_next_version(
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


async def test_two_parts_waiting_for_one_export_both_get_it(shop: Drafting) -> None:
    first, second = [await shop.part(shop.onshape.world.studio) for _ in range(2)]
    await shop.pull(first)
    await shop.pull(second)
    await shop.pull(second)
    await asyncio.gather(shop.work(), shop.work())
    assert [await shop.versions(part) for part in (first, second)] == [[(1, "Bracket.step")]] * 2
    assert len(shop.onshape.world.translations) == 1


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
