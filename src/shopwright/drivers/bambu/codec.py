"""Bytes on the MQTT topics to messages, and requests to bytes; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from shopwright.drivers.bambu.values import as_int, as_object, as_objects, as_text

VERIFICATION_FAILED = 84033543  # 0x05024007: the firmware wants signed commands
SIGNATURE_MALFORMED = 84033545  # 0x05024009
VERIFICATION_REASON = "mqtt message verify failed"

ACKNOWLEDGED = frozenset({"print", "system", "camera", "xcam", "upgrade"})


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    BLOCKED = "blocked"  # authorisation control: Developer mode is off
    INCONCLUSIVE = "inconclusive"  # a bare echo (P1S 01.10); telemetry decides


@dataclass(frozen=True, slots=True)
class StatusPush:
    fields: Mapping[str, object]
    is_full: bool


@dataclass(frozen=True, slots=True)
class VersionReply:
    modules: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class Ack:
    family: str
    command: str
    sequence_id: str | None
    verdict: Verdict
    reason: str | None = None
    code: int | None = None


Message = StatusPush | VersionReply | Ack


@dataclass(frozen=True, slots=True)
class Request:
    family: str
    command: str
    body: Mapping[str, object] = field(default_factory=dict)
    qos: int = 0


GET_VERSION = Request("info", "get_version")
PUSH_ALL = Request("pushing", "pushall", {"version": 1, "push_target": 1})
PUSH_START = Request("pushing", "start")
CLEAN_ERROR = Request("print", "clean_print_error")


def decode(payload: bytes) -> tuple[Message, ...]:
    """The messages in one publish; empty for anything that is not one. Never raises."""
    return tuple(_messages(_parse(payload)))


def encode(request: Request, sequence_id: str) -> bytes:
    content = {"sequence_id": sequence_id, "command": request.command, **request.body}
    return msgspec.json.encode({request.family: content})


def classify(fields: Mapping[str, object]) -> Verdict:
    """The table of ack variants in the protocol notes, 1.6."""
    code = as_int(fields.get("err_code")) or 0
    reason = (as_text(fields.get("reason")) or "").lower()
    if code in {VERIFICATION_FAILED, SIGNATURE_MALFORMED} or VERIFICATION_REASON in reason:
        return Verdict.BLOCKED
    result = fields.get("result")
    word = (as_text(result) or "").lower()
    if word in {"success", "0"}:
        return Verdict.ACCEPTED
    if word in {"fail", "failed"} or as_int(result) or code:
        return Verdict.REJECTED
    return Verdict.INCONCLUSIVE


def _parse(payload: bytes) -> dict[str, object]:
    stripped = payload.rstrip(b"\0 \r\n\t")  # some firmware appends NULs
    try:
        return as_object(msgspec.json.decode(stripped))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:  # names typed at the printer are not always UTF-8
        return as_object(msgspec.json.decode(stripped.decode("latin-1")))
    except (msgspec.DecodeError, RecursionError):
        return {}


def _messages(envelope: dict[str, object]) -> Iterator[Message]:
    for family, content in envelope.items():
        fields = as_object(content)
        command = as_text(fields.get("command"))
        if command is None:
            continue
        if family == "print" and command == "push_status":
            yield StatusPush(fields, is_full=_is_full(fields))
        elif family == "info" and command == "get_version":
            yield VersionReply(tuple(as_objects(fields.get("module"))))
        elif family in ACKNOWLEDGED:
            yield _ack(family, command, fields)


def _is_full(fields: Mapping[str, object]) -> bool:
    """No ``msg`` counts as 0 (X1); without the state word a push is never complete."""
    return (as_int(fields.get("msg")) or 0) == 0 and "gcode_state" in fields


def _ack(family: str, command: str, fields: Mapping[str, object]) -> Ack:
    return Ack(
        family=family,
        command=command,
        sequence_id=as_text(fields.get("sequence_id")),
        verdict=classify(fields),
        reason=as_text(fields.get("reason")),
        code=as_int(fields.get("err_code")),
    )
