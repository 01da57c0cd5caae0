"""Bodies of the routes of cloud accounts. Tokens and LAN codes are never in an answer."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shopwright.fleet.models import CloudAccount, CloudDevice, Printer
from shopwright.fleet.states import CloudAccountState, CloudRegion
from shopwright.kernel.times import PlainTime


class CloudLogInCreate(BaseModel):
    """The first step; the password is passed on and not kept."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=254, pattern=r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$")]
    password: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    region: CloudRegion = CloudRegion.GLOBAL


class CloudCode(BaseModel):
    """The second step: from the e-mail, or from the authenticator app."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[SecretStr, Field(min_length=4, max_length=12)]


class CloudPrintersAdd(BaseModel):
    model_config = ConfigDict(extra="forbid")

    serials: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=64)]],
        Field(min_length=1, max_length=200),
    ]


class CloudAccountRead(BaseModel):
    """``trouble`` says what to do; ``expires_at`` when the log-in runs out."""

    id: int
    uuid: str
    email: str
    region: CloudRegion
    state: CloudAccountState
    trouble: str | None
    expires_at: PlainTime | None
    checked_at: PlainTime | None
    created_at: PlainTime

    @classmethod
    def of(cls, account: CloudAccount) -> "CloudAccountRead":
        return cls(**{name: getattr(account, name) for name in cls.model_fields})


class CloudDeviceRead(BaseModel):
    """``printer_id`` is the shop's own printer with this serial; null until it is added."""

    serial_number: str
    name: str
    model: str | None
    is_online: bool | None
    has_access_code: bool
    printer_id: int | None
    connection_type: str | None
    seen_at: PlainTime

    @classmethod
    def of(cls, device: CloudDevice, printer: Printer | None) -> "CloudDeviceRead":
        return cls(
            serial_number=device.serial,
            name=device.name,
            model=device.model,
            is_online=device.is_online,
            has_access_code=bool(device.access_code),
            printer_id=printer.id if printer else None,
            connection_type=printer.driver if printer else None,
            seen_at=device.seen_at,
        )
