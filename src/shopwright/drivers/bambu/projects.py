"""The request that starts a print, and what must hold before it is sent; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from shopwright.drivers.bambu.codec import Request
from shopwright.drivers.bambu.faults import DEVELOPER_MODE
from shopwright.drivers.bambu.slots import EXTERNAL, LAST_SLOT, map_filaments
from shopwright.fleet.port import DeviceReport, Refused, RemoteFile, SlotMap
from shopwright.fleet.states import Activity, ControlAccess

LARGEST_JOB_ID = 2147483647  # observers and P1S 01.10 keep it in 31 bits; 0 reads as "continue"
DEFAULT_URL = "ftp:///"  # some X1 firmware wants file:///sdcard/ or file:///mnt/sdcard/ instead

SWITCHES = {
    "bed_leveling": True,
    "flow_cali": False,
    "vibration_cali": True,
    "layer_inspect": False,
    "timelapse": False,
}


@dataclass(frozen=True, slots=True)
class Project:
    """One plate of an uploaded file, with the ids the printer will report."""

    file: RemoteFile
    plate: int
    slots: SlotMap
    device_job_id: str
    job_name: str


def project_file(project: Project, options: Mapping[str, str]) -> Request:
    """``options`` of the endpoint: ``print_url``, and yes/no for each of SWITCHES."""
    path = project.file.path.lstrip("/")
    mapping = map_filaments(project.slots.slots)
    switches = {key: _is_on(options.get(key), usual) for key, usual in SWITCHES.items()}
    body: dict[str, object] = {
        "param": f"Metadata/plate_{project.plate}.gcode",
        "url": options.get("print_url", DEFAULT_URL) + path,
        "file": path.rsplit("/", 1)[-1],
        "md5": "",  # means: do not check; the size was checked after the upload
        "subtask_name": project.job_name,
        "profile_id": "0",
        **dict.fromkeys(("project_id", "task_id", "subtask_id"), project.device_job_id),
        "bed_type": "auto",
        **switches,
        "use_ams": mapping.use_ams,
        "ams_mapping": mapping.ams_mapping,
        "ams_mapping2": mapping.ams_mapping2,
        "cfg": "0",
        "extrude_cali_flag": 0,
        "extrude_cali_manual_mode": 0,
        "auto_bed_leveling": int(switches["bed_leveling"]),
        "nozzle_offset_cali": 0,
    }
    return Request("print", "project_file", body)


def why_not(project: Project, report: DeviceReport | None) -> Refused | None:
    """The first reason against starting now; None when nothing speaks against it."""
    if report is None or not report.is_full:
        return Refused("The printer has not reported its state since we connected; nothing sent.")
    sentence = _unfit(project) or _unready(report) or _unloaded(project, report)
    return Refused(sentence) if sentence else None


def _unfit(project: Project) -> str | None:
    number = project.device_job_id
    if not number.isdecimal() or not 0 < int(number) <= LARGEST_JOB_ID or number[0] == "0":
        return f"The job id {number} is not a number from 1 to {LARGEST_JOB_ID}."
    if not project.file.path.endswith(".3mf"):
        return "Only sliced .gcode.3mf files can be started on a Bambu printer."
    if project.plate < 1:
        return f"There is no plate {project.plate}; plates are counted from 1."
    if all(slot is None for slot in project.slots.slots):
        return "Nobody said which slot feeds this print."
    return None


def _unready(report: DeviceReport) -> str | None:
    if report.activity is not Activity.IDLE:
        word = report.native or "an unknown state"
        return f"The printer is not free to start: it reports {word}."
    if report.control is ControlAccess.BLOCKED:
        return DEVELOPER_MODE
    if report.has_storage is False:
        return "The printer has no usable SD card or USB stick: put one in."
    return None


def _unloaded(project: Project, report: DeviceReport) -> str | None:
    known = {slot.number: slot for slot in report.slots}
    for number in project.slots.slots:
        if number is None or number == EXTERNAL:
            continue
        if number not in known or not EXTERNAL < number <= LAST_SLOT:
            return f"The printer has no slot {number}."
        if not known[number].is_loaded:
            return f"Slot {number} is empty: load it, or choose another slot."
    return None


def _is_on(text: str | None, usual: bool) -> bool:
    return usual if text is None else text.strip().lower() in {"1", "true", "yes", "on"}
