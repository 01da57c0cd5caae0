"""The body of ``sendPrintJob`` as reference (b) prints it, with the members known besides. Pure."""

from dataclasses import dataclass, field
from typing import Any

from shopwright.print_jobs.schemas import priority_word


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job with its plate, as the backend is told of it."""

    job_uuid: str
    product_uuid: str | None
    product_name: str
    plate_number: int
    priority: int
    material: str | None
    slot: int | None
    ams_configuration: dict[str, Any] | None
    time_s: int
    used_mg: int
    layers: int | None
    nozzle_um: int | None
    recipient: str


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    uuid: str
    name: str
    model: str | None
    serial: str | None
    host: str
    access_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """``url`` is signed and runs out."""

    name: str
    size_bytes: int
    sha256: str
    url: str = field(repr=False)


def build_payload(job: JobFacts, printer: PrinterFacts, file: FileFacts) -> dict[str, Any]:
    return {
        "job_id": job.job_uuid,
        "product_id": job.product_uuid or job.job_uuid,
        "product_name": job.product_name,
        "recipient_id": job.recipient,
        "printer_target": {
            "printer_id": printer.uuid,
            "printer_name": printer.name,
            "printer_model": printer.model,
            "serial_number": printer.serial,
            "ip_address": printer.host or None,
            "access_code": printer.access_code or None,
        },
        "gcode_file": {
            "url": file.url,
            "file_name": file.name,
            "size_bytes": file.size_bytes,
            "sha256": file.sha256,
        },
        "print_parameters": {
            "plates_requested": 1,  # of several plates each is a job of its own
            "plate_number": job.plate_number,
            "priority": priority_word(job.priority),
            "material": job.material,
            "slot": job.slot,
        },
        "gcode_details": {
            "print_time_seconds": job.time_s,
            "filament_usage_grams": job.used_mg / 1000,
            "nozzle_size_mm": job.nozzle_um / 1000 if job.nozzle_um else None,
            "total_layers": job.layers,
        },
        "ams_configuration": job.ams_configuration,
    }
