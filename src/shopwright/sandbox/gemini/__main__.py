"""``python -m shopwright.sandbox gemini``: prints one JSON line when ready, ends on SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys

from shopwright.sandbox.gemini.server import USUAL_KEY, GeminiSandbox


def main() -> None:
    parser = argparse.ArgumentParser(prog="shopwright.sandbox.gemini", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--key", default=USUAL_KEY, help="the API key that is let in")
    parser.add_argument("--knobs", default="{}", help="as JSON")
    asyncio.run(_serve(parser.parse_args()))


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sandbox = GeminiSandbox(host=options.host, port=options.port, key=options.key)
    sandbox.knobs.turn(json.loads(options.knobs))
    async with sandbox:
        sys.stdout.write(json.dumps({"url": sandbox.url, "settings": sandbox.settings}) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    main()
