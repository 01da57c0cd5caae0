"""Who hears which event. The only place that knows all slices."""

from shopwright.analytics import tasks as analytics
from shopwright.catalog import tasks as catalog
from shopwright.catalog.events import CodeMapped, RecipeChanged, VariantCreated
from shopwright.channels import tasks as channels
from shopwright.channels.events import ChannelPageArrived
from shopwright.fleet.events import (
    DeviceJobReported,
    DeviceShowsJob,
    PrinterChanged,
    PrinterPutBack,
    PrinterRemoved,
    StartPhase,
    StartSettled,
)
from shopwright.inventory import tasks as inventory
from shopwright.inventory.events import FilamentMoved, FinishedStockMoved
from shopwright.kernel.events import Subscriptions
from shopwright.kernel.signals import TransactionEnding
from shopwright.kiosk import tasks as kiosk
from shopwright.orders import from_channel
from shopwright.orders import tasks as orders
from shopwright.orders.events import (
    OrderDeclaredShipped,
    OrderDelivered,
    OrderHeld,
    OrderNotReady,
    OrderPaid,
    OrderPrioritised,
    OrderReady,
    OrdersPlaced,
    OrderStopped,
    PiecesReleased,
    StepsMadeByHand,
    StepsOwed,
)
from shopwright.orders.storefront import stock as storefront_stock
from shopwright.parts.events import (
    PartBegun,
    PartCompleted,
    PartDropped,
    PartProgressed,
    PartReverted,
)
from shopwright.payments import closing as payments
from shopwright.payments.events import PaymentFailed, PaymentInDoubt, PaymentPaid
from shopwright.planning import tasks as planning
from shopwright.print_files.events import PrintFileVersionAdded
from shopwright.print_jobs import tasks as print_jobs
from shopwright.print_jobs import wear
from shopwright.print_jobs.events import PrintJobEnded
from shopwright.server import notices, webhooks
from shopwright.shipping import tasks as shipping
from shopwright.shipping.events import OrderShipped
from shopwright.suppliers import tasks as suppliers


def subscribe(subscriptions: Subscriptions) -> None:
    """Wire the slices' subscribers, higher slices listening to lower ones."""
    webhooks.subscribe_first(subscriptions)
    subscriptions.subscribe(ChannelPageArrived, from_channel.on_channel_page)
    subscriptions.subscribe(PartBegun, orders.on_part_begun)
    subscriptions.subscribe(PartProgressed, orders.on_part_progressed)
    subscriptions.subscribe(PartCompleted, orders.on_part_completed)
    subscriptions.subscribe(PartReverted, orders.on_part_reverted)
    subscriptions.subscribe(PartDropped, orders.on_part_dropped)
    subscriptions.subscribe(OrdersPlaced, planning.on_orders_placed)
    subscriptions.subscribe(OrderPaid, planning.on_order_paid)
    subscriptions.subscribe(OrderPaid, payments.on_order_paid)
    subscriptions.subscribe(OrderStopped, storefront_stock.on_order_stopped)
    subscriptions.subscribe(OrderStopped, payments.on_order_stopped)
    subscriptions.subscribe(StepsOwed, planning.on_steps_owed)
    subscriptions.subscribe(OrderReady, planning.on_order_ready)
    subscriptions.subscribe(OrderReady, print_jobs.on_order_ready)
    subscriptions.subscribe(OrderNotReady, planning.on_order_not_ready)
    subscriptions.subscribe(CodeMapped, planning.on_code_mapped)
    subscriptions.subscribe(RecipeChanged, planning.on_recipe_changed)
    subscriptions.subscribe(VariantCreated, planning.on_recipe_changed)
    subscriptions.subscribe(StartPhase, print_jobs.on_start_phase)
    subscriptions.subscribe(StartSettled, print_jobs.on_start_settled)
    subscriptions.subscribe(DeviceJobReported, print_jobs.on_device_job)
    subscriptions.subscribe(DeviceShowsJob, print_jobs.on_device_shows)
    subscriptions.subscribe(PrinterRemoved, print_jobs.on_printer_removed)
    subscriptions.subscribe(PrinterPutBack, print_jobs.on_printer_put_back)
    subscriptions.subscribe(PrinterChanged, inventory.on_printer_changed)
    subscriptions.subscribe(FinishedStockMoved, channels.on_finished_stock)
    subscriptions.subscribe(PrinterChanged, print_jobs.on_printer_changed)
    subscriptions.subscribe(PiecesReleased, print_jobs.on_pieces_released)
    subscriptions.subscribe(OrderHeld, print_jobs.on_order_held)
    subscriptions.subscribe(OrderPrioritised, print_jobs.on_order_prioritised)
    subscriptions.subscribe(StepsMadeByHand, print_jobs.on_steps_made_by_hand)
    subscriptions.subscribe(StepsMadeByHand, suppliers.on_steps_made_by_hand)
    subscriptions.subscribe(PiecesReleased, suppliers.on_pieces_released)
    subscriptions.subscribe(OrderDeclaredShipped, shipping.on_order_declared_shipped)
    subscriptions.subscribe(OrderDelivered, shipping.on_order_delivered)
    subscriptions.subscribe(OrderShipped, shipping.on_order_shipped)
    subscriptions.subscribe(PrintFileVersionAdded, catalog.on_print_file_version)
    subscriptions.subscribe(PrintJobEnded, wear.on_print_job_ended)
    subscriptions.subscribe(PaymentPaid, kiosk.on_payment_paid)
    subscriptions.subscribe(PaymentFailed, kiosk.on_payment_failed)
    subscriptions.subscribe(PaymentInDoubt, kiosk.on_payment_in_doubt)
    notices.subscribe(subscriptions)
    webhooks.subscribe_last(subscriptions)
    subscriptions.subscribe(PrintJobEnded, analytics.on_print_job_ended)
    subscriptions.subscribe(FilamentMoved, analytics.on_filament_moved)
    subscriptions.subscribe(TransactionEnding, analytics.on_transaction_ending)
