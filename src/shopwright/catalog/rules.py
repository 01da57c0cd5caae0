"""What a recipe may hold, and which of its steps stay when it changes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from shopwright.catalog.states import StepKind
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid
from shopwright.parts.states import PartType

MAX_STEPS = 50


@dataclass(frozen=True, slots=True)
class PartDesign:
    """What the workshop makes for one unit: ``amount`` parts, with the template's files.

    ``is_approved`` parts go straight to the workshop of their type, others are looked at first.
    """

    type: PartType
    material: str | None = None
    thickness: str | None = None
    notes: str | None = None
    amount: int = 1
    is_approved: bool = False
    template: Ref | None = None
    template_version: int | None = None  # None: the newest when it is planned


@dataclass(frozen=True, slots=True)
class Purchase:
    """What an outside manufacturer makes; without a supplier the shop's own choice is taken."""

    supplier: Ref | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A step as a person asks for it: one run of the plate yields ``yields`` copies."""

    print_file: Ref | None
    plate: int | None
    yields: int = 1
    name: str = ""
    kind: StepKind = StepKind.PRINT
    part: PartDesign | None = None
    purchase: Purchase | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What decides whether two steps make the same thing; named as the columns of a step."""

    kind: StepKind
    print_file_id: int | None = None
    plate_number: int | None = None
    yields: int = 1
    part_type: PartType | None = None
    part_material: str | None = None
    part_thickness: str | None = None
    part_notes: str | None = None
    part_amount: int = 1
    is_approved: bool = False
    template_part_id: int | None = None
    template_version: int | None = None
    supplier_id: int | None = None
    supplier_sku: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A checked step of a recipe, what it names found."""

    name: str
    work: Work


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
        _check_step(number, step)


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


def _check_step(number: int, step: StepSpec) -> None:
    if step.kind is StepKind.PRINT:
        if step.print_file is None or step.plate is None:
            raise Invalid(f"Step {number} is a print: name its print_file_id and plate.")
    elif step.print_file is not None or step.plate is not None or step.yields != 1:
        raise Invalid(f"Step {number} is not printed: leave print_file_id, plate and yields out.")
    if step.kind is StepKind.FABRICATE:
        _check_part(number, step)
    elif step.part is not None:
        raise Invalid(f"Step {number} has a part; only a step of kind fabricate has one.")
    if step.purchase is not None and step.kind is not StepKind.OUTSOURCE:
        raise Invalid(f"Step {number} has a supplier; only a step of kind outsource has one.")


def _check_part(number: int, step: StepSpec) -> None:
    if step.part is None or not step.name.strip():
        raise Invalid(f"Step {number} is made in the workshop: give it a name and a part.")
    if step.part.template_version is not None and step.part.template is None:
        raise Invalid(f"Step {number} names a version; name its template_part_id as well.")
