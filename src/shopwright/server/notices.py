"""Which events people may want to be told of."""

from shopwright.accounts.events import MemberInvited
from shopwright.channels.events import ReconnectAsked
from shopwright.fleet.events import (
    MaintenanceDue,
    PrinterBack,
    PrinterInTrouble,
    PrinterLost,
    PrinterReported,
    SlotsChanged,
)
from shopwright.inventory.events import FilamentLow
from shopwright.kernel.effects import EffectInDoubt
from shopwright.kernel.events import Subscriptions
from shopwright.kiosk.events import MachineSilent
from shopwright.notifications import forgetting, machines, tasks, upkeep
from shopwright.orders.events import (
    CustomerAnonymised,
    OrderDeclaredShipped,
    OrderHeld,
    OrderReady,
    OrdersArrived,
)
from shopwright.planning.events import SkusUnknown
from shopwright.print_jobs.events import PrintJobEnded, PrintJobStarted
from shopwright.shipping.events import OrderShipped


def subscribe(subscriptions: Subscriptions) -> None:
    """After everybody whose consequences the words may name."""
    subscriptions.subscribe(PrintJobStarted, tasks.on_print_started)
    subscriptions.subscribe(PrintJobEnded, tasks.on_print_ended)
    subscriptions.subscribe(SlotsChanged, tasks.on_slots_changed)
    subscriptions.subscribe(PrinterLost, tasks.on_printer_lost)
    subscriptions.subscribe(PrinterBack, tasks.on_printer_back)
    subscriptions.subscribe(PrinterInTrouble, tasks.on_printer_in_trouble)
    subscriptions.subscribe(PrinterReported, upkeep.on_printer_reported)
    subscriptions.subscribe(MaintenanceDue, upkeep.on_maintenance_due)
    subscriptions.subscribe(FilamentLow, tasks.on_filament_low)
    subscriptions.subscribe(MachineSilent, machines.on_machine_silent)
    subscriptions.subscribe(OrdersArrived, tasks.on_orders_arrived)
    subscriptions.subscribe(OrderHeld, tasks.on_order_held)
    subscriptions.subscribe(OrderReady, tasks.on_order_ready)
    subscriptions.subscribe(OrderShipped, tasks.on_order_shipped)
    subscriptions.subscribe(OrderDeclaredShipped, tasks.on_order_declared_shipped)
    subscriptions.subscribe(SkusUnknown, tasks.on_skus_unknown)
    subscriptions.subscribe(ReconnectAsked, tasks.on_reconnect_asked)
    subscriptions.subscribe(EffectInDoubt, tasks.on_effect_in_doubt)
    subscriptions.subscribe(MemberInvited, tasks.on_member_invited)
    subscriptions.subscribe(CustomerAnonymised, forgetting.on_customer_anonymised)
