"""Our job id, which these protocols know only as a part of the file's name; pure."""

import re

from shopwright.fleet.port import Refused, RemoteFile

SUFFIX = re.compile(r"\.(?:gcode|gco|g|bgcode)$", re.IGNORECASE)
# Before the suffix, as ``fleet.starting.remote_name`` writes it.
OUR_ID = re.compile(r"-([1-9][0-9]{0,9})$")
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_NAME = 100


def job_id_of(name: str | None) -> str | None:
    """None for a file that is not ours."""
    found = OUR_ID.search(job_name_of(name) or "")
    return found.group(1) if found else None


def job_name_of(name: str | None) -> str | None:
    """The file's name without folders and suffix; None when there is none."""
    return SUFFIX.sub("", name.rsplit("/", 1)[-1]) if name else None


def safe_name(name: str) -> str:
    """One that no printer and no URL stumbles over; the id and the suffix stay."""
    last = UNSAFE.sub("-", name.rsplit("/", 1)[-1]).lstrip(".-")
    return last[-LONGEST_NAME:] or "job.gcode"


def why_not_this_file(file: RemoteFile, device_job_id: str) -> Refused | None:
    if not SUFFIX.search(file.path):
        return Refused("This printer prints plain G-code files only, not sliced .gcode.3mf files.")
    if job_id_of(file.path) != device_job_id:
        return Refused("The file's name does not carry the id of this job, so a start is not seen.")
    return None
