"""``shopwright sandbox`` as a process: it says where its stand-ins are, and ends with them."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx

PROGRAM = Path(sys.executable).with_name("shopwright")


def test_sandbox_says_how_to_reach_etsy_and_printers_and_ends_cleanly(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with subprocess.Popen(
        [PROGRAM, "sandbox", "--orders", "3"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    ) as program:
        assert program.stdout is not None
        said = ""
        while "make it refuse" not in said:
            line = program.stdout.readline()
            assert line, f"it ended after {said!r}"
            said += line
        (api,) = re.findall(r"ETSY_API_URL=(\S+)", said)
        refusal = httpx.get(f"{api}/openapi-ping")
        control = re.findall(r"(http://\S+)/printers", said)[0]
        others = re.findall(r"connection type (\w+): http://", said)
        printers = httpx.get(f"{control}/printers").json()
        (mails,) = re.findall(r"refuse them: (\S+)", said)
        received = httpx.get(f"{mails}mails").json()
        program.send_signal(signal.SIGINT)
        assert program.wait(15) == 0
    assert others == ["octoprint", "moonraker", "prusalink"]
    assert received == []
    assert refusal.status_code == 403
    assert "Invalid API key" in refusal.json()["error"]
    assert [printer["model"] for printer in printers] == ["P1S", "X1C", "A1 mini"]
    for printer in printers:
        assert f"serial {printer['serial']}, access code {printer['access_code']}" in said
    assert list(tmp_path.iterdir()) == []


def test_unknown_stand_in_is_a_usage_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [PROGRAM, "sandbox", "amazon"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 2
    assert "'amazon' is not one of" in done.stderr


def test_bambus_cloud_says_its_settings_and_takes_the_log_in_it_names(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with subprocess.Popen(
        [PROGRAM, "sandbox", "bambu-cloud"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    ) as program:
        assert program.stdout is not None
        said = ""
        while "Look at them" not in said:
            line = program.stdout.readline()
            assert line, f"it ended after {said!r}"
            said += line
        (api,) = re.findall(r"BAMBU_CLOUD_API_URL=(\S+)", said)
        log_in = {"account": "maker@shop.test", "password": "sandbox-password"}
        answer = httpx.post(f"{api}/v1/user-service/user/login", json=log_in)
        program.send_signal(signal.SIGINT)
        assert program.wait(15) == 0
    assert answer.json()["loginType"] == "verifyCode"
    assert list(tmp_path.iterdir()) == []
