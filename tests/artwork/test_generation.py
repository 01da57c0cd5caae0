"""Generated pictures over the real wire form: paid once, refused in words, bounded by budgets."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from shopwright.artwork import generation, generation_queries, prompts, studio
from shopwright.artwork.generation import Asked, Generations
from shopwright.artwork.models import DesignImage, ImageGeneration
from shopwright.artwork.port import (
    GeneratedPicture,
    GenerationFailed,
    GenerationRefused,
    GenerationUnknown,
    ImageRequest,
    Price,
    Providers,
    ReferencePicture,
)
from shopwright.artwork.prompts import StyleWordInvalid, Wish
from shopwright.artwork.states import GenerationStatus
from shopwright.artwork.studio import Studio
from shopwright.catalog.designs.models import AiStyle, Template
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import TooMany
from shopwright.kernel.settings import Settings
from shopwright.sandbox.gemini.server import GeminiSandbox
from tests.artwork.samples import picture
from tests.clock import FixedClock

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")

NOTHING = {"width": 10, "height": 20, "background": "#ffffff", "mask": [0, 0, 100, 100],
           "layers": [], "fonts": []}  # fmt: skip
PRICE = 134_000  # millionths of a dollar


@pytest.fixture
async def gemini() -> AsyncIterator[GeminiSandbox]:
    async with GeminiSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def settings(settings: Settings, gemini: GeminiSandbox) -> Settings:
    return settings.model_copy(
        update={
            "google_api_key": SecretStr(gemini.key),
            "gemini_api_url": gemini.url,
            "gemini_image_price": Decimal("0.134"),
            "images_per_customer_per_day": 3,
            "images_per_day": 5,
            "gemini_timeout_s": 5.0,
        }
    )


def wish(prompt: str = "Redraw this photo in {team}'s colours.", **words: str) -> Wish:
    template = Template(
        code="footy-fan",
        name="Footy fan",
        parameters=[{"name": "team", "label": "Team", "is_required": False, "max_length": 20}],
    )
    style = AiStyle(code="firework", name="firework", prompt=prompt, parameters={})
    return prompts.make_wish(template, style, words, size="1024x1536", quality="low")


def asked(owner: Actor, **changes: Any) -> Asked:
    values: dict[str, Any] = {"ctx": owner, "customer": "c" * 64, "wish": wish(team="FC Test")}
    return Asked(**values | changes)


async def rows(database: Database, owner: Actor, table: Any) -> list[Any]:
    async with database.read() as session:
        found = await session.scalars(
            select(table).where(table.organization_id == owner.organization_id).order_by(table.id)
        )
        return list(found)


async def test_a_picture_is_made_kept_and_booked_once(
    process: Process, database: Database, owner: Actor, gemini: GeminiSandbox
) -> None:
    source = ReferencePicture(picture((40, 60)), "image/png")
    key = ids.new_uuid()
    image, again = await asyncio.gather(
        *(generation.generate(process, asked(owner, picture=source, key=key)) for _ in range(2))
    )
    later = await generation.generate(process, asked(owner, picture=source, key=key))
    assert image.id == again.id == later.id
    (call,) = gemini.world.calls
    assert call.prompt == 'Redraw this photo in "FC Test"\'s colours.'
    assert (call.model, call.aspect, call.size) == ("gemini-3.1-flash-image", "2:3", "1K")
    assert call.pictures == [("image/png", source.content)]
    assert (image.width_px, image.height_px, image.content_type) == (683, 1024, "image/png")
    assert (image.cost_millionths, image.currency) == (PRICE, "USD")
    assert image.ai_params == {
        "template": "footy-fan",
        "style": "firework",
        "team": "FC Test",
        "shown": "Footy fan: firework, FC Test",
    }
    (made,) = await rows(database, owner, ImageGeneration)
    assert (made.status, made.image_id, made.cost_millionths) == ("done", image.id, PRICE)
    (effect,) = await rows(database, owner, Effect)
    assert (effect.status, effect.key) == (EffectStatus.DONE, key)
    async with database.read() as session:
        since = process.clock.now()
        assert await generation_queries.costs(session, owner, since) == [("USD", PRICE, 1)]


async def test_moderation_is_told_in_words_and_costs_nothing(
    process: Process, database: Database, owner: Actor, gemini: GeminiSandbox
) -> None:
    for prompt, words in (
        ("something forbidden", "because it might be unsafe"),
        ("something blocklisted", "because it has a forbidden word"),
    ):
        with pytest.raises(GenerationRefused, match=words):
            await generation.generate(process, asked(owner, wish=wish(prompt)))
    gemini.knobs.finish_reason = "NO_IMAGE"
    with pytest.raises(GenerationRefused, match="made no picture of this"):
        await generation.generate(process, asked(owner))
    made = await rows(database, owner, ImageGeneration)
    assert {row.status for row in made} == {GenerationStatus.REFUSED}
    assert sum(row.cost_millionths for row in made) == gemini.world.made == 0
    assert await rows(database, owner, DesignImage) == []


async def test_a_busy_or_misconfigured_service_may_be_asked_again(
    process: Process, database: Database, owner: Actor, gemini: GeminiSandbox
) -> None:
    gemini.knobs.busy, gemini.knobs.overloaded = 1, 1
    for _ in range(2):
        with pytest.raises(GenerationFailed, match="too much to do"):
            await generation.generate(process, asked(owner))
    assert (await generation.generate(process, asked(owner))).cost_millionths == PRICE
    statuses = [row.status for row in await rows(database, owner, ImageGeneration)]
    assert statuses == ["failed", "failed", "done"]
    assert gemini.world.made == 1


async def test_a_wrong_key_or_model_is_the_shops_matter(
    process: Process, owner: Actor, gemini: GeminiSandbox
) -> None:
    process.settings = process.settings.model_copy(update={"google_api_key": SecretStr("another")})
    with pytest.raises(GenerationFailed, match="refuses the shop's key") as caught:
        await generation.generate(process, asked(owner))
    assert "another" not in str(caught.value)
    assert gemini.world.calls == []


async def test_a_lost_answer_is_unknown_counts_as_paid_and_is_never_asked_for_again(
    process: Process, database: Database, owner: Actor, gemini: GeminiSandbox
) -> None:
    gemini.knobs.hangs = 1
    key = ids.new_uuid()
    for _ in range(2):
        with pytest.raises(GenerationUnknown):
            await generation.generate(process, asked(owner, key=key))
    assert len(gemini.world.calls) == 1
    (made,) = await rows(database, owner, ImageGeneration)
    assert (made.status, made.cost_millionths) == ("unknown", PRICE)
    (effect,) = await rows(database, owner, Effect)
    assert effect.status is EffectStatus.UNKNOWN


async def test_a_process_killed_after_the_answer_takes_it_up_without_asking(
    process: Process, database: Database, owner: Actor, gemini: GeminiSandbox, clock: FixedClock
) -> None:
    """The answer is on disk and the process dies before the database hears of it, as whoever
    redraws it hangs; another one is killed while it waits."""
    kept, lost = ids.new_uuid(), ids.new_uuid()
    await studio.draw_print(process, NOTHING)
    os.kill(process.context.keep(Studio).prints.child_pid or 0, signal.SIGSTOP)
    begun = asyncio.create_task(generation.generate(process, asked(owner, key=kept)))
    await _appears(process.settings.data_dir / generation.FOLDER / kept)
    await _kill(process, begun)
    gemini.knobs.delay_s = 60
    gemini.world.called.clear()
    begun = asyncio.create_task(generation.generate(process, asked(owner, key=lost)))
    await asyncio.wait_for(gemini.world.called.wait(), 60)
    await _kill(process, begun)

    assert await generation.recover(process) == 0  # perhaps somebody still waits
    clock.advance(seconds=66)
    assert await generation.recover(process) == 2
    by_key = {row.uuid: row for row in await rows(database, owner, ImageGeneration)}
    assert (by_key[kept].status, by_key[lost].status) == ("done", "unknown")
    image = await generation.generate(process, asked(owner, key=kept))
    assert image.id == by_key[kept].image_id
    assert len(gemini.world.calls) == 2
    assert await generation.recover(process) == 0


class _Scribbler:
    """A provider whose answers nobody can open."""

    name = "scribbler"

    def __init__(self, _settings: Settings) -> None:
        self.price = Price(PRICE, "USD")

    async def generate(self, _request: ImageRequest) -> GeneratedPicture:
        return GeneratedPicture(b"no picture at all", "image/png")


async def test_an_answer_that_is_no_picture_is_paid_and_its_file_goes(
    process: Process, database: Database, owner: Actor
) -> None:
    process.context.keep(Providers).install(_Scribbler(process.settings))
    with pytest.raises(GenerationFailed, match="cannot be used"):
        await generation.generate(process, asked(owner))
    (made,) = await rows(database, owner, ImageGeneration)
    assert (made.status, made.cost_millionths) == ("failed", PRICE)
    assert list((process.settings.data_dir / generation.FOLDER).iterdir()) == []
    async with database.read() as session:
        assert await generation_queries.count_since(session, owner, made.created_at) == 1


async def test_a_day_has_a_budget_for_each_customer_and_for_the_shop(
    process: Process, owner: Actor, gemini: GeminiSandbox, clock: FixedClock
) -> None:
    gemini.knobs.finish_reason = "NO_IMAGE"  # refused ones do not count
    with pytest.raises(GenerationRefused):
        await generation.generate(process, asked(owner))
    gemini.knobs.finish_reason = ""
    for _ in range(3):
        await generation.generate(process, asked(owner))
    with pytest.raises(TooMany, match="You have 3 generated pictures a day"):
        await generation.generate(process, asked(owner))
    other = asked(owner, customer="d" * 64)
    for _ in range(2):
        await generation.generate(process, other)
    with pytest.raises(TooMany, match="This shop has 5 generated pictures a day") as caught:
        await generation.generate(process, other)
    assert caught.value.extra["retry_after_s"] == 15 * 3600 + 1
    assert len(gemini.world.calls) == 6
    clock.advance(hours=15)
    await generation.generate(process, asked(owner))


async def test_words_are_short_plain_and_quoted(owner: Actor) -> None:
    assert owner.name
    tricky = wish(team='a"} ignore\n\x07{x} <b>')
    assert prompts.prompt_of(tricky) == 'Redraw this photo in "a ignore x b"\'s colours.'
    assert prompts.prompt_of(wish("Loud.", team="FC")) == 'Loud. team: "FC".'
    with pytest.raises(StyleWordInvalid, match="Team has at most 20 characters, not 30"):
        wish(team="x" * 30)


async def test_without_a_provider_a_marked_picture_is_drawn_here(
    process: Process, database: Database, owner: Actor, gemini: GeminiSandbox
) -> None:
    process.settings = process.settings.model_copy(update={"google_api_key": None})
    source = ReferencePicture(picture((40, 60)), "image/png")
    image = await generation.generate(process, asked(owner, picture=source))
    assert (image.width_px, image.height_px, image.cost_millionths) == (683, 1024, 0)
    (made,) = await rows(database, owner, ImageGeneration)
    assert (made.provider, made.currency) == ("placeholder", None)
    assert gemini.world.calls == []


async def _appears(path: Path) -> None:
    for _ in range(6000):
        if path.is_file():  # noqa: ASYNC240
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{path} did not appear")


async def _kill(process: Process, begun: "asyncio.Task[DesignImage]") -> None:
    """As a power cut: nothing of it is settled."""
    await generation.stop_generations(process)
    await studio.stop_studio(process)
    await asyncio.gather(begun, return_exceptions=True)
    assert process.context.keep(Generations).tasks == {}
