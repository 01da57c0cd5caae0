"""Bodies and answers of our own routes about manufacturers."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shopwright.kernel.edge import BodyRef
from shopwright.kernel.times import ZuluTime
from shopwright.suppliers.models import Supplier, SupplierOffer, SupplierOrder
from shopwright.suppliers.offers import OfferSpec, SupplierSpec
from shopwright.suppliers.switching import Choice, Way, WayOption

Text = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Currency = Annotated[str, Field(min_length=3, max_length=3)]
Minor = Annotated[int, Field(ge=0, le=10**12)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SupplierWrite(Strict):
    """What is left out stays. Password and fixed key are never shown again."""

    name: Name | None = None
    currency: Currency | None = None
    ships: bool | None = None
    is_active: bool | None = None
    base_url: Annotated[str, Field(max_length=2000)] | None = None
    account: Text | None = None
    password: SecretStr | None = None
    system_name: Text | None = None
    fixed_key: SecretStr | None = None
    device_id: Text | None = None
    signature: Literal["values", "pairs"] | None = None

    def spec(self) -> SupplierSpec:
        told = self.model_dump(exclude={"password", "fixed_key"})
        return SupplierSpec(
            **told,
            password=self.password.get_secret_value() if self.password else None,
            fixed_key=self.fixed_key.get_secret_value() if self.fixed_key else None,
        )


class SupplierRead(BaseModel):
    id: int
    uuid: str
    name: str
    adapter: str
    currency: str
    ships: bool
    is_active: bool
    has_own_account: bool
    health: str
    last_success_at: ZuluTime | None
    last_error: str | None
    last_error_at: ZuluTime | None

    @classmethod
    def of(cls, row: Supplier) -> Self:
        return cls(
            id=row.id,
            uuid=row.uuid,
            name=row.name,
            adapter=row.adapter,
            currency=row.currency,
            ships=row.ships,
            is_active=row.is_active,
            has_own_account=row.settings is not None,
            health=row.health,
            last_success_at=row.last_success_at,
            last_error=row.last_error,
            last_error_at=row.last_error_at,
        )


class OfferWrite(Strict):
    """For one variant, or for one device model."""

    variant_id: BodyRef | None = None
    device_model_id: BodyRef | None = None
    sku: Annotated[str, Field(max_length=100)] = ""
    partner_model_id: Annotated[str, Field(max_length=100)] | None = None
    partner_shell_id: Annotated[str, Field(max_length=100)] | None = None
    cost_minor: Minor | None = None
    currency: Currency | None = None
    lead_days: Annotated[int, Field(ge=0, le=3650)] = 0
    picture_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    def spec(self) -> OfferSpec:
        told = self.model_dump(exclude={"variant_id", "device_model_id"})
        return OfferSpec(variant=self.variant_id, device_model=self.device_model_id, **told)


class OfferRead(BaseModel):
    id: int
    supplier_id: int
    variant_id: int | None
    device_model_id: int | None
    sku: str
    partner_model_id: str | None
    partner_shell_id: str | None
    cost_minor: int | None
    currency: str
    lead_days: int
    picture_sha256: str | None
    is_active: bool

    @classmethod
    def of(cls, row: SupplierOffer) -> Self:
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class SupplierOrderRead(BaseModel):
    id: int
    uuid: str
    supplier_id: int
    order_id: int
    order_item_id: int
    key: str
    payment_key: str
    stage: str
    status: str
    waiting_reason: str | None
    problem: str | None
    last_error: str | None
    external_id: str | None
    queue_number: str | None
    carrier: str | None
    tracking_code: str | None
    amount_minor: int
    currency: str
    cost_minor: int | None
    cost_currency: str | None
    next_look_at: ZuluTime | None
    sent_at: ZuluTime | None
    accepted_at: ZuluTime | None
    produced_at: ZuluTime | None
    shipped_at: ZuluTime | None
    failed_at: ZuluTime | None

    @classmethod
    def of(cls, row: SupplierOrder) -> Self:
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class SupplierOrderPage(BaseModel):
    supplier_orders: list[SupplierOrderRead]
    total: int
    limit: int
    offset: int
    page: int
    pages: int


class Resolution(Strict):
    """``placed`` somebody found it there; ``not_placed`` it is not there."""

    outcome: Literal["placed", "not_placed"]


class LineSwitch(Strict):
    way: Way
    as_variant_id: BodyRef | None = None


class Switched(BaseModel):
    way: Way
    pieces: int


class WayRead(BaseModel):
    name: str
    cost_minor: int | None
    currency: str
    ready_on: date | None
    notes: list[str]

    @classmethod
    def of(cls, option: WayOption | None) -> Self | None:
        if option is None:
            return None
        return cls(
            name=option.name,
            cost_minor=option.cost_minor,
            currency=option.currency,
            ready_on=option.ready_on,
            notes=list(option.notes),
        )


class ChoiceRead(BaseModel):
    item_id: int
    open_pieces: int
    current: Way | None
    make: WayRead | None
    buy: WayRead | None

    @classmethod
    def of(cls, choice: Choice) -> Self:
        return cls(
            item_id=choice.item.id,
            open_pieces=choice.count,
            current=choice.current,
            make=WayRead.of(choice.make),
            buy=WayRead.of(choice.buy),
        )
