"""The way to a printer is tried before it is saved: every fault is named, with what to do."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient

from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Network
from shopwright.sandbox.bambu import AuthMode, Knobs, PrinterConfig, VirtualPrinter
from shopwright.sandbox.moonraker import MoonrakerSandbox
from shopwright.sandbox.octoprint import OctoPrintSandbox
from shopwright.sandbox.plain.server import StandIn
from shopwright.sandbox.prusalink import PrusaLinkSandbox
from tests.conftest import ClientAs

PATH = "/api/printers/test-connection"
SERIAL = "094TRIAL0000001"


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    """An H2D says whether Developer mode is on."""
    config = PrinterConfig(model="H2D", serial=SERIAL, knobs=Knobs(report_interval_s=0.2))
    async with VirtualPrinter(config) as running:
        yield running


async def try_out(client: AsyncClient, printer: VirtualPrinter, **changes: Any) -> dict[str, Any]:
    body = {
        "name": "New",
        "connection_type": "bambu_lan",
        "ip_address": printer.host,
        "access_code": printer.access_code,
        "serial": printer.serial,
        "ports": {"mqtt": printer.mqtt_port, "ftps": printer.ftps_port},
    }
    answer = await client.post(PATH, json=body | changes)
    assert answer.status_code == 200, answer.text
    assert printer.access_code not in answer.text
    return dict(answer.json())


def failed(told: dict[str, Any]) -> tuple[str, str]:
    """The first failed step; what stands after it was not tried, unless it failed by itself."""
    step = next(step for step in told["steps"] if step["status"] == "failed")
    assert told["advice"] == step["sentence"]
    assert told["is_ok"] is False
    return step["name"], step["finding"]


async def test_a_printer_is_sound_before_it_is_saved_and_nothing_is_kept(
    client: AsyncClient, printer: VirtualPrinter
) -> None:
    told = await try_out(client, printer, serial=None)
    assert told["is_ok"], told
    assert told["advice"] == "Everything on the way to the printer works."
    assert (told["serial_number"], told["fingerprint"]) == (SERIAL, printer.fingerprint)
    assert {step["status"] for step in told["steps"]} == {"ok"}
    assert (await client.get("/api/printers")).json() == []


@pytest.mark.parametrize(
    ("changes", "step", "finding", "advice"),
    [
        ({"ip_address": "printer.invalid"}, "address", "name_unknown", "address in numbers"),
        ({"ports": {"mqtt": 1}}, "MQTT port 1", "port_closed", "see whether this is the printer's"),
        ({"serial": "01P00AOTHER0001"}, "certificate", "wrong_printer", "correct the address or"),
        ({"access_code": "00000000"}, "access code", "wrong_code", "read it off its screen"),
    ],
)
async def test_what_was_typed_wrongly_is_named(
    client: AsyncClient,
    printer: VirtualPrinter,
    changes: dict[str, Any],
    step: str,
    finding: str,
    advice: str,
) -> None:
    told = await try_out(client, printer, **changes)
    assert failed(told) == (step, finding)
    assert advice in told["advice"]
    kinds = [one["status"] for one in told["steps"]]
    assert kinds[kinds.index("failed") + 1 :] == ["not_reached"] * (8 - kinds.index("failed"))


@pytest.mark.parametrize(
    ("knobs", "step", "finding", "advice"),
    [
        (
            {"auth_mode": AuthMode.BLOCKED_VERBOSE},
            "Developer mode",
            "control_blocked",
            "switch on LAN only and Developer mode on its screen",
        ),
        ({"has_card": False}, "SD card", "no_storage", "put one in and format it"),
    ],
)
async def test_what_is_wrong_with_the_printer_is_named(
    client: AsyncClient,
    printer: VirtualPrinter,
    knobs: dict[str, Any],
    step: str,
    finding: str,
    advice: str,
) -> None:
    printer.knobs.turn(knobs)
    told = await try_out(client, printer)
    assert failed(told) == (step, finding)
    assert advice in told["advice"]


async def test_a_port_without_encryption_and_closed_file_storage_are_named(
    client: AsyncClient, printer: VirtualPrinter
) -> None:
    async with OctoPrintSandbox() as other:
        plain = await try_out(client, printer, ports={"mqtt": other.port})
    assert failed(plain) == ("encryption", "tls_failed")
    ports = {"mqtt": printer.mqtt_port, "ftps": 1}
    assert failed(await try_out(client, printer, ports=ports)) == ("file storage 1", "port_closed")


@pytest.mark.parametrize("kind", [OctoPrintSandbox, MoonrakerSandbox, PrusaLinkSandbox])
async def test_faults_of_other_printers_are_named(client: AsyncClient, kind: type[StandIn]) -> None:
    async with kind() as machine, VirtualPrinter() as stranger:
        body = {
            "connection_type": machine.kind,
            "api_url": f"http://{machine.host}:{machine.port}",
            "api_key": machine.key,
        }

        async def told(**changes: str) -> dict[str, Any]:
            return dict((await client.post(PATH, json=body | changes)).json())

        assert (await told())["is_ok"] is True
        assert failed(await told(api_key="wrong")) == ("access key", "wrong_code")
        assert failed(await told(api_url="http://127.0.0.1:1")) == ("HTTP port 1", "port_closed")
        nameless = await told(api_url="http://printer.invalid")
        assert failed(nameless) == ("address", "name_unknown")
        elsewhere = await told(api_url=f"http://127.0.0.1:{stranger.mqtt_port}")
        assert elsewhere["is_ok"] is False


async def test_a_body_that_names_no_printer_is_refused(client: AsyncClient) -> None:
    body = {"connection_type": "bambu_lan", "ip_address": "10.0.0.5"}
    refused = await client.post(PATH, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert "access_code is missing" in refused.json()["detail"]
    outside = await client.post(PATH, json={"connection_type": "network"})
    assert (outside.status_code, outside.json()["code"]) == (409, "printer-not-driven-here")


async def test_a_hosted_server_tries_no_address_itself(
    client: AsyncClient, process: Process, printer: VirtualPrinter
) -> None:
    process.settings = process.settings.model_copy(update={"network": Network.PUBLIC})
    body = {"connection_type": "octoprint", "api_url": "http://10.0.0.5", "api_key": "k"}
    refused = await client.post(PATH, json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "printer-not-driven-here")
    unknown = await client.post(PATH, json=body | {"agent_id": 77})
    assert unknown.status_code == 404


async def test_viewers_try_nothing(client_as: ClientAs, viewer: Any) -> None:
    body = {"connection_type": "octoprint", "api_url": "http://10.0.0.5", "api_key": "k"}
    assert (await (await client_as(viewer)).post(PATH, json=body)).status_code == 403
