"""Bodies of the command routes, in the reference's words."""

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from shopwright.fleet.commanding import CommandWord, read_status
from shopwright.fleet.schemas import CommandCreate
from shopwright.kernel.edge import BodyRef

MAX_TOLD = 20_000  # characters of JSON: the history keeps a thousand of them per printer


def _not_too_much(told: Any) -> Any:
    if len(json.dumps(told)) > MAX_TOLD:
        raise ValueError(f"must not be longer than {MAX_TOLD} characters of JSON")
    return told


Told = Annotated[Any, AfterValidator(_not_too_much)]


class PrinterCommandCreate(CommandCreate):
    printer_id: BodyRef


class CommandStatusBody(BaseModel):
    status: Annotated[str, Field(min_length=1, max_length=20, examples=["completed"])]
    result: Told = None
    error_message: Annotated[str | None, Field(max_length=500)] = None

    def word(self) -> CommandWord:
        """Raises Invalid for a status that there is not."""
        return CommandWord(read_status(self.status), self.result, self.error_message)
