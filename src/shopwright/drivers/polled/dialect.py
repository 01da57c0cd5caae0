"""What differs between the protocols that are spoken over HTTP."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from shopwright.drivers.polled.link import Answer, HttpLink
from shopwright.fleet.port import (
    DeviceCommand,
    DeviceReport,
    DiagnosisStep,
    Done,
    Endpoint,
    ProgressSink,
    Refused,
    RemoteFile,
    Timeouts,
    Unconfirmed,
)


class Dialect(Protocol):
    """Each method may raise LinkFailed or CredentialRejected."""

    program: ClassVar[str]  # what answers there, for people
    every_s: ClassVar[float]  # between two questions
    link: HttpLink

    def __init__(self, endpoint: Endpoint, timeouts: Timeouts) -> None: ...
    async def identify(self) -> str:
        """Its name and version; raises LinkFailed with WRONG_PRINTER when it is another program."""
        ...

    async def sign_in(self) -> None:
        """Raises CredentialRejected for a wrong key."""
        ...

    async def read(self) -> DeviceReport: ...
    async def upload(
        self, file: Path, *, name: str, sha256: str, progress: ProgressSink
    ) -> RemoteFile: ...
    async def delete(self, name: str) -> Answer: ...
    async def start(self, file: RemoteFile) -> Answer: ...
    async def command(
        self, command: DeviceCommand, report: DeviceReport | None
    ) -> Done | Refused | Unconfirmed: ...
    async def picture(self) -> bytes: ...
    async def look(self) -> Sequence[DiagnosisStep]:
        """What stands between a good connection and a print."""
        ...


@runtime_checkable
class Telling(Protocol):
    """A dialect in which the printer tells by itself as well."""

    async def follow(self, tell: Callable[[DeviceReport], None]) -> None:
        """Until that ends, for whatever reason; may raise LinkFailed or CredentialRejected."""
        ...
