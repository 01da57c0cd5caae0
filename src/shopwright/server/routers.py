"""Which router answers where."""

from fastapi import APIRouter, FastAPI

from shopwright.accounts import routes as accounts
from shopwright.analytics import expense_routes, printer_routes
from shopwright.analytics import routes as analytics
from shopwright.analytics.webstore import routes as webstore_lists
from shopwright.artwork import generation_routes as image_generation
from shopwright.artwork import image_routes
from shopwright.artwork import routes as artwork
from shopwright.catalog import library_routes, profile_routes
from shopwright.catalog import routes as catalog
from shopwright.catalog.designs import admin_routes as design_admin
from shopwright.catalog.designs import routes as designs
from shopwright.catalog.designs import settings_routes as shop_settings
from shopwright.catalog.designs import sticker_routes as stickers
from shopwright.catalog.devices import routes as devices
from shopwright.channels import identity_routes as channel_identity
from shopwright.channels import listing_routes, webhook_routes
from shopwright.channels import routes as channels
from shopwright.files import routes as files
from shopwright.fleet import routes as fleet
from shopwright.fleet import shop_routes as shop_printers
from shopwright.fleet.agents import routes as agents
from shopwright.fleet.cameras import agent_routes as agent_pictures
from shopwright.fleet.cameras import routes as cameras
from shopwright.fleet.cloud import routes as printer_clouds
from shopwright.fleet.discovery import routes as printer_discovery
from shopwright.fleet.maintenance import report_photo_routes as report_photos
from shopwright.fleet.maintenance import routes as maintenance
from shopwright.fleet.maintenance import spare_part_routes as spare_parts
from shopwright.fleet.setup import connection_test_routes as connection_tests
from shopwright.fleet.setup import printer_import_routes as printer_imports
from shopwright.inventory import material_routes as materials
from shopwright.inventory import pricing_routes
from shopwright.inventory import routes as inventory
from shopwright.inventory import stock_routes as stock
from shopwright.inventory import weather_routes as weather
from shopwright.kiosk import routes as kiosk
from shopwright.kiosk.machines import routes as kiosk_machines
from shopwright.notifications import routes as notifications
from shopwright.notifications import shop_routes as shop_notifications
from shopwright.notifications import webhook_routes as outgoing_webhooks
from shopwright.orders import print_session_routes as print_sessions
from shopwright.orders import routes as orders
from shopwright.orders import sync_routes as order_sync
from shopwright.orders import work_routes as order_work
from shopwright.orders.attachments import routes as attachment_routes
from shopwright.orders.correspondence import routes as correspondence_routes
from shopwright.orders.csv_import import routes as csv_routes
from shopwright.orders.customers import message_routes as customer_message_routes
from shopwright.orders.customers import routes as customer_routes
from shopwright.parts import file_routes as part_files
from shopwright.parts import report_routes as part_reports
from shopwright.parts import routes as parts
from shopwright.parts.drawings import routes as part_drawings
from shopwright.parts.labels import routes as part_labels
from shopwright.parts.onshape import routes as onshape
from shopwright.parts.slicing import routes as part_slicing
from shopwright.payments import order_routes as webstore_orders
from shopwright.payments import routes as checkout
from shopwright.payments import staff_routes as payments
from shopwright.print_files import routes as print_files
from shopwright.print_jobs import command_routes as printer_commands
from shopwright.print_jobs import printer_status_routes as printer_status
from shopwright.print_jobs import routes as print_jobs
from shopwright.print_jobs.backend import control_routes as backend_control_routes
from shopwright.print_jobs.backend import role_routes as backend_role_routes
from shopwright.print_jobs.scheduled import routes as scheduled_prints
from shopwright.server import health, postman
from shopwright.shipping import routes as shipping
from shopwright.suppliers import routes as suppliers
from shopwright.suppliers.partner import hint_routes as partner_hints
from shopwright.suppliers.partner import machine_routes as partner_machines
from shopwright.suppliers.partner import order_routes as partner_orders
from shopwright.web.routes import ROUTERS as PAGES


def include(app: FastAPI) -> None:
    """Routes are compared one by one, so the busiest stand first; fixed words before ids."""
    _include_first(app)
    _include_made(app)
    _include_sold(app)
    _include_orders(app)
    _include_fleet(app)
    _include_outside(app)
    _include_told(app)
    _add(app, *PAGES)


def _add(app: FastAPI, *routers: APIRouter) -> None:
    for router in routers:
        app.include_router(router)


def _include_first(app: FastAPI) -> None:
    _add(app, orders.router, webstore_orders.router)
    for prefix in checkout.PREFIXES:
        app.include_router(checkout.router, prefix=prefix)
    _add(
        app, checkout.shop, payments.router, health.router, postman.router, accounts.auth,
        accounts.router, files.router, files.uploads,
    )  # fmt: skip


def _include_made(app: FastAPI) -> None:
    """Files and parts: reports, labels, slicings and Onshape are words before /parts/{part}."""
    _add(
        app, print_files.router, part_reports.router, part_labels.router, part_slicing.router,
        onshape.router, onshape.landing, parts.router, part_files.router, part_drawings.router,
    )  # fmt: skip


def _include_sold(app: FastAPI) -> None:
    _add(
        app, catalog.router, profile_routes.router, library_routes.router, devices.router,
        designs.router, design_admin.router, stickers.router, shop_settings.router,
        webstore_lists.router, inventory.router, stock.router, pricing_routes.router,
        weather.router,
    )  # fmt: skip
    for prefix in materials.PREFIXES:
        app.include_router(materials.router, prefix=prefix)


def _include_orders(app: FastAPI) -> None:
    _add(
        app, order_work.router, print_sessions.router, correspondence_routes.router,
        customer_routes.router, customer_message_routes.router, attachment_routes.router,
        csv_routes.router,
    )  # fmt: skip
    for prefix in scheduled_prints.PREFIXES:
        app.include_router(scheduled_prints.router, prefix=prefix)
    _add(app, scheduled_prints.order_router)


def _include_fleet(app: FastAPI) -> None:
    _add(
        app, shop_printers.router, printer_discovery.router, connection_tests.router,
        printer_imports.router, agents.router, printer_clouds.router, maintenance.router,
        spare_parts.router, report_photos.router, fleet.router, cameras.router,
        agent_pictures.router, print_jobs.router, printer_commands.router, printer_status.router,
        backend_control_routes.router, backend_role_routes.router,
    )  # fmt: skip


def _include_outside(app: FastAPI) -> None:
    """Machines, artwork, parcels, manufacturers, channels."""
    for prefix in kiosk.PREFIXES:
        app.include_router(kiosk.router, prefix=prefix, include_in_schema=bool(prefix))
    _add(
        app, kiosk_machines.router, artwork.router, image_generation.router, image_routes.router,
        shipping.router, suppliers.router, partner_hints.router, partner_orders.router,
        partner_machines.router, channels.router, listing_routes.router, webhook_routes.router,
        webhook_routes.inbound,
    )  # fmt: skip


def _include_told(app: FastAPI) -> None:
    """Notifications, of which the webhooks stand after /api/webhooks/etsy/…, and reports."""
    _add(
        app, notifications.router, shop_notifications.router, outgoing_webhooks.router,
        channels.landing, channel_identity.router, order_sync.router, analytics.router,
        printer_routes.router, expense_routes.router,
    )  # fmt: skip
