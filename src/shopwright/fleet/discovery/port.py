"""The port of what listens for printers that announce themselves, and what it hears."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Protocol

GROUP = "shopwright.discovery"
SSDP_PORTS = (2021, 1990)


@dataclass(frozen=True, slots=True)
class Nearby:
    """Where to listen. ``interface`` is an address of this machine; empty: all its networks."""

    interface: str = ""
    ssdp_ports: tuple[int, ...] = SSDP_PORTS


@dataclass(frozen=True, slots=True)
class Announced:
    """What a printer says of itself, unproven. ``ports`` only where they are not the usual ones."""

    driver: str
    host: str
    name: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    serial: str | None = None
    model: str | None = None  # a name or the vendor's code
    firmware: str | None = None
    is_in_cloud: bool = False  # its owner bound it to an account at the vendor's

    @property
    def key(self) -> str:
        """What the same printer says again, wherever it is heard."""
        return self.serial or f"{self.driver}://{self.host}:{sorted(self.ports.items())}"


Tell = Callable[[Announced], None]


class Listener(Protocol):
    async def __call__(self, nearby: Nearby, tell: Tell) -> None:
        """Ask and listen until cancelled; raises DriverError when it cannot listen at all."""
        ...


def load_listeners() -> Iterator[tuple[str, Listener]]:
    """Name and listener of every protocol that announces itself."""
    for found in entry_points(group=GROUP):
        listener: Listener = found.load()
        yield found.name, listener
