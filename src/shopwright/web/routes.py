"""All page routers; ``server`` includes them."""

from shopwright.web import (
    assets,
    catalog,
    connections,
    filament,
    inbox,
    job_queue,
    live,
    orders,
    printers,
    sign_in,
    today,
)

ROUTERS = (
    assets.router,
    live.router,
    sign_in.router,
    today.router,
    printers.router,
    job_queue.router,
    orders.router,
    inbox.router,
    catalog.router,
    filament.router,
    connections.router,
)
