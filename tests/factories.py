"""Rows for tests: plain async functions, and one row per path parameter for the tenancy walk."""

from collections.abc import Awaitable, Callable
from itertools import count

from sqlalchemy import select

from shopwright.accounts.models import (
    ApiKey,
    Invitation,
    LoginSession,
    Membership,
    Organization,
    User,
)
from shopwright.analytics.models import Expense
from shopwright.analytics.states import ExpenseCategory
from shopwright.artwork import service as artwork
from shopwright.artwork.models import Design
from shopwright.catalog.designs.models import (
    AiStyle,
    Color,
    Font,
    Sticker,
    StickerCategory,
    Template,
)
from shopwright.catalog.designs.states import ColorKind, TemplateCategory
from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.catalog.models import (
    Hardware,
    Listing,
    ListingOffer,
    Product,
    RecipeStep,
    SkuAlias,
    Variant,
)
from shopwright.catalog.states import StepKind
from shopwright.channels.models import ChannelReject, Connection
from shopwright.channels.push import POST_TRACKING
from shopwright.channels.states import ConnectionStatus
from shopwright.fleet.maintenance.models import (
    MaintenancePlan,
    MaintenanceTask,
    PrinterReport,
    SparePart,
)
from shopwright.fleet.maintenance.states import Severity
from shopwright.fleet.models import Agent, CloudAccount, Printer, PrinterCommand
from shopwright.fleet.setup.models import PrinterImport
from shopwright.fleet.states import (
    Activity,
    CloudAccountState,
    CloudRegion,
    ConnectionState,
    DrivenBy,
)
from shopwright.inventory.materials import Material
from shopwright.inventory.models import Filament, SlotSpool, Spool
from shopwright.kernel import effects, ids
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kiosk import service as kiosk
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.kiosk.states import MoneyPath
from shopwright.notifications.models import (
    NotificationDelivery,
    NotificationTarget,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from shopwright.notifications.states import DeliveryStatus, TargetKind, WebhookStatus
from shopwright.notifications.topics import Topic
from shopwright.orders.customers.states import FileType
from shopwright.orders.models import (
    Attachment,
    Customer,
    CustomerRequest,
    Hold,
    Order,
    OrderCommunication,
    OrderImport,
    OrderItem,
    OrderNote,
    PrintSession,
)
from shopwright.orders.states import HoldSubject, OrderStatus
from shopwright.parts.models import CadConversion, Part, PartFile
from shopwright.parts.onshape.models import OnshapeExport, OnshapePull
from shopwright.parts.onshape.states import ExportStatus, TabType
from shopwright.parts.slicing.models import SliceProfile, Slicing
from shopwright.parts.states import ConversionStatus, FileKind, PartCategory, PartStatus, PartType
from shopwright.payments.models import Payment, Refund
from shopwright.payments.states import PaymentStatus, RefundStatus
from shopwright.print_files.models import Plate, PlateFilament, PrintFile
from shopwright.print_jobs.backend.models import ReceivedJob
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import ReceivedStatus
from shopwright.shipping.models import Parcel
from shopwright.shipping.states import ParcelStatus
from shopwright.suppliers.models import Supplier, SupplierOffer, SupplierOrder
from shopwright.telemetry.latest import LatestSnapshots, Snapshot
from tests.clock import FOREVER, START

_numbers = count(1)

RowFactory = Callable[[WriteSession, Actor], Awaitable[int | str]]

# Path parameter name (or "/route/template:name" where one name means several things) → makes such a
# row of the actor's organization and returns what a path would say. Add yours with @row_for(...);
# it is called often, so names and codes must be new each time.
PATH_ROWS: dict[str, RowFactory] = {}


def row_for(*names: str) -> Callable[[RowFactory], RowFactory]:
    """Register how to make the row that a path parameter names."""

    def register(factory: RowFactory) -> RowFactory:
        for name in names:
            PATH_ROWS[name] = factory
        return factory

    return register


async def make_organization(session: WriteSession, name: str = "Print shop") -> Organization:
    organization = Organization(
        name=name, slug=f"shop-{next(_numbers)}", currency="EUR", time_zone="UTC", created_at=START
    )
    session.add(organization)
    await session.flush()
    return organization


async def make_user(
    session: WriteSession, name: str = "sam", password_hash: str | None = None
) -> User:
    number = next(_numbers)
    user = User(
        email=f"{name}{number}@shop.test",
        username=f"{name}{number}",
        first_name=name.title(),
        password_hash=password_hash,
        is_email_verified=True,
        created_at=START,
        updated_at=START,
    )
    session.add(user)
    await session.flush()
    return user


async def make_member(
    session: WriteSession, organization: Organization, role: Role, name: str | None = None
) -> Actor:
    """A new user with that role, as the actor services take."""
    user = await make_user(session, name or role.value)
    user.last_organization_id = organization.id
    session.add(Membership(organization_id=organization.id, user_id=user.id, role=role))
    await session.flush()
    return Actor(organization_id=organization.id, role=role, name=user.first_name, user_id=user.id)


@row_for("member")
async def make_membership_row(session: WriteSession, ctx: Actor) -> int:
    user = await make_user(session, "colleague")
    membership = Membership(organization_id=ctx.organization_id, user_id=user.id, role=Role.MEMBER)
    session.add(membership)
    await session.flush()
    return membership.id


@row_for("invitation")
async def make_invitation_row(session: WriteSession, ctx: Actor) -> int:
    invitation = Invitation(
        organization_id=ctx.organization_id,
        email=f"guest{next(_numbers)}@shop.test",
        role=Role.MEMBER,
        token_hash=ids.new_token(),
        invited_by=ctx.name,
        expires_at=FOREVER,
    )
    session.add(invitation)
    await session.flush()
    return invitation.id


@row_for("key")
async def make_key_row(session: WriteSession, ctx: Actor) -> str:
    key = ApiKey(
        organization_id=ctx.organization_id,
        name="till",
        shown_prefix="sk_123456",
        key_hash=ids.new_token(),
        role=Role.MEMBER,
        made_by_user_id=ctx.user_id,
    )
    session.add(key)
    await session.flush()
    return key.uuid


async def make_login_session(session: WriteSession, actor: Actor) -> LoginSession:
    assert actor.user_id is not None
    login = LoginSession(
        user_id=actor.user_id,
        current_organization_id=actor.organization_id,
        token_hash=ids.new_token(),
        created_at=START,
        expires_at=FOREVER,
    )
    session.add(login)
    await session.flush()
    return login


@row_for("print_file")
async def make_print_file_id(session: WriteSession, actor: Actor) -> int:
    return (await make_print_file(session, actor, f"gear{next(_numbers)}.gcode.3mf")).id


async def make_print_file(
    session: WriteSession,
    actor: Actor,
    name: str = "gear.gcode.3mf",
    *,
    version: int = 1,
    plates: int = 2,
    used_mg: int = 20_000,
) -> PrintFile:
    """Plates 1 … n of one black PLA part each."""
    owner = actor.organization_id
    file = PrintFile(
        organization_id=owner,
        name=name,
        version=version,
        sha256=ids.new_token(),
        size_bytes=1000,
        kind="gcode_3mf",
        printer_model="P1S",
        nozzle_um=400,
        project_filament_count=1,
        uploaded_by=actor.name,
        plates=[
            Plate(
                organization_id=owner,
                number=number,
                time_s=3600,
                total_mg=used_mg,
                filaments=[
                    PlateFilament(
                        organization_id=owner,
                        project_index=1,
                        material="PLA",
                        color="000000",
                        used_mg=used_mg,
                    )
                ],
            )
            for number in range(1, plates + 1)
        ],
    )
    session.add(file)
    await session.flush()
    return file


@row_for("product")
async def make_product_id(session: WriteSession, actor: Actor) -> int:
    return (await make_product(session, actor)).id


async def make_product(session: WriteSession, actor: Actor, name: str = "Gear") -> Product:
    product = Product(organization_id=actor.organization_id, name=name, variants=[])
    session.add(product)
    await session.flush()
    return product


async def make_variant(
    session: WriteSession, actor: Actor, sku: str | None = None, product: Product | None = None
) -> Variant:
    """A sellable choice without a recipe."""
    product = product or await make_product(session, actor)
    variant = Variant(
        organization_id=actor.organization_id,
        product_id=product.id,
        sku=sku or f"SKU-{next(_numbers)}",
    )
    session.add(variant)
    await session.flush()
    return variant


@row_for("variant")
async def make_variant_id(session: WriteSession, actor: Actor) -> int:
    return (await make_variant(session, actor)).id


@row_for("listing")
async def make_listing_id(session: WriteSession, actor: Actor) -> int:
    """Of a shop at Etsy, with one choice."""
    connection = await make_connection(session, actor)
    variant = await make_variant(session, actor)
    listing = Listing(
        organization_id=actor.organization_id,
        connection_id=connection.id,
        product_id=variant.product_id,
        external_id=f"15{next(_numbers)}",
        title="Gear",
        seen_at=START,
        offers=[
            ListingOffer(
                organization_id=actor.organization_id,
                variant_id=variant.id,
                sku=variant.sku,
                quantity=5,
            )
        ],
    )
    session.add(listing)
    await session.flush()
    return listing.id


@row_for("step")
async def make_step_id(session: WriteSession, actor: Actor) -> int:
    return (await make_step(session, actor)).id


async def make_step(
    session: WriteSession,
    actor: Actor,
    variant: Variant | None = None,
    file: PrintFile | None = None,
) -> RecipeStep:
    """One print step: plate 1 of the file, one copy a run."""
    variant = variant or await make_variant(session, actor)
    number = next(_numbers)
    file = file or await make_print_file(session, actor, f"part-{number}.gcode.3mf")
    step = RecipeStep(
        organization_id=actor.organization_id,
        variant_id=variant.id,
        position=number,
        kind=StepKind.PRINT,
        print_file_id=file.id,
        plate_number=1,
    )
    session.add(step)
    await session.flush()
    return step


@row_for("alias")
async def make_alias_id(session: WriteSession, actor: Actor) -> int:
    variant = await make_variant(session, actor)
    alias = SkuAlias(
        organization_id=actor.organization_id, code=f"ETSY-{next(_numbers)}", variant_id=variant.id
    )
    session.add(alias)
    await session.flush()
    return alias.id


@row_for("hardware")
async def make_hardware_id(session: WriteSession, actor: Actor) -> int:
    return (await make_hardware(session, actor)).id


async def make_hardware(session: WriteSession, actor: Actor) -> Hardware:
    """A screw; none in the drawer."""
    hardware = Hardware(
        organization_id=actor.organization_id, sku=f"M3-{next(_numbers)}", name="Screw M3"
    )
    session.add(hardware)
    await session.flush()
    return hardware


@row_for("order")
async def make_order_id(session: WriteSession, actor: Actor) -> int:
    return (await make_order(session, actor)).id


async def make_order(session: WriteSession, actor: Actor) -> Order:
    """A paid order by hand without items; `orders.intake` makes those with items."""
    order = Order(
        organization_id=actor.organization_id,
        number=100_000 + next(_numbers),
        status=OrderStatus.PAID,
        currency="EUR",
        placed_at=START,
        updated_at=START,
    )
    session.add(order)
    await session.flush()
    return order


@row_for("print_session")
async def make_print_session_id(session: WriteSession, actor: Actor) -> int:
    found = PrintSession(organization_id=actor.organization_id, name="Monday", updated_at=START)
    session.add(found)
    await session.flush()
    return found.id


@row_for("customer")
async def make_customer_id(session: WriteSession, actor: Actor) -> int:
    customer = Customer(organization_id=actor.organization_id, name="Anna")
    session.add(customer)
    await session.flush()
    return customer.id


@row_for("customer_request")
async def make_customer_request_id(session: WriteSession, actor: Actor) -> int:
    request = CustomerRequest(
        organization_id=actor.organization_id,
        customer_id=await make_customer_id(session, actor),
        title="A blue one",
        created_by=actor.name,
        updated_at=START,
    )
    session.add(request)
    await session.flush()
    return request.id


@row_for("attachment")
async def make_attachment_id(session: WriteSession, actor: Actor) -> int:
    """Kept with nobody; its bytes are not there."""
    attachment = Attachment(
        organization_id=actor.organization_id,
        name="sketch.png",
        sha256=f"{next(_numbers):064x}",
        size_bytes=100,
        file_type=FileType.IMAGE,
        content_type="image/png",
        uploaded_by=actor.name,
    )
    session.add(attachment)
    await session.flush()
    return attachment.id


@row_for("order_import")
async def make_order_import_id(session: WriteSession, actor: Actor) -> int:
    """A preview of an empty file."""
    nothing = {"counts": {}, "items": 0, "refused": [], "unknown_skus": [], "orders": []}
    row = OrderImport(
        organization_id=actor.organization_id, name="orders.csv", form="own", summary=nothing,
        fingerprint="", total=0, created_by=actor.name,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row.id


@row_for("printer_import")
async def make_printer_import_id(session: WriteSession, actor: Actor) -> int:
    """A preview of an empty file."""
    row = PrinterImport(
        organization_id=actor.organization_id, name="printers.csv", fingerprint="", by=actor.name,
        content=session.context.vault.encrypt(""),
        summary={"counts": {}, "printers": [], "refused": []},
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row.id


@row_for("conversation")
async def make_conversation_id(session: WriteSession, actor: Actor) -> int:
    """An order of a known buyer, who wrote."""
    order = await make_order(session, actor)
    order.channel, order.buyer_message = "etsy", "Can you make it blue?"
    order.customer_id = int(await make_customer_id(session, actor))
    await session.flush()
    return order.id


@row_for("hold")
async def make_hold_id(session: WriteSession, actor: Actor) -> int:
    order = await make_order(session, actor)
    hold = Hold(
        organization_id=actor.organization_id,
        subject=HoldSubject.ORDER,
        subject_id=order.id,
        order_id=order.id,
        reason="the buyer wrote",
        by=actor.name,
    )
    session.add(hold)
    await session.flush()
    return hold.id


@row_for("note")
async def make_note_id(session: WriteSession, actor: Actor) -> int:
    order = await make_order(session, actor)
    note = OrderNote(
        organization_id=actor.organization_id, order_id=order.id, content="x", author=actor.name
    )
    session.add(note)
    await session.flush()
    return note.id


@row_for("communication")
async def make_communication_id(session: WriteSession, actor: Actor) -> int:
    order = await make_order(session, actor)
    said = OrderCommunication(
        organization_id=actor.organization_id,
        order_id=order.id,
        message="x",
        direction="inbound",
        channel="mail",
        author=actor.name,
    )
    session.add(said)
    await session.flush()
    return said.id


@row_for("item")
async def make_item_id(session: WriteSession, actor: Actor) -> int:
    order = await make_order(session, actor)
    item = OrderItem(
        organization_id=actor.organization_id, order_id=order.id, position=1, title="Gear",
        quantity=1,
    )  # fmt: skip
    session.add(item)
    await session.flush()
    return item.id


@row_for("plate")
async def make_plate_id(session: WriteSession, actor: Actor) -> int:
    file = await make_print_file(session, actor, f"gear{next(_numbers)}.gcode.3mf")
    plates = select(Plate.id).where(Plate.organization_id == actor.organization_id)
    return (await session.scalars(plates.where(Plate.print_file_id == file.id))).all()[0]


@row_for("job")
async def make_job_id(session: WriteSession, actor: Actor) -> int:
    """A queued job of nobody's order."""
    file = await make_print_file(session, actor, f"gear{next(_numbers)}.gcode.3mf")
    job = PrintJob(
        organization_id=actor.organization_id,
        name=file.name,
        print_file_id=file.id,
        plate_number=1,
        estimated_s=3600,
        estimated_mg=20_000,
        created_by=actor.name,
    )
    session.add(job)
    await session.flush()
    return job.id


@row_for("expense")
async def make_expense(session: WriteSession, actor: Actor) -> int:
    expense = Expense(
        organization_id=actor.organization_id,
        category=ExpenseCategory.SHIPPING,
        amount_minor=450,
        currency="EUR",
        spent_on=START.date(),
        updated_at=START,
    )
    session.add(expense)
    await session.flush()
    return expense.id


@row_for("parcel")
async def make_parcel_id(session: WriteSession, actor: Actor) -> int:
    parcel = Parcel(
        organization_id=actor.organization_id,
        order_id=await make_order_id(session, actor),
        number=1,
        status=ParcelStatus.SHIPPED,
        packed_by="sam",
    )
    session.add(parcel)
    await session.flush()
    return parcel.id


@row_for("filament")
async def make_filament_id(session: WriteSession, actor: Actor) -> int:
    return (await make_filament(session, actor)).id


async def make_filament(session: WriteSession, actor: Actor) -> Filament:
    """Black PLA, no spool yet."""
    filament = Filament(
        organization_id=actor.organization_id,
        material="PLA",
        color_name="Black",
        color="000000",
        updated_at=START,
    )
    session.add(filament)
    await session.flush()
    return filament


@row_for("spool")
async def make_spool_id(session: WriteSession, actor: Actor) -> int:
    return (await make_spool(session, actor)).id


async def make_spool(
    session: WriteSession, actor: Actor, remaining_mg: int = 1_000_000, tag: str | None = None
) -> Spool:
    """A roll of black PLA of its own filament."""
    filament = await make_filament(session, actor)
    spool = Spool(
        organization_id=actor.organization_id,
        filament_id=filament.id,
        initial_mg=remaining_mg,
        remaining_mg=remaining_mg,
        tag=tag,
    )
    session.add(spool)
    await session.flush()
    return spool


@row_for("agent")
async def make_agent_id(session: WriteSession, actor: Actor) -> int:
    """One that never called."""
    agent = Agent(organization_id=actor.organization_id, name=f"Agent {next(_numbers)}")
    session.add(agent)
    await session.flush()
    return agent.id


@row_for("printer")
async def make_printer_id(session: WriteSession, actor: Actor) -> int:
    return (await make_printer(session, actor)).id


async def make_printer(session: WriteSession, actor: Actor, name: str = "Left") -> Printer:
    """A P1S that nobody reached yet."""
    printer = Printer(
        organization_id=actor.organization_id,
        name=name,
        model="P1S",
        host="127.0.0.1",
        serial=f"01P00A{next(_numbers):09}",
        access_code=session.context.vault.encrypt("12345678"),
        updated_at=START,
    )
    session.add(printer)
    await session.flush()
    return printer


@row_for("maintenance_plan")
async def make_maintenance_plan_id(session: WriteSession, actor: Actor) -> int:
    plan = MaintenancePlan(
        organization_id=actor.organization_id, name="Clean", model="P1S", every_days=30,
        updated_at=START,
    )  # fmt: skip
    session.add(plan)
    await session.flush()
    return plan.id


@row_for("maintenance_task")
async def make_maintenance_task_id(session: WriteSession, actor: Actor) -> int:
    task = MaintenanceTask(
        organization_id=actor.organization_id, printer_id=await make_printer_id(session, actor),
        title="Clean", due_at=START, created_by=actor.name, currency="EUR",
    )  # fmt: skip
    session.add(task)
    await session.flush()
    return task.id


@row_for("spare_part")
async def make_spare_part_id(session: WriteSession, actor: Actor) -> int:
    """A nozzle; none in the drawer."""
    part = SparePart(
        organization_id=actor.organization_id, sku=f"NZ-{next(_numbers)}", name="Nozzle",
        currency="EUR", updated_at=START,
    )  # fmt: skip
    session.add(part)
    await session.flush()
    return part.id


@row_for("printer_report")
async def make_printer_report_id(session: WriteSession, actor: Actor) -> int:
    report = PrinterReport(
        organization_id=actor.organization_id, printer_id=await make_printer_id(session, actor),
        severity=Severity.MINOR, description="It squeaks.", reported_by=actor.name,
    )  # fmt: skip
    session.add(report)
    await session.flush()
    return report.id


@row_for("command")
async def make_command_id(session: WriteSession, actor: Actor) -> int:
    """Of a printer that nobody here drives."""
    printer = await make_printer(session, actor)
    printer.driver, printer.driven_by = "network", DrivenBy.EXTERNAL
    command = PrinterCommand(
        organization_id=actor.organization_id,
        printer_id=printer.id,
        kind="light_on",
        by=actor.name,
        expires_at=FOREVER,
    )
    session.add(command)
    await session.flush()
    return command.id


@row_for("/api/printer-status/latest/{printer}:printer")
async def make_live_printer_id(session: WriteSession, actor: Actor) -> int:
    """It has reported in this process."""
    printer = await make_printer(session, actor)
    printer.connection, printer.activity = ConnectionState.ONLINE, Activity.IDLE
    await session.flush()
    snapshot = Snapshot(
        organization_id=actor.organization_id,
        printer_id=printer.id,
        at=START,
        connection="online",
        activity="idle",
    )
    session.context.keep(LatestSnapshots).put(snapshot)
    return printer.id


@row_for("/api/printers/{printer}/slots/{slot}/spool:printer")
async def make_loaded_printer_id(session: WriteSession, actor: Actor) -> int:
    """A printer with a spool in slot 1."""
    printer, spool = await make_printer(session, actor), await make_spool(session, actor)
    session.add(
        SlotSpool(
            organization_id=actor.organization_id,
            printer_id=printer.id,
            slot=1,
            spool_id=spool.id,
            loaded_at=START,
        )
    )
    await session.flush()
    return printer.id


@row_for("material")
async def make_material_id(session: WriteSession, actor: Actor) -> int:
    """What is in slot 1 of a printer."""
    return Material(int(await make_loaded_printer_id(session, actor)), 1).id


@row_for("target")
async def make_target_id(session: WriteSession, actor: Actor) -> int:
    """A mail address that is told of nothing."""
    target = NotificationTarget(
        organization_id=actor.organization_id,
        kind=TargetKind.EMAIL,
        name="Office",
        address=session.context.vault.encrypt("office@shop.test"),
        shown="office@shop.test",
        updated_at=START,
    )
    session.add(target)
    await session.flush()
    return target.id


@row_for("delivery")
async def make_delivery_id(session: WriteSession, actor: Actor) -> int:
    """A message that failed."""
    delivery = NotificationDelivery(
        organization_id=actor.organization_id,
        key=f"order_ready:{next(_numbers)}",
        lane="target:0",
        topic=Topic.ORDER_READY,
        kind=TargetKind.WEBHOOK,
        recipient="https://hooks.test/x",
        title="Order #1 is ready",
        body="Pack it.",
        status=DeliveryStatus.FAILED,
        give_up_at=FOREVER,
    )
    session.add(delivery)
    await session.flush()
    return delivery.id


@row_for("endpoint")
async def make_endpoint_id(session: WriteSession, actor: Actor) -> int:
    return (await make_endpoint(session, actor)).id


async def make_endpoint(session: WriteSession, actor: Actor) -> WebhookEndpoint:
    """A program that is told of everything, and is not there."""
    secret = session.context.vault.encrypt("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")
    endpoint = WebhookEndpoint(
        organization_id=actor.organization_id,
        url="http://127.0.0.1:9/x",
        secrets=[[secret, None]],
        updated_at=START,
    )
    session.add(endpoint)
    await session.flush()
    return endpoint


@row_for("webhook_delivery")
async def make_webhook_delivery_id(session: WriteSession, actor: Actor) -> int:
    """An event that did not arrive."""
    endpoint = await make_endpoint(session, actor)
    event = WebhookEvent(organization_id=actor.organization_id, type="order.paid", body="{}")
    session.add(event)
    await session.flush()
    delivery = WebhookDelivery(
        organization_id=actor.organization_id,
        endpoint_id=endpoint.id,
        event_id=event.id,
        type="order.paid",
        status=WebhookStatus.FAILED,
        give_up_at=FOREVER,
    )
    session.add(delivery)
    await session.flush()
    return delivery.id


async def make_connection(session: WriteSession, actor: Actor) -> Connection:
    connection = Connection(
        organization_id=actor.organization_id,
        channel="etsy",
        name="Atelier",
        external_user_id=str(next(_numbers)),
        status=ConnectionStatus.CONNECTED,
        next_sync_at=START,
        updated_at=START,
    )
    session.add(connection)
    await session.flush()
    return connection


@row_for("connection")
async def make_connection_id(session: WriteSession, actor: Actor) -> int:
    return (await make_connection(session, actor)).id


@row_for("reject")
async def make_reject_id(session: WriteSession, actor: Actor) -> int:
    connection = await make_connection(session, actor)
    reject = ChannelReject(
        organization_id=actor.organization_id,
        connection_id=connection.id,
        external_id="3300000001",
        reason="It came without its items.",
    )
    session.add(reject)
    await session.flush()
    return reject.id


@row_for("push")
async def make_push_id(session: WriteSession, actor: Actor) -> int:
    """Told to nobody yet."""
    connection = await make_connection(session, actor)
    request = {
        "connection_id": connection.id,
        "external_id": "3300000001",
        "carrier": "DHL",
        "tracking_code": "X1",
    }
    number = next(_numbers)
    effect = await effects.intend(
        session,
        actor.organization_id,
        kind=POST_TRACKING,
        key=f"parcel:{number}",
        subject_id=number,
        request=request,
    )
    return effect.id


@row_for("cloud_account")
async def make_cloud_account_id(session: WriteSession, actor: Actor) -> int:
    """Its log-in ran out."""
    account = CloudAccount(
        organization_id=actor.organization_id,
        email=f"maker{next(_numbers)}@shop.test",
        region=CloudRegion.GLOBAL,
        state=CloudAccountState.LOG_IN_AGAIN,
        updated_at=START,
    )
    session.add(account)
    await session.flush()
    return account.id


async def make_part(
    session: WriteSession, ctx: Actor, category: PartCategory = PartCategory.REVIEW
) -> Part:
    part = Part(
        organization_id=ctx.organization_id,
        code=f"{next(_numbers):08}",
        name="Drive Gear",
        type=PartType.CNC,
        category=category,
        status=PartStatus.PENDING,
        misc_info={},
        created_at=START,
        updated_at=START,
    )
    session.add(part)
    await session.flush()
    return part


@row_for("/api/parts/{part}/onshape:part")
async def make_part_of_onshape(session: WriteSession, ctx: Actor) -> int:
    """Its model was asked of Onshape and never came."""
    part = await make_part(session, ctx)
    part.onshape_url = f"https://cad.onshape.com/documents/{'a' * 24}"
    export = OnshapeExport(
        organization_id=ctx.organization_id,
        host="cad.onshape.com",
        document_id="a" * 24,
        pin="v",
        pin_id="b" * 24,
        element_id=f"{next(_numbers):024x}",
        element_name="Gear",
        element_type=TabType.PART_STUDIO,
        configuration="",
        configuration_hash="e" * 64,
        format=FileKind.STEP,
        status=ExportStatus.FAILED,
        error="Onshape could not translate it.",
    )
    session.add(export)
    await session.flush()
    session.add(
        OnshapePull(
            organization_id=ctx.organization_id,
            part_id=part.id,
            export_id=export.id,
            file_name="Gear.step",
            asked_by="Owner",
        )
    )
    await session.flush()
    return part.id


@row_for("part")
async def make_part_row(session: WriteSession, ctx: Actor) -> int:
    """With a drawing, whose bytes lie nowhere."""
    part = await make_part(session, ctx)
    session.add(
        PartFile(
            organization_id=ctx.organization_id,
            part_id=part.id,
            version=1,
            name="drawing.pdf",
            kind=FileKind.PDF,
            sha256="d" * 64,
            size_bytes=1,
            uploaded_by="Owner",
        )
    )
    part.version, part.file_name = 1, "drawing.pdf"
    await session.flush()
    return part.id


@row_for("slice_profile")
async def make_slice_profile(session: WriteSession, ctx: Actor) -> int:
    profile = SliceProfile(
        organization_id=ctx.organization_id,
        name=f"PLA {next(_numbers)}",
        printer_model="MK4",
        material="PLA",
        settings="layer_height = 0.2\n",
        fingerprint="f" * 64,
        bed_x_mm=250,
        bed_y_mm=210,
        bed_z_mm=220,
        layer_um=200,
        uploaded_by="Owner",
    )
    session.add(profile)
    await session.flush()
    return profile.id


@row_for("slicing")
async def make_slicing(session: WriteSession, ctx: Actor) -> int:
    """Of a part of its own, waiting."""
    conversion = CadConversion(
        organization_id=ctx.organization_id,
        source_sha256=f"{next(_numbers):064}",
        kind=FileKind.STEP,
        linear_um=100,
        angular_mrad=500,
        status=ConversionStatus.QUEUED,
    )
    session.add(conversion)
    await session.flush()
    slicing = Slicing(
        organization_id=ctx.organization_id,
        part_id=(await make_part(session, ctx)).id,
        source_sha256=conversion.source_sha256,
        fingerprint="f" * 64,
        conversion_id=conversion.id,
        profile_id=await make_slice_profile(session, ctx),
        file_name="part.gcode",
        asked_by="Owner",
        status=ConversionStatus.QUEUED,
    )
    session.add(slicing)
    await session.flush()
    return slicing.id


async def make_received_job(session: WriteSession, ctx: Actor) -> ReceivedJob:
    """A file that waits for the devices of RID123."""
    number = next(_numbers)
    received = ReceivedJob(
        organization_id=ctx.organization_id,
        sender_job_id=f"sender-job-{number}",
        sender="partner",
        recipient="RID123",
        product_id=f"PROD-{number}",
        status=ReceivedStatus.UPLOADED,
        file_name="gear.gcode.3mf",
        sha256=ids.new_token(),
    )
    session.add(received)
    await session.flush()
    return received


@row_for("sender_job")
async def make_sender_job_row(session: WriteSession, ctx: Actor) -> str:
    return (await make_received_job(session, ctx)).sender_job_id


@row_for("sender_product")
async def make_sender_product_row(session: WriteSession, ctx: Actor) -> str:
    return (await make_received_job(session, ctx)).product_id


@row_for("backend_command")
async def make_backend_command_row(session: WriteSession, ctx: Actor) -> str:
    return (await make_received_job(session, ctx)).uuid


@row_for("received_job")
async def make_received_job_row(session: WriteSession, ctx: Actor) -> int:
    return (await make_received_job(session, ctx)).id


async def make_brand(session: WriteSession, ctx: Actor, name: str = "Apple") -> Brand:
    number = next(_numbers)
    brand = Brand(
        organization_id=ctx.organization_id,
        code=f"{name.lower()}-{number}",
        display_name=f"{name} {number}",
        partner_id=f"BR{number:015}",
    )
    session.add(brand)
    await session.flush()
    return brand


@row_for("brand")
async def make_brand_row(session: WriteSession, ctx: Actor) -> str:
    return (await make_brand(session, ctx)).code


async def make_device_model(
    session: WriteSession,
    ctx: Actor,
    brand: Brand | None = None,
    *,
    name: str = "iPhone 15 Pro",
    stock: int = 5,
) -> DeviceModel:
    """Of a new brand unless one is given; 70.6 × 146.6 mm."""
    number = next(_numbers)
    brand = brand or await make_brand(session, ctx)
    model = DeviceModel(
        organization_id=ctx.organization_id,
        code=f"phone-{number}",
        brand_id=brand.id,
        display_name=f"{name} {number}",
        width_um=70_600,
        height_um=146_600,
        partner_model_id=f"MM{number:015}",
        partner_shell_id=f"MS{number:015}",
        currency="EUR",
        stock=stock,
    )
    session.add(model)
    await session.flush()
    return model


@row_for("device_model")
async def make_device_model_row(session: WriteSession, ctx: Actor) -> str:
    return (await make_device_model(session, ctx)).code


async def make_template(
    session: WriteSession,
    ctx: Actor,
    *,
    category: TemplateCategory = TemplateCategory.BASIC,
    price_minor: int = 3500,
) -> Template:
    number = next(_numbers)
    template = Template(
        organization_id=ctx.organization_id,
        code=f"template-{number}",
        name=f"Template {number}",
        category=category,
        price_minor=price_minor,
        currency="EUR",
    )
    session.add(template)
    await session.flush()
    return template


@row_for("template")
async def make_template_row(session: WriteSession, ctx: Actor) -> str:
    return (await make_template(session, ctx)).code


async def make_design(session: WriteSession, ctx: Actor) -> Design:
    """An empty draft."""
    made = await artwork.create_design(
        session,
        ctx,
        template=await make_template(session, ctx),
        model=await make_device_model(session, ctx),
        now=START,
    )
    return made.design


@row_for("design")
async def make_design_row(session: WriteSession, ctx: Actor) -> str:
    return (await make_design(session, ctx)).uuid


@row_for("ai_style")
async def make_ai_style_row(session: WriteSession, ctx: Actor) -> int:
    template = await make_template(session, ctx, category=TemplateCategory.AI)
    style = AiStyle(
        organization_id=ctx.organization_id,
        template_id=template.id,
        code="loud",
        name="Loud",
        prompt="Redraw this photo loudly.",
    )
    session.add(style)
    await session.flush()
    return style.id


@row_for("font")
async def make_font_row(session: WriteSession, ctx: Actor) -> int:
    name = f"Lobster {next(_numbers)}"
    font = Font(organization_id=ctx.organization_id, name=name, family="Lobster")
    session.add(font)
    await session.flush()
    return font.id


@row_for("color")
async def make_color_row(session: WriteSession, ctx: Actor) -> int:
    value = f"#{next(_numbers):06x}"
    color = Color(organization_id=ctx.organization_id, kind=ColorKind.TEXT, name="Blue", hex=value)
    session.add(color)
    await session.flush()
    return color.id


async def make_sticker(session: WriteSession, ctx: Actor) -> Sticker:
    """Of a new category; no bytes lie in the store."""
    number = next(_numbers)
    category = StickerCategory(
        organization_id=ctx.organization_id, code=f"cats-{number}", name=f"Cats {number}"
    )
    session.add(category)
    await session.flush()
    sticker = Sticker(
        organization_id=ctx.organization_id,
        category_id=category.id,
        name="Tabby",
        file_name="tabby.png",
        file_sha256=f"{number:064x}",
        thumbnail_sha256=f"{number + 1:064x}",
        width_px=400,
        height_px=300,
    )
    session.add(sticker)
    await session.flush()
    return sticker


@row_for("sticker")
async def make_sticker_row(session: WriteSession, ctx: Actor) -> int:
    return (await make_sticker(session, ctx)).id


@row_for("sticker_category")
async def make_sticker_category_row(session: WriteSession, ctx: Actor) -> int:
    return (await make_sticker(session, ctx)).category_id


async def make_machine(session: WriteSession, ctx: Actor, code: str | None = None) -> Machine:
    """One that takes the money itself; without a key."""
    return await machines.register_machine(
        session,
        ctx,
        code=code or f"MACHINE-{next(_numbers)}",
        money_path=MoneyPath.MACHINE,
        now=START,
    )


@row_for("machine_id", "equipment_id")
async def make_machine_code(session: WriteSession, ctx: Actor) -> str:
    return (await make_machine(session, ctx)).code


@row_for("machine")
async def make_machine_row(session: WriteSession, ctx: Actor) -> int:
    return (await make_machine(session, ctx)).id


async def make_kiosk_session(session: WriteSession, ctx: Actor) -> KioskSession:
    machine = await make_machine(session, ctx)
    return await kiosk.open_session(session, ctx, machine, now=START)


@row_for("session_id")
async def make_kiosk_session_id(session: WriteSession, ctx: Actor) -> str:
    return (await make_kiosk_session(session, ctx)).session_id


@row_for("kiosk_session")
async def make_kiosk_session_row(session: WriteSession, ctx: Actor) -> int:
    return (await make_kiosk_session(session, ctx)).id


async def make_payment(
    session: WriteSession, ctx: Actor, *, status: PaymentStatus = PaymentStatus.PAID
) -> Payment:
    """Of a paid order, by Stripe."""
    order = await make_order(session, ctx)
    number = next(_numbers)
    payment = Payment(
        organization_id=ctx.organization_id,
        order_id=order.id,
        provider="stripe",
        key=f"checkout-{order.uuid}-{number}",
        provider_id=f"cs_test_{number}",
        provider_payment_id=f"pi_{number}",
        status=status,
        amount_minor=3500,
        currency="EUR",
        request={},
        updated_at=START,
    )
    session.add(payment)
    await session.flush()
    return payment


@row_for("payment")
async def make_payment_row(session: WriteSession, ctx: Actor) -> int:
    return (await make_payment(session, ctx)).id


@row_for("refund")
async def make_refund_row(session: WriteSession, ctx: Actor) -> int:
    payment = await make_payment(session, ctx)
    refund = Refund(
        organization_id=ctx.organization_id,
        payment_id=payment.id,
        key=f"refund-{payment.key}",
        status=RefundStatus.UNKNOWN,
        amount_minor=500,
        currency="EUR",
        by="test",
    )
    session.add(refund)
    await session.flush()
    return refund.id


@row_for("supplier")
async def make_supplier_row(session: WriteSession, ctx: Actor) -> int:
    return (await make_supplier(session, ctx)).id


async def make_supplier(session: WriteSession, ctx: Actor) -> Supplier:
    """Without an account."""
    supplier = Supplier(
        organization_id=ctx.organization_id, adapter="manufacturer",
        name=f"Cases {next(_numbers)}", currency="EUR", updated_at=START,
    )  # fmt: skip
    session.add(supplier)
    await session.flush()
    return supplier


@row_for("offer")
async def make_supplier_offer_row(session: WriteSession, ctx: Actor) -> int:
    supplier, variant = await make_supplier(session, ctx), await make_variant(session, ctx)
    offer = SupplierOffer(
        organization_id=ctx.organization_id, supplier_id=supplier.id, variant_id=variant.id,
        cost_minor=1250, currency="EUR", lead_days=5, updated_at=START,
    )  # fmt: skip
    session.add(offer)
    await session.flush()
    return offer.id


@row_for("supplier_order")
async def make_supplier_order_row(session: WriteSession, ctx: Actor) -> int:
    """Of a piece that is made another way by now."""
    supplier = await make_supplier(session, ctx)
    item_id = int(await make_item_id(session, ctx))
    order_id = await session.scalar(
        select(OrderItem.order_id).where(
            OrderItem.organization_id == ctx.organization_id, OrderItem.id == item_id
        )
    )
    number = next(_numbers)
    row = SupplierOrder(
        organization_id=ctx.organization_id, supplier_id=supplier.id, order_id=order_id,
        order_item_id=item_id, key=f"OREN260302{number:06}", payment_key=f"PYEN260302{number:06}",
        pay_type=12, amount_minor=3500, currency="EUR", updated_at=START,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row.id
