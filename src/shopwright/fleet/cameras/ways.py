"""How a printer's camera is reached: over a connection of its own, whoever holds the printer's
link."""

from collections.abc import AsyncGenerator, Callable
from functools import partial

from shopwright.fleet import drivers, service
from shopwright.fleet.cameras import agents
from shopwright.fleet.cameras.service import Camera, CameraUnavailable, NoCamera
from shopwright.fleet.cloud import ways as cloud_ways
from shopwright.fleet.cloud.port import Clouds
from shopwright.fleet.models import Printer
from shopwright.fleet.port import Capability, Timeouts
from shopwright.fleet.states import DrivenBy
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.secrets import KeyUnusable
from shopwright.kernel.settings import Network

TIMES = Timeouts(connect_s=6, command_s=8)
UNREADABLE = "Its access code cannot be read: it was stored with another key. Enter it again."


async def find_camera(process: Process, ctx: Actor, ref: Ref) -> Camera:
    """Raises NotFound, NoCamera, or CameraUnavailable when its code cannot be read."""
    async with process.database.read() as session:
        printer = await service.get_living_printer(session, ctx, ref)
    refusal = why_no_camera(process, printer)
    if refusal:
        raise NoCamera(f"{printer.name}: {refusal}")
    return Camera(printer.organization_id, printer.id, await _open_way(process, printer))


def why_no_camera(process: Process, printer: Printer) -> str | None:
    """What is known before anybody looked; None where there may be a camera."""
    driver = drivers.load_driver(printer.driver)
    if driver is None or printer.driven_by not in {DrivenBy.SERVER, DrivenBy.AGENT}:
        return "software outside drives this printer, and its camera is not known here."
    if Capability.CAMERA not in driver.capabilities:
        return "a printer of this kind has no camera that we can read."
    if printer.driven_by is not DrivenBy.AGENT and process.settings.network is not Network.LAN:
        return "this server stands outside of the printers' network."
    return None


async def _open_way(
    process: Process, printer: Printer
) -> Callable[[], AsyncGenerator[bytes, None]]:
    if printer.driven_by is DrivenBy.AGENT:
        own = system_actor(printer.organization_id, "camera")
        return partial(agents.pictures, process, own, printer.id)
    driver = drivers.load_driver(printer.driver)
    assert driver is not None  # noqa: S101  why_no_camera looked
    try:
        async with process.database.read() as session:
            endpoint = await cloud_ways.find_endpoint(
                session, printer, process.context.vault, Clouds.of(process.settings)
            )
    except KeyUnusable as err:
        raise CameraUnavailable(UNREADABLE) from err
    return driver(endpoint, timeouts=TIMES).pictures
