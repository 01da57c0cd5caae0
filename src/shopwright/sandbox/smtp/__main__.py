"""``python -m shopwright.sandbox.smtp``: prints one JSON line when ready, ends on SIGTERM."""

import argparse
import asyncio
import json
import signal
import socket
import sys

import uvicorn

from shopwright.kernel.settings import MailSecurity
from shopwright.sandbox.etsy.server import EmbeddedServer
from shopwright.sandbox.smtp.app import make_app
from shopwright.sandbox.smtp.server import SmtpSandbox


def main() -> None:
    asyncio.run(_serve(_parser().parse_args()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shopwright.sandbox.smtp", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--user", default="", help="with it, signing in is required")
    parser.add_argument("--password", default="")
    parser.add_argument("--security", choices=list(MailSecurity), default=MailSecurity.NONE)
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sandbox = SmtpSandbox(
        user=options.user,
        password=options.password,
        security=MailSecurity(options.security),
        host=options.host,
        port=options.port,
    )
    async with sandbox:
        listener = socket.create_server((options.host, 0))
        config = uvicorn.Config(make_app(sandbox), log_level="warning", access_log=False)
        server = EmbeddedServer(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        _announce(sandbox, f"http://{options.host}:{listener.getsockname()[1]}")
        await stop.wait()
        server.stop()
        await serving
        listener.close()


def _announce(sandbox: SmtpSandbox, url: str) -> None:
    said = {
        "host": sandbox.host,
        "port": sandbox.port,
        "url": url,
        "ca_file": str(sandbox.ca_file) if sandbox.ca_file else None,
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
