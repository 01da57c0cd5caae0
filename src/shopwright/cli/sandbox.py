"""``sandbox``: stand-ins for Etsy, printers and a mail server in the foreground, to try things
without them."""

import json
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from shopwright.channels.routes import CALLBACK_PATH
from shopwright.cli.opening import load_settings
from shopwright.kernel.errors import Unavailable
from shopwright.kernel.settings import Settings
from shopwright.parts.onshape.tools import redirect_uris
from shopwright.sandbox.children import Child, StandInFailed

APP_KEY, APP_SECRET = "sandbox-keystring", "sandbox-secret"
USUAL_MODELS = ("P1S", "X1C", "A1 mini")
USUAL_SPEED = 60  # a 20-minute print takes 20 s
SERIAL_PREFIXES = {"P1S": "01P", "X1C": "00M", "A1 mini": "030"}
OTHER_PRINTERS = ("octoprint", "moonraker", "prusalink")
HEARD_HERE = ("--announce-on", "127.0.0.1")
CLOUD_ACCOUNT = {"email": "maker@shop.test", "password": "sandbox-password"}
ENDS = {signal.SIGINT, signal.SIGTERM}


class Name(StrEnum):
    ETSY = "etsy"
    PRINTERS = "printers"
    BAMBU_CLOUD = "bambu-cloud"
    OCTOPRINT = "octoprint"
    MOONRAKER = "moonraker"
    PRUSALINK = "prusalink"
    PRINTER_BACKEND = "printer-backend"
    SMTP = "smtp"
    GEMINI = "gemini"
    MANUFACTURER = "manufacturer"
    ONSHAPE = "onshape"
    STRIPE = "stripe"
    ALL = "all"


PLAIN = (
    Name.PRINTER_BACKEND,
    Name.SMTP,
    Name.GEMINI,
    Name.MANUFACTURER,
)  # no more is to be said of them than their name


def sandbox(
    name: Annotated[Name, typer.Argument(help="Which stand-in.")] = Name.ALL,
    orders: Annotated[int, typer.Option(min=0, help="Etsy orders to begin with.")] = 20,
    trickle: Annotated[float, typer.Option(min=0, help="Seconds between new Etsy orders.")] = 0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Etsy's port; 0: a free one.")] = 0,
    farm: Annotated[Path | None, typer.Option(exists=True, help="Printers as a farm file.")] = None,
) -> None:
    """Run stand-ins for Etsy, printers and a mail server until Ctrl-C, and say how to reach them.

    They keep nothing: a fresh Etsy, fresh printers and no mail each time.
    """
    settings = load_settings()
    try:
        with ExitStack() as stack:
            children = []
            if name in {Name.ETSY, Name.ALL}:
                children.append(stack.enter_context(_etsy(settings, orders, trickle, port)))
            if name in {Name.PRINTERS, Name.ALL}:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                children.append(stack.enter_context(_printers(farm, folder)))
            if name is Name.BAMBU_CLOUD:  # with printers of its own
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                children.append(stack.enter_context(_bambu_cloud(farm, folder)))
            for kind in OTHER_PRINTERS:
                if name in {kind, Name.ALL}:
                    knobs = json.dumps({"speed": USUAL_SPEED})
                    children.append(stack.enter_context(Child(kind, "--knobs", knobs, *HEARD_HERE)))
            for own, start in ((Name.ONSHAPE, _onshape), (Name.STRIPE, _stripe)):
                if name in {own, Name.ALL}:
                    children.append(stack.enter_context(start(settings)))
            children += [
                stack.enter_context(Child(kind)) for kind in PLAIN if name in {kind, Name.ALL}
            ]
            for child in children:
                typer.echo("\n".join(SAY[child.name](child.announcement())))
            _wait(children)
    except StandInFailed as err:
        raise Unavailable(str(err)) from err


def _etsy(settings: Settings, orders: int, trickle: float, port: int) -> Child:
    redirect = settings.etsy_redirect_uri or settings.base_url + CALLBACK_PATH
    numbers = {"--orders": orders, "--trickle": trickle, "--port": port}
    options = [text for option, value in numbers.items() for text in (option, str(value))]
    return Child("etsy", "--redirect-uri", redirect, *options)


def _printers(farm: Path | None, folder: Path) -> Child:
    if farm is None:
        farm = folder / "farm.json"
        farm.write_text(json.dumps(_usual_farm(folder)))
    return Child("printers", "--config", str(farm))


def _bambu_cloud(farm: Path | None, folder: Path) -> Child:
    """A farm file may name its accounts; else one account has all the usual printers."""
    if farm is None:
        usual = _usual_farm(folder)
        serials = [printer["serial"] for printer in usual["printers"]]
        account = {**CLOUD_ACCOUNT, "second_step": "code", "serials": serials}
        farm = folder / "cloud.json"
        farm.write_text(json.dumps({**usual, "accounts": [account]}))
    return Child("bambu-cloud", "--config", str(farm))


def _onshape(settings: Settings) -> Child:
    known = [text for uri in redirect_uris(settings) for text in ("--redirect-uri", uri)]
    return Child("onshape", *known)


def _stripe(settings: Settings) -> Child:
    """It tells its events to the shop of these settings."""
    return Child("stripe", "--hook", f"{settings.base_url}/stripe-webhook")


def _usual_farm(folder: Path) -> dict[str, Any]:
    printers = [
        {
            "name": f"Sandbox {model}",
            "serial": f"{SERIAL_PREFIXES[model]}00A00000000{number}",
            "access_code": "12345678",
            "model": model,
            "speed": USUAL_SPEED,
        }
        for number, model in enumerate(USUAL_MODELS, 1)
    ]
    announces: dict[str, Any] = {}  # on this machine only
    return {"folder": str(folder / "cards"), "printers": printers, "announces": announces}


def _wait(children: list[Child]) -> None:
    """For a signal, or for one of them to end; raises StandInFailed then."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS | {signal.SIGCHLD})
    while all(child.is_alive for child in children):
        if signal.sigwait(ENDS | {signal.SIGCHLD}) in ENDS:
            return
    raise StandInFailed("A stand-in ended; its messages say why.")


def _say_etsy(said: dict[str, Any]) -> Iterator[str]:
    yield f"Etsy listens on {said['url']}. To use it, start Shopwright with:"
    yield f"  ETSY_CLIENT_ID={APP_KEY}"
    yield f"  ETSY_SHARED_SECRET={APP_SECRET}"
    yield f"  ETSY_API_URL={said['api_url']}"
    yield f"  ETSY_AUTH_URL={said['authorize_url']}"
    yield f"  ETSY_TOKEN_URL={said['token_url']}"
    yield f"  Make orders and break things: {said['url']}/sandbox/…"


def _say_bambu_cloud(said: dict[str, Any]) -> Iterator[str]:
    yield f"Bambu's cloud listens on {said['url']}. To use it, start Shopwright with:"
    for name, value in said["settings"].items():
        yield f"  {name}={value}"
    yield f"  Log in as {CLOUD_ACCOUNT['email']} with {CLOUD_ACCOUNT['password']};"
    yield f"  the codes it mails stand at {said['url']}/sandbox/mails"
    yield from _say_printers(said)


def _say_printers(said: dict[str, Any]) -> Iterator[str]:
    yield "Printers; add each with its address, serial, access code and ports:"
    for printer in said["printers"]:
        ports = ", ".join(
            f"{kind} {printer[f'{kind}_port']}"
            for kind in ("mqtt", "ftps", "camera")
            if printer[f"{kind}_port"]
        )
        yield (
            f"  {printer['name']}: {printer['host']}, serial {printer['serial']}, "
            f"access code {printer['access_code']}, ports {ports}"
        )
    yield f"  Look at them and disturb them: {said['control_url']}/printers"


def _say_other_printer(said: dict[str, Any]) -> Iterator[str]:
    for printer in said["printers"]:
        yield (
            f"A printer with connection type {printer['kind']}: http://{printer['host']}:"
            f"{printer['port']}, key {printer['key']}"
        )
    yield f"  Look at it and disturb it: {said['control_url']}/printers"


def _say_smtp(said: dict[str, Any]) -> Iterator[str]:
    yield "A mail server that delivers nothing. To use it, start Shopwright with:"
    yield f"  SMTP_HOST={said['host']}"
    yield f"  SMTP_PORT={said['port']}"
    yield "  SMTP_SECURITY=none"
    yield "  SMTP_FROM=shop@example.com"
    yield f"  Read the mails, and make it refuse them: {said['url']}/"


def _say_gemini(said: dict[str, Any]) -> Iterator[str]:
    yield "Gemini, which makes pictures. To use it, start Shopwright with:"
    for name, value in said["settings"].items():
        yield f"  {name}={value}"
    yield f"  Make it busy, slow or broken: {said['url']}/sandbox/knobs"


def _say_printer_backend(said: dict[str, Any]) -> Iterator[str]:
    yield "A printer backend. To use it, start Shopwright with:"
    yield f"  PRINTER_BACKEND_URL={said['url']}"
    yield f"  PRINTER_BACKEND_API_KEY={said['key']}"
    yield f"  See its jobs, move them on and disturb it: {said['url']}/sandbox/jobs"


def _say_onshape(said: dict[str, Any]) -> Iterator[str]:
    yield f"Onshape listens on {said['url']}. To use it, start Shopwright with:"
    for name, value in said["settings"].items():
        yield f"  {name}={value}"
    yield f"  API keys: {said['access_key']} with {said['secret_key']}"
    for tab, link in said["links"].items():
        yield f"  {tab}: {link}"
    yield f"  See its calls and disturb it: {said['url']}/sandbox/state"


def _say_stripe(said: dict[str, Any]) -> Iterator[str]:
    yield f"Stripe listens on {said['url']}. To use it, start Shopwright with:"
    yield f"  STRIPE_SECRET_KEY={said['secret_key']}"
    yield f"  STRIPE_WEBHOOK_SECRET={said['webhook_secret']}"
    yield f"  STRIPE_API_URL={said['url']}"
    yield f"  See its sessions and disturb it: {said['url']}/admin/state"


def _say_manufacturer(said: dict[str, Any]) -> Iterator[str]:
    yield f"A manufacturer listens on {said['url']}. To use it, start Shopwright with:"
    for name, value in said["settings"].items():
        yield f"  {name}={value}"
    yield f"  See its orders, move them on and disturb it: {said['url']}/sandbox/state"


SAY = {
    "bambu-cloud": _say_bambu_cloud,
    "etsy": _say_etsy,
    "gemini": _say_gemini,
    "manufacturer": _say_manufacturer,
    "onshape": _say_onshape,
    "printer-backend": _say_printer_backend,
    "printers": _say_printers,
    "smtp": _say_smtp,
    "stripe": _say_stripe,
    **dict.fromkeys(OTHER_PRINTERS, _say_other_printer),
}
