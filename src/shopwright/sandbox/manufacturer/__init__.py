"""The manufacturer of reference (d): signed calls, machines with stock, payments and orders.

    async with ManufacturerSandbox() as partner:
        partner.settings                          # what to start Shopwright with
        partner.knobs.turn({"busy_times": 1})     # late, down, web pages, silent after doing it
        partner.orders["OREN…"].sent              # how often it was sent, by our own id
        await partner.move_order("OREN…", 12)     # what its machine does next; callbacks follow

Enforced: the signature over values (or pairs), the token and its life, ids of the documented form
used once, that a payment is known and paid before its order, models, shells and stock.
"""

from shopwright.sandbox.manufacturer.server import ManufacturerSandbox
from shopwright.sandbox.manufacturer.world import Account, Knobs

__all__ = ["Account", "Knobs", "ManufacturerSandbox"]
