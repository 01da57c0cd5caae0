"""Pictures made by the provider: asked for once, paid at most once, kept before they are believed.

The answer lies on disk before the database knows of it. Whoever is killed in between finds it there
and asks nobody again; a call whose answer is nowhere is ``unknown`` and counts as paid.
"""

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from shopwright.artwork import generation_queries as queries
from shopwright.artwork import pictures, prompts, studio
from shopwright.artwork.generation_queries import KIND
from shopwright.artwork.models import Design, DesignImage, ImageGeneration
from shopwright.artwork.pictures import NewImage
from shopwright.artwork.port import (
    GeneratedPicture,
    GenerationFailed,
    GenerationRefused,
    GenerationUnknown,
    ImageProvider,
    Price,
    Providers,
    ReferencePicture,
)
from shopwright.artwork.prompts import Wish
from shopwright.artwork.queries import find_design
from shopwright.artwork.states import GenerationStatus, ImageKind
from shopwright.kernel import effects, ids
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession, take_turns
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.errors import Conflict, ShopError, TooMany

FOLDER = "generated"  # answers that are not in the database yet
DAY_S = 86_400
GRACE_S = 60  # beyond the provider's time-out, until a call counts as nobody's
WAIT_S = 0.5
PRINT_SIDE_PX = 4096

log = structlog.get_logger()


class GenerationHeld(Conflict):
    code = "generation-held"
    title = "No pictures are made right now"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants a picture, and where it belongs. ``key``: the same again is the same picture."""

    ctx: Actor
    customer: str
    wish: Wish
    picture: ReferencePicture | None = None
    source_sha256: str | None = None
    design: Design | None = None
    reference: str | None = None
    key: str = ""


class Generations:
    """Kept in the process: those under way, which go on when whoever asked has gone."""

    def __init__(self) -> None:
        self.tasks: dict[str, asyncio.Task[DesignImage]] = {}


async def generate(process: Process, asked: Asked) -> DesignImage:
    """The picture. Raises TooMany beyond a day's budget, GenerationRefused, GenerationFailed,
    GenerationUnknown, or GenerationHeld."""
    key = asked.key or ids.new_uuid()
    tasks = process.context.keep(Generations).tasks
    if key not in tasks:
        task = asyncio.create_task(_generate(process, asked, key))
        tasks[key] = task
        task.add_done_callback(lambda _: tasks.pop(key, None))
    return await asyncio.shield(tasks[key])


async def stop_generations(process: Process) -> None:
    """Before the process ends: a call under way is left as it is, and settled at the next start."""
    tasks = list(process.context.keep(Generations).tasks.values())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def recover(process: Process) -> int:
    """Settle what dead processes had asked for; how many there were."""
    patience = timedelta(seconds=process.settings.gemini_timeout_s + GRACE_S)
    async with process.database.read() as session:
        orphans = await queries.list_orphans(session, process.clock.now() - patience)
    for orphan in orphans:
        if orphan.key not in process.context.keep(Generations).tasks:
            await _adopt_orphan(process, orphan.organization_id, orphan.key)
    return len(orphans)


async def _generate(process: Process, asked: Asked, key: str) -> DesignImage:
    provider = process.context.keep(Providers).get(process.settings)
    known = await _find(process, asked.ctx, key)
    if known is not None:
        return await _repeat(process, known)
    begun = await _begin(process, asked, key, provider)
    work = _Work(process, begun, provider.price)
    try:
        answer = await provider.generate(prompts.request_of(asked.wish, asked.picture))
    except ShopError as err:
        await work.fail(err)
        raise
    return await work.finish(answer)


async def _begin(
    process: Process, asked: Asked, key: str, provider: ImageProvider
) -> ImageGeneration:
    """The row and its effect, committed as being sent; raises TooMany or GenerationHeld."""
    now = process.clock.now()
    async with process.database.write() as session:
        await take_turns(session, f"{KIND}-{asked.ctx.organization_id}")
        await _check_budget(process, session, asked, now)
        if asked.design is not None:
            await pictures.check_count(session, asked.ctx, asked.design)
        generation = _row(asked, key, provider, now)
        session.add(generation)
        await session.flush()
        effect = await effects.intend(
            session,
            asked.ctx.organization_id,
            kind=KIND,
            key=key,
            subject_id=generation.id,
            request={"reference": asked.reference},
        )
        sent = await effects.begin_sending(session, asked.ctx.organization_id, effect.id, now)
        if sent is None:
            raise GenerationHeld(
                "After a restore nothing is asked of others until the owner releases it."
            )
    return generation


def _row(asked: Asked, key: str, provider: ImageProvider, now: datetime) -> ImageGeneration:
    wish = asked.wish
    return ImageGeneration(
        uuid=key,
        organization_id=asked.ctx.organization_id,
        design_id=asked.design.id if asked.design else None,
        customer=asked.customer,
        provider=provider.name,
        template_code=wish.template.code,
        style_code=wish.style.code,
        parameters=dict(wish.words) | {"shown": wish.shown},
        prompt=prompts.prompt_of(wish),
        source_sha256=asked.source_sha256,
        created_at=now,
    )


async def _check_budget(
    process: Process, session: WriteSession, asked: Asked, now: datetime
) -> None:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    reset_s = int((midnight + timedelta(days=1) - now).total_seconds()) + 1
    settings = process.settings
    for customer, most, whose in (
        (asked.customer, settings.images_per_customer_per_day, "You have"),
        (None, settings.images_per_day, "This shop has"),
    ):
        used = await queries.count_since(session, asked.ctx, midnight, customer)
        if most and used >= most:
            raise TooMany(
                f"{whose} {most} generated pictures a day, and they are used up. "
                "Come back tomorrow.",
                retry_after_s=min(reset_s, DAY_S),
            )


async def _find(process: Process, ctx: Actor, key: str) -> ImageGeneration | None:
    async with process.database.read() as session:
        return await queries.find_generation(session, ctx.organization_id, key)


async def _repeat(process: Process, known: ImageGeneration) -> DesignImage:
    """The same request again: the same answer, once another process has it."""
    deadline = process.settings.gemini_timeout_s + GRACE_S
    for _ in range(int(deadline / WAIT_S)):
        if known.status is not GenerationStatus.PENDING:
            break
        await asyncio.sleep(WAIT_S)
        known = await _find(process, system_actor(known.organization_id), known.uuid) or known
    async with process.database.read() as session:
        image = await queries.find_image_of(session, known)
    if image is not None:
        return image
    if known.status is GenerationStatus.REFUSED:
        raise GenerationRefused(known.refusal or "The image service refused this.")
    if known.status is GenerationStatus.FAILED:
        raise GenerationFailed(known.refusal or "The picture did not come about.")
    raise GenerationUnknown(known.refusal or "Nobody knows what became of this picture.")


@dataclass(frozen=True, slots=True)
class _Work:
    """One generation that was asked for, until it is settled."""

    process: Process
    generation: ImageGeneration
    price: Price | None

    async def finish(self, answer: GeneratedPicture) -> DesignImage:
        path = _answer_path(self.process, self.generation.uuid)
        await asyncio.to_thread(_write, path, answer.content)
        return await self.finish_kept(path)

    async def finish_kept(self, path: Path) -> DesignImage:
        """Of what lies on disk; a picture that cannot be read was paid all the same."""
        try:
            image = await pictures.take_in(
                self.process, path, is_lossless=True, max_side_px=PRINT_SIDE_PX
            )
        except studio.PictureRefused as err:
            sentence = f"The provider's picture cannot be used. {err.detail}"
            await self._settle(GenerationStatus.FAILED, EffectStatus.FAILED, sentence, paid=True)
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise GenerationFailed(sentence) from err
        row = await self._record(image)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        return row

    async def fail(self, err: ShopError) -> None:
        """As far as it is known: refused and failed ones are not paid, unknown ones may be."""
        status, effect = GenerationStatus.FAILED, EffectStatus.FAILED
        if isinstance(err, GenerationRefused):
            status = GenerationStatus.REFUSED
        elif isinstance(err, GenerationUnknown):
            status, effect = GenerationStatus.UNKNOWN, EffectStatus.UNKNOWN
        paid = status is GenerationStatus.UNKNOWN
        await self._settle(status, effect, err.detail, paid=paid)

    async def _record(self, image: NewImage) -> DesignImage:
        now, generation = self.process.clock.now(), self.generation
        ctx = system_actor(generation.organization_id)
        async with self.process.database.write() as session:
            design = await self._design(session, ctx)
            effect = await effects.find_effect(session, ctx.organization_id, KIND, generation.uuid)
            row = await pictures.add_image(
                session,
                ctx,
                image=image,
                kind=ImageKind.GENERATED,
                now=now,
                design=design,
                reference=(effect.request.get("reference") if effect else None),
                ai_params={"template": generation.template_code, "style": generation.style_code}
                | generation.parameters,
                **self._cost(),
            )
            values = {"status": GenerationStatus.DONE, "image_id": row.id, "settled_at": now}
            await queries.settle_generation(session, generation, values | self._cost())
            if effect is not None:
                await effects.settle(
                    session, ctx.organization_id, effect.id, EffectStatus.DONE, None, now
                )
        return row

    async def _design(self, session: WriteSession, ctx: Actor) -> Design | None:
        design_id = self.generation.design_id
        return await find_design(session, ctx, Ref(design_id, None)) if design_id else None

    async def _settle(
        self, status: GenerationStatus, effect: EffectStatus, sentence: str, *, paid: bool
    ) -> None:
        now, generation = self.process.clock.now(), self.generation
        values = {"status": status, "refusal": sentence[:500], "settled_at": now}
        async with self.process.database.write() as session:
            cost = self._cost() if paid else {}
            await queries.settle_generation(session, generation, values | cost)
            found = await effects.find_effect(
                session, generation.organization_id, KIND, generation.uuid
            )
            if found is not None:
                await effects.settle(
                    session, generation.organization_id, found.id, effect, sentence[:500], now
                )

    def _cost(self) -> dict[str, int | str]:
        if self.price is None:
            return {}
        return {"cost_millionths": self.price.millionths, "currency": self.price.currency}


async def _adopt_orphan(process: Process, organization_id: int, key: str) -> None:
    """Its answer is here and becomes the picture, or nobody has it."""
    generation = await _find(process, system_actor(organization_id), key)
    if generation is None:
        return
    work = _Work(process, generation, process.context.keep(Providers).get(process.settings).price)
    path = _answer_path(process, key)
    if await asyncio.to_thread(path.is_file):
        log.info("a generated picture is taken up after a restart", generation=key)
        try:
            await work.finish_kept(path)
        except ShopError as err:  # the storage is away, say: the next round tries again
            log.warning("a generated picture is not taken up yet", generation=key, why=err.detail)
        return
    await work.fail(
        GenerationUnknown("The server stopped while it waited. The picture may have been paid.")
    )


def _answer_path(process: Process, key: str) -> Path:
    return process.settings.data_dir / FOLDER / key


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
