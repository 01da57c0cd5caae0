"""Where an account and an export stand."""

from collections.abc import Mapping
from enum import StrEnum

from shopwright.parts.states import FileKind


class AccountKind(StrEnum):
    OAUTH = "oauth"
    KEYS = "keys"


class ExportStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


TRANSITIONS: Mapping[ExportStatus, frozenset[ExportStatus]] = {
    ExportStatus.QUEUED: frozenset({ExportStatus.RUNNING}),
    # Running again: its process died and another one took over.
    ExportStatus.RUNNING: frozenset(
        {ExportStatus.RUNNING, ExportStatus.QUEUED, ExportStatus.DONE, ExportStatus.FAILED}
    ),
    ExportStatus.FAILED: frozenset({ExportStatus.QUEUED}),
    ExportStatus.DONE: frozenset(),
}

SETTLED = frozenset({ExportStatus.DONE, ExportStatus.FAILED})


class TabType(StrEnum):
    """What an element of a document is."""

    PART_STUDIO = "part_studio"
    ASSEMBLY = "assembly"
    DRAWING = "drawing"
    FILE = "file"  # uploaded to Onshape as it is
    OTHER = "other"


MODELS = frozenset({TabType.PART_STUDIO, TabType.ASSEMBLY})

# Which tabs each format comes from.
SOURCES: Mapping[FileKind, frozenset[TabType]] = {
    FileKind.STEP: MODELS | {TabType.FILE},
    FileKind.GLB: MODELS | {TabType.FILE},
    FileKind.PDF: frozenset({TabType.DRAWING, TabType.FILE}),
}
