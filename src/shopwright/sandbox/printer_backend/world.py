"""What the backend knows: jobs by the sender's id, commands, and what a test has turned."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

NEEDED = ("job_id", "product_id", "product_name", "printer_target", "gcode_file")
COMMANDS = frozenset(
    {
        *("pause", "resume", "stop", "cancel", "heat", "setHeat", "cool", "cooldown"),
        *("start_print", "camera", "camera_on", "camera_off", "set_speed", "speed", "set_fan"),
        *("fan", "home", "light_on", "light_off", "load_filament", "unload_filament", "move"),
        *("jog", "sendGcode"),
    }
)
ENDED = frozenset({"completed", "failed", "cancelled"})
RESULTS = frozenset({"completed", "failed", "error"})


class Refused(Exception):
    """Answered with this status, in the backend's own form."""

    def __init__(self, status: int, error_type: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.error_type, self.message, self.more = status, error_type, message, more


@dataclass(slots=True)
class Knobs:
    """What a test can turn while it runs."""

    is_down: bool = False  # answers 503 to everything, its health too
    late_s: float = 0.0  # before every answer
    refuses: str = ""  # this sentence, to every job
    goes_silent: bool = False  # takes the job, then breaks the connection
    breaks_first: bool = False  # breaks the connection before it takes the job
    answers_nonsense: bool = False
    cannot_be_asked: bool = False  # as the reference's own, which knows no such question
    fetches: bool = True  # downloads each job's file as soon as it has it

    def turn(self, values: Mapping[str, Any]) -> None:
        """Raises ValueError for a knob that there is not; then none is turned."""
        unknown = values.keys() - {each.name for each in fields(self)}
        if unknown:
            raise ValueError(f"There is no knob {', '.join(sorted(unknown))}.")
        for name, value in values.items():
            setattr(self, name, value)


@dataclass(slots=True)
class TakenJob:
    id: str
    payload: dict[str, Any]
    status: str = "queued"
    percent: float = 0.0
    reason: str | None = None
    file: bytes | None = None
    received: int = 1  # how often it was sent

    def shown(self) -> dict[str, Any]:
        return {
            "ok": True,
            "id": self.id,
            "job_id": self.payload["job_id"],
            "status": self.status,
            "progress_percentage": self.percent,
            "failure_reason": self.reason,
        }


@dataclass(slots=True)
class Command:
    id: str
    body: dict[str, Any]
    status: str = "pending"
    message: str | None = None

    def shown(self) -> dict[str, Any]:
        return {
            "ok": True,
            "commandId": self.id,
            "commandType": self.body["commandType"],
            "recipientId": self.body.get("recipientId"),
            "metadata": self.body.get("metadata") or {},
            "status": self.status,
            "message": self.message,
        }


@dataclass(slots=True)
class World:
    jobs: dict[str, TakenJob] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)

    def take(self, payload: dict[str, Any]) -> tuple[TakenJob, bool]:
        """And whether it is new. The same id with other work is refused."""
        missing = [name for name in NEEDED if not payload.get(name)]
        if missing:
            raise Refused(400, "ValidationError", f"{', '.join(missing)} missing")
        target, file = payload["printer_target"], payload["gcode_file"]
        if not isinstance(target, dict) or not target.get("printer_id"):
            raise Refused(400, "ValidationError", "printer_target.printer_id missing")
        if not isinstance(file, dict) or not file.get("url") or not file.get("file_name"):
            raise Refused(400, "ValidationError", "gcode_file needs url and file_name")
        known = self.jobs.get(payload["job_id"])
        if known is None:
            job = self.jobs[payload["job_id"]] = TakenJob(str(uuid.uuid4()), payload)
            return job, True
        if known.payload["printer_target"] != target:
            raise Refused(409, "ConflictError", "this job was sent for another printer")
        known.received += 1
        return known, False

    def command(self, body: dict[str, Any]) -> Command:
        if not body.get("recipientId"):
            raise Refused(400, "ValidationError", "recipientId missing")
        if body.get("commandType") not in COMMANDS:
            raise Refused(400, "ValidationError", f"unknown command {body.get('commandType')!r}")
        made = Command(str(uuid.uuid4()), body)
        self.commands[made.id] = made
        self._cancel(made)
        return made

    def acknowledge(self, body: dict[str, Any]) -> Command:
        found = self._command(body)
        if found.status not in {"pending", "processing"}:
            raise Refused(409, "ConflictError", f"the command is {found.status}")
        found.status = "processing"
        return found

    def result(self, body: dict[str, Any]) -> Command:
        found = self._command(body)
        status = body.get("status")
        if status not in RESULTS:
            raise Refused(400, "ValidationError", "status must be completed, failed or error")
        if found.status in RESULTS:
            raise Refused(409, "ConflictError", f"the command is {found.status}")
        found.status = "failed" if status == "error" else str(status)
        found.message = body.get("errorMessage") or body.get("message")
        return found

    def _command(self, body: dict[str, Any]) -> Command:
        found = self.commands.get(str(body.get("commandId")))
        if found is None:
            raise Refused(404, "NotFoundError", "no such command")
        return found

    def _cancel(self, command: Command) -> None:
        """A job named in a cancel is dropped at once; all else a printer has to do first."""
        job = self.jobs.get(str((command.body.get("metadata") or {}).get("job_id")))
        if command.body["commandType"] != "cancel" or job is None:
            return
        if job.status not in ENDED:
            job.status = "cancelled"
        command.status = "completed"
