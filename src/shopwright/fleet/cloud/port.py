"""The port of a printer vendor's cloud: logging in in one or two steps, and what an account has."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from shopwright.fleet.states import CloudRegion
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.kernel.settings import Settings

MQTTS = 8883


class CloudLogInRefused(Invalid):
    """Wrong e-mail address, password or code; nothing is kept of the attempt."""

    code = "cloud-log-in-refused"
    title = "The printer cloud refuses this log-in"


class CloudLogInAgain(Conflict):
    code = "cloud-log-in-again"
    title = "Log in to the printer cloud again"


@dataclass(frozen=True, slots=True)
class LoggedIn:
    token: str = field(repr=False)
    lives: timedelta
    user_id: str


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The cloud wants a code, and has sent it by e-mail."""


@dataclass(frozen=True, slots=True)
class TotpNeeded:
    """The cloud wants the code of the account's authenticator app, sent with ``key``."""

    key: str = field(repr=False)


LogIn = LoggedIn | CodeNeeded | TotpNeeded


@dataclass(frozen=True, slots=True)
class CloudPrinter:
    serial: str
    name: str
    model: str | None
    access_code: str = field(repr=False)  # of its LAN; empty where the cloud tells none
    is_online: bool | None = None


@dataclass(frozen=True, slots=True)
class CloudHosts:
    """Where a vendor's cloud listens, of one region."""

    api_url: str
    site_url: str  # the second step with an authenticator goes to the web site
    mqtt_host: str
    mqtt_port: int = MQTTS
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Clouds:
    """The settings' hosts stand for those of every region: that is how a sandbox is used."""

    api_url: str = ""
    site_url: str = ""
    mqtt: str = ""  # host:port
    ca_file: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Clouds":
        file = settings.bambu_cloud_ca_file
        return cls(
            settings.bambu_cloud_api_url,
            settings.bambu_cloud_site_url,
            settings.bambu_cloud_mqtt,
            str(file) if file else None,
        )

    def hosts(self, region: CloudRegion) -> CloudHosts:
        """Protocol notes 1.13."""
        is_china = region is CloudRegion.CHINA
        end, near = ("cn", "cn") if is_china else ("com", "us")
        host, _, port = self.mqtt.rpartition(":")
        return CloudHosts(
            self.api_url or f"https://api.bambulab.{end}",
            self.site_url or f"https://bambulab.{end}",
            host or f"{near}.mqtt.bambulab.com",
            int(port) if port else MQTTS,
            self.ca_file,
        )


class PrinterCloud(Protocol):
    """All raise Unavailable or BrokenUpstream when the cloud cannot be asked."""

    def __init__(self, hosts: CloudHosts) -> None: ...

    async def log_in(self, email: str, password: str) -> LogIn:
        """Raises CloudLogInRefused."""
        ...

    async def send_code(self, email: str) -> None:
        """Another code by e-mail; the one before it is worth nothing then."""
        ...

    async def log_in_with_code(self, email: str, code: str) -> LogIn:
        """Raises CloudLogInRefused for a wrong code or one that ran out."""
        ...

    async def log_in_with_totp(self, key: str, code: str) -> LogIn:
        """Raises CloudLogInRefused."""
        ...

    async def list_printers(self, token: str) -> tuple[CloudPrinter, ...]:
        """Raises CloudLogInAgain when the token ran out or was taken back."""
        ...
