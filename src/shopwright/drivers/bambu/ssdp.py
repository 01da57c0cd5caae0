"""Announcements of Bambu printers: bytes ↔ what they say (protocol notes 1.12). Pure.

They look like SSDP and are none: ``Location`` is a bare address, and ``USN`` the serial.
"""

import ipaddress
import re
from collections.abc import Mapping

from shopwright.fleet.discovery.port import Announced

DRIVER = "bambu_lan"
GROUP_ADDRESS = "239.255.255.250"
DEVICE = "urn:bambulab-com:device:3dprinter:1"
LARGEST = 4096
SERIAL = re.compile(r"[A-Za-z0-9\-]{4,64}")
PORTS = "devports.shopwright"  # our stand-ins' own word: a real printer has the usual ports
PORT = re.compile(r"(mqtt|ftps|camera)=([0-9]{1,5})")
BYE = "ssdp:byebye"


def question(port: int) -> bytes:
    lines = (
        "M-SEARCH * HTTP/1.1",
        f"HOST: {GROUP_ADDRESS}:{port}",
        'MAN: "ssdp:discover"',
        "MX: 1",
        f"ST: {DEVICE}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read(datagram: bytes, sender: str) -> Announced | None:
    """None for anything that is no living Bambu printer. Its address is that of ``Location``, or
    the sender's where that is none."""
    headers = _headers(datagram)
    serial = headers.get("usn", "")
    if DEVICE not in {headers.get("nt"), headers.get("st")} or not SERIAL.fullmatch(serial):
        return None
    if headers.get("nts", "").lower() == BYE:
        return None
    return Announced(
        driver=DRIVER,
        host=_address(headers.get("location", "")) or sender,
        name=headers.get("devname.bambu.com", ""),
        ports=_ports(headers.get(PORTS, "")),
        serial=serial,
        model=headers.get("devmodel.bambu.com") or None,
        firmware=headers.get("devversion.bambu.com") or None,
        is_in_cloud=headers.get("devconnect.bambu.com", "").lower() == "cloud",
    )


def _headers(datagram: bytes) -> Mapping[str, str]:
    """Names in lower case; nothing for a question or for something else."""
    text = datagram[:LARGEST].decode("utf-8", "replace")
    first, _, rest = text.partition("\n")
    if not first.startswith(("NOTIFY", "HTTP/")):
        return {}
    pairs = (line.partition(":") for line in rest.splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _ports(text: str) -> dict[str, int]:
    found = {name: int(number) for name, number in PORT.findall(text)}
    return {name: port for name, port in found.items() if 0 < port < 2**16}
