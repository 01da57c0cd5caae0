"""Bodies of the command routes, in the reference's words."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from shopwright.fleet.commanding import CommandWord, read_status
from shopwright.fleet.schemas import CommandCreate
from shopwright.kernel.edge import BodyRef

MAX_RESULT = 20_000


class PrinterCommandCreate(CommandCreate):
    printer_id: BodyRef


class CommandStatusBody(BaseModel):
    status: Annotated[str, Field(min_length=1, max_length=20, examples=["completed"])]
    result: Any = None
    error_message: Annotated[str | None, Field(max_length=500)] = None

    def word(self) -> CommandWord:
        """Raises Invalid for a status that there is not."""
        return CommandWord(read_status(self.status), self.result, self.error_message)
