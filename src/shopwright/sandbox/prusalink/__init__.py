"""A stand-in for a printer with PrusaLink: ``async with PrusaLinkSandbox() as printer``."""

from shopwright.sandbox.prusalink.digest import AuthMode
from shopwright.sandbox.prusalink.server import PrusaLinkSandbox

__all__ = ["AuthMode", "PrusaLinkSandbox"]
