"""All page routers; ``server`` includes them."""

from shopwright.web import (
    account,
    api_docs,
    assets,
    catalog,
    connections,
    etsy_sign_in,
    filament,
    hand_orders,
    inbox,
    invitation,
    job_queue,
    live,
    order_board,
    order_work,
    orders,
    people,
    printers,
    reports,
    sign_in,
    today,
)

ROUTERS = (
    assets.router,
    api_docs.router,
    live.router,
    sign_in.router,
    etsy_sign_in.router,
    account.router,
    today.router,
    printers.router,
    job_queue.router,
    hand_orders.router,  # before /orders/{order}
    order_board.router,  # before /orders/{order}, too
    order_work.router,
    orders.router,
    inbox.router,
    catalog.router,
    filament.router,
    reports.router,
    connections.router,
    people.router,
    invitation.router,
)
