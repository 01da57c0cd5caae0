"""Agents seen from the server: let in once, one owner per printer, everything told exactly once."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select

from shopwright.accounts import keys
from shopwright.files import service as stored_files
from shopwright.files.access import files_of
from shopwright.files.service import NewFile
from shopwright.fleet import queries, service
from shopwright.fleet.agents import service as agents
from shopwright.fleet.agents.keeper import AgentKeeper
from shopwright.fleet.agents.service import AWAY, LOST_AFTER
from shopwright.fleet.models import Agent, Printer, PrinterCommand
from shopwright.fleet.states import CommandStatus, ConnectionState, DrivenBy, Gate
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.print_jobs import dispatch
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import AttemptStatus, JobStatus
from shopwright.telemetry.latest import LatestSnapshots
from tests.clock import FixedClock
from tests.conftest import ClientAs
from tests.factories import make_printer
from tests.workshop import list_jobs, make_recipe, place, ready_printer

JOURNAL = "0198c5b0-0000-7000-8000-000000000001"


@dataclass(slots=True)
class Machine:
    """What an agent would send, by hand."""

    client: AsyncClient
    clock: FixedClock
    agent_id: int
    journal: str = JOURNAL
    run: str = "run-number-1"
    work: dict[str, Any] = field(default_factory=dict)

    async def fetch(self, **changes: Any) -> Response:
        body = {
            "run": self.run,
            "journal": self.journal,
            "sent_at": self.clock.now().isoformat(),
            "version": "1",
            "machine": "pi",
            **changes,
        }
        answer = await self.client.post("/api/agents/me/work", json=body)
        self.work = answer.json()
        return answer

    async def tell(
        self, first: int, *facts: tuple[int, str, dict[str, Any]], **more: Any
    ) -> Response:
        events = [
            {"sequence": first + n, "printer_id": printer_id, "kind": kind, "content": content}
            for n, (printer_id, kind, content) in enumerate(facts)
        ]
        body = {"journal": self.journal, "events": events, **more}
        return await self.client.post("/api/agents/me/events", json=body)

    async def ask_to_start(self, command_id: int, epoch: int) -> Response:
        body = {"command": command_id, "epoch": epoch}
        return await self.client.post("/api/agents/me/starts", json=body)


async def enrol(client: AsyncClient, client_as: ClientAs, clock: FixedClock, name: str) -> Machine:
    made = await client.post("/api/agents/enrolments", json={"name": name})
    assert made.status_code == 201
    stranger = await client_as(None)
    answer = await stranger.post("/api/agents/enrol", json={"code": made.json()["secret"].lower()})
    assert answer.status_code == 201
    own = await client_as(None)
    own.headers["x-api-key"] = answer.json()["key"]
    return Machine(own, clock, answer.json()["agent_id"])


@pytest.fixture
async def machine(client: AsyncClient, client_as: ClientAs, clock: FixedClock) -> Machine:
    return await enrol(client, client_as, clock, "Attic")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job dispatched to a printer that the agent drives."""

    printer: Printer
    command: PrinterCommand

    @property
    def job(self) -> str:
        return str(self.command.device_job_id)


@pytest.fixture
async def claimed(
    database: Database, owner: Actor, client: AsyncClient, machine: Machine, clock: FixedClock
) -> Claimed:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        printer = await ready_printer(session, owner)
        await place(session, owner, ("GEAR", 1))
    given = await give(client, machine, printer)
    assert given.status_code == 200
    async with database.write() as session:
        (job,) = await list_jobs(session, owner)
        await dispatch.dispatch_job(session, owner, job=job, printer_id=printer.id, now=clock.now())
    async with database.read() as session:
        (command,) = await queries.list_open_commands(session, printer.id)
    return Claimed(printer, command)


async def give(client: AsyncClient, machine: Machine, printer: Printer) -> Response:
    path = f"/api/agents/{machine.agent_id}/printers"
    return await client.post(path, json={"printer_id": printer.id})


async def fates(
    database: Database, claimed: Claimed
) -> tuple[JobStatus, AttemptStatus, EffectStatus, CommandStatus]:
    scope: dict[str, Any] = {"execution_options": {"cross_tenant": True, "populate_existing": True}}
    async with database.read() as session:
        command = await session.get_one(PrinterCommand, claimed.command.id, **scope)
        effect = await session.get_one(effects.Effect, command.effect_id, **scope)
        attempt = await session.get_one(Attempt, effect.subject_id, **scope)
        job = await session.get_one(PrintJob, attempt.print_job_id, **scope)
    return job.status, attempt.status, effect.status, command.status


def reported(claimed: Claimed, clock: FixedClock, activity: str, outcome: str = "none") -> Any:
    content = {
        "organization_id": 999,
        "printer_id": 999,
        "device_job_id": claimed.job,
        "activity": activity,
        "outcome": outcome,
        "percent": 50,
        "used_ppm": None,
        "reason": None,
        "observed_at": clock.now().isoformat(),
    }
    return claimed.printer.id, "job.reported", content


def phase(claimed: Claimed, word: str) -> Any:
    content = {"organization_id": 1, "printer_id": 1, "device_job_id": claimed.job, "phase": word}
    return claimed.printer.id, "start.phase", content


def ended(claimed: Claimed, clock: FixedClock, status: str, result: str, sentence: str) -> Any:
    content = {
        "command_id": claimed.command.id,
        "status": status,
        "result": result,
        "sentence": sentence,
        "settled_at": clock.now().isoformat(),
    }
    return claimed.printer.id, "start.ended", content


def state(printer: Printer, clock: FixedClock, connection: str, activity: str) -> Any:
    content: dict[str, Any] = {
        "connection": connection,
        "activity": activity,
        "outcome": "none",
        "control": "allowed",
        "device_job_id": None,
        "device_job_name": "",
        "firmware": "01.07",
        "model": None,
        "serial": None,
        "fingerprint": "ab" * 32,
        "has_storage": True,
        "nozzle_um": 400,
        "trouble": None,
        "faults": [],
        "last_seen_at": clock.now().isoformat(),
        "updated_at": clock.now().isoformat(),
        "slots": [],
    }
    return printer.id, "printer.state", content


async def test_an_enrolment_code_works_once_and_for_an_hour(
    client: AsyncClient, anonymous: AsyncClient, clock: FixedClock
) -> None:
    code = (await client.post("/api/agents/enrolments", json={"name": "A"})).json()["secret"]
    late = (await client.post("/api/agents/enrolments", json={"name": "B"})).json()["secret"]
    assert (await anonymous.post("/api/agents/enrol", json={"code": code})).status_code == 201
    clock.advance(minutes=61)
    for spent in (code, late, "AAAA-BBBB-CCCC-DDDD"):
        refused = await anonymous.post("/api/agents/enrol", json={"code": spent})
        assert (refused.status_code, refused.json()["code"]) == (403, "enrolment-refused")
    assert [a["name"] for a in (await client.get("/api/agents")).json()] == ["A"]


async def test_an_agents_key_opens_nothing_but_the_agents_routes(
    machine: Machine, client: AsyncClient
) -> None:
    assert (await machine.client.get("/api/printers")).status_code == 403
    forbidden = await machine.client.post("/api/agents/enrolments", json={"name": "More"})
    assert forbidden.status_code == 403
    person = await client.post("/api/agents/me/events", json={"journal": JOURNAL, "events": []})
    assert (person.status_code, person.json()["code"]) == (403, "not-an-agent")


async def test_a_second_agent_is_told_who_drives_the_printer(
    client: AsyncClient,
    client_as: ClientAs,
    clock: FixedClock,
    database: Database,
    owner: Actor,
    machine: Machine,
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
    other = await enrol(client, client_as, clock, "Cellar")
    assert (await give(client, machine, printer)).status_code == 200
    refused = await give(client, other, printer)
    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        "Left is driven by the agent Attic. Take it from that one first."
    )
    async with database.read() as session:
        assert await queries.list_driven_printers(session) == []
    await other.fetch()
    assert other.work["printers"] == []
    await machine.fetch()
    (told,) = machine.work["printers"]
    assert (told["id"], told["access_code"], told["epoch"]) == (printer.id, "12345678", 1)


async def test_a_printer_known_only_through_the_cloud_is_not_given_until_it_has_an_address(
    client: AsyncClient, database: Database, owner: Actor, machine: Machine
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        printer.driver, printer.host = "bambu_cloud", ""
    refused = await give(client, machine, printer)
    assert (refused.status_code, refused.json()["code"]) == (409, "printer-cloud-only")
    assert refused.json()["detail"] == (
        "Left is connected only through Bambu's cloud, which this server watches. "
        "Give it its address on the LAN first."
    )
    async with database.write() as session:
        (await service.get_printer(session, owner, printer.id)).host = "127.0.0.1"
    assert (await give(client, machine, printer)).status_code == 200


async def test_a_server_that_still_drives_the_printer_loses_it_at_once(
    client: AsyncClient, database: Database, owner: Actor, machine: Machine, clock: FixedClock
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        epoch = await queries.take_lease(session, printer.id, "local", clock.now(), 30)
    await give(client, machine, printer)
    async with database.write() as session:
        kept = await queries.renew_leases(
            session, "local", {printer.id: int(epoch or 0)}, clock.now(), 30
        )
        assert kept == set()
        assert not await queries.holds_lease(session, printer.id, int(epoch or 0))
    await machine.fetch()
    assert [told["epoch"] for told in machine.work["printers"]] == [3]


async def test_the_same_agent_with_another_data_folder_is_refused_while_the_first_lives(
    machine: Machine, clock: FixedClock
) -> None:
    assert (await machine.fetch()).status_code == 200
    copied = Machine(
        machine.client, clock, machine.agent_id, JOURNAL.replace("1", "2"), "run-two-x"
    )
    refused = await copied.fetch()
    assert (refused.status_code, refused.json()["code"]) == (409, "agent-runs-twice")
    clock.advance(seconds=LOST_AFTER.total_seconds())
    assert (await copied.fetch()).status_code == 200


async def test_of_two_with_the_same_data_folder_the_one_begun_last_goes_on(
    machine: Machine, clock: FixedClock
) -> None:
    assert (await machine.fetch()).status_code == 200
    copied = Machine(machine.client, clock, machine.agent_id, run="run-number-2")
    assert (await copied.fetch()).status_code == 200  # it may be a restart
    refused = await machine.fetch()
    assert (refused.status_code, refused.json()["code"]) == (409, "agent-runs-twice")
    assert "runs on pi already, with a copy of this data folder" in refused.json()["detail"]
    assert (await copied.fetch()).status_code == 200
    clock.advance(seconds=LOST_AFTER.total_seconds())
    assert (await machine.fetch()).status_code == 200


async def test_events_are_applied_exactly_once_and_in_order(
    machine: Machine, claimed: Claimed, database: Database, clock: FixedClock
) -> None:
    await machine.fetch()
    epoch = machine.work["printers"][0]["epoch"]
    assert (await machine.ask_to_start(claimed.command.id, epoch)).status_code == 200
    facts = [
        phase(claimed, "uploading"),
        phase(claimed, "starting"),
        ended(claimed, clock, "completed", "confirmed", "started"),
        reported(claimed, clock, "printing"),
    ]
    first = await machine.tell(1, *facts)
    assert first.json() == {"last_sequence": 4, "refused": []}
    printing = (
        JobStatus.PRINTING, AttemptStatus.PRINTING, EffectStatus.DONE, CommandStatus.COMPLETED,
    )  # fmt: skip
    assert await fates(database, claimed) == printing
    again = await machine.tell(1, *facts, reported(claimed, clock, "idle", "finished"))
    assert again.json() == {"last_sequence": 5, "refused": []}
    after = await fates(database, claimed)
    assert after == (JobStatus.COMPLETED, AttemptStatus.FINISHED, *printing[2:])
    late = await machine.tell(3, *facts[2:])
    assert late.json()["last_sequence"] == 5
    assert await fates(database, claimed) == after


async def test_a_gap_is_refused_with_the_number_that_is_expected(
    machine: Machine, claimed: Claimed, database: Database, clock: FixedClock
) -> None:
    await machine.fetch()
    before = await fates(database, claimed)
    refused = await machine.tell(3, reported(claimed, clock, "printing"))
    assert (refused.status_code, refused.json()["expected"]) == (409, 1)
    assert await fates(database, claimed) == before
    lost = await machine.tell(3, phase(claimed, "uploading"), is_oldest=True)
    assert lost.json()["last_sequence"] == 3


async def test_events_of_others_and_nonsense_are_refused_and_keep_nothing_back(
    machine: Machine, claimed: Claimed, database: Database, stranger: Actor, clock: FixedClock
) -> None:
    async with database.write() as session:
        foreign = await make_printer(session, stranger)
    await machine.fetch()
    _, kind, content = state(foreign, clock, "online", "printing")
    wrong_command = {**ended(claimed, clock, "failed", "not_started", "no")[2], "command_id": 999}
    answer = await machine.tell(
        1,
        (foreign.id, kind, content),
        (claimed.printer.id, "start.ended", wrong_command),
        phase(claimed, "uploading"),
    )
    assert answer.json()["last_sequence"] == 3
    assert [refused["sequence"] for refused in answer.json()["refused"]] == [1, 2]
    assert (await fates(database, claimed))[1] is AttemptStatus.UPLOADING
    async with database.read() as session:
        untouched = await service.get_printer(session, stranger, foreign.id)
        assert untouched.connection is ConnectionState.OFFLINE
    unknown = await machine.tell(4, (claimed.printer.id, "no.such", {}))
    assert unknown.status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trouble", "x" * 5000),
        ("trouble", "a\x00b"),
        ("nozzle_um", 2**70),
        ("updated_at", "9999-12-31T23:59:59Z"),
        ("slots", [{"number": 1, "is_external": False, "is_loaded": False}] * 2),
    ],
)
async def test_values_that_cannot_be_kept_keep_nothing_back(
    name: str, value: Any, machine: Machine, claimed: Claimed, database: Database, clock: FixedClock
) -> None:
    ahead = clock.now() - timedelta(hours=1)
    await machine.fetch(sent_at=ahead.isoformat())
    _, kind, content = state(claimed.printer, clock, "online", "printing")
    answer = await machine.tell(
        1, (claimed.printer.id, kind, {**content, name: value}), phase(claimed, "uploading")
    )
    assert (answer.status_code, answer.json()["last_sequence"]) == (200, 2)
    assert (await fates(database, claimed))[1] is AttemptStatus.UPLOADING


async def test_a_moment_without_a_zone_is_no_event(
    machine: Machine, claimed: Claimed, clock: FixedClock
) -> None:
    await machine.fetch()
    _, kind, content = state(claimed.printer, clock, "online", "idle")
    naive = {**content, "updated_at": "2026-03-02T09:00:00"}
    assert (await machine.tell(1, (claimed.printer.id, kind, naive))).status_code == 400


async def test_a_refused_start_takes_the_printer_out_and_gives_the_job_back(
    machine: Machine, claimed: Claimed, database: Database, owner: Actor, clock: FixedClock
) -> None:
    await machine.fetch()
    sentence = "The printer has no SD card."
    await machine.tell(
        1,
        phase(claimed, "uploading"),
        ended(claimed, clock, "failed", "not_started", sentence),
    )
    assert await fates(database, claimed) == (
        JobStatus.QUEUED, AttemptStatus.CANCELLED, EffectStatus.FAILED, CommandStatus.FAILED,
    )  # fmt: skip
    async with database.read() as session:
        printer = await service.get_printer(session, owner, claimed.printer.id)
    assert (printer.gate, printer.gate_reason) == (Gate.MAINTENANCE, sentence)


async def test_a_start_is_permitted_to_one_and_only_while_nobody_withdrew_it(
    machine: Machine, claimed: Claimed, database: Database, owner: Actor, clock: FixedClock
) -> None:
    await machine.fetch()
    epoch = machine.work["printers"][0]["epoch"]
    assert (await machine.ask_to_start(claimed.command.id, epoch + 1)).status_code == 409
    async with database.write() as session:
        withdrawn = await service.withdraw_start(
            session, owner, device_job_id=claimed.job, reason="cancelled", now=clock.now()
        )
    assert withdrawn is True
    refused = await machine.ask_to_start(claimed.command.id, epoch)
    assert (refused.status_code, refused.json()["code"]) == (409, "start-forbidden")


async def test_a_permitted_start_cannot_be_withdrawn_and_is_permitted_again_to_its_journal(
    machine: Machine, claimed: Claimed, database: Database, owner: Actor, clock: FixedClock
) -> None:
    await machine.fetch()
    epoch = machine.work["printers"][0]["epoch"]
    assert (await machine.ask_to_start(claimed.command.id, epoch)).status_code == 200
    async with database.write() as session:
        assert not await service.withdraw_start(
            session, owner, device_job_id=claimed.job, reason="cancelled", now=clock.now()
        )
    machine.run = "run-number-2"  # killed and started again
    await machine.fetch()
    again = machine.work["printers"][0]["epoch"]
    assert again == epoch + 1
    assert (await machine.ask_to_start(claimed.command.id, epoch)).status_code == 409
    assert (await machine.ask_to_start(claimed.command.id, again)).status_code == 200
    async with database.write() as session:
        command = await session.get_one(
            PrinterCommand, claimed.command.id, execution_options=CROSS_TENANT
        )
        command.sent_to = "agent:1:another-journal"
    assert (await machine.ask_to_start(claimed.command.id, again)).status_code == 409


async def test_a_command_is_handed_out_to_one_journal_and_never_late(
    machine: Machine, claimed: Claimed, database: Database, owner: Actor, clock: FixedClock
) -> None:
    async with database.write() as session:
        await service.send_command(
            session,
            owner,
            printer_id=claimed.printer.id,
            kind="pause_print",
            arguments={},
            now=clock.now(),
        )
    clock.advance(seconds=20)
    await machine.fetch()
    start, pause = machine.work["commands"]
    assert (pause["kind"], pause["expires_in_s"], pause["effect"]) == ("pause_print", 40.0, None)
    assert start["effect"]["status"] == "intended"
    async with database.read() as session:
        handed = (await queries.list_open_commands(session, claimed.printer.id))[1]
    assert (handed.status, handed.sent_to) == (
        CommandStatus.SENT, f"agent:{machine.agent_id}:{JOURNAL}",
    )  # fmt: skip
    clock.advance(seconds=41)
    await machine.fetch()
    assert [command["kind"] for command in machine.work["commands"]] == ["start_print"]
    settled = {
        "organization_id": 1,
        "printer_id": 1,
        "command_id": pause["id"],
        "status": "completed",
        "detail": None,
        "settled_at": clock.now().isoformat(),
    }
    told = (claimed.printer.id, "command.settled", settled)
    assert (await machine.tell(1, told)).json()["refused"] == []
    async with database.read() as session:
        commands = await queries.list_commands(session, owner, claimed.printer.id)
    assert commands[0].status is CommandStatus.COMPLETED


async def test_what_no_agent_fetched_in_time_is_given_back(
    claimed: Claimed, database: Database, clock: FixedClock, machine: Machine
) -> None:
    await machine.fetch()
    epoch = machine.work["printers"][0]["epoch"]
    clock.advance(seconds=service.START_LIFE_S)
    await AgentKeeper(database, clock).look()
    assert await fates(database, claimed) == (
        JobStatus.QUEUED, AttemptStatus.CANCELLED, EffectStatus.FAILED, CommandStatus.TIMEOUT,
    )  # fmt: skip
    assert (await machine.ask_to_start(claimed.command.id, epoch)).status_code == 409


async def test_a_start_on_its_way_is_never_given_back_by_time(
    claimed: Claimed, database: Database, clock: FixedClock, machine: Machine
) -> None:
    await machine.fetch()
    await machine.ask_to_start(claimed.command.id, machine.work["printers"][0]["epoch"])
    clock.advance(seconds=service.START_LIFE_S)
    await AgentKeeper(database, clock).look()
    assert (await fates(database, claimed))[2] is EffectStatus.SENDING


async def test_printers_of_a_silent_agent_are_offline_until_it_says_more(
    machine: Machine, claimed: Claimed, database: Database, owner: Actor, clock: FixedClock
) -> None:
    await machine.fetch()
    clock.advance(seconds=LOST_AFTER.total_seconds() + 1)
    await AgentKeeper(database, clock).look()
    printer = await look(database, owner, claimed)
    assert (printer.connection, printer.trouble) == (
        ConnectionState.OFFLINE,
        "The agent Attic is not heard of; what it prints goes on.",
    )
    await machine.fetch()
    facts = [state(claimed.printer, clock, word, "unknown") for word in ("connecting", "online")]
    await machine.tell(1, facts[0])
    assert (await look(database, owner, claimed)).connection is ConnectionState.OFFLINE
    await machine.tell(2, facts[1])
    printer = await look(database, owner, claimed)
    assert (printer.connection, printer.trouble) == (ConnectionState.ONLINE, None)
    assert printer.fingerprint == "ab" * 32


async def test_times_of_an_agent_with_a_wrong_clock_are_put_right(
    machine: Machine, claimed: Claimed, database: Database, owner: Actor, clock: FixedClock
) -> None:
    behind = FixedClock(clock.now() - timedelta(hours=2))
    await machine.fetch(sent_at=behind.now().isoformat())
    await machine.tell(1, state(claimed.printer, behind, "online", "idle"))
    assert (await look(database, owner, claimed)).last_seen_at == clock.now()


async def test_a_revoked_agent_is_shut_out_and_its_printers_are_the_servers(
    machine: Machine, claimed: Claimed, database: Database, owner: Actor, client: AsyncClient
) -> None:
    async with database.write() as session:
        await service.send_command(
            session,
            owner,
            printer_id=claimed.printer.id,
            kind="light_on",
            arguments={},
            now=machine.clock.now(),
        )
    await machine.fetch()
    assert (await client.delete(f"/api/agents/{machine.agent_id}")).status_code == 200
    assert (await machine.fetch()).status_code == 401
    printer = await look(database, owner, claimed)
    assert (printer.driven_by, printer.agent_id) == (DrivenBy.SERVER, None)
    async with database.read() as session:
        light, start = await queries.list_commands(session, owner, printer.id)
        assert [p.id for p in await queries.list_driven_printers(session)] == [printer.id]
    assert (light.status, light.detail) == (CommandStatus.TIMEOUT, AWAY)
    assert start.status is CommandStatus.PENDING
    assert (await client.get("/api/agents")).json() == []


async def test_an_agent_whose_key_was_ended_before_is_revoked_all_the_same(
    machine: Machine, claimed: Claimed, database: Database, owner: Actor, client: AsyncClient
) -> None:
    async with database.write() as session:
        agent = await agents.get_agent(session, owner, Ref(machine.agent_id, None))
        await keys.revoke_key(session, owner, Ref(agent.key_id, None), machine.clock.now())
    assert (await machine.fetch()).status_code == 401
    assert (await client.delete(f"/api/agents/{machine.agent_id}")).status_code == 200
    printer = await look(database, owner, claimed)
    assert (printer.driven_by, printer.agent_id) == (DrivenBy.SERVER, None)


async def test_events_of_a_printer_taken_away_still_tell_what_came_of_its_job(
    machine: Machine, claimed: Claimed, database: Database, owner: Actor, client: AsyncClient
) -> None:
    await machine.fetch()
    path = f"/api/agents/{machine.agent_id}/printers/{claimed.printer.id}"
    assert (await client.delete(path)).status_code == 200
    await machine.tell(
        1,
        state(claimed.printer, machine.clock, "auth_failed", "unknown"),
        phase(claimed, "uploading"),
    )
    assert (await fates(database, claimed))[1] is AttemptStatus.UPLOADING
    assert (await look(database, owner, claimed)).connection is ConnectionState.ONLINE


async def test_an_agent_tells_of_another_ones_printer_only_what_it_started_there(
    machine: Machine, claimed: Claimed, database: Database, client: AsyncClient
) -> None:
    await machine.fetch()
    path = f"/api/agents/{machine.agent_id}/printers/{claimed.printer.id}"
    assert (await client.delete(path)).status_code == 200
    await machine.tell(1, reported(claimed, machine.clock, "printing"))
    assert (await fates(database, claimed))[0] is JobStatus.CLAIMED
    assert (await give(client, machine, claimed.printer)).status_code == 200
    await machine.fetch()
    epoch = machine.work["printers"][0]["epoch"]
    assert (await machine.ask_to_start(claimed.command.id, epoch)).status_code == 200
    assert (await client.delete(path)).status_code == 200
    await machine.tell(2, reported(claimed, machine.clock, "printing"))
    assert (await fates(database, claimed))[0] is JobStatus.PRINTING


async def test_a_start_that_the_server_sends_by_now_is_not_given_up_by_the_agent_before(
    machine: Machine, claimed: Claimed, database: Database, owner: Actor, client: AsyncClient
) -> None:
    await machine.fetch()
    path = f"/api/agents/{machine.agent_id}/printers/{claimed.printer.id}"
    assert (await client.delete(path)).status_code == 200
    now = machine.clock.now()
    async with database.write() as session:
        epoch = await queries.take_lease(session, claimed.printer.id, "serve", now, 30)
        assert epoch is not None
        sent = await queries.send_command(
            session, claimed.command.id, owner.organization_id, claimed.printer.id, epoch, now
        )
        assert sent is not None
        effect_id = int(claimed.command.effect_id or 0)
        assert await effects.begin_sending(session, owner.organization_id, effect_id, now)
    told = await machine.tell(
        1, ended(claimed, machine.clock, "timeout", "not_started", "the way was cut off")
    )
    assert [refused["sentence"] for refused in told.json()["refused"]] == [
        f"The command {claimed.command.id} of {claimed.printer.name} is somebody else's now."
    ]
    assert await fates(database, claimed) == (
        JobStatus.CLAIMED, AttemptStatus.INTENDED, EffectStatus.SENDING, CommandStatus.SENT,
    )  # fmt: skip


async def test_samples_are_shown_and_only_of_its_own_printers(
    machine: Machine, claimed: Claimed, process: Process, clock: FixedClock
) -> None:
    await machine.fetch()
    sample = {
        "organization_id": 7,
        "printer_id": claimed.printer.id,
        "at": clock.now().isoformat(),
        "connection": "online",
        "activity": "idle",
        "nozzle": 24.5,
    }
    body = {"sent_at": clock.now().isoformat(), "samples": [sample, {**sample, "printer_id": 99}]}
    answer = await machine.client.post("/api/agents/me/samples", json=body)
    assert answer.json() == {"taken": 1}
    shown = process.context.keep(LatestSnapshots).get(claimed.printer.id)
    assert shown is not None
    assert (shown.nozzle, shown.organization_id) == (24.5, claimed.printer.organization_id)
    bad = {**body, "samples": [{"printer_id": "x"}]}
    assert (await machine.client.post("/api/agents/me/samples", json=bad)).status_code == 400


async def test_a_link_is_given_only_to_files_that_its_printers_wait_for(
    machine: Machine, claimed: Claimed, process: Process, owner: Actor, tmp_path: Path
) -> None:
    content = tmp_path / "plate"
    content.write_bytes(b"0123456789")
    stored = await files_of(process).put(content, max_bytes=100)
    async with process.database.write() as session:
        row = NewFile(stored, "plate.gcode", "application/octet-stream")
        await stored_files.record_files(session, owner, [row])
    path = f"/api/agents/me/file?sha256={stored.sha256}"
    assert (await machine.client.get(path)).status_code == 404
    async with process.database.write() as session:
        command = await session.get_one(
            PrinterCommand, claimed.command.id, execution_options=CROSS_TENANT
        )
        command.arguments = {**command.arguments, "sha256": stored.sha256}
    link = (await machine.client.get(path)).json()
    assert link["size"] == 10
    rest = await machine.client.get(link["url"], headers={"range": "bytes=4-"})
    assert (rest.status_code, rest.content) == (206, b"456789")
    assert rest.headers["content-range"] == "bytes 4-9/10"
    whole = await machine.client.get(link["url"], headers={"range": "bytes=10-"})
    assert (whole.status_code, whole.content) == (200, b"0123456789")


async def look(database: Database, owner: Actor, claimed: Claimed) -> Printer:
    async with database.read() as session:
        return await service.get_printer(session, owner, Ref(claimed.printer.id, None))


async def test_the_way_to_an_agents_printer_is_not_looked_at_from_here(
    claimed: Claimed, client: AsyncClient, clock: FixedClock
) -> None:
    clock.advance(minutes=2)
    told = (await client.post(f"/api/printers/{claimed.printer.id}/diagnose")).json()
    assert [step["name"] for step in told["steps"]] == ["agent"]
    assert "was not heard of within the last minute" in told["advice"]


async def test_health_is_told(machine: Machine, client: AsyncClient, database: Database) -> None:
    await machine.fetch(waiting_events=7)
    (told,) = (await client.get("/api/agents")).json()
    assert (told["is_connected"], told["waiting_events"], told["machine"]) == (True, 7, "pi")
    async with database.read() as session:
        rows = await session.scalars(select(Agent).execution_options(**CROSS_TENANT))
        assert [row.clock_skew_ms for row in rows] == [0]
