"""``api``: the description of the HTTP interface as a file, for other programs."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from fastapi import FastAPI

from shopwright.cli.exchange import whole_file
from shopwright.cli.opening import DataDir, load_settings
from shopwright.server.app import create_app
from shopwright.server.postman import collection_of


class Description(StrEnum):
    POSTMAN = "postman"
    OPENAPI = "openapi"


def api(
    form: Annotated[Description, typer.Argument(help="A Postman collection, or OpenAPI.")],
    to: Annotated[Path | None, typer.Option("--to", help="A file; else stdout.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write what the HTTP interface takes and answers. No shop is opened."""
    settings = load_settings(data_dir)
    described = create_app(settings, _unopened).openapi()
    if form is Description.POSTMAN:
        described = collection_of(described, settings.base_url)
    with whole_file(to) as stream:
        json.dump(described, stream, indent=2, ensure_ascii=False)
        stream.write("\n")


@asynccontextmanager
async def _unopened(_app: FastAPI) -> AsyncIterator[None]:
    yield
