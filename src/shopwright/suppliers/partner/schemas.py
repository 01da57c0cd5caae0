"""Bodies and answers of the manufacturer's routes, with the members of reference (d)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from shopwright.kernel.times import ZuluTime

MAX_JSON = 2000  # of what describes a customer
PLACEHOLDER = frozenset({"string", "null", "undefined", "none", "test", "placeholder", "xxx"})


def _said(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


OrderName = Annotated[str, BeforeValidator(_said), Field(min_length=1, max_length=100)]
PartnerId = Annotated[str, Field(min_length=1, max_length=100)]


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class UpdateWord(StrEnum):
    PENDING = "pending"
    PRINTING = "printing"
    PRINTED = "printed"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class OrderUpdate(Body):
    order_id: OrderName
    status: UpdateWord
    queue_number: Annotated[str, BeforeValidator(_said), Field(max_length=50)] | None = None
    estimated_completion: datetime | None = None
    chinese_order_id: Annotated[str, BeforeValidator(_said), Field(max_length=100)] | None = None
    notes: Annotated[str, Field(max_length=500)] | None = None
    equipment_id: Annotated[str, Field(max_length=100)] | None = None

    @field_validator("status", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        word = value.strip().lower() if isinstance(value, str) else value
        return "cancelled" if word == "canceled" else word


class PrintCommand(Body):
    order_id: OrderName
    image_urls: Annotated[list[Annotated[str, Field(max_length=2000)]], Field(max_length=20)] = []
    phone_model: Annotated[str, Field(max_length=200)] | None = None
    customer_info: dict[str, Any] = {}
    priority: Annotated[int, Field(ge=1, le=10)] = 1
    equipment_id: Annotated[str, Field(max_length=100)] | None = None

    @field_validator("customer_info")
    @classmethod
    def _small(cls, value: dict[str, Any]) -> dict[str, Any]:
        if len(str(value)) > MAX_JSON:
            raise ValueError("must have at most 2 KB")
        return value


class PrintTrigger(Body):
    order_id: OrderName
    equipment_id: Annotated[str, Field(max_length=100)] | None = None


def _is_real(value: str) -> str:
    if value.strip().lower() in PLACEHOLDER:
        raise ValueError("is a placeholder; send the real id")
    return value.strip()


class PayData(Body):
    """``pay_type`` 5 at a machine, 6 card, 12 online; 10 is taken as the document prints it."""

    mobile_model_id: PartnerId
    device_id: PartnerId
    third_id: Annotated[str, Field(pattern=r"^PYEN[0-9]{12}$")]
    pay_amount: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)]
    pay_type: Literal[5, 6, 10, 12]

    @field_validator("mobile_model_id", "device_id")
    @classmethod
    def _real(cls, value: str) -> str:
        return _is_real(value)


class OrderData(Body):
    third_pay_id: Annotated[str, Field(pattern=r"^PYEN[0-9]{12}$")]
    third_id: Annotated[str, Field(pattern=r"^OREN[0-9]{12}$")]
    mobile_model_id: PartnerId
    mobile_shell_id: PartnerId
    pic: Annotated[str, Field(max_length=1000, pattern=r"^https?://")]
    device_id: PartnerId

    @field_validator("mobile_model_id", "mobile_shell_id", "device_id")
    @classmethod
    def _real(cls, value: str) -> str:
        return _is_real(value)


class StockUpdate(Body):
    model_id: Annotated[str, Field(min_length=1, max_length=100)]
    stock: Annotated[int, Field(ge=0, le=1_000_000)]


class StockUpdates(Body):
    stock_updates: Annotated[list[StockUpdate], Field(max_length=1000)] = []


class MachineBody(Body):
    machine_id: Annotated[
        str,
        Field(min_length=1, max_length=50, validation_alias=AliasChoices("machine_id", "id")),
    ]
    name: Annotated[str, Field(max_length=200)] = ""
    location: Annotated[str, Field(max_length=200)] = ""
    is_active: bool = True
    qr_config: dict[str, Any] = {}


class MachineChange(Body):
    name: Annotated[str, Field(max_length=200)] | None = None
    location: Annotated[str, Field(max_length=200)] | None = None
    is_active: bool | None = None
    qr_config: dict[str, Any] | None = None


class OrderUpdated(BaseModel):
    success: bool = True
    message: str
    order_id: int
    status: str
    order_status: str
    queue_number: str | None
    updated_at: ZuluTime


class PrintCommanded(BaseModel):
    success: bool = True
    message: str
    order_id: int
    command_id: str
    status: Literal["sent"] = "sent"
    timestamp: ZuluTime
    print_command_data: dict[str, Any]


class PrintTriggered(BaseModel):
    success: bool = True
    order_id: int
    print_job_id: str
    image_urls: list[str]
    phone_model: str | None
    status: Literal["triggered"] = "triggered"
    timestamp: ZuluTime


class PrintStatusRead(BaseModel):
    success: bool = True
    order_id: int
    status: str
    payment_status: str
    queue_number: str | None
    estimated_completion: ZuluTime | None
    notes: str
    created_at: ZuluTime
    updated_at: ZuluTime


class DownloadLink(BaseModel):
    image_id: int
    filename: str
    download_url: str
    secure_url: str
    image_type: str
    created_at: ZuluTime


class DownloadLinks(BaseModel):
    success: bool = True
    order_id: int
    download_links: list[DownloadLink]
    total_images: int
    expires_at: ZuluTime


class BatchOrder(BaseModel):
    order_id: int
    status: str
    created_at: ZuluTime
    images: list[DownloadLink]
    image_count: int


class BatchDownloads(BaseModel):
    success: bool = True
    batch_downloads: list[BatchOrder]
    total_orders: int
    total_images: int
    expires_at: ZuluTime
    timestamp: ZuluTime


class Relayed(BaseModel):
    """As the manufacturer answers itself."""

    msg: str
    code: int
    data: dict[str, Any]
