"""Who hears which event. The only place that knows all slices."""

from shopwright.catalog import tasks as catalog
from shopwright.catalog.events import CodeMapped, RecipeChanged, VariantCreated
from shopwright.fleet.events import (
    DeviceJobReported,
    DeviceShowsJob,
    PrinterChanged,
    StartPhase,
    StartSettled,
)
from shopwright.inventory import tasks as inventory
from shopwright.kernel.events import Subscriptions
from shopwright.orders.events import OrderPaid, OrdersPlaced, OrderStopped, StepsOwed
from shopwright.planning import tasks as planning
from shopwright.print_files.events import PrintFileVersionAdded
from shopwright.print_jobs import tasks as print_jobs


def subscribe(subscriptions: Subscriptions) -> None:
    """Wire the slices' subscribers, higher slices listening to lower ones."""
    subscriptions.subscribe(OrdersPlaced, planning.on_orders_placed)
    subscriptions.subscribe(OrderPaid, planning.on_order_paid)
    subscriptions.subscribe(StepsOwed, planning.on_steps_owed)
    subscriptions.subscribe(CodeMapped, planning.on_code_mapped)
    subscriptions.subscribe(RecipeChanged, planning.on_recipe_changed)
    subscriptions.subscribe(VariantCreated, planning.on_recipe_changed)
    subscriptions.subscribe(StartPhase, print_jobs.on_start_phase)
    subscriptions.subscribe(StartSettled, print_jobs.on_start_settled)
    subscriptions.subscribe(DeviceJobReported, print_jobs.on_device_job)
    subscriptions.subscribe(DeviceShowsJob, print_jobs.on_device_shows)
    subscriptions.subscribe(PrinterChanged, inventory.on_printer_changed)
    subscriptions.subscribe(PrinterChanged, print_jobs.on_printer_changed)
    subscriptions.subscribe(OrderStopped, print_jobs.on_order_stopped)
    subscriptions.subscribe(PrintFileVersionAdded, catalog.on_print_file_version)
