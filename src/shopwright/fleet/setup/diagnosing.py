"""Looks at each part of the way to a printer, from where it is driven, outside any transaction."""

from shopwright.fleet import drivers, service
from shopwright.fleet.cloud import ways as cloud_ways
from shopwright.fleet.cloud.port import Clouds
from shopwright.fleet.port import Diagnosis
from shopwright.fleet.setup.connection_tests import (
    LIMIT_S,
    NotDrivenHere,
    Trial,
    ask_agent,
    try_out,
)
from shopwright.fleet.states import DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.settings import Network


async def diagnose(
    process: Process, ctx: Actor, ref: Ref, *, limit_s: float = LIMIT_S
) -> Diagnosis:
    """Raises NotFound, or NotDrivenHere for a printer without a driver, or from a server that
    stands outside of the shop's network and calls none of its addresses."""
    async with process.database.read() as session:
        printer = await service.get_living_printer(session, ctx, ref)
    if drivers.load_driver(printer.driver) is None:
        raise NotDrivenHere(
            f"No driver {printer.driver} is installed; {printer.name} reports by itself."
        )
    if printer.driven_by is DrivenBy.AGENT:
        trial = Trial.of_printer(printer, process.context.vault)
        return await ask_agent(process, ctx, Ref(printer.agent_id, None), trial)
    if process.settings.network is not Network.LAN:
        raise NotDrivenHere(
            f"This server drives no printers itself (NETWORK=public). Give {printer.name} to an "
            "agent on its own network."
        )
    async with process.database.read() as session:
        endpoint = await cloud_ways.find_endpoint(
            session, printer, process.context.vault, Clouds.of(process.settings)
        )
    return await try_out(printer.driver, endpoint, limit_s=limit_s)
