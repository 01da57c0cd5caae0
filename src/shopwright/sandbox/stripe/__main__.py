"""``python -m shopwright.sandbox.stripe``: prints one JSON line when ready, ends on SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys

from shopwright.sandbox.stripe.server import StripeSandbox
from shopwright.sandbox.stripe.world import SandboxConfig


def main() -> None:
    asyncio.run(_serve(_parser().parse_args()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shopwright.sandbox.stripe", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--secret-key", default=SandboxConfig().secret_key)
    parser.add_argument("--webhook-secret", default=SandboxConfig().webhook_secret)
    parser.add_argument("--hook", action="append", default=[], help="where events go; may repeat")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    config = SandboxConfig(
        secret_key=options.secret_key,
        webhook_secret=options.webhook_secret,
        hooks=tuple(options.hook),
    )
    async with StripeSandbox(config, host=options.host, port=options.port) as sandbox:
        announcement = {
            "url": sandbox.url,
            "secret_key": config.secret_key,
            "webhook_secret": config.webhook_secret,
        }
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    main()
