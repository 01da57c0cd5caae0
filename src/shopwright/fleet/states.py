"""States of a printer, its link, its gate and the commands sent to it."""

from collections.abc import Mapping
from enum import StrEnum

from shopwright.kernel.errors import IllegalTransition


class ConnectionState(StrEnum):
    OFFLINE = "offline"
    CONNECTING = "connecting"
    ONLINE = "online"
    AUTH_FAILED = "auth_failed"


class DrivenBy(StrEnum):
    """Who may tell the printer what to do (reference decision 29)."""

    SERVER = "server"  # a runner of a serving process
    AGENT = "agent"  # the runner of an agent on the printer's own network
    EXTERNAL = "external"  # a program that polls our commands and reports
    PRINTER_BACKEND = "printer_backend"


class Activity(StrEnum):
    IDLE = "idle"
    PREPARING = "preparing"
    PRINTING = "printing"
    PAUSED = "paused"
    ERROR = "error"
    UNKNOWN = "unknown"


BUSY = frozenset({Activity.PREPARING, Activity.PRINTING, Activity.PAUSED})


class Gate(StrEnum):
    """Whether the shop lets work onto the printer, whatever the device itself says."""

    READY = "ready"
    NEEDS_CLEARING = "needs_clearing"
    MAINTENANCE = "maintenance"


class Outcome(StrEnum):
    """How the device says its current job ended; ``NONE`` while it has not ended."""

    NONE = "none"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ControlAccess(StrEnum):
    """Whether the firmware takes commands from us (Bambu authorisation control)."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    WATCHED = "watched"  # only the vendor's cloud is at hand, which takes no commands
    UNKNOWN = "unknown"


class CloudAccountState(StrEnum):
    """How far the log-in of an account at a printer vendor's cloud is."""

    CODE_NEEDED = "code_needed"  # it came by e-mail
    TOTP_NEEDED = "totp_needed"  # the account's authenticator app shows it
    CONNECTED = "connected"
    LOG_IN_AGAIN = "log_in_again"  # the log-in ran out or was taken back


class CloudRegion(StrEnum):
    """Bambu Lab keeps accounts in two places that know nothing of each other."""

    GLOBAL = "global"
    CHINA = "china"


class StartPhaseName(StrEnum):
    """Where a start is: before ``starting`` nothing was sent, so an upload may be repeated."""

    UPLOADING = "uploading"
    STARTING = "starting"


class StartResult(StrEnum):
    CONFIRMED = "confirmed"
    NOT_STARTED = "not_started"  # proven: refused, or never sent
    UNPROVEN = "unproven"
    IMPOSSIBLE = "impossible"  # nothing was sent, and no printer could: the file is gone


class CommandStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    EXECUTING = "executing"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"


OPEN_COMMANDS = frozenset({CommandStatus.PENDING, CommandStatus.SENT, CommandStatus.EXECUTING})

COMMAND_TRANSITIONS: Mapping[CommandStatus, frozenset[CommandStatus]] = {
    CommandStatus.PENDING: frozenset(
        {CommandStatus.SENT, CommandStatus.FAILED, CommandStatus.TIMEOUT}
    ),
    CommandStatus.SENT: frozenset(
        {
            CommandStatus.EXECUTING,
            CommandStatus.COMPLETED,
            CommandStatus.FAILED,
            CommandStatus.TIMEOUT,
        }
    ),
    CommandStatus.EXECUTING: frozenset(
        {CommandStatus.COMPLETED, CommandStatus.FAILED, CommandStatus.TIMEOUT}
    ),
    CommandStatus.COMPLETED: frozenset(),
    CommandStatus.FAILED: frozenset(),
    CommandStatus.TIMEOUT: frozenset(),
}


def check_transition(current: CommandStatus, target: CommandStatus) -> None:
    """Raise IllegalTransition unless a command may go from ``current`` to ``target``."""
    if target not in COMMAND_TRANSITIONS[current]:
        raise IllegalTransition(f"A {current} command cannot become {target}.")
