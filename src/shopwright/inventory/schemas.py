"""Bodies of the stock routes: grams at the edge, milligrams inside."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field

from shopwright.accounts.schemas import Body
from shopwright.catalog.models import Hardware
from shopwright.inventory import rules
from shopwright.inventory.filament_queries import FilamentStock
from shopwright.inventory.filaments import FilamentSpec, SpoolSpec
from shopwright.inventory.low_stock import Outlook
from shopwright.inventory.models import FilamentMovement, StockMovement
from shopwright.inventory.states import MovementReason
from shopwright.kernel.edge import BodyRef
from shopwright.kernel.times import PlainTime, ZuluTime

Grams = Annotated[Decimal, Field(ge=0, le=rules.MAX_GRAMS)]
ColorHex = Annotated[str, Field(pattern=r"^#?[0-9A-Fa-f]{6}$")]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class FilamentChange(BaseModel):
    """What a client read and sends back is fine: members it may not change are ignored."""

    material: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    color: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    color_hex: ColorHex | None = None
    vendor: Annotated[str, Field(max_length=100)] | None = None
    initial_amount: Grams | None = None
    current_amount: Grams | None = None
    cost_per_gram: Annotated[Decimal, Field(ge=0, le=1_000_000)] | None = None
    low_stock_threshold: Grams | None = None

    def spec(self) -> FilamentSpec:
        price = self.cost_per_gram
        return FilamentSpec(
            material=self.material,
            color=self.color,
            color_hex=self.color_hex,
            vendor=self.vendor,
            initial_mg=_mg(self.initial_amount),
            current_mg=_mg(self.current_amount),
            cost_per_gram_micros=None if price is None else rules.to_micros(price),
            low_stock_threshold_mg=_mg(self.low_stock_threshold),
        )


class FilamentCreate(FilamentChange):
    material: Annotated[str, Field(min_length=1, max_length=40)]
    color: Annotated[str, Field(min_length=1, max_length=60)]


class FilamentRead(BaseModel):
    """Amounts in grams, the price of one in the organization's currency. ``days_left`` is what is
    left by the use of the last 30 days, null when nothing was used."""

    id: int
    material: str
    color: str
    initial_amount: int | float
    current_amount: int | float
    cost_per_gram: float
    low_stock_threshold: int | float
    created_at: PlainTime
    updated_at: PlainTime
    used_amount: int | float
    is_low_stock: bool
    unit: str
    uuid: str
    vendor: str
    color_hex: str | None
    used_last_30_days: int | float
    days_left: int | None
    should_reorder: bool

    @classmethod
    def of(cls, stock: FilamentStock, outlook: Outlook) -> "FilamentRead":
        filament = stock.filament
        return cls(
            id=filament.id,
            material=filament.material,
            color=filament.color_name,
            initial_amount=rules.to_grams(stock.initial_mg),
            current_amount=rules.to_grams(stock.remaining_mg),
            cost_per_gram=filament.cost_per_gram_micros / rules.MICROS,
            low_stock_threshold=rules.to_grams(filament.low_stock_threshold_mg),
            created_at=filament.created_at,
            updated_at=filament.updated_at,
            used_amount=rules.to_grams(max(stock.initial_mg - stock.remaining_mg, 0)),
            is_low_stock=stock.is_low,
            unit="g",
            uuid=filament.uuid,
            vendor=filament.vendor,
            color_hex=filament.color,
            used_last_30_days=rules.to_grams(outlook.used_mg),
            days_left=outlook.days_left,
            should_reorder=outlook.should_reorder,
        )


class PageRead(BaseModel):
    total: int
    limit: int
    offset: int
    page: int
    pages: int


class FilamentPage(PageRead):
    filaments: list[FilamentRead]


class SpoolCreate(Body):
    """A full roll unless ``remaining_g`` says otherwise; ``tag`` is what the device reads on it."""

    filament_id: BodyRef
    initial_g: Annotated[Grams, Field(gt=0)]
    remaining_g: Grams | None = None
    tag: Annotated[str, Field(max_length=64)] | None = None
    location: Annotated[str, Field(max_length=100)] = ""

    def spec(self) -> SpoolSpec:
        return SpoolSpec(
            initial_mg=_mg(self.initial_g),
            remaining_mg=_mg(self.remaining_g),
            tag=self.tag,
            location=self.location,
        )


class SpoolChange(Body):
    """Only what is sent changes; another ``remaining_g`` is a correction, ``note`` its reason."""

    initial_g: Grams | None = None
    remaining_g: Grams | None = None
    tag: Annotated[str, Field(max_length=64)] | None = None
    location: Annotated[str, Field(max_length=100)] | None = None
    note: Annotated[str, Field(max_length=300)] = ""

    def spec(self) -> SpoolSpec:
        return SpoolSpec(
            initial_mg=_mg(self.initial_g),
            remaining_mg=_mg(self.remaining_g),
            tag=self.tag,
            location=self.location,
        )


class SpoolRead(BaseModel):
    """``printer_id`` and ``slot`` where it is loaded; slot 0 is the external spool."""

    id: int
    uuid: str
    filament_id: int
    material: str
    color: str
    color_hex: str | None
    vendor: str
    initial_g: int | float
    remaining_g: int | float
    reserved_g: int | float
    tag: str | None
    location: str
    is_empty: bool
    printer_id: int | None
    slot: int | None
    created_at: ZuluTime

    @classmethod
    def of(cls, row: Any) -> "SpoolRead":
        spool, filament = row.Spool, row.Filament
        return cls(
            id=spool.id,
            uuid=spool.uuid,
            filament_id=filament.id,
            material=filament.material,
            color=filament.color_name,
            color_hex=filament.color,
            vendor=filament.vendor,
            initial_g=rules.to_grams(spool.initial_mg),
            remaining_g=rules.to_grams(spool.remaining_mg),
            reserved_g=rules.to_grams(int(row.reserved_mg)),
            tag=spool.tag,
            location=spool.location,
            is_empty=spool.is_empty,
            printer_id=row.printer_id,
            slot=row.slot,
            created_at=spool.created_at,
        )


class SpoolPage(PageRead):
    spools: list[SpoolRead]


class SlotLoad(Body):
    spool_id: BodyRef


class FilamentMovementRead(BaseModel):
    id: int
    filament_id: int | None
    spool_id: int | None
    material: str
    delta_g: int | float
    reason: MovementReason
    note: str
    order_id: int | None
    created_at: ZuluTime

    @classmethod
    def of(cls, movement: FilamentMovement) -> "FilamentMovementRead":
        return cls(
            id=movement.id,
            filament_id=movement.filament_id,
            spool_id=movement.spool_id,
            material=movement.material,
            delta_g=rules.to_grams(movement.delta_mg),
            reason=movement.reason,
            note=movement.note,
            order_id=movement.order_id,
            created_at=movement.created_at,
        )


class FilamentMovementPage(PageRead):
    movements: list[FilamentMovementRead]


class StepStockRead(BaseModel):
    """Finished copies of one recipe step that are owed to nobody."""

    recipe_step_id: int
    recipe_step_uuid: str
    variant_id: int
    sku: str
    name: str
    plate: int | None
    is_retired: bool
    on_hand: int

    @classmethod
    def of(cls, row: Any) -> "StepStockRead":
        step = row.RecipeStep
        return cls(
            recipe_step_id=step.id,
            recipe_step_uuid=step.uuid,
            variant_id=step.variant_id,
            sku=row.sku,
            name=step.name,
            plate=step.plate_number,
            is_retired=step.is_retired,
            on_hand=row.on_hand,
        )


class StepStockPage(PageRead):
    stock: list[StepStockRead]


class StockCount(Body):
    on_hand: Count
    note: Annotated[str, Field(max_length=300)] = ""


class StockMovementRead(BaseModel):
    id: int
    recipe_step_id: int | None
    hardware_id: int | None
    delta: int
    reason: MovementReason
    note: str
    created_at: ZuluTime

    @classmethod
    def of(cls, movement: StockMovement) -> "StockMovementRead":
        return cls(
            id=movement.id,
            recipe_step_id=movement.recipe_step_id,
            hardware_id=movement.hardware_id,
            delta=movement.delta,
            reason=movement.reason,
            note=movement.note,
            created_at=movement.created_at,
        )


class StockMovementPage(PageRead):
    movements: list[StockMovementRead]


class HardwareWrite(Body):
    """On PUT another ``on_hand`` is a correction."""

    sku: Annotated[str, Field(max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    on_hand: Count = 0
    low_stock_threshold: Count = 0


class HardwareRead(BaseModel):
    id: int
    uuid: str
    sku: str
    name: str
    on_hand: int
    low_stock_threshold: int
    is_low_stock: bool
    created_at: ZuluTime

    @classmethod
    def of(cls, row: Any) -> "HardwareRead":
        hardware: Hardware = row.Hardware
        return cls(
            id=hardware.id,
            uuid=hardware.uuid,
            sku=hardware.sku,
            name=hardware.name,
            on_hand=row.on_hand,
            low_stock_threshold=row.low_stock_threshold,
            is_low_stock=row.on_hand <= row.low_stock_threshold,
            created_at=hardware.created_at,
        )


class HardwarePage(PageRead):
    hardware: list[HardwareRead]


def _mg(grams: Decimal | None) -> int | None:
    return None if grams is None else rules.to_mg(grams)
