"""``python -m shopwright.sandbox.etsy``: prints one JSON line when ready, ends on SIGTERM."""

import argparse
import asyncio
import json
import signal
import sys

from shopwright.sandbox.etsy.seeding import SeedPlan, seed_receipts
from shopwright.sandbox.etsy.server import EtsySandbox
from shopwright.sandbox.etsy.world import SHOP_ID, SandboxConfig


def main() -> None:
    asyncio.run(_serve(_parser().parse_args()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shopwright.sandbox.etsy", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--keystring", default=SandboxConfig.keystring)
    parser.add_argument("--shared-secret", default=SandboxConfig.shared_secret)
    parser.add_argument("--redirect-uri", action="append", default=[], help="may be repeated")
    parser.add_argument("--consent", choices=["auto", "ask", "deny"], default="auto")
    parser.add_argument("--currency", default="EUR")
    parser.add_argument("--per-minute", type=int, default=10, help="calls a minute; 0 is no limit")
    parser.add_argument("--orders", type=int, default=0, help="orders to begin with")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trickle", type=float, default=0, help="seconds between new orders")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sandbox = EtsySandbox(_config(options), host=options.host, port=options.port)
    if options.orders:
        plan = SeedPlan(count=options.orders, seed=options.seed)
        seed_receipts(sandbox.world, sandbox.world.shops[SHOP_ID], plan)
    async with sandbox:
        sandbox.trickle.run(options.trickle, options.seed + 1_000_000)
        sys.stdout.write(json.dumps(_announcement(sandbox)) + "\n")
        sys.stdout.flush()
        await stop.wait()


def _config(options: argparse.Namespace) -> SandboxConfig:
    return SandboxConfig(
        keystring=options.keystring,
        shared_secret=options.shared_secret,
        redirect_uris=tuple(options.redirect_uri) or SandboxConfig().redirect_uris,
        consent=options.consent,
        currency=options.currency,
        per_minute=options.per_minute or None,
    )


def _announcement(sandbox: EtsySandbox) -> dict[str, str]:
    return {
        "url": sandbox.url,
        "api_url": sandbox.api_url,
        "authorize_url": sandbox.authorize_url,
        "token_url": sandbox.token_url,
    }


if __name__ == "__main__":
    main()
