"""``python -m shopwright.sandbox manufacturer``: prints one JSON line when ready, ends on
SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys

from shopwright.sandbox.manufacturer.server import ManufacturerSandbox
from shopwright.sandbox.manufacturer.world import Model


def main() -> None:
    parser = argparse.ArgumentParser(prog="shopwright.sandbox.manufacturer", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--callbacks", default="", help="the shop's base URL")
    parser.add_argument("--header", action="append", default=[], help="Name: value of callbacks")
    parser.add_argument("--knobs", default="{}", help="as JSON")
    parser.add_argument("--models", default="[]", help="more of them, as JSON objects")
    asyncio.run(_serve(parser.parse_args()))


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    headers = dict(text.split(": ", 1) for text in options.header)
    sandbox = ManufacturerSandbox(
        host=options.host,
        port=options.port,
        callbacks=options.callbacks,
        callback_headers=headers,
    )
    sandbox.knobs.turn(json.loads(options.knobs))
    for model in json.loads(options.models):
        sandbox.world.add_model(Model(**model))
    async with sandbox:
        said = {"url": sandbox.url, "settings": sandbox.settings}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    main()
