"""Which part of the way to a printer is the matter, and what to do about it."""

from collections.abc import Sequence

from shopwright.drivers.errors import CredentialRejected, LinkFailed
from shopwright.drivers.polled.dialect import Dialect
from shopwright.drivers.resolving import ADDRESS, look_up
from shopwright.fleet.port import DeviceReport, Diagnosis, DiagnosisStep, Finding, all_steps
from shopwright.fleet.states import Activity

KEY, REPORT, PRINTER, STORAGE = "access key", "report", "printer", "storage"
UNREACHED = frozenset({Finding.HOST_UNREACHABLE, Finding.PORT_CLOSED})


async def diagnose(dialect: Dialect) -> Diagnosis:
    """Every step; those after one that makes the rest pointless are not reached. A fault is a
    step, not an error."""
    async with dialect.link:
        steps = [await look_up(dialect.link.host)]
        if steps[0].finding is Finding.OK:
            await _try_all(dialect, steps)
    names = (ADDRESS, _port(dialect), dialect.program, KEY, REPORT, PRINTER, STORAGE)
    return Diagnosis(all_steps(steps, names))


async def _try_all(dialect: Dialect, steps: list[DiagnosisStep]) -> None:
    try:
        await _walk(dialect, steps)
    except (LinkFailed, CredentialRejected) as err:
        steps.append(_fault(dialect, steps, err))


def disk_step(free: int | None, program: str) -> DiagnosisStep:
    """``free`` None: it does not say."""
    if free is None or free > 0:
        return _good(STORAGE, "There is room for files.")
    return DiagnosisStep(
        STORAGE, Finding.NO_STORAGE, f"The disk of {program} is full: delete files there."
    )


async def _walk(dialect: Dialect, steps: list[DiagnosisStep]) -> None:
    try:
        name = await dialect.identify()
    except CredentialRejected:
        name = dialect.program  # it hides its version from strangers; the next step says it all
    steps.append(_good(_port(dialect), "Something answers there."))
    steps.append(_good(dialect.program, f"It is {name}."))
    await dialect.sign_in()
    steps.append(_good(KEY, "The key is right."))
    report = await dialect.read()
    steps.append(_good(REPORT, f"The printer reports {report.native or 'nothing'}."))
    steps.append(_machine(report))
    steps.extend(await dialect.look())


def _fault(
    dialect: Dialect, steps: Sequence[DiagnosisStep], err: LinkFailed | CredentialRejected
) -> DiagnosisStep:
    if isinstance(err, CredentialRejected):
        return DiagnosisStep(KEY, err.finding, str(err))
    if err.finding in UNREACHED:
        return DiagnosisStep(_port(dialect), err.finding, str(err))
    if err.finding is Finding.WRONG_PRINTER:
        return DiagnosisStep(dialect.program, err.finding, str(err))
    has_answered = any(step.name == dialect.program for step in steps)
    return DiagnosisStep(REPORT if has_answered else _port(dialect), err.finding, str(err))


def _machine(report: DeviceReport) -> DiagnosisStep:
    if report.activity in {Activity.ERROR, Activity.UNKNOWN}:
        sentence = report.faults[0].sentence if report.faults else "Its state is not known."
        return DiagnosisStep(PRINTER, Finding.SILENT, sentence)
    return _good(PRINTER, "The printer is connected and answers.")


def _port(dialect: Dialect) -> str:
    return f"HTTP port {dialect.link.port}"


def _good(name: str, sentence: str) -> DiagnosisStep:
    return DiagnosisStep(name, Finding.OK, sentence)
