"""The fault list every driver stands up to, and which fault a protocol cannot have, and why."""

FAULTS = (
    "connection lost mid-upload",
    "connection lost mid-print",
    "duplicate reports",
    "reports out of order",
    "printer rebooted",
    "job started at the screen",
    "wrong code",
    "full card",
    "silent broker",
    "clock jump",
    "firmware that blocks control",
)

ONE_ANSWER = (
    "An answer belongs to the one question that is open, so none comes twice or after a later one."
)
LEFT_OUT = {
    ("octoprint", "duplicate reports"): ONE_ANSWER,
    ("prusalink", "duplicate reports"): ONE_ANSWER,
    ("octoprint", "reports out of order"): ONE_ANSWER,
    ("prusalink", "reports out of order"): ONE_ANSWER,
    (
        "moonraker",
        "firmware that blocks control",
    ): "Moonraker knows one right only: whoever may look may also command.",
    (
        "prusalink",
        "firmware that blocks control",
    ): "PrusaLink knows one right only: whoever may look may also print.",
}
