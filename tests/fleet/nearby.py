"""Networks of a test: this machine alone, on a port that no other test listens on."""

import socket
from typing import Any

from shopwright.kernel.edge import Process
from shopwright.sandbox.bambu import Announcing, PrinterConfig

LOOPBACK = "127.0.0.1"


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((LOOPBACK, 0))
        port: int = sock.getsockname()[1]
    return port


def stay_here(process: Process, **more: Any) -> int:
    """Let the process listen on this machine only; the port of Bambu's announcements there."""
    port = free_udp_port()
    here = {"discovery_interface": LOOPBACK, "discovery_ssdp_ports": [str(port)]}
    process.settings = process.settings.model_copy(update=here | more)
    return port


def announcing(port: int, serial: str, name: str = "left", **more: Any) -> PrinterConfig:
    how = Announcing(interface=LOOPBACK, ports=(port,), interval_s=0.2)
    return PrinterConfig(serial=serial, name=name, announces=how, **more)
