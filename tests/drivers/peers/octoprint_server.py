"""A real OctoPrint with its own virtual printer, in its own environment and folder."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.drivers.peers.environment import python_with

REQUIREMENTS = ("OctoPrint==1.11.8",)
KEY = "shopwright0peer0key0123456789abcdef"
START_S = 90.0
END_S = 20.0
# Without simulated_errors the virtual printer asks for lines anew and stalls; the plugins that are
# switched off would look for the internet.
CONFIG = f"""\
api: {{key: {KEY}}}
server:
  firstRun: false
  onlineCheck: {{enabled: false}}
  pluginBlacklist: {{enabled: false}}
  seenWizards: {{backup: null, classicwebcam: 1, corewizard: 4, tracking: null}}
serial:
  {{autoconnect: true, port: VIRTUAL, baudrate: 115200, timeout: {{positionLogWait: 1}}}}
plugins:
  virtual_printer:
    {{enabled: true, simulated_errors: [], throttle: 0.005, sendWait: false, rxBuffer: 128}}
  _disabled: [tracking, announcements, softwareupdate, discovery, pi_support]
"""


@dataclass(frozen=True, slots=True)
class OctoPrintServer:
    host: str
    port: int
    key: str


@contextlib.asynccontextmanager
async def run_octoprint(folder: Path) -> AsyncIterator[OctoPrintServer]:
    """Until the block ends; raises TimeoutError, with its messages, when it does not come up."""
    python = await asyncio.to_thread(python_with, "octoprint", REQUIREMENTS)
    (folder / "config.yaml").write_text(CONFIG)
    program = str(python.with_name("octoprint"))
    await _add_user(program, folder)
    port = _free_port()
    with (folder / "messages.txt").open("wb") as messages:
        process = await asyncio.create_subprocess_exec(
            *(program, "serve", "-b", str(folder), "--host", "127.0.0.1", "--port", str(port)),
            "--iknowwhatimdoing",  # it does not like to be root, which containers are
            stdout=messages,
            stderr=messages,
        )
        try:
            server = OctoPrintServer("127.0.0.1", port, KEY)
            await _operational(server, folder / "messages.txt")
            yield server
        finally:
            process.terminate()
            try:
                async with asyncio.timeout(END_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _add_user(program: str, folder: Path) -> None:
    """Without one it refuses its API to everybody."""
    process = await asyncio.create_subprocess_exec(
        *(program, "-b", str(folder), "user", "add", "fleet", "--password", "secret123", "--admin"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0


async def _operational(server: OctoPrintServer, messages: Path) -> None:
    """It serves long before its printer is connected."""
    url = f"http://{server.host}:{server.port}/api/printer"
    try:
        async with asyncio.timeout(START_S), httpx.AsyncClient(trust_env=False) as client:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await client.get(url, headers={"X-Api-Key": server.key})
                    if answer.status_code == 200:
                        return
                await asyncio.sleep(0.25)
    except TimeoutError as err:
        told = await asyncio.to_thread(messages.read_text, errors="replace")
        raise TimeoutError(told[-2000:]) from err


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
