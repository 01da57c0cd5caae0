"""Bodies of our printer backend, in the reference's words. Unknown members are ignored."""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, Field

from shopwright.fleet.commanding import CommandWord
from shopwright.fleet.states import CommandStatus
from shopwright.kernel.errors import Invalid
from shopwright.kernel.times import ZuluTime, read_moment
from shopwright.print_jobs.backend.control import ControlWish, Given
from shopwright.print_jobs.backend.intake import JobOffer, Standing
from shopwright.print_jobs.backend.models import ReceivedJob
from shopwright.print_jobs.backend.polling import ProductWord
from shopwright.print_jobs.backend.targets import Target
from shopwright.print_jobs.printer_status_schemas import FIGURES, StatusFigures
from shopwright.print_jobs.states import ReceivedStatus

MAX_TOLD = 20_000  # characters of JSON that are kept with a job
MAX_URL = 4_000
RESULTS = {
    "completed": CommandStatus.COMPLETED,
    "failed": CommandStatus.FAILED,
    "error": CommandStatus.FAILED,
}
STATES = {
    "running": "printing", "printing": "printing", "prepare": "preparing",
    "preparing": "preparing", "slicing": "preparing", "pause": "paused", "paused": "paused",
    "idle": "idle", "finish": "idle", "finished": "idle", "completed": "idle", "ready": "idle",
    "online": "idle", "error": "error", "failed": "error", "offline": "offline",
    "unknown": "unknown",
}  # fmt: skip


def _as_text(value: object) -> object:
    """Ids come as numbers, too."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _not_too_much(told: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(told)) > MAX_TOLD:
        raise ValueError(f"must not be longer than {MAX_TOLD} characters of JSON")
    return told


def _names(*names: str) -> Any:
    return Field(validation_alias=AliasChoices(*names), serialization_alias=names[0])


_Text = Annotated[str, Field(max_length=100)]
Name = Annotated[Annotated[_Text, Field(min_length=1)], BeforeValidator(_as_text)]
MaybeName = Annotated[_Text | None, BeforeValidator(_as_text)]
Title = Annotated[str | None, Field(max_length=200)]
Url = Annotated[str, Field(min_length=8, max_length=MAX_URL, pattern="^(?i:https?)://")]
Told = Annotated[dict[str, Any], AfterValidator(_not_too_much)]


class PrinterTarget(BaseModel):
    printer_id: Annotated[MaybeName, _names("printer_id", "printerId")] = None
    printer_name: Annotated[Title, _names("printer_name", "printerName")] = None
    serial_number: Annotated[MaybeName, _names("serial_number", "printerSerial")] = None
    ip_address: Annotated[str | None, Field(max_length=255), _names("ip_address")] = None

    def target(self) -> Target:
        return Target(self.printer_id, self.serial_number, self.printer_name, self.ip_address)


class GcodeFile(BaseModel):
    url: Url
    file_name: Annotated[str, Field(min_length=1, max_length=255), _names("file_name", "fileName")]
    size_bytes: Annotated[int | None, Field(ge=0, le=2**53)] = None
    sha256: Annotated[str | None, Field(pattern="^[0-9a-f]{64}$")] = None


class SendPrintJob(BaseModel):
    """The documented payload. Without ``gcode_file`` it means a job of our own queue by its id."""

    job_id: Annotated[Name, _names("job_id", "jobId")]
    product_id: Annotated[MaybeName, _names("product_id", "productId")] = None
    product_name: Annotated[Title, _names("product_name", "productName")] = None
    recipient_id: Annotated[MaybeName, _names("recipient_id", "recipientId")] = None
    printer_id: Annotated[MaybeName, _names("printerId")] = None
    printer_target: PrinterTarget | None = None
    gcode_file: GcodeFile | None = None
    print_parameters: Told | None = None
    gcode_details: Told | None = None
    ams_configuration: Told | None = None

    def target(self) -> Target:
        if self.printer_target is None:
            return Target(printer_id=self.printer_id)
        found = self.printer_target.target()
        return found if found.is_named else Target(printer_id=self.printer_id)

    def offer(self, file: GcodeFile) -> JobOffer:
        told = {
            "print_parameters": self.print_parameters,
            "gcode_details": self.gcode_details,
            "ams_configuration": self.ams_configuration,
        }
        return JobOffer(
            sender_job_id=self.job_id,
            file_name=file.file_name,
            url=file.url,
            recipient=self.recipient_id or "",
            product_id=self.product_id or "",
            product_name=self.product_name or "",
            target=self.target(),
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            request={name: value for name, value in told.items() if value},
        )


class UploadBody(BaseModel):
    """A file for a recipient's devices, by its link; as a form it may bring the file itself."""

    recipient_id: Annotated[Name, _names("recipientId", "recipient_id")]
    product_id: Annotated[Name, _names("productId", "product_id")]
    gcode_url: Annotated[Url, _names("gcodeUrl", "gcode_url")]
    file_name: Annotated[str | None, Field(max_length=255), _names("fileName", "file_name")] = None
    job_id: Annotated[MaybeName, _names("jobId", "job_id")] = None
    encrypted_data: Annotated[
        str | None, Field(max_length=MAX_TOLD), _names("encryptedData", "encrypted_data")
    ] = None
    unencrypted_data: Annotated[
        Annotated[str, Field(max_length=MAX_TOLD)] | Told | None,
        _names("unencryptedData", "unencrypted_data"),
    ] = None


class OfRecipient(BaseModel):
    recipient_id: Annotated[Name, _names("recipientId", "recipient_id")]


class ClaimBody(OfRecipient):
    job_id: Annotated[Name, _names("jobId", "job_id", "fileId")]
    printer_id: Annotated[MaybeName, _names("printerId", "printer_id")] = None


class ProductStatusBody(OfRecipient):
    success: bool | None = None
    print_started: Annotated[bool | None, _names("printStarted", "print_started")] = None
    print_completed: Annotated[bool | None, _names("printCompleted", "print_completed")] = None
    error_message: Annotated[
        str | None, Field(max_length=500), _names("errorMessage", "error_message")
    ] = None
    job_id: Annotated[MaybeName, _names("jobId", "job_id", "fileId")] = None

    def word(self) -> ProductWord | None:
        """None when it says nothing of the print."""
        if self.success is False or self.error_message:
            reason = self.error_message or "the device says that it failed"
            return ProductWord(ReceivedStatus.FAILED, reason)
        if self.print_completed:
            return ProductWord(ReceivedStatus.COMPLETED)
        return ProductWord(ReceivedStatus.PRINTING) if self.print_started else None


class ControlBody(BaseModel):
    command_type: Annotated[
        str, Field(min_length=1, max_length=40, examples=["pause"]),
        _names("commandType", "command_type"),
    ]  # fmt: skip
    recipient_id: Annotated[MaybeName, _names("recipientId", "recipient_id")] = None
    printer_serial: Annotated[MaybeName, _names("printerSerial", "printer_serial")] = None
    printer_id: Annotated[MaybeName, _names("printerId", "printer_id")] = None
    printer_address: Annotated[
        str | None, Field(max_length=255), _names("printerIpAddress", "printer_ip_address")
    ] = None
    metadata: Told | None = None
    expires_at: Annotated[str | None, Field(max_length=40), _names("expiresAt", "expires_at")] = (
        None
    )

    def wish(self) -> ControlWish:
        """Raises Invalid for an ``expiresAt`` that is no time."""
        told = self.metadata or {}
        job = told.get("job_id") or told.get("jobId")
        kept = {name: value for name, value in told.items() if name not in {"job_id", "jobId"}}
        return ControlWish(
            command_type=self.command_type,
            recipient=self.recipient_id or "",
            target=Target(
                printer_id=self.printer_id,
                serial=self.printer_serial,
                address=self.printer_address,
            ),
            job=str(job)[:100] if isinstance(job, str | int) else None,
            metadata=kept,
            expires_at=read_moment(self.expires_at, "UTC") if self.expires_at else None,
        )


class AckBody(BaseModel):
    command_id: Annotated[Name, _names("commandId", "command_id")]
    recipient_id: Annotated[MaybeName, _names("recipientId", "recipient_id")] = None
    printer_serial: Annotated[MaybeName, _names("printerSerial", "printer_serial")] = None

    @property
    def device(self) -> str:
        """Which program speaks."""
        return f"{self.recipient_id or ''}/{self.printer_serial or ''}"[:80]


class ResultBody(AckBody):
    status: Annotated[str, Field(min_length=1, max_length=20, examples=["completed"])]
    message: Annotated[str | None, Field(max_length=500)] = None
    error_message: Annotated[
        str | None, Field(max_length=500), _names("errorMessage", "error_message")
    ] = None

    def word(self) -> CommandWord:
        """Raises Invalid for a status that there is not."""
        status = RESULTS.get(self.status.strip().lower())
        if status is None:
            raise Invalid(f"status must be one of {', '.join(RESULTS)}, not {self.status!r}.")
        told = {"message": self.message} if self.message else None
        return CommandWord(status, told, self.error_message or self.message)


class PrinterStatusBody(BaseModel):
    """``status`` is an object, or its members stand beside the others."""

    recipient_id: Annotated[MaybeName, _names("recipientId", "recipient_id")] = None
    printer_serial: Annotated[MaybeName, _names("printerSerial", "printer_serial")] = None
    printer_id: Annotated[MaybeName, _names("printerId", "printer_id")] = None
    printer_address: Annotated[
        str | None, Field(max_length=255), _names("printerIpAddress", "printer_ip_address")
    ] = None
    status: Told | Annotated[str, Field(max_length=40)] = Field(default_factory=dict)
    progress_percent: Annotated[float | None, _names("progressPercent", "progress")] = None
    bed_temp: Annotated[float | None, _names("bedTemp")] = None
    nozzle_temp: Annotated[float | None, _names("nozzleTemp")] = None

    def target(self) -> Target:
        return Target(
            printer_id=self.printer_id, serial=self.printer_serial, address=self.printer_address
        )

    def word(self) -> str:
        """Raises Invalid for a state that nobody knows."""
        told = self.status if isinstance(self.status, str) else None
        if isinstance(self.status, dict):
            told = self.status.get("state") or self.status.get("gcodeState")
        if told is None and self.progress_percent is not None:
            return "printing"
        word = STATES.get(str(told or "unknown").strip().lower())
        if word is None:
            raise Invalid(f"state must be one of {', '.join(STATES)}, not {str(told)[:40]!r}.")
        return word

    def figures(self) -> dict[str, Any]:
        """Raises pydantic's ValidationError for figures that no printer has."""
        told = self.status if isinstance(self.status, dict) else {}
        figures = StatusFigures.model_validate(
            {
                "progress_percentage": told.get("progress", self.progress_percent),
                "bed_temp_current": told.get("bedTemp", self.bed_temp),
                "nozzle_temp_current": told.get("nozzleTemp", self.nozzle_temp),
                "time_remaining_seconds": told.get("remainingTime"),
                "current_layer": told.get("currentLayer", told.get("layer")),
                "total_layers": told.get("totalLayers"),
                "error_message": told.get("errorMessage"),
                "raw_status_data": told or None,
            }
        )
        return figures.model_dump(include=set(FIGURES))


class Answer(BaseModel):
    ok: bool = True


class BackendAlive(Answer):
    message: str = "Printer backend is running"
    status: str = "healthy"


class JobStanding(Answer):
    """``job_id`` is the sender's, ``id`` is ours."""

    id: str
    job_id: str
    status: str
    progress_percentage: float
    failure_reason: str | None
    product_id: str
    product_name: str
    recipient_id: str
    file_name: str
    created_at: ZuluTime

    @classmethod
    def of(cls, received: ReceivedJob, standing: Standing) -> "JobStanding":
        return cls(
            id=received.uuid,
            job_id=received.sender_job_id,
            status="queued" if standing.status == "handed_over" else standing.status,
            progress_percentage=standing.percent,
            failure_reason=standing.reason,
            product_id=received.product_id,
            product_name=received.product_name,
            recipient_id=received.recipient,
            file_name=received.file_name,
            created_at=received.created_at,
        )


class FileTaken(Answer):
    """Files lie in our own store, so there is no bucket to name."""

    file_id: Annotated[str, Field(serialization_alias="fileId")]
    product_id: Annotated[str, Field(serialization_alias="productId")]
    recipient_id: Annotated[str, Field(serialization_alias="recipientId")]
    fetch_token: Annotated[str | None, Field(serialization_alias="fetchToken")]
    expires_at: Annotated[ZuluTime | None, Field(serialization_alias="expiresAt")]
    status: str
    gcs_bucket: Annotated[None, Field(serialization_alias="gcsBucket")] = None
    gcs_path: Annotated[None, Field(serialization_alias="gcsPath")] = None


class Handshake(Answer):
    product_id: Annotated[str, Field(serialization_alias="productId")]
    recipient_id: Annotated[str, Field(serialization_alias="recipientId")]
    fetch_token: Annotated[str | None, Field(serialization_alias="fetchToken")]
    expires_at: Annotated[ZuluTime | None, Field(serialization_alias="expiresAt")]
    has_files: Annotated[bool, Field(serialization_alias="hasFiles")]


class PendingFile(BaseModel):
    file_id: Annotated[str, Field(serialization_alias="fileId")]
    job_id: Annotated[str, Field(serialization_alias="jobId")]
    product_id: Annotated[str, Field(serialization_alias="productId")]
    file_name: Annotated[str, Field(serialization_alias="fileName")]
    fetch_token: Annotated[str, Field(serialization_alias="fetchToken")]
    status: str
    created_at: Annotated[ZuluTime, Field(serialization_alias="createdAt")]


class PendingFiles(Answer):
    pending: list[PendingFile]
    skipped: list[str] = []


class ClaimedFile(Answer):
    job_id: Annotated[str, Field(serialization_alias="jobId")]
    status: str
    claimed_by: Annotated[str | None, Field(serialization_alias="claimedBy")]
    claimed_at: Annotated[ZuluTime | None, Field(serialization_alias="claimedAt")]
    fetch_token: Annotated[str, Field(serialization_alias="fetchToken")]


class ProductStatus(Answer):
    product_id: Annotated[str, Field(serialization_alias="productId")]
    status: str


class CommandShown(BaseModel):
    command_id: Annotated[str, Field(serialization_alias="commandId")]
    command_type: Annotated[str, Field(serialization_alias="commandType")]
    status: str
    recipient_id: Annotated[str, Field(serialization_alias="recipientId")]
    printer_serial: Annotated[str | None, Field(serialization_alias="printerSerial")]
    metadata: dict[str, Any]
    message: str | None
    created_at: Annotated[ZuluTime, Field(serialization_alias="createdAt")]
    expires_at: Annotated[ZuluTime | None, Field(serialization_alias="expiresAt")]
    completed_at: Annotated[ZuluTime | None, Field(serialization_alias="completedAt")]

    @classmethod
    def members(cls, given: Given) -> dict[str, Any]:
        return {
            "command_id": given.id,
            "command_type": given.command_type,
            "status": given.status,
            "recipient_id": given.recipient,
            "printer_serial": given.serial,
            "metadata": dict(given.metadata),
            "message": given.message,
            "created_at": given.created_at,
            "expires_at": given.expires_at,
            "completed_at": given.completed_at,
        }

    @classmethod
    def of(cls, given: Given) -> "CommandShown":
        return cls(**cls.members(given))


class CommandGiven(CommandShown, Answer):
    @classmethod
    def of(cls, given: Given) -> "CommandGiven":
        return cls(**cls.members(given))


class CommandHeard(CommandGiven):
    acknowledged_at: Annotated[ZuluTime, Field(serialization_alias="acknowledgedAt")]

    @classmethod
    def at(cls, given: Given, moment: datetime) -> "CommandHeard":
        return cls(**cls.members(given), acknowledged_at=moment)


class CommandList(Answer):
    commands: list[CommandShown]


class StatusKept(Answer):
    status_update_id: Annotated[str, Field(serialization_alias="statusUpdateId")]
    timestamp: ZuluTime
