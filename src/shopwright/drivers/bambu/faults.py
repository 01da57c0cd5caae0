"""Error codes of the printer in words; an unknown code still names its module and itself."""

from collections.abc import Iterator, Mapping

from shopwright.drivers.bambu.values import as_int, as_objects
from shopwright.fleet.port import Fault, Severity

CANCELLED = frozenset({"0300_400C", "0500_400E"})
# What a refused start leaves behind, as shown to people: busy, unreadable, no card, no mapping.
START_FAILURES = frozenset(
    {"0500-4004", "0500-4003", "0500-C010", "0700-8012", "07FF-8012", "0300-800E"}
)
HMS = "HMS_"
UNVERIFIED_COMMAND = "0500_0500_0001_0007"
FIRST_REAL_ERROR = 0x4000  # below it the low half is status noise

DEVELOPER_MODE = (
    "The printer takes no commands from us: switch on LAN only and Developer mode on its screen, "
    "then enter the new access code here."
)

AMS_MODULE = 0x07
AMS_RUNOUT = "8011"  # of any AMS unit: 0700_8011, 0701_8011, …

MODULES = {
    0x03: "motion control",
    0x05: "mainboard",
    AMS_MODULE: "AMS",
    0x08: "toolhead",
    0x0C: "camera",
    0x12: "AMS",
}

ERRORS = {
    "0300_400C": "The print was cancelled.",
    "0500_400E": "The print was cancelled.",
    "0300_8001": "The print was paused at the printer.",
    "0300_8004": "The filament ran out: load more, then resume.",
    "0300_800E": "The printer cannot find the print file: upload it again.",
    "0500_4003": "The printer cannot read the print file: slice it again for this model.",
    "0500_4004": "The printer is busy and took no new print.",
    "0500_C010": "The printer cannot read its SD card or USB stick: check or replace it.",
    "0700_8012": "The printer cannot match the filaments to the AMS slots: check the slot mapping.",
    "07FF_8012": "The printer cannot match the filaments to the AMS slots: check the slot mapping.",
}
RUNOUT = "The filament in the AMS ran out: put in a new spool, then resume."
RESUMABLE = ("resume_print", "stop_print")

HMS_SEVERITY = {
    1: Severity.FATAL,
    2: Severity.SERIOUS,
    3: Severity.COMMON,
    4: Severity.INFO,
}


def error_code(value: object) -> str | None:
    """``print_error`` as MMMM_EEEE; None for no error and for status noise."""
    number = (as_int(value) or 0) & 0xFFFFFFFF
    if number & 0xFFFF < FIRST_REAL_ERROR:
        return None
    text = f"{number:08X}"
    return f"{text[:4]}_{text[4:]}"


def error_fault(code: str) -> Fault:
    """The fault of a ``print_error`` code in the form MMMM_EEEE."""
    module, number = int(code[:2], 16), code[5:]
    is_runout = module == AMS_MODULE and number == AMS_RUNOUT
    sentence = RUNOUT if is_runout else ERRORS.get(code)
    shown = code.replace("_", "-")
    return Fault(
        code=shown,
        severity=_error_severity(code),
        sentence=sentence or _unknown("error", module, shown),
        actions=RESUMABLE if number.startswith("8") and shown not in START_FAILURES else (),
    )


def hms_codes(state: Mapping[str, object]) -> Iterator[str]:
    for entry in as_objects(state.get("hms")):
        attr, code = as_int(entry.get("attr")), as_int(entry.get("code"))
        if attr is not None and code is not None:
            high, low = attr & 0xFFFFFFFF, code & 0xFFFFFFFF
            yield f"{high >> 16:04X}_{high & 0xFFFF:04X}_{low >> 16:04X}_{low & 0xFFFF:04X}"


def hms_fault(code: str) -> Fault:
    """The fault of an HMS code in the form AAAA_AAAA_CCCC_CCCC."""
    if code == UNVERIFIED_COMMAND:
        return Fault(f"{HMS}{code}", Severity.SERIOUS, DEVELOPER_MODE)
    severity = HMS_SEVERITY.get(int(code[10:14], 16), Severity.COMMON)
    return Fault(f"{HMS}{code}", severity, _unknown("message", int(code[:2], 16), f"{HMS}{code}"))


def read_faults(state: Mapping[str, object]) -> tuple[Fault, ...]:
    """All faults of a merged snapshot, the print error first."""
    code = error_code(state.get("print_error"))
    first = (error_fault(code),) if code else ()
    return first + tuple(hms_fault(each) for each in hms_codes(state))


def _error_severity(code: str) -> Severity:
    if code in CANCELLED:
        return Severity.INFO
    return Severity.COMMON if code[5] == "8" else Severity.SERIOUS


def _unknown(kind: str, module: int, code: str) -> str:
    part = MODULES.get(module, "printer")
    return f"The {part} shows {kind} {code}: see the printer's screen or Bambu's wiki."
