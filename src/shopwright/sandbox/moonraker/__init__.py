"""A stand-in for Moonraker with Klipper behind it: ``async with MoonrakerSandbox() as printer``."""

from shopwright.sandbox.moonraker.server import MoonrakerSandbox

__all__ = ["MoonrakerSandbox"]
