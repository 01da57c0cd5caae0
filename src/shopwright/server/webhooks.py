"""Which events programs outside may be told of."""

from shopwright.channels.events import ReconnectAsked
from shopwright.fleet.events import PrinterBack, PrinterInTrouble, PrinterLost, SlotsChanged
from shopwright.inventory.events import FilamentLow, FinishedStockMoved
from shopwright.kernel.effects import EffectInDoubt
from shopwright.kernel.events import Subscriptions
from shopwright.notifications import webhook_tasks as tasks
from shopwright.orders.events import (
    OrderDeclaredShipped,
    OrderDelivered,
    OrderHeld,
    OrderPaid,
    OrderReady,
    OrdersArrived,
    OrderStopped,
    StepsOwed,
)
from shopwright.planning.events import SkusUnknown
from shopwright.print_jobs.events import PrintJobEnded, PrintJobStarted
from shopwright.shipping.events import OrderShipped


def subscribe_first(subscriptions: Subscriptions) -> None:
    """Before those whose reactions tell things in turn: receivers hear causes first."""
    subscriptions.subscribe(OrdersArrived, tasks.on_orders_arrived)
    subscriptions.subscribe(OrderPaid, tasks.on_order_paid)
    subscriptions.subscribe(OrderHeld, tasks.on_order_held)
    subscriptions.subscribe(OrderReady, tasks.on_order_ready)
    subscriptions.subscribe(OrderDelivered, tasks.on_order_delivered)
    subscriptions.subscribe(OrderStopped, tasks.on_order_stopped)
    subscriptions.subscribe(StepsOwed, tasks.on_steps_owed)
    subscriptions.subscribe(PrintJobStarted, tasks.on_print_started)
    subscriptions.subscribe(PrintJobEnded, tasks.on_print_ended)
    subscriptions.subscribe(PrinterLost, tasks.on_printer_lost)
    subscriptions.subscribe(PrinterBack, tasks.on_printer_back)
    subscriptions.subscribe(PrinterInTrouble, tasks.on_printer_in_trouble)
    subscriptions.subscribe(SlotsChanged, tasks.on_slots_changed)
    subscriptions.subscribe(FilamentLow, tasks.on_filament_low)
    subscriptions.subscribe(FinishedStockMoved, tasks.on_stock_moved)
    subscriptions.subscribe(SkusUnknown, tasks.on_skus_unknown)
    subscriptions.subscribe(ReconnectAsked, tasks.on_reconnect_asked)
    subscriptions.subscribe(EffectInDoubt, tasks.on_effect_in_doubt)


def subscribe_last(subscriptions: Subscriptions) -> None:
    """After shipping, which makes the parcel."""
    subscriptions.subscribe(OrderShipped, tasks.on_order_shipped)
    subscriptions.subscribe(OrderDeclaredShipped, tasks.on_order_declared_shipped)
