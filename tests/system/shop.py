"""What the shop has before a test begins: an owner, printers, products, orders."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from shopwright.accounts import bootstrap
from shopwright.catalog.models import Product, RecipeStep, Variant
from shopwright.catalog.states import StepKind
from shopwright.files import service as stored_files
from shopwright.files.access import open_files
from shopwright.files.service import NewFile
from shopwright.files.storage import FileStore
from shopwright.fleet import service as fleet
from shopwright.fleet.models import HarvestPolicy
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.orders import intake
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.states import OrderStatus
from shopwright.print_files.models import Plate, PlateFilament, PrintFile
from shopwright.print_files.parsing import read_sliced_file
from shopwright.sandbox.sliced_files import SlicedPlate, make_gcode_3mf
from shopwright.server.process import open_process
from tests.conftest import TestSettings
from tests.system.harness import MASTER_KEY, OWNER_EMAIL, OWNER_PASSWORD

MAX_FILE = 100_000_000
PLATE_S = 1000  # printer seconds; 75 of them are preparation
LAYERS = 100


@dataclass(frozen=True, slots=True)
class Goods:
    """One SKU: a file with a plate per entry of ``plates_mg``; each plate is one recipe step."""

    sku: str
    plates_mg: tuple[int, ...] = (20_000, 10_000)
    padding_bytes: int = 0
    yields: int = 1  # copies on each plate


@dataclass(slots=True)
class Shop:
    """Writes before the server runs; afterwards only the API may."""

    process: Process
    files: FileStore
    ctx: Actor
    folder: Path
    variants: dict[str, int] = field(default_factory=dict)

    async def add_goods(self, goods: Goods) -> None:
        path = self.folder / f"{goods.sku}.gcode.3mf"
        plates = [
            SlicedPlate(number, f"part{number}", PLATE_S, LAYERS, {1: used_mg})
            for number, used_mg in enumerate(goods.plates_mg, 1)
        ]
        make_gcode_3mf(path, plates=plates, padding_bytes=goods.padding_bytes)
        stored = await self.files.put(path, max_bytes=MAX_FILE)
        sliced = read_sliced_file(path)
        own = {"organization_id": self.ctx.organization_id}
        async with self.process.database.write() as session:
            file = PrintFile(
                **own,
                name=path.name,
                version=1,
                sha256=stored.sha256,
                size_bytes=stored.size,
                kind="gcode_3mf",
                printer_model=sliced.printer_model,
                nozzle_um=400,
                project_filament_count=sliced.project_filament_count,
                uploaded_by="owner",
                plates=[_plate(own, plate) for plate in sliced.plates],
            )
            product = Product(**own, name=goods.sku.title())
            await stored_files.record_files(
                session, self.ctx, [NewFile(stored, path.name, "application/octet-stream")]
            )
            session.add_all([file, product])
            await session.flush()
            variant = Variant(**own, product_id=product.id, sku=goods.sku)
            session.add(variant)
            await session.flush()
            session.add_all(_steps(own, variant.id, file.id, goods))
            self.variants[goods.sku] = variant.id

    async def add_printers(
        self, printers: Iterable[dict[str, Any]], policy: HarvestPolicy = HarvestPolicy.AUTOMATIC
    ) -> None:
        """As a farm describes them."""
        async with self.process.database.write() as session:
            for facts in printers:
                await fleet.register_printer(
                    session, self.ctx, draft=_printer(facts, policy), now=datetime.now(UTC)
                )

    async def place_order(self, *items: tuple[str, int]) -> int:
        """Paid, by hand; (SKU, quantity) each. Returns its id."""
        async with self.process.database.write() as session:
            return await place(session, self.ctx, items)


@asynccontextmanager
async def open_shop(folder: Path, database_url: str, **more: Any) -> AsyncIterator[Shop]:
    """The same database and data folder the server will have; leave it before the server starts.

    ``more`` are settings by their fields: the bucket, where files are not in the folder.
    """
    settings = TestSettings(
        database_url=database_url,
        data_dir=folder / "data",
        master_key=SecretStr(MASTER_KEY),
        **more,
    )
    async with open_process(settings) as process:
        founded = await bootstrap.found(process, email=OWNER_EMAIL, password=OWNER_PASSWORD)
        ctx = system_actor(founded.organization.id, "test")
        yield Shop(process, open_files(settings), ctx, folder)


async def place(session: WriteSession, ctx: Actor, items: Sequence[tuple[str, int]]) -> int:
    now = datetime.now(UTC)
    drafts = tuple(ItemDraft(title=sku, quantity=quantity, sku=sku) for sku, quantity in items)
    draft = OrderDraft(status=OrderStatus.PAID, currency="EUR", placed_at=now, items=drafts)
    return (await intake.place_order(session, ctx, draft=draft, now=now)).id


def _printer(facts: dict[str, Any], policy: HarvestPolicy) -> fleet.PrinterDraft:
    return fleet.PrinterDraft(
        name=facts["name"],
        host=facts["host"],
        access_code=facts["access_code"],
        serial=facts["serial"],
        model="P1S",
        ports={"mqtt": facts["mqtt_port"], "ftps": facts["ftps_port"]},
        harvest_policy=policy,
    )


def _plate(own: dict[str, int], plate: Any) -> Plate:
    filaments = [
        PlateFilament(
            **own,
            project_index=f.project_index,
            material=f.material,
            color=f.color,
            used_mg=f.used_mg,
        )
        for f in plate.filaments
    ]
    return Plate(
        **own,
        number=plate.number,
        name=plate.name,
        time_s=plate.time_s,
        total_mg=plate.used_mg,
        filaments=filaments,
    )


def _steps(own: dict[str, int], variant_id: int, file_id: int, goods: Goods) -> list[RecipeStep]:
    return [
        RecipeStep(
            **own,
            variant_id=variant_id,
            position=number,
            kind=StepKind.PRINT,
            print_file_id=file_id,
            plate_number=number,
            yields=goods.yields,
        )
        for number in range(1, len(goods.plates_mg) + 1)
    ]
