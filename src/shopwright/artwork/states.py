"""What a design, a picture of it and a generation of one can be."""

from collections.abc import Mapping
from enum import StrEnum

from shopwright.kernel.errors import IllegalTransition


class DesignStatus(StrEnum):
    DRAFT = "draft"
    FROZEN = "frozen"  # ordered: it never changes again


class ImageKind(StrEnum):
    UPLOADED = "uploaded"
    GENERATED = "generated"
    FINAL = "final"  # a whole print picture that came from outside
    FINAL_COMPOSED = "final_composed"  # the one we drew from the layers
    ASSET = "asset"  # a sticker or font of the catalogue, as it was when the design took it


class GenerationStatus(StrEnum):
    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"  # by moderation; nothing was made
    FAILED = "failed"  # not made, and may be tried anew
    UNKNOWN = "unknown"  # asked for, and nothing tells whether it was made and charged


SHOWN_KINDS = frozenset(
    {ImageKind.UPLOADED, ImageKind.GENERATED, ImageKind.FINAL, ImageKind.FINAL_COMPOSED}
)

TRANSITIONS: Mapping[DesignStatus, frozenset[DesignStatus]] = {
    DesignStatus.DRAFT: frozenset({DesignStatus.FROZEN}),
    DesignStatus.FROZEN: frozenset(),
}
GENERATION_TRANSITIONS: Mapping[GenerationStatus, frozenset[GenerationStatus]] = {
    GenerationStatus.PENDING: frozenset(
        {
            GenerationStatus.DONE,
            GenerationStatus.REFUSED,
            GenerationStatus.FAILED,
            GenerationStatus.UNKNOWN,
        }
    ),
    GenerationStatus.DONE: frozenset(),
    GenerationStatus.REFUSED: frozenset(),
    GenerationStatus.FAILED: frozenset(),
    GenerationStatus.UNKNOWN: frozenset(),
}


def check_transition(current: DesignStatus, target: DesignStatus) -> None:
    if target not in TRANSITIONS[current]:
        raise IllegalTransition(f"A {current} design cannot become {target}.")
