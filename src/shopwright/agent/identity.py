"""Who this agent is: written once when it enrols, readable by nobody else on the machine."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from shopwright.kernel.errors import Conflict, NotFound

FILE = "agent.json"


class NotEnrolled(NotFound):
    code = "agent-not-enrolled"
    title = "This agent is not enrolled"


class AlreadyEnrolled(Conflict):
    code = "agent-already-enrolled"
    title = "This agent is enrolled already"


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    server_url: str
    name: str
    agent_uuid: str
    api_key: str = field(repr=False)


def load(folder: Path) -> AgentIdentity:
    """Raises NotEnrolled."""
    path = folder / FILE
    if not path.exists():
        raise NotEnrolled(
            f"{folder} holds no enrolled agent. Make a code on the page Agents and run `shopwright "
            "agent enrol URL CODE` with this --data-dir."
        )
    return AgentIdentity(**json.loads(path.read_text()))


def check_free(folder: Path) -> None:
    """Raises AlreadyEnrolled: an agent's journal is of one agent."""
    if (folder / FILE).exists():
        raise AlreadyEnrolled(
            f"{folder} is the folder of the agent {load(folder).name}. Give the new one another "
            "--data-dir."
        )


def save(folder: Path, identity: AgentIdentity) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(identity), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
