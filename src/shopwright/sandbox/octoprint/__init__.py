"""A stand-in for OctoPrint with a printer behind it: ``async with OctoPrintSandbox() as printer``.

``python -m shopwright.sandbox octoprint --count 3`` runs some; ``plain.server.StandIn`` has the
knobs and what a person does at the machine.
"""

from shopwright.sandbox.octoprint.server import OctoPrintSandbox

__all__ = ["OctoPrintSandbox"]
