"""What moved in stock, told to higher slices in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilamentMoved:
    """Movements were booked; ``keys`` are theirs, new with this transaction."""

    organization_id: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilamentLow:
    """What is left of a filament fell to its threshold just now: once each time it gets there."""

    organization_id: int
    filament_id: int
    remaining_mg: int
    threshold_mg: int


@dataclass(frozen=True, slots=True)
class FinishedStockMoved:
    """How many finished copies of a recipe step lie on the shelf changed."""

    organization_id: int
    recipe_step_id: int
