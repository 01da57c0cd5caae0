"""The kinds of printers that a person can choose from, and what each is asked for, in words."""

from dataclasses import dataclass

from shopwright.fleet.addresses import CLOUD, EXTERNAL, LAN, is_bambu, url_of
from shopwright.fleet.agents.service import is_cloud_only
from shopwright.fleet.models import Printer
from shopwright.fleet.outside import is_told
from shopwright.fleet.states import DrivenBy
from shopwright.print_files.printer_models import BAMBU_MODELS, OTHER_BRANDS, find_printer_model

WEB_PORTS = ("http", "https")


@dataclass(frozen=True, slots=True)
class Kind:
    """``code`` is what its key is called, empty where it has none."""

    driver: str
    word: str
    help: str
    code: str = "API key"
    code_missing: str = ""  # the sentence; empty where it may do without
    example: str = "192.168.1.20"
    needs_host: bool = True
    has_serial: bool = False

    @property
    def is_bambu(self) -> bool:
        return is_bambu(self.driver)

    @property
    def is_driven(self) -> bool:
        """Here or by an agent."""
        return self.driver != EXTERNAL

    @property
    def models(self) -> list[str]:
        return [one.display for one in (BAMBU_MODELS if self.is_bambu else OTHER_BRANDS)]

    def shown_model(self, typed: str) -> str:
        """Without what was chosen while the kind was still another one."""
        is_of_bambu = find_printer_model(typed) in BAMBU_MODELS if typed else False
        return "" if is_of_bambu and self.is_driven and not self.is_bambu else typed

    def brand_of(self, model: str) -> str:
        """Empty where the model is not known, or is another maker's than this kind is for."""
        known = find_printer_model(model) if model and not self.is_bambu else None
        return known.brand if known and known in OTHER_BRANDS else ""


KINDS = (
    Kind(
        LAN,
        "Bambu Lab on the LAN",
        "Address, access code and serial number stand on the printer's screen: its network "
        "settings show the first two, its device information the third.",
        code="Access code",
        code_missing="Type the access code: the printer shows it in its network settings.",
        has_serial=True,
    ),
    Kind(
        "octoprint",
        "OctoPrint",
        "OctoPrint makes a key under Settings, Application Keys. Write the port where it is not "
        "80: without a web server in front of it, it is 5000.",
        code_missing="Type a key: OctoPrint makes one under Settings, Application Keys.",
        example="octopi.local or http://192.168.1.20:5000",
    ),
    Kind(
        "moonraker",
        "Moonraker / Klipper",
        "A key is needed only if this machine is not among Moonraker's trusted_clients; Fluidd "
        "and Mainsail show it in their settings. Write the port where it is not 7125.",
        code="API key, if it wants one",
        example="voron.local or http://192.168.1.20:7125",
    ),
    Kind(
        "prusalink",
        "PrusaLink",
        "The printer shows the key or password under Settings, Network, PrusaLink. A user of "
        "your own is written as user:password.",
        code="API key or password",
        code_missing="Type the key or password: the printer shows it under Settings, Network, "
        "PrusaLink.",
    ),
    Kind(
        EXTERNAL,
        "Other, told by its own software",
        "Nothing here talks to it: a program of yours asks for its commands and reports what it "
        "does, with an API key of this shop.",
        code="",
        needs_host=False,
    ),
)
CLOUD_KIND = Kind(
    CLOUD,
    "Bambu Lab, from an account",
    "With its address on the LAN it prints; without one it is only watched.",
    code="Access code",
    needs_host=False,
    has_serial=True,
)
_BY_DRIVER = {kind.driver: kind for kind in KINDS} | {CLOUD: CLOUD_KIND}
_BY_DRIVER["klipper"] = _BY_DRIVER["moonraker"]


def find_kind(driver: str) -> Kind:
    """What no driver here is named after is told by its own software."""
    return _BY_DRIVER.get(driver, _BY_DRIVER[EXTERNAL])


def words_of(printer: Printer) -> str:
    """Its kind, as its page says it."""
    if printer.driver == CLOUD:
        return "Bambu Lab, " + (
            "through its cloud only" if is_cloud_only(printer) else "LAN, cloud"
        )
    return find_kind(printer.driver).word


def driver_words(printer: Printer, agent: str | None) -> str:
    """Who tells it what to do; ``agent`` is the name of the one that has it."""
    if agent is not None:
        return f"the agent {agent}"
    if printer.driven_by is DrivenBy.PRINTER_BACKEND:
        return "the printer backend"
    return "this server" if not is_told(printer) else "its own software"


def typed_address(printer: Printer) -> str:
    """As a person would type it: with its port where it is not the usual one."""
    if is_bambu(printer.driver) or not any(name in printer.ports for name in WEB_PORTS):
        return printer.host or ""
    return url_of(printer.host, printer.ports) or ""
