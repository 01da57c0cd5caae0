"""``python -m shopwright.sandbox.onshape``: prints one JSON line when ready, ends on SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys

from shopwright.sandbox.onshape.server import OnshapeSandbox
from shopwright.sandbox.onshape.world import OnshapeConfig


def main() -> None:
    asyncio.run(_serve(_parser().parse_args()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shopwright.sandbox.onshape", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--redirect-uri", action="append", default=[], help="may be repeated")
    parser.add_argument("--polls", type=int, default=2, help="that a translation takes")
    parser.add_argument("--yearly-calls", type=int, default=2500)
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    config = OnshapeConfig(
        redirect_uris=tuple(options.redirect_uri) or OnshapeConfig().redirect_uris,
        polls=options.polls,
        yearly_calls=options.yearly_calls,
    )
    async with OnshapeSandbox(config, port=options.port) as sandbox:
        sys.stdout.write(json.dumps(_announcement(sandbox)) + "\n")
        sys.stdout.flush()
        await stop.wait()


def _announcement(sandbox: OnshapeSandbox) -> dict[str, object]:
    world = sandbox.world
    tabs = (world.studio, world.assembly, world.drawing)
    return {
        "url": sandbox.url,
        "settings": sandbox.settings,
        "access_key": world.config.access_key,
        "secret_key": world.config.secret_key,
        "links": {tab.name: sandbox.link(tab) for tab in tabs},
    }


if __name__ == "__main__":
    main()
