"""Bodies of the printer status routes, in the reference's words."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from shopwright.fleet.overview import shown_word
from shopwright.kernel.edge import BodyRef
from shopwright.kernel.times import MillisTime
from shopwright.print_jobs.command_schemas import Told
from shopwright.print_jobs.printer_status import JobOfSample
from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.samples import Sample, reading_of

Celsius = Annotated[float | None, Field(ge=-50, le=600)]
Percent = Annotated[float | None, Field(ge=0, le=1000)]
Fan = Annotated[float | None, Field(ge=0, le=255)]  # percent, or steps of the device
Count = Annotated[int | None, Field(ge=0, le=2_000_000_000)]


class StatusFigures(BaseModel):
    """What may be told beside the status."""

    progress_percentage: Annotated[float | None, Field(ge=0, le=100)] = None
    current_layer: Count = None
    total_layers: Count = None
    time_elapsed_seconds: Count = None
    time_remaining_seconds: Count = None
    nozzle_temp_current: Celsius = None
    nozzle_temp_target: Celsius = None
    bed_temp_current: Celsius = None
    bed_temp_target: Celsius = None
    chamber_temp_current: Celsius = None
    print_speed_percentage: Percent = None
    flow_rate_percentage: Percent = None
    part_cooling_fan_speed: Fan = None
    aux_fan_speed: Fan = None
    chamber_fan_speed: Fan = None
    error_code: Annotated[str | None, Field(max_length=100)] = None
    error_message: Annotated[str | None, Field(max_length=500)] = None
    raw_status_data: Told = None


FIGURES = tuple(StatusFigures.model_fields)


class PrinterStatusCreate(StatusFigures):
    printer_id: BodyRef
    status: Annotated[str, Field(min_length=1, max_length=20, examples=["printing"])]
    current_job_id: BodyRef | None = None

    def figures(self) -> dict[str, Any]:
        return self.model_dump(include=set(FIGURES))


class PrinterStatusRead(StatusFigures):
    """``reported`` tells what a client said of a printer whose own reports are at hand."""

    id: int
    printer_id: int
    status: str
    current_job_id: int | None
    product_id: int | None
    reported: bool
    created_at: MillisTime
    timestamp: MillisTime

    @classmethod
    def of(
        cls, printer_id: int, sample: Sample, jobs: Mapping[str, JobOfSample]
    ) -> "PrinterStatusRead":
        reading, told = sample.reading, sample.reading.told or {}
        job = jobs.get(reading.device_job_id or "")
        figures = {
            "progress_percentage": reading.percent,
            "current_layer": reading.layer,
            "total_layers": reading.layers,
            "time_remaining_seconds": reading.remaining_s,
            "nozzle_temp_current": reading.nozzle,
            "nozzle_temp_target": reading.nozzle_target,
            "bed_temp_current": reading.bed,
            "bed_temp_target": reading.bed_target,
            "chamber_temp_current": reading.chamber,
        }
        return cls(
            **figures | {name: told[name] for name in FIGURES if name in told},
            id=sample.seq,
            printer_id=printer_id,
            status=told.get("status") or shown_word(reading.connection, reading.activity),
            current_job_id=told.get("current_job_id") or (job.job_id if job else None),
            product_id=told.get("product_id") or (job.product_id if job else None),
            reported=reading.is_hearsay,
            created_at=sample.at,
            timestamp=sample.at,
        )


def sample_now(snapshot: Snapshot, seq: int) -> Sample:
    """A report that is not written yet, as the newest row of the history."""
    return Sample(seq, snapshot.at, reading_of(snapshot))
