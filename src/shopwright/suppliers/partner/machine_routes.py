"""The manufacturer's routes about machines, stock and models, and its diagnostics."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from sqlalchemy import select

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Now, ProcessDep, Read, Ref, Write, principal_of, problems
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.money import Money
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import zulu
from shopwright.kiosk import rules as kiosk_rules
from shopwright.kiosk.machines import queries as machine_queries
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.orders import service as orders
from shopwright.orders.storefront.words import word_of
from shopwright.payments.order_schemas import payment_word
from shopwright.suppliers import connections
from shopwright.suppliers.connections import SupplierNotSetUp
from shopwright.suppliers.partner import catalogue
from shopwright.suppliers.partner.catalogue import FEW, ManufacturerSilent, Synced
from shopwright.suppliers.partner.door import PartnerAdminCtx, PartnerCtx
from shopwright.suppliers.partner.schemas import MachineBody, MachineChange, StockUpdates
from shopwright.suppliers.port import SupplierError

router = APIRouter(prefix="/api/chinese", tags=["manufacturer"], route_class=RepeatableRoute)

API_VERSION = "2.1.0"  # of the interface, as its document counts
RECENT = 10
SESSION_FORM = "MACHINE_ID_YYYYMMDD_HHMMSS_RANDOM"
SILENT = problems(ManufacturerSilent, SupplierNotSetUp)
Code = Annotated[str, Path(max_length=50)]
PartnerPath = Annotated[str, Path(max_length=100)]
SessionId = Annotated[str, Path(max_length=300)]


@router.get("/test-connection")
async def test_connection(
    request: Request, ctx: PartnerAdminCtx, process: ProcessDep, now: Now
) -> dict[str, Any]:
    """Whether we reach the manufacturer, and what it may call here."""
    status, message = await _try_connection(process, ctx)
    async with process.database.read() as session:
        known = await machine_queries.list_machines(session, ctx)
    return {
        "status": "success",
        "message": "Manufacturer API connection successful",
        "api_version": API_VERSION,
        "timestamp": zulu(now),
        "client_ip": request.client.host if request.client else None,
        "security_level": "partner_key",
        "chinese_api_connection": {"status": status, "message": message},
        "debug_info": {
            "rate_limit": f"{process.settings.rate_limit_partner_per_minute} requests/minute",
            "authentication": principal_of(request).partition(":")[0],
            "session_validation": SESSION_FORM,
        },
        "available_machine_ids": [machine.code for machine in known],
        "session_format": SESSION_FORM,
    }


@router.get("/debug/session-validation/{session_text}")
async def check_session_id(session_text: SessionId, ctx: PartnerAdminCtx) -> dict[str, Any]:  # noqa: ARG001  the door
    """What is right or wrong with the form of a session id; nothing is looked up."""
    is_valid = kiosk_rules.is_session_id(session_text)
    parts = session_text.split("_")
    return {
        "session_id": session_text,
        "is_valid": is_valid,
        "validation_details": {
            "length": len(session_text),
            "parts_count": len(parts),
            "parts": parts[:10],
            "expected_format": SESSION_FORM,
        },
        "suggestions": ["Session ID format is valid!"]
        if is_valid
        else [
            "The machine's id has letters, digits, hyphens and underscores.",
            "The date has 8 digits and the time 6.",
            "The random part has 32 hexadecimal digits in capitals.",
        ],
    }


@router.get("/brands", responses=SILENT)
async def list_brands(ctx: PartnerCtx, process: ProcessDep, now: Now) -> dict[str, Any]:
    """The manufacturer's brands that can be chosen, iPhone first."""
    brands = await catalogue.list_brands(process, ctx)
    able = sum(1 for brand in brands if brand["available"])
    return {
        "success": True,
        "brands": brands,
        "total_brands": len(brands),
        "available_brands": able,
        "message": f"{able} brands are available, {len(brands) - able} are not.",
        "timestamp": zulu(now),
    }


@router.get("/stock/{device_id}/{brand_id}", responses=SILENT)
async def list_stock(
    device_id: PartnerPath, brand_id: PartnerPath, ctx: PartnerCtx, process: ProcessDep, now: Now
) -> dict[str, Any]:
    """What a machine has of a brand, by the manufacturer's ids."""
    answer: dict[str, Any] = {"device_id": device_id, "brand_id": brand_id}
    if brand_id == catalogue.NOT_YET["id"]:
        empty = {"stock_items": [], "available_items": [], "total_items": 0, "available_count": 0}
        message = "Google phones are currently unavailable"
        return {"success": False, "error": message, "message": message} | empty | answer
    items = await catalogue.list_stock(process, ctx, device_id, brand_id)
    able = [item for item in items if item["stock"] > 0]
    return {
        "success": True,
        "stock_items": items,
        "available_items": able,
        "total_items": len(items),
        "available_count": len(able),
        "message": f"{len(able)} of {len(items)} models are available.",
        "timestamp": zulu(now),
    } | answer


@router.post("/sync/models", responses=SILENT)
async def sync_models(ctx: PartnerCtx, process: ProcessDep, now: Now) -> dict[str, Any]:
    """Take over brands, models, sizes and stock of the manufacturer."""
    return _synced(await catalogue.sync_models(process, ctx)) | {"timestamp": zulu(now)}


@router.get("/sync/models/auto", responses=SILENT)
async def sync_models_when_few(ctx: PartnerCtx, process: ProcessDep, now: Now) -> dict[str, Any]:
    """The same, when fewer than five models are mapped yet."""
    async with process.database.read() as session:
        mapped = await catalogue.count_mapped(session, ctx)
    if mapped >= FEW:
        told = {"success": True, "synced": False, "mapped_models": mapped}
        return told | {"message": f"{mapped} models are mapped already.", "timestamp": zulu(now)}
    found = _synced(await catalogue.sync_models(process, ctx))
    return found | {"synced": True, "mapped_models": mapped, "timestamp": zulu(now)}


@router.get("/equipment/{equipment_id}/info", responses=problems(NotFound))
async def read_equipment(equipment_id: Code, ctx: PartnerCtx, session: Read) -> dict[str, Any]:
    """A machine, and what was ordered at it lately."""
    machine = await machines.get_by_code(session, ctx, equipment_id)
    return {
        "success": True,
        "equipment_id": machine.code,
        "equipment_info": _machine(machine)
        | {"status": "online" if machine.is_active and not machine.is_silent else "offline"},
        "recent_orders": await _recent_orders(session, ctx, machine),
    }


@router.post("/equipment/{equipment_id}/stock", responses=problems(NotFound, Invalid))
async def set_equipment_stock(
    equipment_id: Code, ctx: PartnerCtx, body: StockUpdates, session: Write, now: Now
) -> dict[str, Any]:
    """How many the manufacturer has of each model; models we do not know are left out."""
    machine = await machines.get_by_code(session, ctx, equipment_id)
    return {
        "success": True,
        "equipment_id": machine.code,
        "updated_models": await catalogue.set_stock(session, ctx, body.stock_updates),
        "timestamp": zulu(now),
    }


@router.get("/models/stock-status")
async def read_stock_status(ctx: PartnerCtx, session: Read, now: Now) -> dict[str, Any]:
    """The stock of every model that can be chosen."""
    models = await catalogue.stock_status(session, ctx)
    return {
        "success": True,
        "models": models,
        "total_models": len(models),
        "in_stock_models": sum(1 for model in models if model["stock"] > 0),
        "timestamp": zulu(now),
    }


@router.get("/machines")
async def list_machines(ctx: PartnerCtx, session: Read, now: Now) -> dict[str, Any]:
    known = await machine_queries.list_machines(session, ctx)
    return {
        "success": True,
        "machines": [_machine(machine) for machine in known],
        "total_machines": len(known),
        "active_machines": sum(1 for machine in known if machine.is_active),
        "timestamp": zulu(now),
    }


@router.post("/machines", responses=problems(Invalid, machines.MachineExists))
async def register_machine(
    ctx: PartnerCtx, body: MachineBody, session: Write, now: Now
) -> dict[str, Any]:
    """A new machine; a person gives it its key."""
    machine = await machines.register_machine(
        session,
        ctx,
        code=body.machine_id,
        name=body.name or f"Vending Machine {body.machine_id}",
        location=body.location,
        qr_config=body.qr_config,
        is_active=body.is_active,
        now=now,
    )
    return {
        "success": True,
        "message": f"Vending machine '{machine.code}' added successfully",
        "machine": _machine(machine),
        "timestamp": zulu(now),
    }


@router.get("/machines/{machine_id}", responses=problems(NotFound))
async def read_machine(machine_id: Code, ctx: PartnerCtx, session: Read) -> dict[str, Any]:
    machine = await machines.get_by_code(session, ctx, machine_id)
    return {"success": True, "machine": _machine(machine)}


@router.put("/machines/{machine_id}", responses=problems(NotFound, Invalid))
async def update_machine(
    machine_id: Code, ctx: PartnerCtx, body: MachineChange, session: Write, now: Now
) -> dict[str, Any]:
    machine = await machines.get_by_code(session, ctx, machine_id)
    changed = await machines.update_machine(
        session,
        ctx,
        machine,
        name=body.name,
        location=body.location,
        qr_config=body.qr_config,
        is_active=body.is_active,
        now=now,
    )
    return {
        "success": True,
        "message": f"Vending machine '{changed.code}' updated successfully",
        "machine": _machine(changed),
        "timestamp": zulu(now),
    }


async def _try_connection(process: ProcessDep, ctx: Actor) -> tuple[str, str]:
    try:
        port = connections.open_port(process, await connections.get_default(process, ctx))
        await port.check()
    except SupplierNotSetUp as err:
        return "not_configured", err.detail
    except SupplierError as err:
        return "failed", err.sentence
    return "connected", "The manufacturer answers."


def _machine(machine: Machine) -> dict[str, Any]:
    heard = machine.last_heartbeat_at
    return {
        "id": machine.code,
        "name": machine.name,
        "location": machine.location,
        "is_active": machine.is_active,
        "last_heartbeat": zulu(heard) if heard else None,
        "created_at": zulu(machine.created_at),
        "updated_at": zulu(machine.updated_at),
        "qr_config": machine.qr_config,
    }


async def _recent_orders(session: Read, ctx: Actor, machine: Machine) -> list[dict[str, Any]]:
    ids = await session.scalars(
        select(KioskSession.order_id)
        .where(KioskSession.organization_id == ctx.organization_id)
        .where(KioskSession.machine_id == machine.id, KioskSession.order_id.is_not(None))
        .order_by(KioskSession.id.desc())
        .limit(RECENT)
    )
    found = [await orders.get_order(session, ctx, Ref(one, None)) for one in ids.all() if one]
    return [
        {
            "id": order.id,
            "status": word_of(order),
            "payment_status": payment_word(order, None),
            "total_amount": float(Money(order.total_minor, order.currency).decimal),
            "created_at": zulu(order.created_at),
        }
        for order in found
    ]


def _synced(found: Synced) -> dict[str, Any]:
    return {
        "success": True,
        "brands": found.brands,
        "created_models": found.created,
        "updated_models": found.updated,
        "skipped_models": found.skipped,
        "message": f"{found.created} models are new, {found.updated} were brought up to date.",
    }
