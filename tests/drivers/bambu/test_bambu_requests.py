import dataclasses
import json

import pytest

from shopwright.drivers.bambu import codec, commands, models, projects
from shopwright.drivers.bambu.commands import Plan
from shopwright.drivers.bambu.faults import DEVELOPER_MODE
from shopwright.drivers.bambu.slots import LAST_SLOT, map_filaments, slot_number, tray_of
from shopwright.fleet.port import DeviceCommand, DeviceReport, Refused, RemoteFile, SlotMap
from shopwright.fleet.states import Activity, ControlAccess
from tests.drivers.bambu.pushes import RUNNING, mirror_of
from tests.drivers.bambu.when import NOW

BUSY = mirror_of(RUNNING).report(NOW)
IDLE = mirror_of({**RUNNING, "gcode_state": "FINISH"}).report(NOW)
PAUSED = mirror_of({**RUNNING, "gcode_state": "PAUSE"}).report(NOW)
COLD = mirror_of({**RUNNING, "gcode_state": "FINISH", "nozzle_temper": 25.0}).report(NOW)
BEFORE_JOG = "M211 S\nM211 X1 Y1 Z1\nM1002 push_ref_mode\nG91\n"
PROJECT = projects.Project(
    RemoteFile("/order-1042-p1.gcode.3mf", 1000), 2, SlotMap((1, None, 4)), "731200456", "order"
)


def body(report: DeviceReport, kind: str, **arguments: str | float) -> dict[str, object]:
    planned = commands.plan(DeviceCommand(kind, arguments), report, models.by_serial("01P"))
    assert isinstance(planned, Plan)
    decoded: dict[str, object] = json.loads(codec.encode(planned.request, "7"))
    return decoded


def refusal(report: DeviceReport, kind: str, **arguments: str | int) -> str:
    planned = commands.plan(DeviceCommand(kind, arguments), report, models.by_serial("01P"))
    assert isinstance(planned, Refused)
    return planned.sentence


@pytest.mark.parametrize(
    ("kind", "arguments", "lines"),
    [
        ("set_bed_temp", {"target": 60}, "M140 S60\n"),
        ("set_nozzle_temp", {"target": "215"}, "M104 S215\n"),
        ("home_all", {}, "G28\n"),
        ("home_x", {}, "G28 X\n"),
        ("home_z", {}, "G28 Z\n"),
        ("set_fan_speed", {"target": 50}, "M106 P1 S128\n"),
        ("set_fan_speed", {"target": 100, "fan": "chamber"}, "M106 P3 S255\n"),
        ("set_flow_rate", {"target": 95}, "M221 S95\n"),
        ("extrude", {"distance": 5}, "M83\nG0 E5 F300\n"),
        ("retract", {"distance": 2.5, "speed": 120}, "M83\nG0 E-2.5 F120\n"),
        (
            "jog",
            {"x": 10, "z": -0.5},
            f"{BEFORE_JOG}G1 X10 F3000\nG1 Z-0.5 F600\nM1002 pop_ref_mode\nM211 R\n",
        ),
        ("custom_gcode", {"gcode": "G91\r\n\n G1 Z5 "}, "G91\nG1 Z5\n"),
    ],
)
def test_commands_that_are_gcode_lines(
    kind: str, arguments: dict[str, str | int | float], lines: str
) -> None:
    expected = {"print": {"sequence_id": "7", "command": "gcode_line", "param": lines}}
    assert body(IDLE, kind, **arguments) == expected


@pytest.mark.parametrize(
    ("report", "kind", "command"),
    [
        (BUSY, "pause_print", "pause"),
        (PAUSED, "resume_print", "resume"),
        (BUSY, "stop_print", "stop"),
        (PAUSED, "cancel_print", "stop"),
    ],
)
def test_control_of_a_running_print(report: DeviceReport, kind: str, command: str) -> None:
    assert body(report, kind) == {"print": {"sequence_id": "7", "command": command, "param": ""}}


@pytest.mark.parametrize(("percent", "level"), [(50, "1"), (100, "2"), (130, "3"), (160, "4")])
def test_the_nearest_print_speed_is_taken(percent: int, level: str) -> None:
    made = body(BUSY, "set_print_speed", target=percent)
    assert made == {"print": {"sequence_id": "7", "command": "print_speed", "param": level}}


def test_the_light_command_has_all_its_fields() -> None:
    assert body(IDLE, "light_off") == {
        "system": {
            "sequence_id": "7",
            "command": "ledctrl",
            "led_node": "chamber_light",
            "led_mode": "off",
            "led_on_time": 500,
            "led_off_time": 500,
            "loop_times": 0,
            "interval_time": 0,
        }
    }


@pytest.mark.parametrize(
    ("kind", "arguments", "unit", "position", "target"),
    [
        ("load_filament", {"slot": 1}, 0, 0, 0),
        ("load_filament", {"slot": 6}, 1, 1, 5),
        ("load_filament", {"slot": 0}, 255, 254, 254),
        ("unload_filament", {}, 255, 255, 255),
    ],
)
def test_filament_changes_use_the_trays_of_the_wire(
    kind: str, arguments: dict[str, int], unit: int, position: int, target: int
) -> None:
    assert body(IDLE, kind, **arguments) == {
        "print": {
            "sequence_id": "7",
            "command": "ams_change_filament",
            "ams_id": unit,
            "slot_id": position,
            "target": target,
            "curr_temp": -1,
            "tar_temp": -1,
        }
    }


@pytest.mark.parametrize(
    ("report", "kind", "arguments", "sentence"),
    [
        (IDLE, "pause_print", {}, "The printer is not printing, so there is nothing to pause."),
        (BUSY, "resume_print", {}, "The printer is not paused, so there is nothing to resume."),
        (IDLE, "stop_print", {}, "The printer is not printing, so there is nothing to stop."),
        (BUSY, "home_all", {}, "The printer is at work; homing would ruin the print."),
        (IDLE, "set_bed_temp", {"target": 121}, "target must be a number from 0 to 120 °C."),
        (IDLE, "set_bed_temp", {}, "target must be a number from 0 to 120 °C."),
        (
            IDLE,
            "set_fan_speed",
            {"fan": "desk"},
            "There is no fan desk; the printer has part, aux, chamber.",
        ),
        (IDLE, "custom_gcode", {"gcode": " \n"}, "There is no G-code in this command."),
        (IDLE, "dance", {}, "Bambu printers have no capability for dance."),
        (
            IDLE,
            "set_chamber_temp",
            {"target": 40},
            "This printer has no chamber heater (capability CHAMBER_TEMPERATURE).",
        ),
        (BUSY, "jog", {"x": 10}, "The printer is at work; moving its axes would ruin the print."),
        (IDLE, "jog", {}, "Nobody said which axis to move."),
        (IDLE, "jog", {"z": 351}, "z must be a number from -350 to 350 mm."),
        (COLD, "extrude", {"distance": 5}, "The nozzle is colder than 170 °C; heat it first."),
        (BUSY, "calibrate_bed", {}, "The printer is at work; calibrating would ruin the print."),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(
    report: DeviceReport, kind: str, arguments: dict[str, str | int], sentence: str
) -> None:
    assert refusal(report, kind, **arguments) == sentence


@pytest.mark.parametrize(
    ("kind", "serial", "option"),
    [
        ("calibrate_bed", "01P", 2),
        ("calibrate_z_offset", "01P", 2),
        ("calibrate_z_offset", "094", 16),
    ],
)
def test_calibration_is_asked_for_by_its_bits(kind: str, serial: str, option: int) -> None:
    planned = commands.plan(DeviceCommand(kind), IDLE, models.by_serial(serial))
    assert isinstance(planned, Plan)
    assert (planned.request.command, planned.request.body) == ("calibration", {"option": option})


def test_a_hot_chamber_needs_m145_except_on_the_x1e() -> None:
    command = DeviceCommand("set_chamber_temp", {"target": 60})
    h2d = commands.plan(command, IDLE, models.by_serial("094"))
    x1e = commands.plan(command, IDLE, models.by_serial("03W"))
    assert isinstance(h2d, Plan)
    assert isinstance(x1e, Plan)
    assert h2d.request.body == {"param": "M145 P1\nM141 S60\n"}
    assert x1e.request.body == {"param": "M141 S60\n"}


def test_a_blocked_printer_is_not_asked_but_its_light_may_be_switched() -> None:
    blocked = dataclasses.replace(IDLE, control=ControlAccess.BLOCKED)
    assert refusal(blocked, "home_all") == DEVELOPER_MODE
    assert "system" in body(blocked, "light_on")


def test_every_slot_has_one_place_on_the_wire() -> None:
    places = {slot: tray_of(slot) for slot in range(1, LAST_SLOT + 1)}
    assert {slot_number(tray.unit, tray.position) for tray in places.values()} == set(places)
    assert [places[slot].number for slot in (1, 4, 5, 16, 17, 24)] == [0, 3, 4, 15, 128, 135]


def test_filaments_are_mapped_left_aligned() -> None:
    made = map_filaments((1, None, 3, 0, 18))
    assert made.use_ams is True
    assert made.ams_mapping == [0, -1, 2, -1, 129]
    assert made.ams_mapping2 == [
        {"ams_id": 0, "slot_id": 0},
        {"ams_id": 255, "slot_id": 255},
        {"ams_id": 0, "slot_id": 2},
        {"ams_id": 255, "slot_id": 0},
        {"ams_id": 129, "slot_id": 0},
    ]


def test_only_external_filament_means_no_ams() -> None:
    assert map_filaments((0, None)).use_ams is False


def test_the_start_request_names_plate_file_ids_and_slots() -> None:
    request = projects.project_file(PROJECT, {"timelapse": "yes"})
    assert (request.family, request.command, request.qos) == ("print", "project_file", 0)
    assert request.body == {
        "param": "Metadata/plate_2.gcode",
        "url": "ftp:///order-1042-p1.gcode.3mf",
        "file": "order-1042-p1.gcode.3mf",
        "md5": "",
        "subtask_name": "order",
        "project_id": "731200456",
        "profile_id": "0",
        "task_id": "731200456",
        "subtask_id": "731200456",
        "bed_type": "auto",
        "bed_leveling": True,
        "flow_cali": False,
        "vibration_cali": True,
        "layer_inspect": False,
        "timelapse": True,
        "use_ams": True,
        "ams_mapping": [0, -1, 3],
        "ams_mapping2": [
            {"ams_id": 0, "slot_id": 0},
            {"ams_id": 255, "slot_id": 255},
            {"ams_id": 0, "slot_id": 3},
        ],
        "cfg": "0",
        "extrude_cali_flag": 0,
        "extrude_cali_manual_mode": 0,
        "auto_bed_leveling": 1,
        "nozzle_offset_cali": 0,
    }


def test_the_way_a_printer_names_its_storage_can_be_set() -> None:
    request = projects.project_file(PROJECT, {"print_url": "file:///sdcard/"})
    assert request.body["url"] == "file:///sdcard/order-1042-p1.gcode.3mf"


def test_nothing_speaks_against_a_start_on_a_free_printer() -> None:
    assert projects.why_not(PROJECT, IDLE) is None


@pytest.mark.parametrize(
    ("project", "report", "sentence"),
    [
        (PROJECT, None, "The printer has not reported its state since we connected; nothing sent."),
        (
            PROJECT,
            dataclasses.replace(IDLE, is_full=False),
            "The printer has not reported its state since we connected; nothing sent.",
        ),
        (PROJECT, BUSY, "The printer is not free to start: it reports RUNNING."),
        (
            PROJECT,
            dataclasses.replace(IDLE, activity=Activity.ERROR),
            "The printer is not free to start: it reports FINISH.",
        ),
        (PROJECT, dataclasses.replace(IDLE, control=ControlAccess.BLOCKED), DEVELOPER_MODE),
        (
            PROJECT,
            dataclasses.replace(IDLE, has_storage=False),
            "The printer has no usable SD card or USB stick: put one in.",
        ),
        (
            dataclasses.replace(PROJECT, slots=SlotMap((2,))),
            IDLE,
            "Slot 2 is empty: load it, or choose another slot.",
        ),
        (dataclasses.replace(PROJECT, slots=SlotMap((5,))), IDLE, "The printer has no slot 5."),
        (
            dataclasses.replace(PROJECT, slots=SlotMap((None,))),
            IDLE,
            "Nobody said which slot feeds this print.",
        ),
        (
            dataclasses.replace(PROJECT, device_job_id="0"),
            IDLE,
            "The job id 0 is not a number from 1 to 2147483647.",
        ),
        (
            dataclasses.replace(PROJECT, file=RemoteFile("/a.gcode", 1)),
            IDLE,
            "Only sliced .gcode.3mf files can be started on a Bambu printer.",
        ),
    ],
)
def test_each_reason_against_a_start_has_its_sentence(
    project: projects.Project, report: DeviceReport | None, sentence: str
) -> None:
    assert projects.why_not(project, report) == Refused(sentence)
