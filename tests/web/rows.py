"""A shop with something of everything, for the pages."""

import io
from dataclasses import dataclass
from datetime import timedelta

from PIL import Image, ImageDraw

from shopwright.catalog.models import Product, RecipeStep, Variant
from shopwright.catalog.states import StepKind
from shopwright.files.storage import FileStore
from shopwright.fleet.models import Printer, PrinterSlot
from shopwright.fleet.states import Activity, ConnectionState, Gate
from shopwright.inventory.models import Filament, SlotSpool, Spool
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.orders.models import Hold, Order, OrderItem, OrderNote, Piece, PieceStep
from shopwright.orders.states import HoldSubject, OrderStatus, ProductionStatus, StepStatus
from shopwright.print_files.models import Plate, PlateFilament, PrintFile
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import AttemptStatus, JobStatus
from shopwright.telemetry.latest import LatestSnapshots, Snapshot
from tests.clock import START

COLORS = {"Black": "1A1A1A", "Red": "C8102E", "Bone": "EFE6D2", "Teal": "0C8B8B"}


@dataclass(slots=True)
class Shop:
    """Ids of what was made."""

    printers: dict[str, int]
    jobs: dict[str, int]
    orders: dict[str, int]
    variant_id: int


def make_printer(actor: Actor, name: str, **facts: object) -> Printer:
    values: dict[str, object] = {
        "model": "P1S",
        "host": "192.168.1.20",
        "serial": ids.new_token(8),
        "access_code": "sealed",
        "location": "Rack A",
        "connection": ConnectionState.ONLINE,
        "activity": Activity.IDLE,
        "last_seen_at": START,
        "updated_at": START,
        **facts,
    }
    return Printer(organization_id=actor.organization_id, name=name, **values)


def make_slots(actor: Actor, printer_id: int) -> list[PrinterSlot]:
    loads = [("PLA", "Black", 82), ("PLA", "Red", 8), ("PETG", "Bone", 55), None]
    return [
        PrinterSlot(
            organization_id=actor.organization_id,
            printer_id=printer_id,
            number=number,
            is_loaded=load is not None,
            material=load[0] if load else None,
            color=COLORS[load[1]] if load else None,
            remaining_percent=load[2] if load else None,
            humidity=4,
            synced_at=START,
        )
        for number, load in enumerate(loads, 1)
    ]


async def make_product(
    session: WriteSession, actor: Actor, name: str, sku: str, thumbnail: str | None = None
) -> tuple[Variant, RecipeStep]:
    owner = actor.organization_id
    file = PrintFile(
        organization_id=owner,
        name=f"{sku.lower()}.gcode.3mf",
        version=1,
        sha256=ids.new_token(),
        size_bytes=1_200_000,
        kind="gcode_3mf",
        printer_model="P1S",
        nozzle_um=400,
        project_filament_count=2,
        uploaded_by=actor.name,
        plates=[
            Plate(
                organization_id=owner,
                number=1,
                time_s=5_460,
                total_mg=48_200,
                thumbnail_sha256=thumbnail,
                filaments=[
                    PlateFilament(
                        organization_id=owner,
                        project_index=index,
                        material="PLA",
                        color=COLORS[color],
                        used_mg=used,
                    )
                    for index, (color, used) in enumerate([("Black", 40_000), ("Red", 8_200)], 1)
                ],
            )
        ],
    )
    product = Product(organization_id=owner, name=name, category="Figures", variants=[])
    session.add_all([file, product])
    await session.flush()
    variant = Variant(
        organization_id=owner, product_id=product.id, sku=sku, price_minor=2490, currency="EUR"
    )
    session.add(variant)
    await session.flush()
    step = RecipeStep(
        organization_id=owner,
        variant_id=variant.id,
        position=1,
        kind=StepKind.PRINT,
        print_file_id=file.id,
        plate_number=1,
    )
    session.add(step)
    await session.flush()
    return variant, step


async def make_order(
    session: WriteSession, actor: Actor, number: int, buyer: str, **facts: object
) -> Order:
    """One paid order without items; ``facts`` overrule."""
    values: dict[str, object] = {
        "channel": "etsy",
        "external_id": f"30{number}",
        "connection_id": 1,
        "status": OrderStatus.PAID,
        "production_status": ProductionStatus.QUEUED,
        "currency": "EUR",
        "subtotal_minor": 4980,
        "shipping_minor": 490,
        "total_minor": 5470,
        "ship_to": {
            "name": buyer,
            "first_line": "Lange Gasse 7",
            "zip": "86150",
            "city": "Augsburg",
            "country": "DE",
        },
        "promised_on": START.date() + timedelta(days=3),
        "placed_at": START - timedelta(hours=5),
        "updated_at": START,
        **facts,
    }
    order = Order(
        organization_id=actor.organization_id, number=number, buyer_name=buyer, items=[], **values
    )
    session.add(order)
    await session.flush()
    return order


async def make_item(
    session: WriteSession,
    order: Order,
    title: str,
    step: RecipeStep | None,
    *,
    good: int = 0,
    **facts: object,
) -> OrderItem:
    """Two units; with a step they are pieces, the first ``good`` of them good."""
    owner = order.organization_id
    values: dict[str, object] = {"position": 1, "quantity": 2, "price_minor": 2490, **facts}
    total = int(str(values["quantity"])) if step else 0
    item = OrderItem(
        organization_id=owner,
        order_id=order.id,
        title=title,
        variant_id=step.variant_id if step else None,
        pieces_total=total,
        pieces_good=good,
        **values,
    )
    session.add(item)
    await session.flush()
    for number in range(1, total + 1):
        is_good = number <= good
        piece = Piece(
            organization_id=owner,
            order_item_id=item.id,
            number=number,
            steps_total=1,
            steps_good=int(is_good),
        )
        session.add(piece)
        await session.flush()
        assert step is not None
        session.add(
            PieceStep(
                organization_id=owner,
                piece_id=piece.id,
                order_item_id=item.id,
                recipe_step_id=step.id,
                kind=StepKind.PRINT,
                print_file_id=step.print_file_id,
                plate_number=1,
                status=StepStatus.GOOD if is_good else StepStatus.OWED,
            )
        )
    order.pieces_total += total
    order.pieces_good += good
    await session.flush()
    return item


async def make_job(
    session: WriteSession,
    actor: Actor,
    step: RecipeStep,
    order: Order | None,
    name: str,
    **facts: object,
) -> PrintJob:
    job = PrintJob(
        organization_id=actor.organization_id,
        name=name,
        print_file_id=step.print_file_id,
        plate_number=1,
        recipe_step_id=step.id,
        order_id=order.id if order else None,
        estimated_s=5_460,
        estimated_mg=48_200,
        created_by="planning",
        **facts,
    )
    session.add(job)
    await session.flush()
    return job


async def make_attempt(
    session: WriteSession, job: PrintJob, status: AttemptStatus, **facts: object
) -> Attempt:
    assert job.printer_id is not None
    attempt = Attempt(
        organization_id=job.organization_id,
        print_job_id=job.id,
        printer_id=job.printer_id,
        number=1,
        device_job_id=ids.new_device_job_id(),
        status=status,
        slots=[1, 2],
        started_at=START - timedelta(minutes=40),
        **facts,
    )
    session.add(attempt)
    await session.flush()
    return attempt


async def draw_thumbnail(files: FileStore, color: str) -> str:
    """A picture of a part, stored; returns its hash."""
    image = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.polygon([(128, 30), (220, 80), (220, 180), (128, 230), (36, 180), (36, 80)], fill=color)
    draw.polygon([(128, 30), (220, 80), (128, 130), (36, 80)], fill="#ffffff66")
    content = io.BytesIO()
    image.save(content, "PNG")
    content.seek(0)
    return (await files.put(content, max_bytes=1_000_000)).sha256


def snapshot_of(actor: Actor, printer_id: int, **facts: object) -> Snapshot:
    """A printer halfway through."""
    values: dict[str, object] = {
        "at": START,
        "connection": "online",
        "activity": "printing",
        "percent": 62.0,
        "layer": 148,
        "layers": 240,
        "remaining_s": 2_100,
        "stage": "printing",
        "nozzle": 219.6,
        "nozzle_target": 220.0,
        "bed": 59.8,
        "bed_target": 60.0,
        "chamber": 34.0,
        **facts,
    }
    return Snapshot(organization_id=actor.organization_id, printer_id=printer_id, **values)  # type: ignore[arg-type]


async def fill_shop(session: WriteSession, actor: Actor, files: FileStore | None = None) -> Shop:
    """Six printers in different states, orders of every kind, a queue, an inbox."""
    pictures = [await draw_thumbnail(files, c) if files else None for c in ("#2f6fde", "#0c8b8b")]
    dragon, dragon_step = await make_product(
        session, actor, "Flexi dragon", "DRAGON-RED", pictures[0]
    )
    _, sign_step = await make_product(session, actor, "Name sign", "SIGN-STD", pictures[1])
    made = {
        "busy": make_printer(actor, "P1S 01", activity=Activity.PRINTING),
        "soon": make_printer(actor, "P1S 02", activity=Activity.PRINTING),
        "idle": make_printer(actor, "P1S 03"),
        "clear": make_printer(
            actor,
            "P1S 04",
            gate=Gate.NEEDS_CLEARING,
            gate_reason="take the finished plate off",
            location="Rack B",
        ),
        "wrong": make_printer(
            actor,
            "X1C 05",
            model="X1 Carbon",
            connection=ConnectionState.AUTH_FAILED,
            location="Rack B",
            trouble="The access code is refused. Read it on the printer's screen "
            "under Settings, WLAN, and correct it here.",
        ),
        "away": make_printer(
            actor,
            "A1 mini 06",
            model="A1 mini",
            connection=ConnectionState.OFFLINE,
            location="Rack B",
            last_seen_at=START - timedelta(hours=3),
            trouble="No answer from 192.168.1.26 on port 8883 since 06:00. Is it switched on?",
        ),
    }
    session.add_all(made.values())
    await session.flush()
    printers = {name: printer.id for name, printer in made.items()}
    for printer_id in printers.values():
        session.add_all(make_slots(actor, printer_id))
    orders = await _fill_orders(session, actor, dragon_step, sign_step)
    jobs = await _fill_jobs(session, actor, printers, orders, dragon_step, sign_step)
    await _fill_shelf(session, actor, printers["busy"])
    await session.flush()
    return Shop(printers, jobs, {name: order.id for name, order in orders.items()}, dragon.id)


async def _fill_orders(
    session: WriteSession, actor: Actor, dragon: RecipeStep, sign: RecipeStep
) -> dict[str, Order]:
    orders = {
        "making": await make_order(
            session,
            actor,
            1042,
            "Anna Maria Berg",
            promised_on=START.date(),
            production_status=ProductionStatus.IN_PROGRESS,
            buyer_message="It is for my son's birthday, thank you!",
        ),
        "ready": await make_order(
            session,
            actor,
            1040,
            "Tom Okafor",
            status=OrderStatus.COMPLETED,
            production_status=ProductionStatus.COMPLETED,
            promised_on=START.date() + timedelta(days=1),
        ),
        "late": await make_order(
            session, actor, 1038, "Liv Sørensen", promised_on=START.date() - timedelta(days=2)
        ),
        "held": await make_order(session, actor, 1039, "Pia Lund", is_held=True),
        "unknown": await make_order(session, actor, 1043, "Jo Ito"),
        "shipped": await make_order(
            session,
            actor,
            1031,
            "Max Weber",
            status=OrderStatus.SHIPPED,
            production_status=ProductionStatus.COMPLETED,
        ),
    }
    await make_item(
        session,
        orders["making"],
        "Flexi dragon, red",
        dragon,
        good=1,
        sku="DRAGON-RED",
        personalisation=[["Name on the tail", "Oskar"]],
        options=[["Size", "large"]],
    )
    await make_item(
        session,
        orders["making"],
        "Name sign",
        sign,
        position=2,
        quantity=1,
        sku="SIGN-STD",
        personalisation=[["Text", "Familie Berg <3"]],
    )
    await make_item(session, orders["ready"], "Flexi dragon, red", dragon, good=2, sku="DRAGON-RED")
    await make_item(session, orders["late"], "Name sign", sign, sku="SIGN-STD")
    await make_item(session, orders["held"], "Flexi dragon, red", dragon, sku="DRAGON-RED")
    await make_item(
        session,
        orders["unknown"],
        "Octopus, glow in the dark",
        None,
        sku="OCTO-GLOW",
        waiting_code="unknown_sku",
        waiting_reason="No variant has the SKU OCTO-GLOW.",
    )
    await make_item(session, orders["shipped"], "Name sign", sign, good=2, sku="SIGN-STD")
    session.add(
        Hold(
            organization_id=actor.organization_id,
            subject=HoldSubject.ORDER,
            subject_id=orders["held"].id,
            order_id=orders["held"].id,
            reason="The name is missing; the buyer was asked.",
            by="Sam",
            released_at=None,
        )
    )
    session.add(
        OrderNote(
            organization_id=actor.organization_id,
            order_id=orders["making"].id,
            content="Use the new red spool.",
            author="Sam",
        )
    )
    return orders


async def _fill_jobs(
    session: WriteSession,
    actor: Actor,
    printers: dict[str, int],
    orders: dict[str, Order],
    dragon: RecipeStep,
    sign: RecipeStep,
) -> dict[str, int]:
    minutes = timedelta(minutes=1)
    busy = await make_job(
        session,
        actor,
        dragon,
        orders["making"],
        "#1042 Flexi dragon, red",
        status=JobStatus.PRINTING,
        printer_id=printers["busy"],
        claimed_at=START - 45 * minutes,
        started_at=START - 40 * minutes,
    )
    await make_attempt(session, busy, AttemptStatus.PRINTING, percent=62)
    soon = await make_job(
        session,
        actor,
        sign,
        orders["making"],
        "#1042 Name sign",
        status=JobStatus.PRINTING,
        printer_id=printers["soon"],
        claimed_at=START - 90 * minutes,
        started_at=START - 88 * minutes,
    )
    await make_attempt(session, soon, AttemptStatus.PRINTING, percent=94)
    done = await make_job(
        session,
        actor,
        dragon,
        orders["late"],
        "#1038 Name sign",
        yields=4,
        status=JobStatus.COMPLETED,
        printer_id=printers["clear"],
        started_at=START - 120 * minutes,
        ended_at=START - 10 * minutes,
    )
    await make_attempt(
        session, done, AttemptStatus.FINISHED, percent=100, ended_at=START - 10 * minutes
    )
    lost = await make_job(
        session,
        actor,
        sign,
        orders["late"],
        "#1038 Name sign, plate 1",
        status=JobStatus.CLAIMED,
        printer_id=printers["away"],
        claimed_at=START - 200 * minutes,
    )
    await make_attempt(
        session,
        lost,
        AttemptStatus.UNKNOWN,
        reason="The connection was lost right after the start was sent.",
    )
    waiting = await make_job(
        session,
        actor,
        dragon,
        orders["held"],
        "#1039 Flexi dragon, red",
        priority=5,
        waiting_reason="Its order is held or was stopped.",
    )
    stuck = await make_job(
        session,
        actor,
        sign,
        orders["late"],
        "#1038 Name sign",
        waiting_reason="Red PLA: 8.2 g are needed, 3.1 g are left on P1S 03.",
    )
    pending = await make_job(
        session,
        actor,
        sign,
        None,
        "Name sign, for stock",
        status=JobStatus.PENDING,
        waiting_reason="This plate failed 3 times in a row. Look at it, then release the job.",
    )
    return {
        "busy": busy.id,
        "soon": soon.id,
        "done": done.id,
        "lost": lost.id,
        "waiting": waiting.id,
        "stuck": stuck.id,
        "pending": pending.id,
    }


async def _fill_shelf(session: WriteSession, actor: Actor, printer_id: int) -> None:
    for name, color in COLORS.items():
        filament = Filament(
            organization_id=actor.organization_id,
            vendor="Polymaker",
            material="PLA",
            color_name=name,
            color=color,
            updated_at=START,
        )
        session.add(filament)
        await session.flush()
        for remaining in (820_000, 64_000):
            session.add(
                Spool(
                    organization_id=actor.organization_id,
                    filament_id=filament.id,
                    initial_mg=1_000_000,
                    remaining_mg=remaining,
                )
            )
    await session.flush()
    spool = Spool(
        organization_id=actor.organization_id,
        filament_id=filament.id,
        initial_mg=1_000_000,
        remaining_mg=1_000_000,
    )
    session.add(spool)
    await session.flush()
    session.add(
        SlotSpool(
            organization_id=actor.organization_id,
            printer_id=printer_id,
            slot=1,
            spool_id=spool.id,
            loaded_at=START,
        )
    )


def report_fleet(snapshots: LatestSnapshots, actor: Actor, shop: Shop) -> None:
    """What the printers said last."""
    snapshots.put(snapshot_of(actor, shop.printers["busy"]))
    snapshots.put(
        snapshot_of(actor, shop.printers["soon"], percent=94.0, layer=226, remaining_s=290)
    )
    for name in ("idle", "clear"):
        snapshots.put(
            snapshot_of(
                actor,
                shop.printers[name],
                activity="idle",
                percent=None,
                layer=None,
                layers=None,
                remaining_s=None,
                nozzle=24.0,
                nozzle_target=0.0,
                bed=23.0,
                bed_target=0.0,
                stage=None,
            )
        )
