"""OctoPrint behind the driver port."""

from typing import ClassVar

from shopwright.drivers.octoprint.client import CAN, OctoPrint
from shopwright.drivers.polled.dialect import Dialect
from shopwright.drivers.polled.driver import PolledDriver
from shopwright.fleet.port import Capability


class OctoPrintDriver(PolledDriver):
    """``Endpoint.access_code`` is an API key; the job id is in the name of the file."""

    capabilities: ClassVar[Capability] = CAN
    dialect: ClassVar[type[Dialect]] = OctoPrint
