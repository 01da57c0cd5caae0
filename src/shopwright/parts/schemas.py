"""Bodies and answers of the part routes, in the names of the part-management reference."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from shopwright.kernel.times import ZuluTime
from shopwright.parts.materials import MATERIALS, Material, find_material, mass_g
from shopwright.parts.models import CadConversion, Part, PartFile, PartView
from shopwright.parts.queries import FoundPart
from shopwright.parts.service import PartSpec
from shopwright.parts.states import (
    SHOWN,
    ConversionStatus,
    PartCategory,
    PartStatus,
    PartType,
)

MAX_AMOUNT = 1_000_000
MAX_NOTES = 20_000
SYNONYMS = {"canceled": "cancelled", "complete": "completed", "inprogress": "in_progress"}


def _word_of(kind: type[StrEnum]) -> BeforeValidator:
    """In any case; empty is nothing; a refusal names the words there are."""

    def tidy(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        word = value.strip().lower().replace(" ", "_").replace("-", "_")
        word = SYNONYMS.get(word, word)
        if word and word not in set(kind):
            raise ValueError(f"must be one of {', '.join(_names(kind))}, not {value[:40]!r}")
        return word or None

    return BeforeValidator(tidy)


def _names(kind: type[StrEnum]) -> list[str]:
    return list(SHOWN.values()) if kind is PartStatus else [member.value for member in kind]


def _tidy_text(value: Any) -> Any:
    """Numbers are taken as text; empty is nothing."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else value


def _base_name(value: Any) -> Any:
    """Of a path only its last part; what is not printable is left out."""
    if not isinstance(value, str):
        return value
    name = value.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    name = "".join(c for c in name if c.isprintable()).strip()
    return None if name in {"", ".", ".."} else name


def _amount(value: Any) -> Any:
    return 1 if value is None or value == "" else value


def _misc_info(value: Any) -> Any:
    return {} if value is None else value


def _http_url(value: Any) -> Any:
    """A link that is shown, so nothing but a web address."""
    text = _tidy_text(value)
    if isinstance(text, str) and not text.lower().startswith(("https://", "http://")):
        raise ValueError("must begin with https://")
    return text


def _named(*names: str) -> Any:
    return Field(None, validation_alias=AliasChoices(*names))


TypeWord = Annotated[PartType | None, _word_of(PartType)]
CategoryWord = Annotated[PartCategory | None, _word_of(PartCategory)]
StatusWord = Annotated[PartStatus | None, _word_of(PartStatus)]
MiscInfo = Annotated[dict[str, Any], BeforeValidator(_misc_info)]


Tidy = BeforeValidator(_tidy_text)
Name = Annotated[Annotated[str, Field(max_length=200)] | None, Tidy]
Word = Annotated[Annotated[str, Field(max_length=100)] | None, Tidy]
Thickness = Annotated[Annotated[str, Field(max_length=50)] | None, Tidy]
Long = Annotated[Annotated[str, Field(max_length=MAX_NOTES)] | None, Tidy]
FileName = Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(_base_name)]
Url = Annotated[Annotated[str, Field(max_length=500)] | None, BeforeValidator(_http_url)]
Amount = Annotated[Annotated[int, Field(ge=1, le=MAX_AMOUNT)], BeforeValidator(_amount)]


class PartBody(BaseModel):
    """A part as a client writes it: camelCase or snake_case, unknown and read-only members are
    ignored."""

    model_config = ConfigDict(extra="ignore")

    name: Name = None
    type: TypeWord = None
    category: CategoryWord = None
    status: StatusWord = None
    subsystem: Word = None
    assigned: Word = None
    notes: Long = None
    file: FileName = None
    onshape_url: Url = _named("onshapeUrl", "onshape_url")
    material: Name = None
    material_thickness: Thickness = _named("materialThickness", "material_thickness")
    amount: Amount = 1
    misc_info: MiscInfo = Field({}, validation_alias=AliasChoices("miscInfo", "misc_info"))

    def spec(self) -> PartSpec:
        return PartSpec(
            name=self.name,
            type=self.type,
            category=self.category,
            status=self.status,
            assigned=self.assigned,
            misc_info=self.misc_info,
            facts=self._facts(),
        )

    def changes(self) -> dict[str, Any]:
        """Of what was sent; a name, a category and a status cannot be taken away."""
        given = self.model_fields_set
        kept = {"name", "category", "status"}
        moved = {
            name: getattr(self, name)
            for name in ("name", "type", "category", "status", "assigned", "misc_info")
            if name in given and not (name in kept and getattr(self, name) is None)
        }
        return moved | {name: value for name, value in self._facts().items() if name in given}

    def _facts(self) -> dict[str, Any]:
        names = (
            "subsystem", "notes", "onshape_url", "material", "material_thickness", "amount"
        )  # fmt: skip
        facts = {name: getattr(self, name) for name in names}
        return facts | ({"file_name": self.file} if "file" in self.model_fields_set else {})


class ApproveBody(BaseModel):
    model_config = ConfigDict(extra="ignore")

    reviewer: Word = None
    misc_info: MiscInfo = Field({}, validation_alias=AliasChoices("miscInfo", "misc_info"))


class AssignBody(BaseModel):
    """Who takes the part; whoever signed in as a person need not say their own name."""

    model_config = ConfigDict(extra="ignore")

    assigned: Word = None


class CompleteBody(BaseModel):
    """``amount``: only so many of what is left are made; without it the part is finished."""

    model_config = ConfigDict(extra="ignore")

    amount: Annotated[int, Field(ge=1, le=MAX_AMOUNT)] | None = None
    misc_info: MiscInfo = Field({}, validation_alias=AliasChoices("miscInfo", "misc_info"))


class NoBody(BaseModel):
    """Nothing is asked for; a key may stand in it."""

    model_config = ConfigDict(extra="ignore")


class Answer(BaseModel):
    """camelCase outside."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True,
        serialize_by_alias=True,
    )  # fmt: skip


class ModelRead(Answer):
    """What was made of the newest model: ``status`` is queued, running, done or failed."""

    status: ConversionStatus
    phase: str
    progress: int
    error: str | None
    model_url: str | None
    preview_url: str | None
    volume_mm3: float | None = Field(alias="volumeMm3")
    area_mm2: float | None = Field(alias="areaMm2")
    bounding_box_mm: list[float] | None
    body_count: int | None
    triangle_count: int | None
    is_watertight: bool | None
    mass_g: float | None

    @classmethod
    def of(cls, conversion: CadConversion, part: Part, base_path: str) -> Self:
        url = f"{base_path}/api/parts/{part.id}"
        material = find_material(part.material)
        return cls(
            status=conversion.status,
            phase=conversion.phase,
            progress=conversion.progress,
            error=conversion.error,
            model_url=f"{url}/model" if conversion.glb_sha256 else None,
            preview_url=_picture_url(url, conversion.preview_sha256),
            volume_mm3=conversion.volume_mm3,
            area_mm2=conversion.area_mm2,
            bounding_box_mm=box_of(conversion),
            body_count=conversion.body_count,
            triangle_count=conversion.triangle_count,
            is_watertight=conversion.is_watertight,
            mass_g=_mass(conversion, material),
        )


class PartOrderRead(Answer):
    """The order that owes the part."""

    id: int
    number: int
    item_id: int

    @classmethod
    def of(cls, part: Part) -> Self | None:
        if part.order_id is None or part.order_item_id is None or part.order_number is None:
            return None
        return cls(id=part.order_id, number=part.order_number, item_id=part.order_item_id)


class PersonalisationRead(Answer):
    question: str
    answer: str


class PartRead(Answer):
    """Names and types as the reference prints them, and what it does not know behind them."""

    id: int
    uuid: str
    part_id: str
    type: PartType | None
    name: str
    subsystem: str | None
    assigned: str | None
    status: str
    notes: str | None
    file: str | None
    onshape_url: str | None
    claimed_date: ZuluTime | None
    category: PartCategory
    created_at: ZuluTime
    updated_at: ZuluTime
    material: str | None
    material_thickness: str | None
    amount: int
    amount_made: int
    misc_info: dict[str, Any]
    version: int
    completed_date: ZuluTime | None
    order: PartOrderRead | None
    due_on: date | None
    personalisation: list[PersonalisationRead]
    held_reason: str | None
    cancelled_reason: str | None
    model: ModelRead | None

    @classmethod
    def of(cls, found: FoundPart, base_path: str) -> Self:
        part, conversion = found.part, found.conversion
        return cls(
            id=part.id,
            uuid=part.uuid,
            part_id=part.code,
            type=part.type,
            name=part.name,
            subsystem=part.subsystem,
            assigned=part.assigned,
            status=SHOWN[part.status],
            notes=part.notes,
            file=part.file_name,
            onshape_url=part.onshape_url,
            claimed_date=part.claimed_at,
            category=part.category,
            created_at=part.created_at,
            updated_at=part.updated_at,
            material=part.material,
            material_thickness=part.material_thickness,
            amount=part.amount,
            amount_made=part.amount if part.status is PartStatus.COMPLETED else part.made,
            misc_info=part.misc_info,
            version=part.version,
            completed_date=part.completed_at,
            order=PartOrderRead.of(part),
            due_on=part.due_on,
            personalisation=[
                PersonalisationRead(question=question, answer=answer)
                for question, answer in part.personalisation
            ],
            held_reason=part.held_reason,
            cancelled_reason=part.cancelled_reason,
            model=ModelRead.of(conversion, part, base_path) if conversion else None,
        )


class PartPage(BaseModel):
    parts: list[PartRead]
    total: int
    limit: int
    offset: int
    page: int
    pages: int


class AuthCheckRead(BaseModel):
    status: str = "authenticated"
    message: str = "API key is valid"
    timestamp: ZuluTime


class ConversionRead(BaseModel):
    """As the reference's upload answers it; ``status`` and ``progress`` are ours."""

    success: bool
    error: str | None
    gltf_path: str | None
    status: ConversionStatus
    phase: str
    progress: int

    @classmethod
    def of(cls, conversion: CadConversion, part_id: int, base_path: str) -> Self:
        has_model = conversion.glb_sha256 is not None  # its measures may follow
        path = f"{base_path}/api/parts/{part_id}/model"
        return cls(
            success=has_model,
            error=conversion.error,
            gltf_path=path if has_model else None,
            status=conversion.status,
            phase=conversion.phase,
            progress=conversion.progress,
        )


class UploadRead(BaseModel):
    """``conversion`` is null for a drawing."""

    message: str
    filename: str
    file_path: str
    version: int
    conversion: ConversionRead | None


class VersionRead(Answer):
    version: int
    filename: str
    kind: str
    size_bytes: int
    sha256: str
    uploaded_by: str
    created_at: ZuluTime
    download_url: str

    @classmethod
    def of(cls, file: PartFile, base_path: str) -> Self:
        return cls(
            version=file.version,
            filename=file.name,
            kind=file.kind.value,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            uploaded_by=file.uploaded_by,
            created_at=file.created_at,
            download_url=(f"{base_path}/api/parts/{file.part_id}/download?version={file.version}"),
        )


class VersionsRead(BaseModel):
    versions: list[VersionRead]


class ViewsRead(BaseModel):
    """Which sides there are pictures of; ``updated_at`` is null when there are none."""

    files: list[str]
    urls: list[str]
    updated_at: ZuluTime | None

    @classmethod
    def of(cls, views: list[PartView], part_id: int, base_path: str) -> Self:
        moments: list[datetime] = [view.updated_at for view in views]
        return cls(
            files=[f"view_{view.number}.png" for view in views],
            urls=[f"{base_path}/api/parts/{part_id}/views/{view.number}" for view in views],
            updated_at=max(moments, default=None),
        )


class MassRead(Answer):
    """``density`` in grams per cubic centimetre; ``massG`` null until the volume is known."""

    material: str
    density: float
    mass_g: float | None

    @classmethod
    def of(cls, material: Material, volume_mm3: float | None) -> Self:
        mass = None if volume_mm3 is None else mass_g(volume_mm3, material)
        return cls(material=material.name, density=material.density, mass_g=mass)


class GeometryRead(Answer):
    """Of the newest model. ``note`` says why there is no mass of the part's own material."""

    volume_mm3: float | None = Field(alias="volumeMm3")
    area_mm2: float | None = Field(alias="areaMm2")
    bounding_box_mm: list[float] | None
    body_count: int | None
    triangle_count: int | None
    is_watertight: bool | None
    material: str | None
    mass_g: float | None
    note: str | None
    masses: list[MassRead]

    @classmethod
    def of(cls, conversion: CadConversion, material: str | None) -> Self:
        known = find_material(material)
        volume = conversion.volume_mm3
        return cls(
            volume_mm3=volume,
            area_mm2=conversion.area_mm2,
            bounding_box_mm=box_of(conversion),
            body_count=conversion.body_count,
            triangle_count=conversion.triangle_count,
            is_watertight=conversion.is_watertight,
            material=known.name if known else material,
            mass_g=_mass(conversion, known),
            note=_mass_note(conversion, material, known),
            masses=[MassRead.of(one, volume) for one in MATERIALS],
        )


def box_of(conversion: CadConversion) -> list[float] | None:
    x, y, z = conversion.size_x_mm, conversion.size_y_mm, conversion.size_z_mm
    return None if x is None or y is None or z is None else [x, y, z]


def _mass(conversion: CadConversion, material: Material | None) -> float | None:
    if material is None or conversion.volume_mm3 is None:
        return None
    return mass_g(conversion.volume_mm3, material)


def _mass_note(
    conversion: CadConversion, material: str | None, known: Material | None
) -> str | None:
    if conversion.measure_error:
        return conversion.measure_error
    if material and known is None:
        return f"The density of “{material}” is not known, so there is no mass."
    if not conversion.is_watertight and conversion.volume_mm3 is not None:
        return "The surface has holes, so volume and mass are estimates."
    return None


def _picture_url(url: str, sha256: str | None) -> str | None:
    return f"{url}/preview?v={sha256[:8]}" if sha256 else None
