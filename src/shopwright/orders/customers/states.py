"""Words of customers, their requests and files, and of spreadsheets that are taken in."""

from enum import StrEnum


class Segment(StrEnum):
    """VIP by spend (the list also counts many orders); the others by how often they bought."""

    VIP = "vip"
    REPEAT = "repeat"
    NEW = "new"
    PROSPECT = "prospect"


class RequestStatus(StrEnum):
    """A person may move a request from any word to any other."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    CANCELED = "canceled"


class RequestPriority(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class FileType(StrEnum):
    MODEL = "3d_model"
    GCODE = "gcode"
    IMAGE = "image"
    PDF = "pdf"
    OTHER = "other"


class ImportStatus(StrEnum):
    PREVIEWED = "previewed"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
