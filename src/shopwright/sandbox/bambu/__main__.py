"""``python -m shopwright.sandbox.bambu --config farm.json``: runs until SIGTERM or SIGINT.

Prints one JSON line with the control URL and every printer's ports when all of them listen.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import uvloop

from shopwright.sandbox.bambu.farm import run_farm


async def run(config: dict[str, Any]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with run_farm(config) as farm:
        sys.stdout.write(json.dumps(farm.describe()) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a farm of virtual Bambu printers.")
    parser.add_argument("--config", type=Path, required=True, help="farm file (JSON)")
    arguments = parser.parse_args()
    uvloop.run(run(json.loads(arguments.config.read_text())))


if __name__ == "__main__":
    main()
