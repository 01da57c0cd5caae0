"""A machine in the demo's lobby. It has no terminal: whoever comes to pay is taken to have paid."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.money import Money
from shopwright.kiosk import money, service
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.models import KioskSession
from shopwright.kiosk.money import Said
from shopwright.kiosk.states import MoneyPath, PaymentMethod, SessionStatus, UserProgress

CODE = "LOBBY-1"
LOOK_EVERY_S = 2.0
PAYS_AFTER = timedelta(seconds=8)  # as long as somebody looks for a card


async def stand_up(process: Process, ctx: Actor) -> None:
    """Its key is made on its page, for its screen at /kiosk."""
    now = process.clock.now()
    async with process.database.write() as session:
        made = await machines.register_machine(
            session,
            ctx,
            code=CODE,
            name="Machine in the lobby",
            location="Lobby, beside the lift",
            money_path=MoneyPath.MACHINE,
            now=now,
        )
        await machines.record_heartbeat(session, ctx, made, now)


async def take_money(process: Process, ctx: Actor) -> None:
    """Until cancelled."""
    while True:
        for session_id in await _list_waiting(process, ctx):
            await _pay(process, ctx, session_id)
        await asyncio.sleep(LOOK_EVERY_S)


async def _list_waiting(process: Process, ctx: Actor) -> list[str]:
    async with process.database.read() as session:
        rows = await session.scalars(
            select(KioskSession.session_id)
            .where(KioskSession.organization_id == ctx.organization_id)
            .where(KioskSession.status == SessionStatus.PAYMENT_PENDING)
            .where(KioskSession.progress == UserProgress.PAYMENT_REACHED)
            .where(KioskSession.last_activity_at <= process.clock.now() - PAYS_AFTER)
        )
        return list(rows)


async def _pay(process: Process, ctx: Actor, session_id: str) -> None:
    async with process.database.read() as session:
        found = await service.find_session(session, ctx, session_id)
    if found.order is None:
        return
    amount = Money(found.order.total_minor, found.order.currency)
    said = Said(
        transaction_id=f"demo-{found.row.uuid}",
        method=PaymentMethod.CONTACTLESS,
        amount=amount.decimal,
        currency=amount.currency,
    )
    await money.confirm_payment(process, ctx, found, said)
