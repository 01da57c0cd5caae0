"""G-code that harms is refused however it is spelled."""

import pytest

from shopwright.fleet.gcode_rules import HeatLimits, check_gcode
from shopwright.kernel.errors import Invalid

P1S = HeatLimits(nozzle=300, bed=100)
X1E = HeatLimits(nozzle=320, bed=120, chamber=60)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("G28", "G28"),
        ("g28 x\r\n\r\nM104 S200 ; warm", "g28 x\nM104 S200"),
        ("N7 M140 S60*41", "M140 S60"),
        ("(first) G1 X10 Y-2.5 F3000", "G1 X10 Y-2.5 F3000"),
        ("M104 T0 S300", "M104 T0 S300"),
        ("M221 S95", "M221 S95"),
        ("M220 S166", "M220 S166"),
        ("T1", "T1"),
        ("M117 LAYER 5", "M117 LAYER 5"),
    ],
)
def test_harmless_lines_are_sent_without_comments_numbers_and_checksums(
    text: str, sent: str
) -> None:
    assert check_gcode(text, P1S) == sent


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("M104 S301", "nozzle of this printer goes from 0 to 300"),
        ("M109 R400", "nozzle of this printer"),
        ("M140 S101", "bed of this printer goes from 0 to 100"),
        ("M190 S-1", "bed of this printer"),
        ("M141 S40", "no chamber heater"),
        ("m104s500", "nozzle of this printer"),
        ("M 104 S 500", "nozzle of this printer"),
        ("M104 S+500", "nozzle of this printer"),
        ("M104 S500.0", "nozzle of this printer"),
        ("M0104 S500", "nozzle of this printer"),
        ("M104.0 S500", "nozzle of this printer"),
        ("N1 M104 S500*99", "nozzle of this printer"),
        ("n1m104s500", "nozzle of this printer"),
        ("(heat) M104 S500", "nozzle of this printer"),
        ("G28\rM104 S500", "nozzle of this printer"),
        ("G28\\nM104 S500", "nozzle of this printer"),
        ("G28\u2028M104 S500", "nozzle of this printer"),
        ("G28 M104 S500", "nozzle of this printer"),
        ("M104 S200 M140 S500", "bed of this printer"),
        ("M104 S1E3", "not plain G-code"),
        ("M104 S3 5 0", "number without a letter"),
        ("M145 S0 H500 B60", "nozzle of this printer"),
        ("G10 P0 S500", "nozzle of this printer"),
        ("M303 E0 S250 C8", "M303 is refused"),
        ("M500", "M500 is refused: it writes its settings memory"),
        ("m502", "M502 is refused"),
        ("G28\nM500 ; keep it", "M500 is refused"),
        ("M997", "replaces its firmware"),
        ("M302 P1", "cold"),
        ("M112", "stops it until"),
        ("M42 P10 S255", "M42 is refused: it switches a pin of its board"),
        ("M143 H1 S500", "up to where its heaters are watched"),
        ("M98 P/sys/x.g", "runs a file on its card"),
        ("M104 \u017f200", "not plain G-code"),  # a long s, whose upper case is S
        ("M500\u0660", "not plain G-code"),
        ("G10 P0 S3E2", "not plain G-code"),
        ("N1*5 M500", "1 to 100 lines"),  # what follows a checksum is not sent
        ("SET_HEATER_TEMPERATURE HEATER=extruder TARGET=500", "does not begin with G, M or T"),
        ("TURN_OFF_HEATERS", "does not begin with G, M or T"),
        ("@pause", "not plain G-code"),
        ("{M104 S500}", "not plain G-code"),
        ("G28\x00M500", "no printer should be sent"),
        ("; nothing", "1 to 100 lines"),
        ("", "1 to 2000 characters"),
        ("G28\n" * 101, "1 to 100 lines"),
        ("G1 X1 " * 400, "1 to 2000 characters"),
    ],
)
def test_harmful_or_unreadable_lines_are_refused(text: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_gcode(text, P1S)
    assert words in refused.value.detail


def test_a_printer_with_a_chamber_heater_may_use_it_within_its_limit() -> None:
    assert check_gcode("M191 S60", X1E) == "M191 S60"
    with pytest.raises(Invalid, match="chamber of this printer goes from 0 to 60"):
        check_gcode("M191 S61", X1E)
