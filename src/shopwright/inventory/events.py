"""What moved in stock, told to higher slices in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilamentMoved:
    """Movements were booked; ``keys`` are theirs, new with this transaction."""

    organization_id: int
    keys: tuple[str, ...]
