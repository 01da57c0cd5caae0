"""``python -m shopwright.sandbox.bambu_cloud --config cloud.json``: runs until SIGTERM or SIGINT.

The file is a farm's (see ``sandbox.bambu.farm``) with its accounts:

    {"printers": [{"name": "left", "serial": "01P00A000000001"}],
     "accounts": [{"email": "maker@shop.test", "password": "a good password",
                   "second_step": "code", "serials": ["01P00A000000001"]}]}

Prints one JSON line with the settings to use when everything listens.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import uvloop

from shopwright.sandbox.bambu.farm import Farm, run_farm
from shopwright.sandbox.bambu_cloud.server import BambuCloudSandbox
from shopwright.sandbox.bambu_cloud.world import Account, SecondStep


async def run(config: dict[str, Any]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    accounts = [_account(entry) for entry in config.get("accounts", [])]
    port, mqtt_port = int(config.get("port", 0)), int(config.get("mqtt_port", 0))
    async with run_farm(config) as farm:
        printers = farm.printers.values()
        async with BambuCloudSandbox(accounts, printers, port=port, mqtt_port=mqtt_port) as cloud:
            sys.stdout.write(json.dumps(_announcement(farm, cloud)) + "\n")
            sys.stdout.flush()
            await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Run Bambu's cloud with virtual printers.")
    parser.add_argument("--config", type=Path, required=True, help="cloud file (JSON)")
    arguments = parser.parse_args()
    uvloop.run(run(json.loads(arguments.config.read_text())))


def _account(entry: dict[str, Any]) -> Account:
    return Account(
        email=entry["email"],
        password=entry["password"],
        serials=tuple(entry.get("serials", ())),
        second_step=SecondStep(entry.get("second_step", SecondStep.NONE)),
    )


def _announcement(farm: Farm, cloud: BambuCloudSandbox) -> dict[str, Any]:
    settings = {
        "BAMBU_CLOUD_API_URL": cloud.url,
        "BAMBU_CLOUD_SITE_URL": cloud.url,
        "BAMBU_CLOUD_MQTT": cloud.mqtt,
        "BAMBU_CLOUD_CA_FILE": str(cloud.ca_file),
    }
    return {**farm.describe(), "url": cloud.url, "settings": settings}


if __name__ == "__main__":
    main()
