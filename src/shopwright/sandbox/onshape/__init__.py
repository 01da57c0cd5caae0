"""Onshape: consents, API keys, documents, asynchronous translations, files on another host.

    async with OnshapeSandbox() as onshape:
        onshape.settings                       # what to start Shopwright with
        studio = onshape.world.studio          # a tab; ``onshape.link(studio)`` is its address
        onshape.world.edit(studio.document)    # another microversion
        onshape.world.faults.add(Fault("rate_limited", retry_after_s=30))

Enforced: registered redirect addresses, codes and refresh tokens that work once, tokens that end
after an hour, API keys, translations of workspaces and versions only, in formats that the tab has,
which take several polls; the year's quota (402); a 307 to the host with the files, which must not
be shown our access.
"""

from shopwright.sandbox.onshape.faults import Fault
from shopwright.sandbox.onshape.server import OnshapeSandbox
from shopwright.sandbox.onshape.world import OnshapeConfig

__all__ = ["Fault", "OnshapeConfig", "OnshapeSandbox"]
