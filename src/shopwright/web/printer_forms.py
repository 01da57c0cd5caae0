"""What a person typed about a printer, judged by the API's own bodies, refused in sentences."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, SecretStr

from shopwright.fleet.addresses import WEB, Address
from shopwright.fleet.models import Printer
from shopwright.fleet.schemas import PrinterCreate, PrinterUpdate
from shopwright.fleet.service import PrinterChange, PrinterDraft
from shopwright.kernel.errors import Invalid
from shopwright.web.judging import Judge, judge
from shopwright.web.printer_kinds import KINDS, Kind, find_kind

SENTENCES = {
    "name": "A printer's name has 1 to 100 characters.",
    "host": "{value!r} is no address. Write a name or numbers, like 192.168.1.20.",
    "serial": "{value!r} is no serial number: it has letters and digits only.",
    "access_code": "A key or an access code has at most 100 characters.",
    "model": "A model has at most 60 characters.",
    "nozzle_mm": "{value!r} is no nozzle. Write its width in mm, like 0.4; at most 2.",
    "location": "A place has at most 100 characters.",
    "maintenance_interval_days": "{value!r} is no number of days from 1 to 3650.",
    "harvest_policy": "Plates are cleared by a person (ask) or by the printer (automatic).",
}
# Told to other functions than the printer's bodies.
OF_THE_FORM = frozenset({"kind", "agent", "found"})


class PrinterForm(BaseModel):
    """As typed. ``agent`` is an id, or "server"; None where nobody was asked."""

    name: str = ""
    host: str = ""
    serial: str = ""
    access_code: str = ""
    model: str = ""
    location: str = ""
    nozzle_mm: str = "0.4"
    agent: str | None = None


class NewPrinterForm(PrinterForm):
    """What another kind asks for is carried along, so that a change of mind loses nothing.
    ``found`` is the id of the announcement that it was filled in from."""

    kind: str = KINDS[0].driver
    found: str = ""


class PrinterEdit(PrinterForm):
    """An empty access code or serial number leaves what is known."""

    harvest_policy: str = "ask"
    maintenance_interval_days: str = ""


def read_kind(form: NewPrinterForm) -> Kind:
    """Raises Invalid for a kind that there is not."""
    for kind in KINDS:
        if kind.driver == form.kind:
            return kind
    raise Invalid(f"There is no kind of printer {form.kind[:40]!r}.")


def read_new_printer(form: NewPrinterForm, common_code: SecretStr | None) -> PrinterDraft:
    """Raises Invalid with what is wrong. ``common_code`` is that of all Bambu printers."""
    kind = read_kind(form)
    _check_named(form, kind)
    typed = _typed(form, kind)
    has_code = "access_code" in typed or (kind.is_bambu and common_code is not None)
    if kind.code_missing and not has_code:
        raise Invalid(kind.code_missing)
    body = _judged(PrinterCreate, {**typed, "connection_type": kind.driver})
    draft = body.draft(common_code if kind.is_bambu else None)
    return draft if kind.is_bambu else replace(draft, brand=kind.brand_of(draft.model or ""))


def read_printer_change(form: PrinterEdit, before: Printer) -> PrinterChange:
    """Raises Invalid with what is wrong; an empty place is a change too. A printer in Bambu's cloud
    may do without an address."""
    kind = find_kind(before.driver)
    _check_named(form, kind)
    typed = {**_typed(form, kind), "location": form.location.strip()}
    body = _judged(PrinterUpdate, typed)
    ports = _ports_after(body.host, before) if body.host else None
    brand = kind.brand_of(typed.get("model", "")) or None
    return replace(body.change("UTC"), ports=ports, brand=brand)


def _typed(form: PrinterForm, kind: Kind) -> dict[str, str]:
    """Only what its kind asks for."""
    typed = {k: v.strip() for k, v in form if v and v.strip() and k not in OF_THE_FORM}
    if not kind.has_serial:
        typed.pop("serial", None)
    if not kind.code:
        typed.pop("access_code", None)
    return typed


def _ports_after(at: Address, before: Printer) -> dict[str, int]:
    """The address says how it is spoken to; ports that stand in no address stay as they are."""
    kept: Mapping[str, int] = before.ports
    kept = {name: port for name, port in kept.items() if name not in WEB}
    return {**kept, **at.ports(before.driver)}


def _check_named(form: PrinterForm, kind: Kind) -> None:
    if kind.needs_host and not (form.name.strip() and form.host.strip()):
        raise Invalid("A printer needs a name and an address on the network.")
    if not form.name.strip():
        raise Invalid("A printer needs a name.")


def _judged(body: type[Judge], typed: dict[str, str]) -> Judge:
    if "nozzle_mm" in typed:
        typed["nozzle_mm"] = typed["nozzle_mm"].replace(",", ".")
    return judge(body, typed, SENTENCES)
