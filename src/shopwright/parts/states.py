"""Where a part stands: its category says which list it is on, its status how far the work is."""

from collections.abc import Mapping
from enum import StrEnum

from shopwright.kernel.errors import IllegalTransition


class PartCategory(StrEnum):
    REVIEW = "review"
    CNC = "cnc"
    HAND = "hand"
    MISC = "misc"
    COMPLETED = "completed"


class PartType(StrEnum):
    """How it is made; the category it goes to when it is approved."""

    CNC = "cnc"
    HAND = "hand"
    MISC = "misc"


class PartStatus(StrEnum):
    PENDING = "pending"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    IN_PROGRESS = "in_progress"
    ALREADY_STARTED = "already_started"  # begun, then given back
    COMPLETED = "completed"
    CANCELLED = "cancelled"


# In work: somebody may take it, give it back, finish it.
WORKSHOP = frozenset({PartCategory.CNC, PartCategory.HAND, PartCategory.MISC})

CATEGORY_MOVES: Mapping[PartCategory, frozenset[PartCategory]] = {
    PartCategory.REVIEW: WORKSHOP,
    PartCategory.CNC: frozenset({PartCategory.COMPLETED}),
    PartCategory.HAND: frozenset({PartCategory.COMPLETED}),
    PartCategory.MISC: frozenset({PartCategory.COMPLETED}),
    PartCategory.COMPLETED: WORKSHOP,
}

TRANSITIONS: Mapping[PartStatus, frozenset[PartStatus]] = {
    PartStatus.PENDING: frozenset(
        {
            PartStatus.REVIEWED,
            PartStatus.APPROVED,
            PartStatus.IN_PROGRESS,
            PartStatus.ALREADY_STARTED,
            PartStatus.COMPLETED,
            PartStatus.CANCELLED,
        }
    ),
    PartStatus.REVIEWED: frozenset(
        {
            PartStatus.PENDING,
            PartStatus.APPROVED,
            PartStatus.IN_PROGRESS,
            PartStatus.ALREADY_STARTED,
            PartStatus.COMPLETED,
            PartStatus.CANCELLED,
        }
    ),
    PartStatus.APPROVED: frozenset(
        {
            PartStatus.PENDING,
            PartStatus.REVIEWED,
            PartStatus.IN_PROGRESS,
            PartStatus.ALREADY_STARTED,
            PartStatus.COMPLETED,
            PartStatus.CANCELLED,
        }
    ),
    PartStatus.IN_PROGRESS: frozenset(
        {PartStatus.ALREADY_STARTED, PartStatus.COMPLETED, PartStatus.CANCELLED}
    ),
    PartStatus.ALREADY_STARTED: frozenset(
        {PartStatus.IN_PROGRESS, PartStatus.COMPLETED, PartStatus.CANCELLED}
    ),
    PartStatus.COMPLETED: frozenset({PartStatus.IN_PROGRESS, PartStatus.REVIEWED}),
    PartStatus.CANCELLED: frozenset({PartStatus.PENDING}),
}

# Which statuses a part may have on which list. A misc part is finished where it is, too: what
# comes from outside needs no workshop.
STATUSES_OF: Mapping[PartCategory, frozenset[PartStatus]] = {
    PartCategory.REVIEW: frozenset({PartStatus.PENDING, PartStatus.CANCELLED}),
    PartCategory.CNC: frozenset(PartStatus) - {PartStatus.COMPLETED},
    PartCategory.HAND: frozenset(PartStatus) - {PartStatus.COMPLETED},
    PartCategory.MISC: frozenset(PartStatus),
    PartCategory.COMPLETED: frozenset({PartStatus.COMPLETED}),
}

SHOWN: Mapping[PartStatus, str] = {
    status: status.value.replace("_", " ").title() for status in PartStatus
}


class PartMoveForbidden(IllegalTransition):
    code = "part-move-forbidden"
    title = "A part cannot be moved like this"


def check_category(current: PartCategory, target: PartCategory) -> None:
    """Raises PartMoveForbidden."""
    if target is not current and target not in CATEGORY_MOVES[current]:
        raise PartMoveForbidden(f"A part in {current} cannot go to {target}.")


def check_status(current: PartStatus, target: PartStatus, category: PartCategory) -> None:
    """Raises PartMoveForbidden; what does not change may stay as it is."""
    if target is current:
        return
    if target not in TRANSITIONS[current]:
        raise PartMoveForbidden(f"A part that is {SHOWN[current]} cannot become {SHOWN[target]}.")
    if target not in STATUSES_OF[category]:
        raise PartMoveForbidden(f"A part in {category} cannot be {SHOWN[target]}.")


class FileKind(StrEnum):
    STEP = "step"
    STL = "stl"
    THREE_MF = "3mf"
    OBJ = "obj"
    GLB = "glb"
    PDF = "pdf"


SOLID = frozenset(FileKind) - {FileKind.PDF}  # what has a model to look at


class ConversionStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


CONVERSION_TRANSITIONS: Mapping[ConversionStatus, frozenset[ConversionStatus]] = {
    ConversionStatus.QUEUED: frozenset({ConversionStatus.RUNNING}),
    ConversionStatus.RUNNING: frozenset(
        {ConversionStatus.QUEUED, ConversionStatus.DONE, ConversionStatus.FAILED}
    ),
    ConversionStatus.FAILED: frozenset({ConversionStatus.QUEUED}),  # asked for once more
    ConversionStatus.DONE: frozenset(),
}
