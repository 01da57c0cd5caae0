"""Every refusal says in a sentence what is wrong; nothing else than a refusal ever comes out."""

import io
import os
import resource
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from shopwright.kernel.errors import Invalid
from shopwright.print_files import archive, gcode_comments, parsing, slice_info
from shopwright.print_files.parsing import read_sliced_file
from shopwright.print_files.printer_models import ALL_MODELS
from shopwright.print_files.sliced_file import (
    PrintFileTooLarge,
    UnknownPrinterModel,
    UnreadablePrintFile,
    UnslicedProject,
)
from tests.print_files import factories
from tests.print_files.factories import (
    BAMBU_HEAD,
    FILAMENT_1,
    GCODE,
    MODEL_SETTINGS,
    PROJECT_SETTINGS,
    SLICE_INFO,
    members,
    plate,
    read_3mf,
    read_bytes,
    settings,
    zip_bytes,
)

ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE config [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><config>&b;</config>'
)
USED = b"; BambuStudio 1\n; filament used [g] = 1\n"


def refuse(
    folder: Path,
    changes: dict[str, str | bytes | None],
    sentence: str,
    kind: type[UnreadablePrintFile] = UnreadablePrintFile,
) -> None:
    refuse_bytes(folder, zip_bytes(members(changes)), sentence, kind)


def refuse_bytes(
    folder: Path,
    content: bytes,
    sentence: str,
    kind: type[UnreadablePrintFile] = UnreadablePrintFile,
    name: str = "bracket.gcode.3mf",
) -> None:
    with pytest.raises(UnreadablePrintFile) as refusal:
        read_bytes(folder, content, name)
    assert sentence in refusal.value.detail
    assert type(refusal.value) is kind
    assert isinstance(refusal.value, Invalid)
    assert refusal.value.status == 400


# Names and content


@pytest.mark.parametrize("name", ["bracket.stl", "bracket", "bracket.gcode.zip", "x.3mf.exe"])
def test_other_extensions_are_refused(tmp_path: Path, name: str) -> None:
    refuse_bytes(tmp_path, b"x", f"“{name}” is not a sliced file. Upload a .gcode.3mf", name=name)


def test_binary_gcode_is_refused_by_name_and_by_content(tmp_path: Path) -> None:
    sentence = "In PrusaSlicer turn off “Supports binary G-code”"
    refuse_bytes(tmp_path, b"GCDE\1\0", sentence, name="part.bgcode")
    refuse_bytes(tmp_path, b"GCDE\1\0", sentence, name="part.gcode")


def test_content_must_fit_the_extension(tmp_path: Path) -> None:
    refuse_bytes(tmp_path, BAMBU_HEAD.encode(), "ends with .3mf, but the content is no 3MF archive")
    refuse_bytes(tmp_path, zip_bytes(members()), "name it .gcode.3mf", name="part.gcode")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    refuse_bytes(tmp_path, b"", "The file is empty.")


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.gcode.3mf"
    path.touch()
    os.truncate(path, parsing.MAX_FILE_BYTES + 1)  # sparse: no disk space is used
    with pytest.raises(PrintFileTooLarge, match="500,000,001 bytes; at most 500,000,000"):
        read_sliced_file(path)


# The archive


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    whole = zip_bytes(members())
    refuse_bytes(tmp_path, whole[:-200], "The file is damaged: the archive cannot be unpacked.")


def test_a_member_with_flipped_bits_is_refused(tmp_path: Path) -> None:
    whole = bytearray(zip_bytes(members()))
    place = whole.index(SLICE_INFO.encode()) + len(SLICE_INFO) + 40
    whole[place] ^= 0xFF
    refuse_bytes(tmp_path, bytes(whole), f"The file is damaged: {SLICE_INFO} cannot be unpacked.")


def test_an_empty_archive_is_refused(tmp_path: Path) -> None:
    refuse_bytes(tmp_path, zip_bytes({}), "This is a ZIP archive, but not a sliced 3MF.")


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    refuse_bytes(tmp_path, zip_bytes({"a.txt": "hello"}), "“Export plate sliced file”")


@pytest.mark.parametrize(
    "name", ["../evil", "Metadata/../../evil", "/etc/passwd", "a\\..\\b", "C:/x", "x\0y", ""]
)
def test_names_that_point_outside_are_refused(tmp_path: Path, name: str) -> None:
    """Written as a name of the same length and patched, for zipfile itself would clean it."""
    stand_in = "~" * max(len(name), 1)
    content = zip_bytes(members({stand_in: "x"}))
    content = content.replace(stand_in.encode(), name.encode() if name else b"\0")
    refuse_bytes(tmp_path, content, "which points outside of it")


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    content = zip_bytes(members({"é": "x"})).replace("é".encode(), b"\xff\xfe")
    refuse_bytes(tmp_path, content, "The file is damaged")


@pytest.mark.parametrize("second", [GCODE, GCODE.upper()])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused(tmp_path: Path, second: str) -> None:
    content = zip_bytes([*members().items(), (second, "G28")])
    refuse_bytes(tmp_path, content, f"The archive holds {second} twice")


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    content = bytearray(zip_bytes(members()))
    entry = content.rindex(b"PK\1\2")
    content[entry + 8] |= 1  # general purpose flag: encrypted
    refuse_bytes(tmp_path, bytes(content), "The archive is encrypted (Metadata/plate_1.png).")


def test_an_unusual_packing_method_is_refused(tmp_path: Path) -> None:
    target = io.BytesIO(zip_bytes(members()))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_LZMA) as opened:
        opened.writestr("extra.bin", b"x" * 100)
    refuse_bytes(tmp_path, target.getvalue(), "extra.bin is packed by a method that 3MF does not")


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    target = io.BytesIO(zip_bytes(members()))
    with zipfile.ZipFile(target, "a") as opened:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        opened.writestr(link, "/etc/passwd")
    refuse_bytes(tmp_path, target.getvalue(), "link is a symbolic link; print files have none.")


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    many = {f"m{number}": b"" for number in range(archive.MAX_MEMBERS + 1)}
    refuse_bytes(
        tmp_path,
        zip_bytes(many),
        "The archive has 2,001 members; print files have at most 2,000.",
        PrintFileTooLarge,
    )


def test_a_huge_table_of_contents_is_refused_before_it_is_read(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, 5_000_000, 4, 0)
    refuse_bytes(
        tmp_path,
        b"PK\3\4" + b"\0" * 5_000_000 + end,
        "table of contents has 5,000,000 bytes",
        PrintFileTooLarge,
    )


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    content = bytearray(zip_bytes(members()))
    entries = [i for i in range(len(content)) if content[i : i + 4] == b"PK\1\2"]
    content[entries[-1] + 42 : entries[-1] + 46] = content[entries[-2] + 42 : entries[-2] + 46]
    refuse_bytes(tmp_path, bytes(content), "overlap in the archive")


def test_a_member_too_large_to_unpack_is_refused(tmp_path: Path) -> None:
    content = bytearray(zip_bytes(members()))
    entry = content.rindex(b"PK\1\2")
    struct.pack_into("<L", content, entry + 24, archive.MAX_MEMBER_BYTES + 1)
    refuse_bytes(
        tmp_path,
        bytes(content),
        "Metadata/plate_1.png would unpack to 400,000,001 bytes; at most 400,000,000",
        PrintFileTooLarge,
    )


def test_a_zip_bomb_is_refused_quickly_and_without_unpacking(tmp_path: Path) -> None:
    target = io.BytesIO(zip_bytes(members({GCODE: None})))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as opened, opened.open(GCODE, "w") as g:
        for _ in range(120):
            g.write(b"G1 X0\n" * 166_667)
    content = target.getvalue()
    assert len(content) < 500_000

    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    refuse_bytes(
        tmp_path,
        content,
        "would unpack to more than 200 times its size. This is a ZIP bomb",
        PrintFileTooLarge,
    )
    assert time.process_time() - started < 0.1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_kb < 5_000


def test_a_bomb_that_lies_about_its_size_costs_no_more_than_it_claims(tmp_path: Path) -> None:
    """40 MB of XML that the table of contents declares as 100 bytes: reading stops at 100."""
    content = bytearray(zip_bytes(members({SLICE_INFO: b"<a/>" * 10_000_000})))
    table = content.index(b"PK\1\2")
    entry = content.index(SLICE_INFO.encode(), table) - 46
    struct.pack_into("<L", content, entry + 24, 100)

    started = time.process_time()
    refuse_bytes(tmp_path, bytes(content), f"{SLICE_INFO} cannot be unpacked")
    assert time.process_time() - started < 0.1


def test_a_settings_member_over_its_limit_is_refused(tmp_path: Path) -> None:
    noise = os.urandom(5_000_000)
    refuse(
        tmp_path,
        {PROJECT_SETTINGS: noise},
        "Metadata/project_settings.config has 5,000,000 bytes; at most 4,000,000 are read.",
        PrintFileTooLarge,
    )


# Unsliced and incomplete


@pytest.mark.parametrize(
    "changes",
    [
        {SLICE_INFO: None, GCODE: None},
        {SLICE_INFO: factories.slice_info_of(""), GCODE: None},
        {GCODE: None},
    ],
)
def test_an_unsliced_project_is_refused(
    tmp_path: Path, changes: dict[str, str | bytes | None]
) -> None:
    refuse(
        tmp_path,
        changes,
        "This file is a project, not a sliced plate. Slice it, then choose "
        "“Export plate sliced file”",
        UnslicedProject,
    )


def test_gcode_that_nothing_describes_is_refused(tmp_path: Path) -> None:
    refuse(
        tmp_path, {SLICE_INFO: factories.slice_info_of("")}, "does not describe the plates that are"
    )


def test_a_plate_without_gcode_in_its_member_is_refused(tmp_path: Path) -> None:
    refuse(tmp_path, {GCODE: " \n"}, "The G-code of plate 1 is empty.")
    refuse(tmp_path, {GCODE: b"\0\1\2\0" * 50}, "This is no G-code: it holds binary data.")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"index": None}, "has a plate without a number"),
        ({"index": "0"}, "The file says 0 as plate number: not a whole number from 1."),
        ({"index": "1.5"}, "The file says 1.5 as plate number: not a whole number from 1."),
        ({"index": "101"}, "The file says 101 as plate number: more than 100 is absurd."),
        ({"prediction": "NaN"}, "The file says “NaN” as printing time: no number."),
        ({"prediction": "inf"}, "The file says “inf” as printing time: no number."),
        ({"prediction": "-5"}, "The file says -5 as printing time: it cannot be negative."),
        ({"prediction": "1e60"}, "as printing time: more than 8,640,000 is absurd."),
        ({"prediction": "１２"}, "as printing time: no number."),
        ({"weight": "-1"}, "The file says -1 as weight of the plate: it cannot be negative."),
        ({"nozzle_diameters": "4"}, "as nozzle diameter: more than 2.0 is absurd."),
        ({"nozzle_diameters": "0.01"}, "a nozzle of 0.01 mm, which does not exist"),
        ({"filament_maps": "1 " * 65}, "The project has 65 filaments; printers have at most 64."),
    ],
)
def test_absurd_numbers_of_a_plate_are_refused(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    refuse(tmp_path, {SLICE_INFO: factories.slice_info(**changes)}, sentence)


@pytest.mark.parametrize(
    ("filaments", "sentence"),
    [
        ("", "The file lists no filament for plate 1."),
        ('<filament used_g="1"/>', "The file says “” as filament id: no number."),
        ('<filament id="0" used_g="1"/>', "0 as filament id: not a whole number from 1."),
        ('<filament id="65" used_g="1"/>', "65 as filament id: more than 64 is absurd."),
        ('<filament id="1"/>', "The file says neither grams nor metres of filament 1."),
        ('<filament id="1" used_g="nan"/>', "“nan” as grams of filament: no number."),
        ('<filament id="1" used_g="-0.01"/>', "as grams of filament: it cannot be negative."),
        ('<filament id="1" used_g="50001"/>', "as grams of filament: more than 50,000 is absurd."),
        ('<filament id="1" used_m="9e9"/>', "as filament length: more than 20,000 is absurd."),
        (FILAMENT_1 * 65, "has more than 64 filaments on a plate."),
    ],
)
def test_absurd_filaments_are_refused(tmp_path: Path, filaments: str, sentence: str) -> None:
    refuse(tmp_path, {SLICE_INFO: factories.slice_info(filaments=filaments)}, sentence)


def test_a_plate_described_twice_is_refused(tmp_path: Path) -> None:
    twice = factories.slice_info_of(plate() + plate())
    refuse(tmp_path, {SLICE_INFO: twice}, "describes plate 1 twice")


def test_a_plate_without_time_is_refused(tmp_path: Path) -> None:
    refuse(
        tmp_path,
        {SLICE_INFO: factories.slice_info(prediction=None), GCODE: "G28\n"},
        "does not say how long it prints",
    )


# XML and JSON


@pytest.mark.parametrize("member", [SLICE_INFO, MODEL_SETTINGS])
def test_entities_and_document_types_are_refused(tmp_path: Path, member: str) -> None:
    refuse(tmp_path, {member: ENTITIES}, f"{member} declares a document type or entities.")
    outside = '<!DOCTYPE config SYSTEM "file:///etc/passwd"><config/>'
    refuse(tmp_path, {member: outside}, f"{member} declares a document type or entities.")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<config>",
        b"<config></plate>",
        b"\xff\xfe<config/>",
        '<?xml version="1.0" encoding="latin-1"?><config a="é"/>'.encode("latin-1"),
        b'<?xml version="1.0" encoding="utf-7"?><config a="\x80"/>',
        "<config/>".encode("utf-16"),
        b"<config>&nbsp;</config>",
    ],
)
def test_broken_or_otherwise_encoded_xml_is_refused(tmp_path: Path, content: bytes) -> None:
    refuse(tmp_path, {SLICE_INFO: content}, f"{SLICE_INFO} is not well-formed XML in UTF-8")


def test_xml_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    noise = os.urandom(20_000).hex()
    refuse(tmp_path, {SLICE_INFO: "<a>" * 40 + noise}, "more than 32 levels of elements")
    many = "<config>" + "<a/>" * slice_info.MAX_ELEMENTS + noise
    refuse(tmp_path, {SLICE_INFO: many}, "more than 100,000 elements")
    wide = "<a " + " ".join(f'x{number}=""' for number in range(1_000)) + "/>"
    refuse(tmp_path, {SLICE_INFO: f"<config>{wide * 301}"}, "more than 300,000 attributes")
    long = '<config a="' + os.urandom(600_000).hex() + '"/>'
    refuse(tmp_path, {SLICE_INFO: long}, "an element of more than 1,000,000 bytes")


def test_more_of_anything_than_slicers_write_is_refused(tmp_path: Path) -> None:
    thing = '<object identify_id="1" name="x"/>'
    for content, sentence in (
        (factories.slice_info_of(plate() * 101), "more than 100 plates"),
        (factories.slice_info(extra=thing * 10_001), "more than 10,000 objects on a plate"),
        (
            factories.slice_info(extra="".join(f'<metadata key="{n}"/>' for n in range(501))),
            "more than 500 values on a plate",
        ),
    ):
        refuse(tmp_path, {SLICE_INFO: content}, sentence)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"printer_model": {"a": 1}}',
        b'{"printer_model": "\xff"}',
        b'{"other": "\xff"}',
        b'{"nozzle_diameter": NaN}',
        b'{"other": ' + b"[" * 100_000,
    ],
)
def test_settings_that_are_not_the_slicers_json_are_refused(tmp_path: Path, content: bytes) -> None:
    refuse(tmp_path, {PROJECT_SETTINGS: content}, "is not the JSON that slicers write")


def test_a_settings_list_longer_than_any_machine_is_refused(tmp_path: Path) -> None:
    long = settings(filament_colour=["#000000"] * 65)
    refuse(tmp_path, {PROJECT_SETTINGS: long}, "The file lists 65 filaments; printers have at most")


# Printers


def test_an_unknown_printer_model_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownPrinterModel) as refusal:
        read_3mf(
            tmp_path,
            {
                SLICE_INFO: factories.slice_info(printer_model_id="Z9"),
                PROJECT_SETTINGS: settings(printer_model="Bambu Lab Z9"),
            },
        )

    assert "sliced for the printer model “Z9”, which is not known here" in refusal.value.detail
    assert "X1C, X1, X1E, P1P, P1S, P2S, A1 mini, A1, H2D" in refusal.value.detail
    assert refusal.value.extra["known_models"] == [model.display for model in ALL_MODELS]


def test_a_file_that_names_no_printer_or_nozzle_is_refused(tmp_path: Path) -> None:
    refuse(
        tmp_path,
        {
            SLICE_INFO: factories.slice_info(printer_model_id=None),
            PROJECT_SETTINGS: settings(printer_model=None),
        },
        "does not say for which printer it was sliced",
    )
    refuse(
        tmp_path,
        {
            SLICE_INFO: factories.slice_info(nozzle_diameters=None),
            PROJECT_SETTINGS: settings(nozzle_diameter=None),
        },
        "does not say for which nozzle it was sliced",
    )


def test_plates_for_different_printers_are_refused(tmp_path: Path) -> None:
    two = plate() + plate(index="2", printer_model_id="N1")
    refuse(
        tmp_path,
        {
            SLICE_INFO: factories.slice_info_of(two),
            PROJECT_SETTINGS: None,
            "Metadata/plate_2.gcode": BAMBU_HEAD,
        },
        "sliced for different printers (C12, N1)",
    )


# Plain G-code


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"hello\nworld\n", "This is no G-code: there is no move in it."),
        (b"G28\nG1 X1 Y1\n", "This G-code does not say which slicer made it"),
        (b"; BambuStudio 1\n\0\n", "This is no G-code: it holds binary data."),
        (b"; BambuStudio 1\n; caf\xe9\n", "This G-code is not UTF-8 text."),
        (b"; BambuStudio 1\nG28\n", "does not say how much filament it uses"),
        (b"; BambuStudio 1\n; filament used [g] = 0.00\n", "this G-code uses no filament"),
        (USED, "does not say how long it prints"),
        (b"; BambuStudio 1\n; filament used [g] = -1\n", "it cannot be negative"),
        (b"; BambuStudio 1\n; filament used [g] = nan\n", "“nan” as grams of filament: no number"),
        (b"; BambuStudio 1\n; filament used [g] = " + b"1," * 64 + b"1\n", "lists 65 filaments"),
        (
            USED + b"; estimated printing time (normal mode) = soon\n",
            "“soon” as printing time: no duration.",
        ),
        (
            USED + b"; estimated printing time (normal mode) = 101d\n",
            "8726400 as printing time: more than 8,640,000 is absurd.",
        ),
    ],
)
def test_gcode_that_says_too_little_or_nonsense_is_refused(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    refuse_bytes(tmp_path, content, sentence, name="part.gcode")


def test_gcode_for_an_unknown_printer_is_refused(tmp_path: Path) -> None:
    content = f"{BAMBU_HEAD}; printer_model = Frobnicator 3000\n"
    refuse_bytes(
        tmp_path,
        content.encode(),
        "sliced for the printer model “Frobnicator 3000”",
        UnknownPrinterModel,
        name="part.gcode",
    )


def test_gcode_with_endless_names_in_comments_is_refused(tmp_path: Path) -> None:
    lines = "".join(f";{n}=\n" for n in range(gcode_comments.MAX_KEYS + 1))
    refuse_bytes(tmp_path, lines.encode(), "more than 50,000 named comments", name="x.gcode")
