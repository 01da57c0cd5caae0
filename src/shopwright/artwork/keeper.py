"""Throws away drafts that nobody ordered and pictures whose time is over, with their files."""

import asyncio

import structlog

from shopwright.artwork import generation, pictures, queries
from shopwright.artwork.models import DesignImage
from shopwright.files.access import drop_bytes
from shopwright.kernel.actor import system_actor
from shopwright.kernel.edge import Process

EVERY_S = 600.0
BETWEEN_S = 1.0  # others write, too
AT_ONCE = 100

log = structlog.get_logger()


class DraftKeeper:
    def __init__(self, process: Process) -> None:
        self._process = process

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            has_more = await self.clean_up() >= AT_ONCE
            await asyncio.sleep(BETWEEN_S if has_more else EVERY_S)

    async def clean_up(self) -> int:
        """One round; how many were thrown away. Generations that a dead process began are settled
        first: their pictures may belong to a draft."""
        await generation.recover(self._process)
        now = self._process.clock.now()
        async with self._process.database.read() as session:
            drafts = await queries.list_expired(session, now, AT_ONCE)
            images = await queries.list_expired_images(session, now, AT_ONCE)
        for organization_id, design_id in drafts:
            await self._forget_draft(organization_id, design_id)
        for organization_id in {image.organization_id for image in images}:
            of_shop = [image for image in images if image.organization_id == organization_id]
            await self._forget_images(organization_id, of_shop)
        if drafts or images:
            log.info("customers' drafts were cleaned up", drafts=len(drafts), pictures=len(images))
        return max(len(drafts), len(images))

    async def _forget_draft(self, organization_id: int, design_id: int) -> None:
        ctx, hashes = system_actor(organization_id), []
        async with self._process.database.write() as session:
            now = self._process.clock.now()
            if await queries.lock_expired(session, ctx, design_id, now) is not None:
                hashes = await pictures.forget_design(session, ctx, design_id)
        await drop_bytes(self._process, hashes)

    async def _forget_images(self, organization_id: int, images: list[DesignImage]) -> None:
        async with self._process.database.write() as session:
            hashes = await pictures.forget_images(session, system_actor(organization_id), images)
        await drop_bytes(self._process, hashes)
