"""Which word, colour and icon a state has: never colour alone.

blue runs, green is good or ready, amber waits for a person, red failed, grey is away,
violet is scheduled.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shopwright.channels.states import ConnectionStatus
from shopwright.fleet.port import Finding
from shopwright.fleet.states import Activity, CommandStatus, ConnectionState, Gate
from shopwright.orders.states import OrderStatus, ProductionStatus, StepStatus
from shopwright.parts.states import ConversionStatus, PartCategory, PartStatus
from shopwright.print_jobs.states import AttemptStatus, JobStatus


@dataclass(frozen=True, slots=True)
class Pip:
    word: str
    tone: str
    icon: str


READY = Pip("ready", "green", "circle-check")
PRINTING = Pip("printing", "blue", "player-play")
PREPARING = Pip("preparing", "blue", "flame")
PAUSED = Pip("paused", "amber", "player-pause")
CLEARING = Pip("clear the plate", "amber", "hand-stop")
MAINTENANCE = Pip("maintenance", "amber", "tool")
FAULT = Pip("error", "red", "alert-triangle")
OFFLINE = Pip("offline", "grey", "plug-connected-x")
CONNECTING = Pip("connecting", "grey", "plug")
WRONG_CODE = Pip("wrong access code", "red", "key")
UNKNOWN = Pip("no report yet", "grey", "help-circle")

LINKS: Mapping[ConnectionState, Pip] = {
    ConnectionState.OFFLINE: OFFLINE,
    ConnectionState.CONNECTING: CONNECTING,
    ConnectionState.AUTH_FAILED: WRONG_CODE,
}
ACTIVITIES: Mapping[Activity, Pip] = {
    Activity.PREPARING: PREPARING,
    Activity.PRINTING: PRINTING,
    Activity.PAUSED: PAUSED,
    Activity.ERROR: FAULT,
    Activity.UNKNOWN: UNKNOWN,
    Activity.IDLE: READY,
}
GATES: Mapping[Gate, Pip] = {Gate.NEEDS_CLEARING: CLEARING, Gate.MAINTENANCE: MAINTENANCE}

JOBS: Mapping[JobStatus, Pip] = {
    JobStatus.PENDING: Pip("on hold", "amber", "hand-stop"),
    JobStatus.QUEUED: Pip("queued", "violet", "clock"),
    JobStatus.CLAIMED: Pip("starting", "blue", "upload"),
    JobStatus.PREPARING: PREPARING,
    JobStatus.PRINTING: PRINTING,
    JobStatus.PAUSED: PAUSED,
    JobStatus.COMPLETED: Pip("completed", "green", "circle-check"),
    JobStatus.FAILED: Pip("failed", "red", "circle-x"),
    JobStatus.CANCELLED: Pip("cancelled", "grey", "ban"),
}
ATTEMPTS: Mapping[AttemptStatus, Pip] = {
    AttemptStatus.INTENDED: Pip("intended", "violet", "clock"),
    AttemptStatus.UPLOADING: Pip("uploading", "blue", "upload"),
    AttemptStatus.STARTING: Pip("starting", "blue", "send"),
    AttemptStatus.PRINTING: PRINTING,
    AttemptStatus.FINISHED: Pip("finished", "green", "circle-check"),
    AttemptStatus.FAILED: Pip("failed", "red", "circle-x"),
    AttemptStatus.CANCELLED: Pip("cancelled", "grey", "ban"),
    AttemptStatus.UNKNOWN: Pip("unknown", "amber", "help-circle"),
}
ORDERS: Mapping[OrderStatus, Pip] = {
    OrderStatus.PENDING_PAYMENT: Pip("waits for payment", "amber", "credit-card"),
    OrderStatus.PENDING: Pip("not paid yet", "amber", "credit-card"),
    OrderStatus.PAID: Pip("paid", "blue", "credit-card"),
    OrderStatus.COMPLETED: Pip("ready to pack", "green", "package"),
    OrderStatus.SHIPPED: Pip("shipped", "green", "truck-delivery"),
    OrderStatus.DELIVERED: Pip("delivered", "green", "check"),
    OrderStatus.CANCELED: Pip("cancelled", "grey", "ban"),
    OrderStatus.REFUNDED: Pip("refunded", "grey", "refresh"),
}
PRODUCTION: Mapping[ProductionStatus, Pip] = {
    ProductionStatus.QUEUED: Pip("queued", "violet", "clock"),
    ProductionStatus.IN_PROGRESS: Pip("in progress", "blue", "player-play"),
    ProductionStatus.COMPLETED: Pip("made", "green", "circle-check"),
    ProductionStatus.FAILED: Pip("failed", "red", "circle-x"),
}
STEPS: Mapping[StepStatus, Pip] = {
    StepStatus.OWED: Pip("owed", "violet", "clock"),
    StepStatus.ALLOCATED: Pip("in work", "blue", "printer"),
    StepStatus.GOOD: Pip("good", "green", "circle-check"),
    StepStatus.SCRAP: Pip("scrap", "red", "trash"),
    StepStatus.RELEASED: Pip("to stock", "grey", "archive"),
}
PARTS: Mapping[PartStatus, Pip] = {
    PartStatus.PENDING: Pip("waits for review", "amber", "eye"),
    PartStatus.REVIEWED: Pip("may be made", "violet", "clock"),
    PartStatus.APPROVED: Pip("may be made", "violet", "clock"),
    PartStatus.IN_PROGRESS: Pip("in work", "blue", "player-play"),
    PartStatus.ALREADY_STARTED: Pip("begun, free", "amber", "hand-stop"),
    PartStatus.COMPLETED: Pip("completed", "green", "circle-check"),
    PartStatus.CANCELLED: Pip("cancelled", "grey", "ban"),
}
CATEGORIES: Mapping[PartCategory, Pip] = {
    PartCategory.REVIEW: Pip("Review", "amber", "eye"),
    PartCategory.CNC: Pip("CNC", "blue", "cube"),
    PartCategory.HAND: Pip("By hand", "violet", "tool"),
    PartCategory.MISC: Pip("Other", "grey", "box"),
    PartCategory.COMPLETED: Pip("Completed", "green", "circle-check"),
}
SLICINGS: Mapping[ConversionStatus, Pip] = {
    ConversionStatus.QUEUED: Pip("waiting", "violet", "clock"),
    ConversionStatus.RUNNING: Pip("slicing", "blue", "player-play"),
    ConversionStatus.DONE: Pip("sliced", "green", "circle-check"),
    ConversionStatus.FAILED: Pip("failed", "red", "circle-x"),
}
COMMANDS: Mapping[CommandStatus, Pip] = {
    CommandStatus.PENDING: Pip("waiting", "violet", "clock"),
    CommandStatus.SENT: Pip("sent", "blue", "send"),
    CommandStatus.EXECUTING: Pip("running", "blue", "player-play"),
    CommandStatus.COMPLETED: Pip("done", "green", "circle-check"),
    CommandStatus.FAILED: Pip("failed", "red", "circle-x"),
    CommandStatus.TIMEOUT: Pip("no answer", "red", "clock"),
}
SYNCING = Pip("fetching orders", "blue", "refresh")
CONNECTIONS: Mapping[ConnectionStatus, Pip] = {
    ConnectionStatus.CONNECTED: Pip("connected", "green", "plug-connected"),
    ConnectionStatus.RECONNECT_NEEDED: Pip("connect again", "red", "plug-connected-x"),
    ConnectionStatus.DISABLED: Pip("disabled", "grey", "ban"),
}

FINDINGS: Mapping[Finding, Pip] = {
    Finding.OK: Pip("fine", "green", "circle-check"),
    Finding.NOT_REACHED: Pip("not tried", "grey", "help-circle"),
    Finding.NAME_UNKNOWN: Pip("unknown name", "red", "wifi-off"),
    Finding.HOST_UNREACHABLE: Pip("not reachable", "red", "wifi-off"),
    Finding.PORT_CLOSED: Pip("closed", "red", "plug-connected-x"),
    Finding.TLS_FAILED: Pip("not secure", "red", "lock-open"),
    Finding.WRONG_PRINTER: Pip("another printer", "red", "printer"),
    Finding.WRONG_CODE: Pip("wrong access code", "red", "key"),
    Finding.SILENT: Pip("no answer", "red", "clock"),
    Finding.CONTROL_BLOCKED: Pip("refused", "amber", "lock"),
    Finding.NO_STORAGE: Pip("no card", "amber", "archive"),
    Finding.STORAGE_REFUSED: Pip("refused", "amber", "archive"),
}


def printer_pip(connection: ConnectionState, activity: Activity, gate: Gate) -> Pip:
    """What matters most first: no link, a fault, work going on, then what the shop says."""
    if connection is not ConnectionState.ONLINE:
        return LINKS[connection]
    if activity in {Activity.ERROR, Activity.PRINTING, Activity.PREPARING, Activity.PAUSED}:
        return ACTIVITIES[activity]
    return GATES.get(gate, ACTIVITIES[activity])


def order_pip(status: OrderStatus, production: ProductionStatus, *, is_held: bool) -> Pip:
    """One word for the list: a paid order shows how far its making is."""
    if is_held:
        return Pip("on hold", "amber", "hand-stop")
    if status is OrderStatus.PAID:
        return (
            PRODUCTION[production]
            if production is not ProductionStatus.COMPLETED
            else ORDERS[OrderStatus.COMPLETED]
        )
    return ORDERS[status]
