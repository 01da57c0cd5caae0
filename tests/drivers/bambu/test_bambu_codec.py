import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwright.drivers.bambu import codec
from shopwright.drivers.bambu.codec import Ack, Request, StatusPush, Verdict, VersionReply
from shopwright.drivers.bambu.reports import Mirror
from tests.drivers.bambu import pushes
from tests.drivers.bambu.when import NOW

KEYS = st.sampled_from(
    [*pushes.RUNNING, "device", "extruder", "info", "temp", "bed", "state", "tray", "id", "nozzle"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
JSON = st.recursive(
    LEAVES | st.sampled_from(["FINISH", "RUNNING", "254", "-1", "ffffffff", "1e400"]),
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(KEYS, deeper, max_size=3),
    max_leaves=8,
)


def test_a_status_push_without_msg_is_full_and_one_with_msg_1_is_not() -> None:
    full = codec.decode(pushes.wire("print", {"command": "push_status", "gcode_state": "IDLE"}))
    part = codec.decode(
        pushes.wire("print", {"command": "push_status", "gcode_state": "IDLE", "msg": 1})
    )
    assert full == (StatusPush({"command": "push_status", "gcode_state": "IDLE"}, is_full=True),)
    assert [message.is_full for message in part if isinstance(message, StatusPush)] == [False]


def test_a_push_without_the_state_word_is_never_full() -> None:
    (push,) = codec.decode(pushes.wire("print", {"command": "push_status", "msg": 0}))
    assert isinstance(push, StatusPush)
    assert push.is_full is False


def test_trailing_nuls_and_latin_1_text_are_read() -> None:
    payload = b'{"print":{"command":"push_status","subtask_name":"K\xf6nig"}}\0\0'
    (push,) = codec.decode(payload)
    assert isinstance(push, StatusPush)
    assert push.fields["subtask_name"] == "König"


@pytest.mark.parametrize(
    "payload",
    [b"", b"\0", b"[]", b"7", b'{"print":3}', b'{"print":{}}', b'{"mc_print":{"command":"x"}}'],
)
def test_what_is_not_a_message_is_ignored(payload: bytes) -> None:
    assert codec.decode(payload) == ()


def test_deeply_nested_json_is_ignored() -> None:
    assert codec.decode(b'{"print":' + b"[" * 100_000) == ()


def test_the_version_reply_lists_its_modules() -> None:
    (reply,) = codec.decode(pushes.wire("info", pushes.VERSION))
    assert isinstance(reply, VersionReply)
    assert [module["name"] for module in reply.modules] == ["esp32", "ota"]


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"result": "success"}, Verdict.ACCEPTED),
        ({"result": "SUCCESS"}, Verdict.ACCEPTED),
        ({"result": 0}, Verdict.ACCEPTED),
        ({"result": "fail", "reason": "busy"}, Verdict.REJECTED),
        ({"result": "FAILED"}, Verdict.REJECTED),
        ({"result": 1}, Verdict.REJECTED),
        ({"err_code": 83902468}, Verdict.REJECTED),
        ({"err_code": 84033543}, Verdict.BLOCKED),
        ({"err_code": "84033543"}, Verdict.BLOCKED),
        ({"err_code": 84033545, "result": "failed"}, Verdict.BLOCKED),
        ({"result": "failed", "reason": "mqtt message verify failed"}, Verdict.BLOCKED),
        ({}, Verdict.INCONCLUSIVE),
        ({"result": "whatever"}, Verdict.INCONCLUSIVE),
        ({"result": None, "err_code": 0}, Verdict.INCONCLUSIVE),
    ],
)
def test_acks_are_classified_as_the_notes_say(fields: dict[str, object], verdict: Verdict) -> None:
    echo = {"command": "pause", "sequence_id": "20031", "param": "", **fields}
    (ack,) = codec.decode(pushes.wire("print", echo))
    assert isinstance(ack, Ack)
    assert (ack.command, ack.sequence_id, ack.verdict) == ("pause", "20031", verdict)


def test_a_request_carries_its_sequence_id_as_text() -> None:
    payload = codec.encode(Request("print", "pause", {"param": ""}), "20031")
    assert json.loads(payload) == {
        "print": {"sequence_id": "20031", "command": "pause", "param": ""}
    }


@given(st.binary(max_size=200))
def test_no_bytes_make_the_decoder_raise(payload: bytes) -> None:
    assert isinstance(codec.decode(payload), tuple)


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=3), max_size=2))
def test_no_payload_makes_the_mirror_raise(contents: list[dict[str, object]]) -> None:
    mirror = Mirror(pushes.SERIAL)
    for content in (pushes.RUNNING, *contents):
        for message in codec.decode(pushes.wire("print", {**content, "command": "push_status"})):
            mirror.apply(message)
        assert mirror.report(NOW).serial == pushes.SERIAL


def every_place(part: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value inside a payload."""
    keys = list(part) if isinstance(part, dict) else []
    places = range(len(part)) if isinstance(part, list) else []
    for key in (*keys, *places):
        yield (*path, key)
        yield from every_place(part[key], (*path, key))  # type: ignore[index]  # it is one of both


@pytest.mark.parametrize("wrong", [None, True, -1, 2**70, 1e308, "", "9" * 5000, [[]], {"id": []}])
def test_no_single_wrong_value_makes_the_mirror_raise(wrong: object) -> None:
    for *parents, last in every_place(pushes.RUNNING):
        broken: Any = copy.deepcopy(pushes.RUNNING)
        part = broken
        for key in parents:
            part = part[key]
        part[last] = wrong
        for first in (broken, pushes.RUNNING):
            mirror = pushes.mirror_of(first, broken, pushes.RUNNING)
            assert mirror.report(NOW).device_job_id == "731200455"


@given(st.dictionaries(KEYS, JSON, max_size=3), st.sampled_from(["info", "system", "print"]))
def test_no_reply_makes_the_mirror_raise(content: dict[str, object], family: str) -> None:
    mirror = Mirror(None)
    for command in ("get_version", "ledctrl"):
        reply = {**content, "command": command, "module": content.get("info")}
        for message in codec.decode(pushes.wire(family, reply)):
            mirror.apply(message)
    assert mirror.report(NOW).is_full is False
