"""Which part of the way to a printer is the matter, and what to do about it."""

import asyncio
import dataclasses

from shopwright.drivers.bambu import client, ftps, tls
from shopwright.drivers.bambu.errors import CredentialRejected, LinkFailed
from shopwright.drivers.bambu.faults import DEVELOPER_MODE
from shopwright.drivers.bambu.ftps import FileStore
from shopwright.drivers.bambu.session import Session
from shopwright.drivers.resolving import ADDRESS, look_up
from shopwright.fleet.port import (
    DeviceReport,
    Diagnosis,
    DiagnosisStep,
    Endpoint,
    Finding,
    Timeouts,
    all_steps,
)
from shopwright.fleet.states import ControlAccess

PORT, ENCRYPTION, CERTIFICATE, CODE = "MQTT port", "encryption", "certificate", "access code"
REPORT, MODE, STORAGE, FILES = "full report", "Developer mode", "SD card", "file storage"

ENCRYPTED = "The connection is encrypted."
NO_TLS = "See whether this is the printer's address, then restart the printer."
SILENT = "The printer is connected but reports nothing: restart it, or close other programs."
UNSURE = "This model does not say; the first command will show whether Developer mode is on."
NO_STORAGE = "There is no usable SD card or USB stick: put one in and format it on the printer."


async def diagnose(endpoint: Endpoint, timeouts: Timeouts, living: Session | None) -> Diagnosis:
    """Every step; those after one that makes the rest pointless are not reached. A fault is a
    step, not an error.

    A living connection is used as it is, because weak printers serve only one client well.
    """
    session = living or Session(endpoint, timeouts)
    try:
        steps = await _reach(endpoint, timeouts, is_open=living is not None)
        if all(step.finding is Finding.OK for step in steps):
            steps += await _look(session, timeouts, is_open=living is not None)
    finally:
        if living is None:
            session.close()
    seen = session.client
    if seen.fingerprint and steps[-1].name == STORAGE:
        known = dataclasses.replace(
            endpoint, serial=seen.serial, pinned_fingerprint=seen.fingerprint
        )
        steps.append(await _files(known, timeouts))
    return Diagnosis(all_steps(steps, _names(endpoint)), seen.serial, seen.fingerprint)


def _names(endpoint: Endpoint) -> list[str]:
    files = _named(FILES, endpoint.ftps_port or ftps.PORT)
    return [ADDRESS, _port(endpoint), ENCRYPTION, CERTIFICATE, CODE, REPORT, MODE, STORAGE, files]


def _port(endpoint: Endpoint) -> str:
    return _named(PORT, endpoint.mqtt_port or client.PORT)


async def _reach(endpoint: Endpoint, timeouts: Timeouts, *, is_open: bool) -> list[DiagnosisStep]:
    """Its address and its port, which an open connection proves."""
    address = await look_up(endpoint.host)
    if address.finding is not Finding.OK:
        return [address]
    try:
        if not is_open:
            port = endpoint.mqtt_port or client.PORT
            (await tls.open_plain(endpoint.host, port, timeouts.connect_s)).close()
    except LinkFailed as err:
        return [address, DiagnosisStep(_port(endpoint), err.finding, str(err))]
    return [address, DiagnosisStep(_port(endpoint), Finding.OK, "The printer answers.")]


async def _look(session: Session, timeouts: Timeouts, *, is_open: bool) -> list[DiagnosisStep]:
    try:
        if not is_open:
            await session.open()
    except (LinkFailed, CredentialRejected) as err:
        return _sign_in_failed(err)
    steps = [
        DiagnosisStep(ENCRYPTION, Finding.OK, ENCRYPTED),
        DiagnosisStep(CERTIFICATE, Finding.OK, f"It is printer {session.client.serial}."),
        DiagnosisStep(CODE, Finding.OK, "The access code is right."),
    ]
    try:
        async with asyncio.timeout(timeouts.command_s):
            report = await session.full_report()
    except (LinkFailed, TimeoutError):
        return [*steps, DiagnosisStep(REPORT, Finding.SILENT, SILENT)]
    return [*steps, *_read(report)]


def _sign_in_failed(err: LinkFailed | CredentialRejected) -> list[DiagnosisStep]:
    if err.finding is Finding.TLS_FAILED:
        return [DiagnosisStep(ENCRYPTION, err.finding, f"{err} {NO_TLS}")]
    encrypted = DiagnosisStep(ENCRYPTION, Finding.OK, ENCRYPTED)
    if err.finding is Finding.WRONG_PRINTER:
        return [encrypted, DiagnosisStep(CERTIFICATE, err.finding, str(err))]
    good = DiagnosisStep(CERTIFICATE, Finding.OK, "The certificate is the printer's.")
    return [encrypted, good, DiagnosisStep(CODE, err.finding, str(err))]


def _read(report: DeviceReport) -> list[DiagnosisStep]:
    word = report.native or "nothing"
    steps = [DiagnosisStep(REPORT, Finding.OK, f"The printer reports {word}.")]
    if report.control is ControlAccess.BLOCKED:
        steps.append(DiagnosisStep(MODE, Finding.CONTROL_BLOCKED, DEVELOPER_MODE))
    else:
        is_sure = report.control is ControlAccess.ALLOWED
        steps.append(DiagnosisStep(MODE, Finding.OK, "It is on." if is_sure else UNSURE))
    if report.has_storage is False:
        steps.append(DiagnosisStep(STORAGE, Finding.NO_STORAGE, NO_STORAGE))
    else:
        steps.append(DiagnosisStep(STORAGE, Finding.OK, "Nothing speaks against the storage."))
    return steps


async def _files(endpoint: Endpoint, timeouts: Timeouts) -> DiagnosisStep:
    name = _named(FILES, endpoint.ftps_port or ftps.PORT)
    store = FileStore(endpoint, timeouts)
    try:
        await store.check()
    except (LinkFailed, CredentialRejected) as err:
        return DiagnosisStep(name, err.finding, str(err))
    finally:
        store.close()
    return DiagnosisStep(name, Finding.OK, "Files can be sent.")


def _named(what: str, port: int) -> str:
    return f"{what} {port}"
