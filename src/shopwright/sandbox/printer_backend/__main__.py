"""``python -m shopwright.sandbox.printer_backend``: prints one JSON line when ready, ends on
SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys

from shopwright.sandbox.printer_backend.server import USUAL_KEY, PrinterBackendSandbox


def main() -> None:
    parser = argparse.ArgumentParser(prog="shopwright.sandbox.printer_backend", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--key", default=USUAL_KEY)
    asyncio.run(_serve(parser.parse_args()))


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sandbox = PrinterBackendSandbox(key=options.key, host=options.host, port=options.port)
    async with sandbox:
        sys.stdout.write(json.dumps({"url": sandbox.url, "key": sandbox.key}) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    main()
