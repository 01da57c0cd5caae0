"""Prints of ordered designs: drawn once, never changed, linked to for the manufacturer."""

import asyncio
import functools
import http.server
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from shopwright.artwork import pictures, printing, queries, service
from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.printing import DesignNotOrdered, FinalImageRefused, PrintNotReady
from shopwright.artwork.states import DesignStatus, ImageKind
from shopwright.artwork.studio import Drawn, PictureRefused
from shopwright.catalog.designs.models import Template
from shopwright.catalog.devices.models import DeviceModel
from shopwright.files.access import files_of
from shopwright.files.links import FileLinkInvalid
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Unavailable
from tests import factories
from tests.artwork.rows import begin, image_layer, text_layer
from tests.artwork.samples import BLUE, RED, encoded, halves, opened, picture
from tests.clock import FixedClock

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")


@pytest.fixture
async def offer(database: Database, owner: Actor) -> tuple[Template, DeviceModel]:
    async with database.write() as session:
        template = await factories.make_template(session, owner)
        model = await factories.make_device_model(session, owner)
        model.width_um, model.height_um = 80_000, 100_000  # 1390 × 1738 px
    return template, model


async def test_an_ordered_design_is_drawn_once_by_what_was_saved(
    anonymous: AsyncClient, process: Process, database: Database, owner: Actor, clock: FixedClock
) -> None:
    customer = await begin(anonymous, database, owner)
    image = (await customer.upload(encoded(halves(RED, BLUE, (300, 600))))).json()
    await customer.save(image_layer(image["id"]), text_layer("Anna \U0001f600"))
    async with database.read() as session:
        design = (
            await session.scalars(
                select(Design).where(Design.organization_id == owner.organization_id)
            )
        ).one()
    with pytest.raises(DesignNotOrdered):
        await printing.compose_print(process, owner, design.id)
    async with database.write() as session:
        await service.freeze_design(session, owner, design.id, now=clock.now())
    with pytest.raises(PrintNotReady):
        await printing.print_link(process, design)

    both = await asyncio.gather(
        *(printing.compose_print(process, owner, design.id) for _ in range(2))
    )
    assert both[0].print_sha256 == both[1].print_sha256
    content = await files_of(process).read(str(both[0].print_sha256), max_bytes=50_000_000)
    drawn = opened(content)
    assert drawn.size == (1390, 2886)
    assert drawn.info["dpi"][0] == pytest.approx(1390 / 70.6 * 25.4, abs=0.02)
    assert drawn.getpixel((10, 10)) == (254, 0, 0)
    assert drawn.getpixel((1380, 10)) == (0, 0, 254)
    async with database.read() as session:
        prints = await queries.find_images(session, owner, design.id, [ImageKind.FINAL_COMPOSED])
    assert [image.sha256 for image in prints] == [both[0].print_sha256]

    link = await printing.print_link(process, both[0])
    served = await anonymous.get(link)
    assert (served.status_code, served.content) == (200, content)
    clock.advance(hours=47)
    assert (await anonymous.get(link)).status_code == 200
    clock.advance(hours=1)
    assert (await anonymous.get(link)).status_code == 410
    with pytest.raises(pictures.LifeTooLong):
        await printing.print_link(process, both[0], timedelta(hours=73))


async def test_our_own_signed_link_becomes_the_print_and_no_altered_one(
    process: Process, database: Database, owner: Actor, offer: tuple[Template, DeviceModel]
) -> None:
    url = await _uploaded_final(process, database, owner, picture((1390, 1738), RED))
    template, model = offer
    design = await printing.adopt_final_image(
        process, owner, template=template, model=model, url=url
    )
    assert (design.status, design.print_sha256) == (DesignStatus.FROZEN, design.final_sha256)
    content = await files_of(process).read(str(design.print_sha256), max_bytes=50_000_000)
    assert (opened(content).size, opened(content).getpixel((5, 5))) == ((1390, 1738), RED)
    with pytest.raises(FileLinkInvalid):
        await printing.adopt_final_image(
            process, owner, template=template, model=model, url=url[:-1] + "0"
        )
    assert await _count(database, owner, Design) == 1


async def test_a_final_picture_of_another_shape_or_with_too_few_pixels_is_refused(
    process: Process, database: Database, owner: Actor, offer: tuple[Template, DeviceModel]
) -> None:
    template, model = offer
    for size in ((1390, 1500), (695, 869)):
        url = await _uploaded_final(process, database, owner, picture(size))
        kept = _kept(process)
        with pytest.raises(FinalImageRefused, match=r"1390 × 1738 pixels; the picture has"):
            await printing.adopt_final_image(
                process, owner, template=template, model=model, url=url
            )
        assert _kept(process) == kept
    assert await _count(database, owner, Design) == 0


ELSEWHERE = (
    ("data:image/png;base64,AAAA", "is a data URL"),
    ("https://evil.test/x.png", "not fetched from evil.test"),
    ("http://169.254.169.254/latest", "not fetched from 169.254.169.254"),
    ("http://127.0.0.1:8000/api/orders", "not the link of a picture"),
)


async def test_no_other_address_is_fetched(
    process: Process, owner: Actor, offer: tuple[Template, DeviceModel]
) -> None:
    for url, words in ELSEWHERE:
        with pytest.raises(FinalImageRefused, match=words):
            await printing.adopt_final_image(
                process, owner, template=offer[0], model=offer[1], url=url
            )


async def test_an_allowed_storage_host_is_fetched_and_what_it_gives_is_checked(
    process: Process, owner: Actor, offer: tuple[Template, DeviceModel], storage: str
) -> None:
    template, model = offer
    process.settings = process.settings.model_copy(
        update={"artwork_image_hosts": ["127.0.0.1"], "public_url": "http://shop.test"}
    )
    design = await printing.adopt_final_image(
        process, owner, template=template, model=model, url=f"{storage}/good.png"
    )
    assert design.print_sha256 is not None
    with pytest.raises(PictureRefused, match="SVG"):
        await printing.adopt_final_image(
            process, owner, template=template, model=model, url=f"{storage}/page.html"
        )
    with pytest.raises(Unavailable, match="answered 404"):
        await printing.adopt_final_image(
            process, owner, template=template, model=model, url=f"{storage}/none.png"
        )


@pytest.fixture
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A host with a picture and a page."""
    folder = tmp_path_factory.mktemp("storage")
    (folder / "good.png").write_bytes(picture((1390, 1738), RED))
    (folder / "page.html").write_text("<html></html>")
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        pass


def _kept(process: Process) -> set[Path]:
    """Every object in the store."""
    return {path for path in (process.settings.data_dir / "files").rglob("*") if path.is_file()}


async def _uploaded_final(
    process: Process, database: Database, owner: Actor, content: bytes
) -> str:
    """The link of a picture as ``upload-final`` leaves it."""
    image = await pictures.keep(process, Drawn(content, "image/png", *opened(content).size))
    now = process.clock.now()
    async with database.write() as session:
        row = await pictures.add_image(session, owner, image=image, kind=ImageKind.FINAL, now=now)
        return pictures.image_url(process, row, now=now)


async def _count(database: Database, owner: Actor, table: type[Design | DesignImage]) -> int:
    async with database.read() as session:
        found = await session.scalar(
            select(func.count())
            .select_from(table)
            .where(table.organization_id == owner.organization_id)
        )
    return found or 0
