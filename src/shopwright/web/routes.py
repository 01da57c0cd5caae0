"""All page routers; ``server`` includes them."""

from shopwright.web import (
    api_docs,
    assets,
    catalog,
    connections,
    filament,
    hand_orders,
    inbox,
    invitation,
    job_queue,
    live,
    orders,
    people,
    printers,
    sign_in,
    today,
)

ROUTERS = (
    assets.router,
    api_docs.router,
    live.router,
    sign_in.router,
    today.router,
    printers.router,
    job_queue.router,
    hand_orders.router,  # before /orders/{order}
    orders.router,
    inbox.router,
    catalog.router,
    filament.router,
    connections.router,
    people.router,
    invitation.router,
)
