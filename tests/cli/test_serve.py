"""The server as a process: up quickly, alone on its folder and port, down in order."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

START_S = 20  # on busy cores; alone it takes about one second
PROGRAM = [sys.executable, "-c", "from shopwright.cli.main import main; main()"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def start(folder: Path, port: int) -> asyncio.subprocess.Process:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE", "SHOP"))}
    return await asyncio.create_subprocess_exec(
        *PROGRAM,
        *("serve", "--port", str(port), "--data-dir", str(folder), "--no-worker", "--no-fleet"),
        env={
            **environment,
            "SHOPWRIGHT_OWNER_EMAIL": "boss@shop.test",
            "SHOPWRIGHT_OWNER_PASSWORD": "correct horse battery",
        },
        cwd=folder.parent,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def serving(folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await start(folder, port)
    try:
        await until_ready(process, port)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until_ready(process: asyncio.subprocess.Process, port: int) -> None:
    deadline = time.monotonic() + START_S
    async with httpx.AsyncClient() as client:
        while True:
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/ready")
            except httpx.TransportError:
                assert process.returncode is None, "the server ended"
                assert time.monotonic() < deadline, "the server does not answer"
                await asyncio.sleep(0.05)  # another process's socket; nothing to await
            else:
                if answer.status_code == 200:
                    return
                assert answer.status_code == 503
                await asyncio.sleep(0.05)


@pytest.mark.system
async def test_the_server_serves_its_first_owner_and_ends_in_order(tmp_path: Path) -> None:
    port = free_port()
    async with serving(tmp_path / "data", port) as process:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            body = {"email": "boss@shop.test", "password": "correct horse battery"}
            signed_in = await client.post("/api/auth/login/", json=body)
            assert signed_in.json()["user"]["shop_name"] == "My shop"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0


@pytest.mark.system
async def test_a_second_server_refuses_the_folder_and_the_port(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "data"
    async with serving(folder, port):
        second = await start(folder, free_port())
        _, said = await second.communicate()
        assert second.returncode == 4
        assert f"already works on {folder}." in said.decode()
        third = await start(tmp_path / "other", port)
        _, said = await third.communicate()
        assert third.returncode == 4
        assert f"127.0.0.1:{port} cannot be used: Address already in use." in said.decode()
