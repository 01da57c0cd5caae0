"""Fills the demo shop by the same services that people and programs use."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from shopwright.accounts import queries as accounts
from shopwright.catalog import products
from shopwright.catalog import service as catalog
from shopwright.catalog.products import ProductSpec, VariantSpec
from shopwright.catalog.rules import StepSpec
from shopwright.channels import connect
from shopwright.files.uploads import Upload
from shopwright.fleet import service as fleet
from shopwright.fleet.service import PrinterDraft
from shopwright.inventory import filaments, slots
from shopwright.inventory.filaments import FilamentSpec, SpoolSpec
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import NotFound
from shopwright.notifications import targets
from shopwright.notifications.states import TargetKind
from shopwright.print_files import service as print_files
from shopwright.print_files import uploads
from shopwright.print_files.models import PrintFile
from shopwright.print_files.service import CheckedFile
from shopwright.server.demo.goods import ARTICLES, COLORS, Article, Choice, Color, slice_file
from shopwright.server.demo.machines import FULL_MG, MACHINES, Machine

ETSY = "etsy"
BINARY = "application/octet-stream"
PRICE_PER_GRAM_MICROS = 22_000  # 22.00 a kilogram
LOW_MG = 250_000
TOLD = ["print_failed", "printer_trouble", "filament_low", "sku_unknown", "channel_reconnect"]
PORTS = {"mqtt": "mqtt_port", "ftps": "ftps_port", "camera": "camera_port"}

Printers = Mapping[str, Mapping[str, Any]]  # by serial, as the stand-in announces them


async def furnish(process: Process, printers: Printers, folder: Path) -> Actor:
    """Files, products, filaments and printers; returns the owner, who did it."""
    ctx, now = await _find_owner(process), process.clock.now()
    checked = await _upload_all(process, folder)
    async with process.database.write() as session:
        for article in ARTICLES:
            await _add_article(session, ctx, article, checked)
        filament_ids = {color: await _add_filament(session, ctx, color, now) for color in COLORS}
        for machine in MACHINES:
            facts = printers[machine.serial]
            await _add_printer(session, ctx, machine, facts, filament_ids, now)
    return ctx


async def connect_etsy(process: Process, ctx: Actor) -> None:
    """The owner's way to Etsy's consent page and back with the code."""
    redirect_uri = process.settings.etsy_redirect_uri
    async with process.database.write() as session:
        begun = await connect.begin_connect(
            session,
            ctx,
            process,
            channel=ETSY,
            redirect_uri=redirect_uri,
            now=process.clock.now(),
        )
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(begun.url)
    came_back = parse_qs(urlsplit(answer.headers["location"]).query)
    visitor = connect.Visitor(begun.browser_secret, connect.principal_of(ctx))
    await connect.finish_connect(
        process, code=came_back["code"][0], state=came_back["state"][0], visitor=visitor
    )


async def be_told(process: Process, ctx: Actor, email: str) -> None:
    """What goes wrong, and orders, by mail; not every print."""
    address = await targets.check_address(process, TargetKind.EMAIL, email)
    async with process.database.write() as session:
        await targets.create_target(
            session,
            ctx,
            name="Me",
            address=address,
            topics=TOLD,
            now=process.clock.now(),
        )


async def _find_owner(process: Process) -> Actor:
    async with process.database.read() as session:
        organization = await accounts.find_default_organization(session, "")
        owner = await accounts.find_user_by_email(session, process.settings.owner_email)
    if organization is None or owner is None:
        raise NotFound("The demo shop has no owner.")
    return Actor(organization.id, Role.OWNER, owner.email, user_id=owner.id)


async def _upload_all(process: Process, folder: Path) -> dict[str, CheckedFile]:
    """By file name; reading and storing need no transaction."""
    choices = [(article, choice) for article in ARTICLES for choice in article.choices]
    taken = await asyncio.gather(*(_upload(process, folder, *each) for each in choices))
    return {checked.name: checked for checked in taken}


async def _upload(process: Process, folder: Path, article: Article, choice: Choice) -> CheckedFile:
    path = folder / choice.file
    content = await asyncio.to_thread(slice_file, article, choice)
    await asyncio.to_thread(path.write_bytes, content)
    return await uploads.take_in(process, Upload(path, choice.file, BINARY, len(content)))


async def _add_article(
    session: WriteSession, ctx: Actor, article: Article, checked: Mapping[str, CheckedFile]
) -> None:
    spec = ProductSpec(article.name, article.description, article.category)
    product = await products.create_product(session, ctx, spec=spec)
    for choice in article.choices:
        added = await print_files.add_print_file(session, ctx, checked[choice.file])
        await _add_choice(session, ctx, Ref(product.id, None), choice, added.print_file)


async def _add_choice(
    session: WriteSession, ctx: Actor, product: Ref, choice: Choice, file: PrintFile
) -> None:
    options = dict([choice.option]) if choice.option else {}
    spec = VariantSpec(choice.sku, choice.name, options, choice.price)
    variant = await products.create_variant(session, ctx, product=product, spec=spec)
    steps = [
        StepSpec(Ref(file.id, None), number, plate.copies, plate.name)
        for number, plate in enumerate(choice.plates, 1)
    ]
    await catalog.change_recipe(session, ctx, variant_id=variant.id, steps=steps)


async def _add_filament(session: WriteSession, ctx: Actor, color: Color, now: datetime) -> int:
    """With one full roll on the shelf."""
    spec = FilamentSpec(
        material=color.material,
        color=color.name,
        color_hex=color.hex,
        vendor="Demo Filaments",
        initial_mg=FULL_MG,
        cost_per_gram_micros=PRICE_PER_GRAM_MICROS,
        low_stock_threshold_mg=LOW_MG,
    )
    return (await filaments.create_filament(session, ctx, spec=spec, now=now)).filament.id


async def _add_printer(
    session: WriteSession,
    ctx: Actor,
    machine: Machine,
    facts: Mapping[str, Any],
    filament_ids: Mapping[Color, int],
    now: datetime,
) -> None:
    draft = PrinterDraft(
        name=machine.name,
        host=facts["host"],
        access_code=facts["access_code"],
        serial=machine.serial,
        model=machine.model,
        ports={ours: facts[theirs] for ours, theirs in PORTS.items() if facts[theirs]},
        location=machine.location,
        harvest_policy=machine.harvest,
    )
    printer = await fleet.register_printer(session, ctx, draft=draft, now=now)
    for slot, (color, left_mg) in enumerate(machine.slots, 1):
        spool_id = await filaments.create_spool(
            session,
            ctx,
            filament=Ref(filament_ids[color], None),
            spec=SpoolSpec(FULL_MG, left_mg, location=machine.location),
            now=now,
        )
        await slots.load_spool(
            session,
            ctx,
            printer=Ref(printer.id, None),
            slot=slot,
            spool=Ref(spool_id, None),
            now=now,
        )
