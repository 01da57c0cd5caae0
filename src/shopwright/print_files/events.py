"""What happened to print files, told to higher slices in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrintFileVersionAdded:
    """``older_ids`` are the versions of the same name there were before; never empty."""

    organization_id: int
    print_file_id: int
    older_ids: tuple[int, ...]
