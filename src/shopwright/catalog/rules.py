"""What a recipe may hold, and which of its steps stay when it changes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from shopwright.catalog.states import StepKind
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid

MAX_STEPS = 50
NOT_MADE_YET = {
    StepKind.FABRICATE: "is a part to be fabricated, which cannot be planned yet",
    StepKind.OUTSOURCE: "comes from an outside manufacturer, which cannot be ordered yet",
}


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A step as a person asks for it: one run of the plate yields ``yields`` copies."""

    print_file: Ref | None
    plate: int | None
    yields: int = 1
    name: str = ""
    kind: StepKind = StepKind.PRINT


# Kind, print file, plate, yields: what decides whether two steps make the same thing.
Work = tuple[StepKind, int | None, int | None, int]


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A checked step of a recipe, its file found."""

    name: str
    print_file_id: int
    plate_number: int
    yields: int

    @property
    def work(self) -> Work:
        return StepKind.PRINT, self.print_file_id, self.plate_number, self.yields


@dataclass(frozen=True, slots=True)
class RecipeChange:
    """Step ids to keep (with position and name) and to retire, and steps to add at a position."""

    kept: dict[int, tuple[int, PlannedStep]]
    retired: list[int]
    added: list[tuple[int, PlannedStep]]


def check_steps(steps: Sequence[StepSpec]) -> None:
    """Raises Invalid with the step's number for what cannot be made."""
    if len(steps) > MAX_STEPS:
        raise Invalid(f"A recipe has at most {MAX_STEPS} steps; this one has {len(steps)}.")
    for number, step in enumerate(steps, 1):
        if step.kind is not StepKind.PRINT:
            raise Invalid(f"Step {number} {NOT_MADE_YET[step.kind]}. Use print steps.")
        if step.print_file is None or step.plate is None:
            raise Invalid(f"Step {number} is a print: name its print_file_id and plate.")


def check_plate(number: int, file_name: str, plate: int, known: Collection[int]) -> None:
    if plate not in known:
        plates = ", ".join(str(each) for each in sorted(known))
        raise Invalid(
            f"Step {number} names plate {plate} of {file_name}, which has the plates {plates}."
        )


def compare(current: Mapping[int, Work], wanted: Sequence[PlannedStep]) -> RecipeChange:
    """Steps whose work stays the same keep their row, and with it their finished stock."""
    stays: dict[Work, list[int]] = defaultdict(list)
    for step_id, work in current.items():
        stays[work].append(step_id)
    change = RecipeChange(kept={}, retired=[], added=[])
    for position, step in enumerate(wanted, 1):
        if stays[step.work]:
            change.kept[stays[step.work].pop(0)] = (position, step)
        else:
            change.added.append((position, step))
    change.retired.extend(step_id for step_id in current if step_id not in change.kept)
    return change
