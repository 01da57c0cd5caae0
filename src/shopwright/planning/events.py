"""What planning found out, told to higher slices in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SkusUnknown:
    """Items were sold under these codes and nobody said yet what they mean."""

    organization_id: int
    skus: tuple[str, ...]
