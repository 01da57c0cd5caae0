"""The farm as a process, and its control API."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx

from shopwright.sandbox.bambu.farm import run_farm

SERIAL = "01P00A000000009"
ENTRY = {"name": "left", "serial": SERIAL, "access_code": "87654321", "speed": 600}


async def test_control_api_shows_turns_and_acts() -> None:
    async with (
        run_farm({"printers": [ENTRY]}) as farm,
        httpx.AsyncClient(base_url=farm.control_url) as http,
    ):
        [shown] = (await http.get("/printers")).json()
        assert (shown["serial"], shown["model"], shown["prints"]) == (
            SERIAL,
            "P1S",
            [],
        )

        path = f"/printers/{SERIAL}"
        turned = await http.post(f"{path}/knobs", json={"auth_mode": "blocked_verbose"})
        assert turned.json()["knobs"]["auth_mode"] == "blocked_verbose"

        await http.post(f"{path}/actions/start_at_screen")
        printer = farm.printers[SERIAL]
        await printer.until(lambda p: p.machine.state == "FINISH")
        after = (await http.get(path)).json()
        assert [p["outcome"] for p in after["prints"]] == ["finished"]
        assert after["consumed_mg"] == after["prints"][0]["total_mg"] == 20_000


async def test_control_api_refuses_what_it_does_not_know() -> None:
    async with (
        run_farm({"printers": [ENTRY]}) as farm,
        httpx.AsyncClient(base_url=farm.control_url) as http,
    ):
        path = f"/printers/{SERIAL}"
        assert (await http.get("/printers/nobody")).status_code == 404
        assert (await http.post(f"{path}/knobs", json={"speeed": 1})).status_code == 400
        assert (await http.post(f"{path}/knobs", json={"speed": "x"})).status_code == 400
        assert (await http.post(f"{path}/actions/explode")).status_code == 400
        assert (await http.post(f"{path}/actions/fail", json={})).status_code == 400


async def test_process_says_its_ports_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    config = tmp_path / "farm.json"
    config.write_text(json.dumps({"folder": str(tmp_path / "cards"), "printers": [ENTRY]}))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shopwright.sandbox.bambu", "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "src"},
    )
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    [printer] = ready["printers"]
    _, writer = await asyncio.open_connection("127.0.0.1", printer["mqtt_port"])
    writer.close()
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, errors) == (0, b"")
    assert (tmp_path / "cards" / SERIAL / "cache").is_dir()
