"""The recipe editor's form: rows of plates, of parts and of what is bought, as lists of fields."""

from collections.abc import Iterable

from pydantic import BaseModel, Field

from shopwright.catalog.rules import PartDesign, Purchase, StepSpec
from shopwright.catalog.states import StepKind
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid
from shopwright.parts.states import PartType

MAX_ROWS = 60
MAX_STEP_NAME = 200
MAX_COPIES = 1000

Texts = list[str]


class RecipeForm(BaseModel):
    """Each list has a value per row; a row whose first field is empty is no step."""

    plate: Texts = Field([], max_length=MAX_ROWS)
    yields: list[int] = Field([], max_length=MAX_ROWS)
    name: Texts = Field([], max_length=MAX_ROWS)
    part: Texts = Field([], max_length=MAX_ROWS)
    part_type: Texts = Field([], max_length=MAX_ROWS)
    part_amount: Texts = Field([], max_length=MAX_ROWS)
    part_material: Texts = Field([], max_length=MAX_ROWS)
    part_thickness: Texts = Field([], max_length=MAX_ROWS)
    part_notes: Texts = Field([], max_length=MAX_ROWS)
    part_review: Texts = Field([], max_length=MAX_ROWS)
    part_template: Texts = Field([], max_length=MAX_ROWS)
    part_version: Texts = Field([], max_length=MAX_ROWS)
    buy: Texts = Field([], max_length=MAX_ROWS)
    buy_name: Texts = Field([], max_length=MAX_ROWS)
    buy_sku: Texts = Field([], max_length=MAX_ROWS)

    def steps(self) -> list[StepSpec]:
        """Raises Invalid."""
        return [*self._plates(), *self._parts(), *self._purchases()]

    def _plates(self) -> Iterable[StepSpec]:
        names = [*self.name, *[""] * len(self.plate)]
        for choice, copies, called in zip(self.plate, self.yields, names, strict=False):
            if choice:
                yield plate_step(choice, copies, called)

    def _parts(self) -> Iterable[StepSpec]:
        for row, called in enumerate(self.part):
            if called.strip():
                yield StepSpec(
                    None, None, name=_name(called), kind=StepKind.FABRICATE, part=self._part(row)
                )

    def _part(self, row: int) -> PartDesign:
        template = _at(self.part_template, row)
        try:
            kind = PartType(_at(self.part_type, row) or PartType.HAND)
        except ValueError as err:
            raise Invalid("Choose how the part is made.") from err
        return PartDesign(
            type=kind,
            material=_at(self.part_material, row)[:200] or None,
            thickness=_at(self.part_thickness, row)[:50] or None,
            notes=_at(self.part_notes, row)[:20_000] or None,
            amount=_number(_at(self.part_amount, row) or "1", "How many parts one unit takes"),
            is_approved=_at(self.part_review, row) == "no",
            template=Ref(_number(template, "The part with the files"), None) if template else None,
            template_version=_version(_at(self.part_version, row)) if template else None,
        )

    def _purchases(self) -> Iterable[StepSpec]:
        """``any`` is whoever offers it, a number that supplier."""
        for row, choice in enumerate(self.buy):
            if choice:
                supplier = None if choice == "any" else Ref(_number(choice, "The supplier"), None)
                sku = _at(self.buy_sku, row)[:100] or None
                yield StepSpec(
                    None,
                    None,
                    name=_name(_at(self.buy_name, row)),
                    kind=StepKind.OUTSOURCE,
                    purchase=Purchase(supplier, sku),
                )


def plate_step(choice: str, yields: int, name: str = "") -> StepSpec:
    """``12:2`` is plate 2 of print file 12."""
    file_id, _, number = choice.partition(":")
    if not (file_id.isascii() and file_id.isdigit() and number.isascii() and number.isdigit()):
        raise Invalid("Choose a plate from the list.")
    if not 1 <= yields <= MAX_COPIES:
        raise Invalid(f"One run of a plate makes between 1 and {MAX_COPIES} copies.")
    return StepSpec(Ref(int(file_id), None), int(number), yields=yields, name=_name(name))


def _name(text: str) -> str:
    if len(text) > MAX_STEP_NAME:
        raise Invalid(f"What a step makes has at most {MAX_STEP_NAME} characters.")
    return text.strip()


def _at(values: Texts, row: int) -> str:
    return values[row].strip() if row < len(values) else ""


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 2**53):
        raise Invalid(f"{what} is a whole number from 1.")
    return int(text)


def _version(text: str) -> int | None:
    return _number(text, "The version of the files") if text else None
