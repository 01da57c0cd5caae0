"""What the look at each part of the way to a printer found, as the API says it."""

from pydantic import BaseModel

from shopwright.fleet.port import FINE, Diagnosis, DiagnosisStep


class StepRead(BaseModel):
    """``status``: ok, failed, or not_reached where an earlier step failed."""

    name: str
    status: str
    finding: str
    sentence: str

    @classmethod
    def of(cls, step: DiagnosisStep) -> "StepRead":
        status = step.finding if step.finding in FINE else "failed"
        return cls(name=step.name, status=status, finding=step.finding, sentence=step.sentence)


class DiagnosisRead(BaseModel):
    """``advice`` is what to do, in one sentence."""

    is_ok: bool
    advice: str
    serial_number: str | None
    fingerprint: str | None
    steps: list[StepRead]

    @classmethod
    def of(cls, found: Diagnosis) -> "DiagnosisRead":
        return cls(
            is_ok=found.is_ok,
            advice=found.advice,
            serial_number=found.serial,
            fingerprint=found.fingerprint,
            steps=[StepRead.of(step) for step in found.steps],
        )
