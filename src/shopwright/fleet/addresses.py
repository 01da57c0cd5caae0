"""How a printer is reached: the words for its kind of connection, and its address. Pure."""

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shopwright.kernel.egress import EgressPolicy, why_refused

LAN, CLOUD = "bambu_lan", "bambu_cloud"
# Of reference (a), then of (b). What no installed driver is named after is driven from outside.
CONNECTIONS = (
    LAN, CLOUD, "octoprint", "klipper", "moonraker", "prusalink",
    "network", "usb", "cloud", "mqtt", "printer_backend",
)  # fmt: skip
GENERAL = frozenset({"network", "mqtt"})  # says nothing of the protocol
EXTERNAL = "network"
BAMBU_LAB = "Bambu Lab"

HOST = re.compile(r"[A-Za-z0-9._:\-]{1,255}")
WEB_PORTS = frozenset({80, 443})  # of a typed http:// address; a Bambu printer listens elsewhere
WEB = frozenset({"http", "https"})  # of a printer's ports at most one; which, is how it is spoken
HTTPS_PORT = 443
METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog"})
NUMERIC = re.compile(r"(0x[0-9a-f]+|[0-9]+)(\.(0x[0-9a-f]+|[0-9]+)){0,3}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int | None = None
    is_https: bool = False

    def ports(self, driver: str) -> dict[str, int]:
        """What the port is of: the protocol's own one. A port that was written is meant, also 80:
        Moonraker behind a proxy is not at its usual one."""
        if is_bambu(driver):
            return {} if self.port is None or self.port in WEB_PORTS else {"mqtt": self.port}
        if self.is_https:
            return {"https": self.port or HTTPS_PORT}
        return {} if self.port is None else {"http": self.port}


def is_bambu(driver: str) -> bool:
    return driver in {LAN, CLOUD}


def choose_driver(connection_type: str | None, brand: str | None, has_code: bool) -> str:
    """A Bambu Lab printer with an access code is driven over its LAN (reference decision 22)."""
    is_open = connection_type is None or connection_type in GENERAL
    is_bambu_lab = brand.lower().startswith("bambu") if brand else connection_type is None
    if is_open and has_code and is_bambu_lab:
        return LAN
    return connection_type or EXTERNAL


def read_address(text: str) -> Address:
    """An address, or that of an ``api_url``; raises ValueError with the reason.

    Addresses of the shop's own network are what printers have; those where a cloud keeps its
    secrets are not.
    """
    text = text.strip()
    if ":" in text and _ip_of(text) is not None:
        return _checked(Address(text))
    parts = urlsplit(text if "//" in text else f"//{text}")
    if parts.scheme not in {"", "http", "https"}:
        raise ValueError("must begin with http:// or https://")
    if parts.username or parts.password:
        raise ValueError("must not carry a name or a password; use access_code")
    return _checked(Address(parts.hostname or "", parts.port, parts.scheme == "https"))


def url_of(host: str, ports: Mapping[str, int]) -> str | None:
    """As a client of reference (a) knows it."""
    if not host:
        return None
    shown = f"[{host}]" if ":" in host else host
    if "https" in ports:
        return f"https://{shown}:{ports['https']}"
    return f"http://{shown}:{ports['http']}" if "http" in ports else f"http://{shown}"


def _checked(address: Address) -> Address:
    if not HOST.fullmatch(address.host):
        raise ValueError("is no address; write a name or numbers, like 192.168.1.20")
    if address.host.lower().rstrip(".") in METADATA_NAMES:
        raise ValueError("is no address of a printer")
    ip = _ip_of(address.host)
    why = why_refused(ip, EgressPolicy(allows_private=True)) if ip else None
    if why is not None:
        raise ValueError(f"is {why}")
    return address


def _ip_of(host: str) -> str | None:
    """In the usual spelling, also of the spellings that only the C library knows."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        if not NUMERIC.fullmatch(host):
            return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None
