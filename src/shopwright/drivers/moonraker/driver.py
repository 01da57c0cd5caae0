"""Moonraker behind the driver port."""

from typing import ClassVar

from shopwright.drivers.moonraker.client import CAN, Moonraker
from shopwright.drivers.polled.dialect import Dialect
from shopwright.drivers.polled.driver import PolledDriver
from shopwright.fleet.port import Capability


class MoonrakerDriver(PolledDriver):
    """``Endpoint.access_code`` is an API key, or empty where Moonraker trusts our address."""

    capabilities: ClassVar[Capability] = CAN
    dialect: ClassVar[type[Dialect]] = Moonraker
