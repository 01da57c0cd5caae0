"""Tables of printers, what is in their slots, who drives them and what they were told; of agents,
and of the journal that an agent keeps in a database of its own."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.fleet.cameras import models as _cameras  # noqa: F401  its table
from shopwright.fleet.maintenance import models as _maintenance  # noqa: F401  its tables
from shopwright.fleet.setup import models as _setup  # noqa: F401  its tables
from shopwright.fleet.states import (
    Activity,
    CloudAccountState,
    CloudRegion,
    CommandStatus,
    ConnectionState,
    ControlAccess,
    DrivenBy,
    Gate,
    Outcome,
)
from shopwright.kernel.db import Base, EnumText, Id, TenantModel


class HarvestPolicy(StrEnum):
    ASK = "ask"  # a person takes the plate off and says what is good
    AUTOMATIC = "automatic"  # the bed clears itself, or the shop trusts it: full yield


class Printer(TenantModel):
    """One machine: how to reach it, and its last known connection, activity and gate."""

    __tablename__ = "printers"
    __table_args__ = (
        Index("uq_printers_serial", "organization_id", "serial", unique=True),
        {"sqlite_autoincrement": True},
    )

    name: Mapped[str] = mapped_column(String(100))
    brand: Mapped[str] = mapped_column(String(60), default="Bambu Lab")
    model: Mapped[str | None] = mapped_column(String(60))
    driver: Mapped[str] = mapped_column(String(40), default="bambu_lan")
    driven_by: Mapped[DrivenBy] = mapped_column(
        EnumText(DrivenBy), default=DrivenBy.SERVER, server_default=DrivenBy.SERVER.value
    )
    agent_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("agents.id", ondelete="SET NULL"), index=True
    )
    serial: Mapped[str | None] = mapped_column(String(64))
    host: Mapped[str] = mapped_column(String(255))
    ports: Mapped[dict[str, Any]] = mapped_column(default=dict)  # mqtt, ftps, camera where unusual
    access_code: Mapped[str] = mapped_column(Text)  # encrypted
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    nozzle_um: Mapped[int] = mapped_column(default=400)
    location: Mapped[str] = mapped_column(String(100), default="")
    harvest_policy: Mapped[HarvestPolicy] = mapped_column(
        EnumText(HarvestPolicy), default=HarvestPolicy.ASK
    )
    is_active: Mapped[bool] = mapped_column(default=True)  # False: deleted, hidden
    connection: Mapped[ConnectionState] = mapped_column(
        EnumText(ConnectionState), default=ConnectionState.OFFLINE
    )
    activity: Mapped[Activity] = mapped_column(EnumText(Activity), default=Activity.UNKNOWN)
    outcome: Mapped[Outcome] = mapped_column(EnumText(Outcome), default=Outcome.NONE)
    gate: Mapped[Gate] = mapped_column(EnumText(Gate), default=Gate.READY)
    gate_reason: Mapped[str | None] = mapped_column(String(300))
    control: Mapped[ControlAccess] = mapped_column(
        EnumText(ControlAccess), default=ControlAccess.UNKNOWN
    )
    device_job_id: Mapped[str | None] = mapped_column(String(40))
    device_job_name: Mapped[str | None] = mapped_column(String(300))  # tells jobs without id apart
    firmware: Mapped[str | None] = mapped_column(String(40))
    has_storage: Mapped[bool | None]
    trouble: Mapped[str | None] = mapped_column(String(500))  # what is wrong, in words
    faults: Mapped[list[Any]] = mapped_column(default=list)
    last_seen_at: Mapped[datetime | None]
    last_maintenance_at: Mapped[datetime | None]
    maintenance_interval_days: Mapped[int] = mapped_column(default=30, server_default="30")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")  # as told
    updated_at: Mapped[datetime]


class PrinterSlot(TenantModel):
    """What the device says is loaded; slot 0 is the external spool."""

    __tablename__ = "printer_slots"
    __table_args__ = (
        Index("uq_printer_slots_number", "printer_id", "number", unique=True),
        {"sqlite_autoincrement": True},
    )

    printer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("printers.id", ondelete="CASCADE")
    )
    number: Mapped[int]
    is_external: Mapped[bool] = mapped_column(default=False)
    is_loaded: Mapped[bool] = mapped_column(default=False)
    material: Mapped[str | None] = mapped_column(String(40))
    color: Mapped[str | None] = mapped_column(String(6))
    remaining_percent: Mapped[int | None]
    tag: Mapped[str | None] = mapped_column(String(64))
    product: Mapped[str | None] = mapped_column(String(60))
    humidity: Mapped[int | None]
    loaded_at: Mapped[datetime | None]
    synced_at: Mapped[datetime]


class PrinterLease(Base):
    """The one owner of a printer's link. A command of an older epoch is refused."""

    __tablename__ = "printer_leases"

    printer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("printers.id", ondelete="CASCADE"), primary_key=True
    )
    owner: Mapped[str] = mapped_column(String(80))
    epoch: Mapped[int] = mapped_column(default=1)
    expires_at: Mapped[datetime]


class PrinterCommand(TenantModel):
    """Something the link owner is to tell the device, once, before it expires."""

    __tablename__ = "printer_commands"
    __table_args__ = (
        Index("ix_printer_commands_open", "printer_id", "status"),
        Index("ix_printer_commands_device_job", "device_job_id", "organization_id"),
        {"sqlite_autoincrement": True},
    )

    printer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("printers.id", ondelete="CASCADE")
    )
    kind: Mapped[str] = mapped_column(String(40))
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[CommandStatus] = mapped_column(
        EnumText(CommandStatus), default=CommandStatus.PENDING
    )
    effect_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("effects.id"))
    device_job_id: Mapped[str | None] = mapped_column(String(40))
    epoch: Mapped[int | None]  # of the owner that sent it
    sent_to: Mapped[str | None] = mapped_column(String(80))  # the agent and its journal
    by: Mapped[str] = mapped_column(String(120))
    detail: Mapped[str | None] = mapped_column(String(500))
    expires_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    timeout_s: Mapped[int] = mapped_column(default=60, server_default="60")  # counted once sent
    printer_ip: Mapped[str] = mapped_column(String(255), default="", server_default="")
    result: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)  # as told
    is_hidden: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class Agent(TenantModel):
    """A runner on a shop's own network. Its events are counted within each of its journals."""

    __tablename__ = "agents"

    name: Mapped[str] = mapped_column(String(100))
    key_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("api_keys.id", ondelete="SET NULL"), index=True
    )
    version: Mapped[str] = mapped_column(String(40), default="")
    machine: Mapped[str] = mapped_column(String(120), default="")  # its host name
    journal: Mapped[str | None] = mapped_column(String(36))
    run: Mapped[str | None] = mapped_column(String(36))  # which start of it holds the leases
    applied: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the last event, by journal
    waiting_events: Mapped[int] = mapped_column(default=0)
    clock_skew_ms: Mapped[int] = mapped_column(default=0)  # ours minus its own
    last_seen_at: Mapped[datetime | None]
    is_lost: Mapped[bool] = mapped_column(default=False)  # its printers were told to be
    revoked_at: Mapped[datetime | None]


class AgentEnrolment(TenantModel):
    """A code that makes one agent, once, before it expires."""

    __tablename__ = "agent_enrolments"

    name: Mapped[str] = mapped_column(String(100))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    by: Mapped[str] = mapped_column(String(120))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AgentJournal(Base):
    """One row, in an agent's own database: which journal it is, and how far it was written."""

    __tablename__ = "agent_journal"

    id: Mapped[Id]
    journal: Mapped[str] = mapped_column(String(36))
    last_sequence: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int] = mapped_column(default=0)  # the last one that the server has
    samples_until: Mapped[datetime | None]  # later samples are not delivered yet


class AgentEvent(Base):
    """What an agent has to tell, in order and without gaps; in its own database."""

    __tablename__ = "agent_events"

    sequence: Mapped[Id]
    printer_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    content: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class CloudAccount(TenantModel):
    """An account at a printer vendor's cloud. Its password is never kept; the token is, encrypted,
    until it runs out or is refused."""

    __tablename__ = "cloud_accounts"
    __table_args__ = (
        Index("uq_cloud_accounts_email", "organization_id", "email", "region", unique=True),
        {"sqlite_autoincrement": True},
    )

    email: Mapped[str] = mapped_column(String(254))
    region: Mapped[CloudRegion] = mapped_column(EnumText(CloudRegion), default=CloudRegion.GLOBAL)
    state: Mapped[CloudAccountState] = mapped_column(EnumText(CloudAccountState))
    token: Mapped[str] = mapped_column(Text, default="")  # encrypted; empty without a log-in
    expires_at: Mapped[datetime | None]  # of the token
    user_id: Mapped[str] = mapped_column(String(64), default="")
    log_in_key: Mapped[str] = mapped_column(Text, default="")  # encrypted; of a second step
    trouble: Mapped[str | None] = mapped_column(String(500))
    checked_at: Mapped[datetime | None]  # its printers were read
    updated_at: Mapped[datetime]


class CloudDevice(TenantModel):
    """A printer as an account's device list last named it."""

    __tablename__ = "cloud_devices"
    __table_args__ = (
        Index("uq_cloud_devices_serial", "account_id", "serial", unique=True),
        {"sqlite_autoincrement": True},
    )

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("cloud_accounts.id", ondelete="CASCADE")
    )
    serial: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(100))
    model: Mapped[str | None] = mapped_column(String(60))
    access_code: Mapped[str] = mapped_column(Text, default="")  # encrypted; of its LAN
    is_online: Mapped[bool | None]
    seen_at: Mapped[datetime]
