"""States of print jobs and of the attempts to print them."""

from collections.abc import Mapping
from enum import StrEnum

from shopwright.kernel.errors import IllegalTransition


class JobStatus(StrEnum):
    PENDING = "pending"  # waits for a person: held, or failed too often
    QUEUED = "queued"
    CLAIMED = (
        "claimed"  # a printer is reserved, the effect is intended, the device has not confirmed
    )
    PREPARING = "preparing"
    PRINTING = "printing"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = frozenset({JobStatus.CLAIMED, JobStatus.PREPARING, JobStatus.PRINTING, JobStatus.PAUSED})
TERMINAL = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})
WAITING = frozenset({JobStatus.PENDING, JobStatus.QUEUED})

_ENDS = {JobStatus.COMPLETED, JobStatus.FAILED}
_OVER = {*_ENDS, JobStatus.CANCELLED}  # by somebody's word, where nobody here drives the printer

TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset({JobStatus.QUEUED, JobStatus.CANCELLED}),
    JobStatus.QUEUED: frozenset({JobStatus.PENDING, JobStatus.CLAIMED, JobStatus.CANCELLED}),
    JobStatus.CLAIMED: frozenset(
        {
            JobStatus.QUEUED,
            JobStatus.PENDING,
            JobStatus.PREPARING,
            JobStatus.PRINTING,
            JobStatus.PAUSED,
            JobStatus.CANCELLED,
            *_ENDS,
        }
    ),
    JobStatus.PREPARING: frozenset({JobStatus.PRINTING, JobStatus.PAUSED, *_OVER}),
    JobStatus.PRINTING: frozenset({JobStatus.PREPARING, JobStatus.PAUSED, *_OVER}),
    JobStatus.PAUSED: frozenset({JobStatus.PREPARING, JobStatus.PRINTING, *_OVER}),
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}


class AttemptStatus(StrEnum):
    INTENDED = "intended"
    UPLOADING = "uploading"
    STARTING = "starting"
    PRINTING = "printing"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


OPEN_ATTEMPTS = frozenset(
    {
        AttemptStatus.INTENDED,
        AttemptStatus.UPLOADING,
        AttemptStatus.STARTING,
        AttemptStatus.PRINTING,
        AttemptStatus.UNKNOWN,
    }
)

_PROVEN = {AttemptStatus.PRINTING, AttemptStatus.FINISHED, AttemptStatus.FAILED}

ATTEMPT_TRANSITIONS: Mapping[AttemptStatus, frozenset[AttemptStatus]] = {
    AttemptStatus.INTENDED: frozenset(
        {AttemptStatus.UPLOADING, AttemptStatus.CANCELLED, AttemptStatus.FAILED}
    ),
    AttemptStatus.UPLOADING: frozenset(
        {AttemptStatus.STARTING, AttemptStatus.CANCELLED, AttemptStatus.FAILED}
    ),
    AttemptStatus.STARTING: frozenset({*_PROVEN, AttemptStatus.CANCELLED, AttemptStatus.UNKNOWN}),
    AttemptStatus.PRINTING: frozenset(
        {
            AttemptStatus.FINISHED,
            AttemptStatus.FAILED,
            AttemptStatus.CANCELLED,
            AttemptStatus.UNKNOWN,
        }
    ),
    AttemptStatus.UNKNOWN: frozenset({*_PROVEN, AttemptStatus.CANCELLED}),
    AttemptStatus.FINISHED: frozenset(),
    AttemptStatus.FAILED: frozenset(),
    # a person said that it did not print, and then the printer printed it after all
    AttemptStatus.CANCELLED: frozenset({AttemptStatus.PRINTING}),
}


class SendingStatus(StrEnum):
    """How far the handing over of a job to an outside printer backend is."""

    SENDING = "sending"
    TAKEN = "taken"
    REFUSED = "refused"  # proven: it has nothing; the job is as it was
    UNKNOWN = "unknown"  # no answer, and it cannot be asked: a person decides
    ENDED = "ended"  # nothing more is to be told or asked


SENDING_TRANSITIONS: Mapping[SendingStatus, frozenset[SendingStatus]] = {
    SendingStatus.SENDING: frozenset(
        {SendingStatus.TAKEN, SendingStatus.REFUSED, SendingStatus.UNKNOWN}
    ),
    SendingStatus.REFUSED: frozenset({SendingStatus.SENDING}),
    SendingStatus.UNKNOWN: frozenset({SendingStatus.TAKEN, SendingStatus.REFUSED}),
    SendingStatus.TAKEN: frozenset({SendingStatus.ENDED}),
    SendingStatus.ENDED: frozenset(),
}


class ReceivedStatus(StrEnum):
    """Where a job is that others handed to us as their printer backend."""

    RECEIVED = "received"  # its file is still to be fetched from the sender
    UPLOADED = "uploaded"  # its file is here, and waits for a device that polls
    CLAIMED = "claimed"
    PRINTING = "printing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    HANDED_OVER = "handed_over"  # a job of our own queue, which says the rest


POLLED = frozenset({ReceivedStatus.UPLOADED, ReceivedStatus.CLAIMED, ReceivedStatus.PRINTING})

_POLLED_ENDS = {ReceivedStatus.COMPLETED, ReceivedStatus.FAILED, ReceivedStatus.CANCELLED}

RECEIVED_TRANSITIONS: Mapping[ReceivedStatus, frozenset[ReceivedStatus]] = {
    ReceivedStatus.RECEIVED: frozenset(
        {
            ReceivedStatus.UPLOADED,
            ReceivedStatus.HANDED_OVER,
            ReceivedStatus.FAILED,
            ReceivedStatus.CANCELLED,
        }
    ),
    ReceivedStatus.UPLOADED: frozenset(
        {ReceivedStatus.CLAIMED, ReceivedStatus.PRINTING, *_POLLED_ENDS}
    ),
    ReceivedStatus.CLAIMED: frozenset({ReceivedStatus.PRINTING, *_POLLED_ENDS}),
    ReceivedStatus.PRINTING: frozenset(_POLLED_ENDS),
    ReceivedStatus.COMPLETED: frozenset(),
    # its link had expired: the sender hands it over again with another one
    ReceivedStatus.FAILED: frozenset({ReceivedStatus.RECEIVED}),
    ReceivedStatus.CANCELLED: frozenset(),
    ReceivedStatus.HANDED_OVER: frozenset(),
}


def check_transition(current: JobStatus, target: JobStatus) -> None:
    """Raise IllegalTransition unless a job may go from ``current`` to ``target``."""
    if target not in TRANSITIONS[current]:
        raise IllegalTransition(f"A {current} job cannot become {target}.")
