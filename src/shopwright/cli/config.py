"""``config create``: the two files a new shop may start from."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from shopwright.kernel.errors import Conflict
from shopwright.kernel.settings import Settings

app = typer.Typer(help="Configuration files.", no_args_is_help=True)

HERE = Path()
CONFIG_FILE = "config.json"
EXAMPLE_FILE = ".env.example"
IN_CONFIG = (
    "data_dir", "host", "port", "organization_name", "currency", "time_zone", "network",
    "etsy_sync_minutes",
)  # fmt: skip


@app.command()
def create(
    folder: Annotated[Path, typer.Argument(help="Where to write them; else here.")] = HERE,
) -> None:
    """`config.json` with the usual settings, `.env.example` with all; nothing is overwritten."""
    fields = Settings.model_fields
    config = {setting_name(name): _plain(fields[name].default) for name in IN_CONFIG}
    lines = [
        "# Every setting, with its default. Copy to .env what you change; secrets belong there."
    ]
    lines += [f"# {setting_name(name)}={_shown(field)}" for name, field in fields.items()]
    for name, text in (
        (CONFIG_FILE, json.dumps(config, indent=2) + "\n"),
        (EXAMPLE_FILE, "\n".join(lines) + "\n"),
    ):
        _write_new(folder / name, text)
        typer.echo(str(folder / name))


def setting_name(field: str) -> str:
    """As it stands in the environment and in ``config.json``."""
    found = Settings.model_fields[field]
    if isinstance(found.validation_alias, AliasChoices):
        return str(found.validation_alias.choices[0])
    return found.alias or field


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError as err:
        raise Conflict(f"{path} exists already; move it away first.") from err


def _shown(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    return ",".join(default) if isinstance(default, list) else str(_plain(default))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, SecretStr):
        return ""
    return value if isinstance(value, int | float) else str(value)
