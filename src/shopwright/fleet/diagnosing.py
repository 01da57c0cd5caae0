"""Looks at each part of the way to a printer, with a driver of its own, outside any transaction."""

import asyncio

from shopwright.fleet import cloud_ways, drivers, service
from shopwright.fleet.cloud_port import Clouds
from shopwright.fleet.port import Diagnosis, DiagnosisStep, Finding, Timeouts
from shopwright.fleet.states import DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Conflict
from shopwright.kernel.settings import Network

LIMIT_S = 40.0  # all steps together; a person waits for the answer


class NotDrivenHere(Conflict):
    code = "printer-not-driven-here"
    title = "Nothing here drives this printer"


async def diagnose(
    process: Process, ctx: Actor, ref: Ref, *, limit_s: float = LIMIT_S
) -> Diagnosis:
    """Raises NotFound, or NotDrivenHere for a printer without a driver, of an agent, or from a
    server that stands outside of the shop's network and calls none of its addresses."""
    async with process.database.read() as session:
        printer = await service.get_living_printer(session, ctx, ref)
    driver_class = drivers.load_driver(printer.driver)
    if driver_class is None:
        raise NotDrivenHere(
            f"No driver {printer.driver} is installed; {printer.name} reports by itself."
        )
    if printer.driven_by is DrivenBy.AGENT:
        raise NotDrivenHere(
            f"{printer.name} is driven by an agent on its own network, which this server cannot "
            "look into. Its card says what the agent found."
        )
    if process.settings.network is not Network.LAN:
        raise NotDrivenHere(
            f"This server drives no printers itself (NETWORK=public). Give {printer.name} to an "
            "agent on its own network."
        )
    async with process.database.read() as session:
        endpoint = await cloud_ways.find_endpoint(
            session, printer, process.context.vault, Clouds.of(process.settings)
        )
    driver = driver_class(endpoint, timeouts=Timeouts(connect_s=5, command_s=10))
    try:
        async with asyncio.timeout(limit_s):
            return await driver.diagnose()
    except TimeoutError:
        sentence = f"{printer.host} did not answer within {limit_s:.0f} s."
        return Diagnosis((DiagnosisStep("time limit", Finding.SILENT, sentence),))
