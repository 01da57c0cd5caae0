"""What a person typed about a printer, judged by the API's own bodies, refused in sentences."""

from pydantic import BaseModel

from shopwright.fleet.addresses import CLOUD, LAN
from shopwright.fleet.schemas import PrinterCreate, PrinterUpdate
from shopwright.fleet.service import PrinterChange
from shopwright.kernel.errors import Invalid
from shopwright.web.judging import Judge, judge

SENTENCES = {
    "name": "A printer's name has 1 to 100 characters.",
    "host": "{value!r} is no address. Write a name or numbers, like 192.168.1.20.",
    "serial": "{value!r} is no serial number: it has letters and digits only.",
    "access_code": "An access code has at most 100 characters.",
    "nozzle_mm": "{value!r} is no nozzle. Write its width in mm, like 0.4; at most 2.",
    "location": "A place has at most 100 characters.",
    "maintenance_interval_days": "{value!r} is no number of days from 1 to 3650.",
    "harvest_policy": "Plates are cleared by a person (ask) or by the printer (automatic).",
}


class PrinterForm(BaseModel):
    """As typed."""

    name: str = ""
    host: str = ""
    serial: str = ""
    access_code: str = ""
    model: str = ""
    location: str = ""
    nozzle_mm: str = "0.4"


class PrinterEdit(PrinterForm):
    """An empty access code or serial number leaves what is known."""

    harvest_policy: str = "ask"
    maintenance_interval_days: str = ""


def read_new_printer(form: PrinterForm) -> PrinterCreate:
    """Raises Invalid with what is wrong."""
    _check_named(form)
    typed = {k: v.strip() for k, v in form if v.strip()}
    return _judged(PrinterCreate, {**typed, "connection_type": LAN})


def read_printer_change(form: PrinterEdit, driver: str) -> PrinterChange:
    """Raises Invalid with what is wrong; an empty place is a change too. A printer in Bambu's cloud
    may do without an address."""
    if driver != CLOUD or not form.name.strip():
        _check_named(form)
    typed = {k: v.strip() for k, v in form if v.strip()}
    return _judged(PrinterUpdate, {**typed, "location": form.location.strip()}).change("UTC")


def _check_named(form: PrinterForm) -> None:
    if not form.name.strip() or not form.host.strip():
        raise Invalid("A printer needs a name and an address on the network.")


def _judged(body: type[Judge], typed: dict[str, str]) -> Judge:
    if "nozzle_mm" in typed:
        typed["nozzle_mm"] = typed["nozzle_mm"].replace(",", ".")
    return judge(body, typed, SENTENCES)
