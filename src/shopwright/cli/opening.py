"""What every command does first: read the settings, open the process, run a coroutine."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import queries
from shopwright.accounts.models import Organization
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.settings import Settings
from shopwright.server.process import open_process

T = TypeVar("T")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="The shop's folder; else SHOPWRIGHT_DATA_DIR.")
]
OrganizationName = Annotated[
    str, typer.Option("--org", help="Slug or uuid; not needed when there is only one.")
]


def load_settings(data_dir: Path | None = None, **changes: Any) -> Settings:
    """Raises Invalid with one line per wrong setting; ``None`` changes nothing."""
    given = {name: value for name, value in changes.items() if value is not None}
    if data_dir is not None:
        given["data_dir"] = data_dir
    try:
        return Settings(**given)
    except ValidationError as err:
        raise Invalid("\n".join(_line(error) for error in err.errors())) from err


def _line(error: ErrorDetails) -> str:
    place = ".".join(map(str, error["loc"])) or "settings"
    return f"{place}: {error['msg'].removeprefix('Value error, ')}"


def run(data_dir: Path | None, work: Callable[[Process], Awaitable[T]]) -> T:
    """Open the shop of these settings, work, close it again."""
    settings = load_settings(data_dir)

    async def open_and_work() -> T:
        async with open_process(settings) as process:
            return await work(process)

    return asyncio.run(open_and_work())


async def get_organization(session: AsyncSession, name: str) -> Organization:
    """The named one, else the only one; raises NotFound."""
    if name:
        found = await queries.find_organization(session, name)
        if found is None:
            raise NotFound(f"There is no organization {name!r}.")
        return found
    only = await queries.find_default_organization(session, "")
    if only is None:
        raise NotFound("There is none, or more than one organization: name it with --org.")
    return only
