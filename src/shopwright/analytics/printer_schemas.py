"""Answers of the reports on printers: time in hours, filament in grams, shares in percent."""

from datetime import date

from pydantic import BaseModel

from shopwright.analytics.papers import HOUR_S
from shopwright.analytics.queries import PlateWork
from shopwright.analytics.schemas import ReasonRead
from shopwright.analytics.sheets import Sheet
from shopwright.analytics.states import Period
from shopwright.analytics.utilisation import PeriodTime, Production, Use, Utilisation, Work
from shopwright.inventory.rules import to_grams


def to_hours(seconds: int) -> float:
    return round(seconds / HOUR_S, 2)


class WorkRead(BaseModel):
    """Prints that ended. Those that somebody broke off took hours and grams, too, and are neither
    good nor failed."""

    total_prints: int
    completed_prints: int
    failed_prints: int
    cancelled_prints: int
    success_rate: float | None
    print_hours: float
    used_grams: int | float

    @staticmethod
    def members(work: Work) -> dict[str, int | float | None]:
        return {
            "total_prints": work.prints,
            "completed_prints": work.completed,
            "failed_prints": work.failed,
            "cancelled_prints": work.cancelled,
            "success_rate": work.success,
            "print_hours": to_hours(work.busy_s),
            "used_grams": to_grams(work.used_mg),
        }


class HoursRead(BaseModel):
    """By state; ``offline`` is whenever it could not be reached."""

    printing_hours: float
    paused_hours: float
    idle_hours: float
    error_hours: float
    offline_hours: float
    unknown_hours: float


class UseRead(HoursRead, WorkRead):
    """``utilisation`` is the share of the known hours spent printing; ``unwatched_hours`` are those
    of them in which nobody looked."""

    known_hours: float
    unwatched_hours: float
    utilisation: float | None

    @staticmethod
    def members_of(use: Use) -> dict[str, int | float | None]:
        return {
            "known_hours": to_hours(use.known_s),
            "unwatched_hours": to_hours(use.unwatched_s),
            "utilisation": use.utilisation,
            **{f"{state}_hours": to_hours(seconds) for state, seconds in use.seconds.items()},
            **WorkRead.members(use.work),
        }


class PrinterUseRead(UseRead):
    printer_id: int | None
    printer_name: str
    model: str


class ModelUseRead(UseRead):
    model: str
    printers: int


class PeriodHoursRead(HoursRead):
    """``date`` is the first day of the period."""

    date: date

    @classmethod
    def of(cls, period: PeriodTime) -> "PeriodHoursRead":
        hours = {f"{state}_hours": to_hours(seconds) for state, seconds in period.seconds.items()}
        return cls.model_validate({"date": period.first, **hours})


class UtilisationRead(BaseModel):
    """Up to three months by the day, else by the month."""

    start_date: date | None
    end_date: date | None
    period: Period
    total: UseRead
    by_printer: list[PrinterUseRead]
    by_model: list[ModelUseRead]
    by_period: list[PeriodHoursRead]
    by_reason: list[ReasonRead]

    @classmethod
    def of(cls, found: Utilisation) -> "UtilisationRead":
        return cls(
            start_date=found.span.start,
            end_date=found.span.end,
            period=found.by,
            total=UseRead.model_validate(UseRead.members_of(found.total)),
            by_printer=[_printer(use) for use in found.printers],
            by_model=[_model(use) for use in found.models],
            by_period=[PeriodHoursRead.of(one) for one in found.periods],
            by_reason=[ReasonRead(reason=reason, count=count) for reason, count in found.reasons],
        )

    def sheet(self) -> Sheet:
        first = ["printer_id", "printer_name", "model"]
        sheet = Sheet.of(PrinterUseRead, self.by_printer)
        others = [name for name in sheet.columns if name not in first]
        return Sheet([*first, *others], sheet.rows)


class MaterialWorkRead(WorkRead):
    """``material`` names all that the plate needs, as in ``PETG + PLA``."""

    material: str


class JobWorkRead(BaseModel):
    """Prints of one plate of a file, or of jobs of one name where there is no file."""

    print_file_id: int | None
    plate_number: int | None
    name: str
    total_prints: int
    failed_prints: int
    print_hours: float
    used_grams: int | float

    @classmethod
    def of(cls, plate: PlateWork) -> "JobWorkRead":
        return cls(
            print_file_id=plate.print_file_id or None,
            plate_number=plate.plate_number or None,
            name=plate.words,
            total_prints=plate.prints,
            failed_prints=plate.failed,
            print_hours=to_hours(plate.busy_s),
            used_grams=to_grams(plate.used_mg),
        )


class ProductionRead(BaseModel):
    """``by_job`` names those that took longest."""

    start_date: date | None
    end_date: date | None
    total: WorkRead
    by_material: list[MaterialWorkRead]
    by_job: list[JobWorkRead]

    @classmethod
    def of(cls, found: Production) -> "ProductionRead":
        return cls(
            start_date=found.span.start,
            end_date=found.span.end,
            total=WorkRead.model_validate(WorkRead.members(found.total)),
            by_material=[
                MaterialWorkRead.model_validate({"material": name, **WorkRead.members(work)})
                for name, work in found.materials
            ],
            by_job=[JobWorkRead.of(plate) for plate in found.jobs],
        )

    def sheet(self) -> Sheet:
        sheet = Sheet.of(MaterialWorkRead, self.by_material)
        return Sheet(
            ["material", *(name for name in sheet.columns if name != "material")], sheet.rows
        )


class JobsRead(ProductionRead):
    """The same; as a table it is the jobs."""

    def sheet(self) -> Sheet:
        return Sheet.of(JobWorkRead, self.by_job)


def _printer(use: Use) -> PrinterUseRead:
    names = {"printer_id": use.printer_id, "printer_name": use.name, "model": use.model}
    return PrinterUseRead.model_validate({**names, **UseRead.members_of(use)})


def _model(use: Use) -> ModelUseRead:
    names = {"model": use.name, "printers": use.printers}
    return ModelUseRead.model_validate({**names, **UseRead.members_of(use)})
