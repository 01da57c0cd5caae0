"""``agent``: the runner on the printers' own network."""

import platform
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from shopwright.agent import client, identity
from shopwright.agent.run import run_agent
from shopwright.cli.opening import load_settings
from shopwright.kernel.egress import check_url
from shopwright.kernel.secrets import Vault, load_or_make_key
from shopwright.kernel.settings import Settings
from shopwright.migrations import SCRIPTS
from shopwright.server import logs
from shopwright.server.process import lock_data_folder

app = typer.Typer(help="Drives printers where the server cannot reach them.", no_args_is_help=True)

AgentDir = Annotated[
    Path, typer.Option("--data-dir", help="The agent's own folder, not the shop's.")
]
HERE = Path("agent-data")
PLAIN = (
    "This address is not encrypted: printers' access codes and the agent's key can be read on the "
    "way. Use https:// unless the server is on this network."
)


@app.command()
def enrol(
    url: Annotated[str, typer.Argument(help="The server's address, as in the browser.")],
    code: Annotated[str, typer.Argument(help="From the page Agents; good for an hour.")],
    data_dir: AgentDir = HERE,
) -> None:
    """Make this machine an agent of the shop, once."""
    identity.check_free(data_dir)
    url = check_url(url)
    if url.lower().startswith("http://"):
        typer.echo(PLAIN, err=True)
    made = uvloop.run(client.enrol(url, code, platform.node()))
    identity.save(data_dir, made)
    typer.echo(
        f"This is the agent {made.name} now. Start it: shopwright agent run --data-dir {data_dir}"
    )


@app.command()
def run(data_dir: AgentDir = HERE) -> None:
    """Keep the connections to this agent's printers until it is stopped."""
    known = identity.load(data_dir)
    settings = _settings(data_dir)
    logs.configure(settings)
    with lock_data_folder(data_dir):
        vault = Vault(load_or_make_key(data_dir / "master.key"))
        uvloop.run(run_agent(settings, known, vault, SCRIPTS))


def _settings(data_dir: Path) -> Settings:
    """Its databases lie in its own folder, whatever the shop's settings on this machine say."""
    return load_settings(data_dir, database_url="", db_host="")
