"""PrusaLink behind the driver port."""

from typing import ClassVar

from shopwright.drivers.polled.dialect import Dialect
from shopwright.drivers.polled.driver import PolledDriver
from shopwright.drivers.prusalink.client import CAN, PrusaLink
from shopwright.fleet.port import Capability


class PrusaLinkDriver(PolledDriver):
    """``Endpoint.access_code`` is the API key, the password of ``maker``, or ``user:password``;
    the option ``storage`` names one of several."""

    capabilities: ClassVar[Capability] = CAN
    dialect: ClassVar[type[Dialect]] = PrusaLink
