"""deploy/systemd/install.sh: the documented variables become a unit, and nonsense is refused."""

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy/systemd/install.sh"


def install(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Into a folder in place of /; the environment is "made" by what only notes its words."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    make = tools / "make"
    make.write_text(f'#!/bin/sh\necho "$@" > {folder}/made\n')
    make.chmod(0o755)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "DESTDIR": str(folder / "root")}
    return subprocess.run(
        ["bash", str(SCRIPT)],
        env=environment | {"VENV_PATH": "/opt/shop/.venv"} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def unit_of(folder: Path, name: str) -> dict[str, str]:
    text = (folder / f"root/etc/systemd/system/{name}.service").read_text()
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_the_documented_variables_become_a_unit(tmp_path: Path) -> None:
    ran = install(
        tmp_path,
        SERVICE_NAME="parts",
        SERVICE_USER="maker",
        SERVICE_GROUP="shop",
        SERVICE_PORT="8080",
        SERVICE_MODE="development",
        PYTHON_BIN="python3.12",
    )
    assert ran.returncode == 0, ran.stderr
    unit = unit_of(tmp_path, "parts")
    assert (unit["User"], unit["Group"]) == ("maker", "shop")
    assert unit["ExecStart"] == "/opt/shop/.venv/bin/shopwright serve"
    data = "SHOPWRIGHT_DATA_DIR=/var/lib/parts PORT=8080 FLASK_ENV=development"
    assert unit["Environment"] == data
    assert (unit["StateDirectory"], unit["WorkingDirectory"]) == ("parts", "/var/lib/parts")
    assert unit["EnvironmentFile"] == "-/etc/parts/shop.env"
    assert unit["NoNewPrivileges"] == "yes"
    assert "VENV=/opt/shop/.venv PYTHON=python3.12" in (tmp_path / "made").read_text()


def test_an_update_leaves_the_settings_alone(tmp_path: Path) -> None:
    assert install(tmp_path).returncode == 0
    settings = tmp_path / "root/etc/shopwright/shop.env"
    assert settings.stat().st_mode & 0o777 == 0o600
    settings.write_text("SECRET_KEY=mine\n")
    assert install(tmp_path, SERVICE_PORT="9000").returncode == 0
    assert settings.read_text() == "SECRET_KEY=mine\n"
    assert "PORT=9000" in unit_of(tmp_path, "shopwright")["Environment"]


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("SERVICE_PORT", "70000", "SERVICE_PORT must be 1 to 65535, not '70000'."),
        ("SERVICE_PORT", "80; reboot", "SERVICE_PORT must be 1 to 65535"),
        ("SERVICE_NAME", "../evil", "SERVICE_NAME must be a plain name"),
        ("SERVICE_USER", "a b", "must be plain names"),
        ("SERVICE_MODE", "fast", "SERVICE_MODE is production or development, not 'fast'."),
        ("VENV_PATH", "/opt/a|b", "VENV_PATH may have letters"),
        ("VENV_PATH", "/home/me/.venv", "may not look into /home"),
    ],
)
def test_nonsense_is_refused_before_anything_is_written(
    tmp_path: Path, variable: str, value: str, sentence: str
) -> None:
    ran = install(tmp_path, **{variable: value})
    assert ran.returncode == 1
    assert sentence in ran.stderr
    assert not (tmp_path / "root").exists()
    assert not (tmp_path / "made").exists()
