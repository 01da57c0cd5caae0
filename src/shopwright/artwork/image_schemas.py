"""Bodies of reference (d)'s picture routes."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from shopwright.files.links import LinkFor

MAX_DATA_URL = 14_500_000  # 10 MB in base64, with its head
HOURS = 24 * 365

Reference = Annotated[str | None, Field(max_length=80)]


class _Tolerant(BaseModel):
    """Clients of reference (d) send more than they document."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class ImageGenerate(_Tolerant):
    """``image_data`` is a data URL or bare base64. The style stands by itself or among
    ``style_params``, whose other members are the words its template asks for."""

    image_data: str | None = Field(None, max_length=MAX_DATA_URL)
    style: str | None = Field(None, max_length=100)
    template_id: str | None = Field(None, max_length=60)
    style_params: dict[str, Any] = Field(default_factory=dict)
    quality: str = Field("standard", max_length=20)
    size: str = Field("auto", max_length=20)
    order_id: Reference = None

    @field_validator("order_id", "template_id", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value


class UploadFinal(_Tolerant):
    """``final_image_data`` is a data URL of a JPEG, PNG or WebP."""

    template_id: str = Field(min_length=1, max_length=60)
    final_image_data: str = Field(min_length=1, max_length=MAX_DATA_URL)
    order_id: Reference = None
    metadata: dict[str, Any] | str | None = None


class SecureUrl(_Tolerant):
    """``token`` is a valid one for the same picture; the shop's people need none."""

    filename: str = Field(min_length=1, max_length=160)
    partner_type: LinkFor = LinkFor.END_USER
    expiry_hours: float | None = Field(None, gt=0, le=HOURS)
    token: str | None = Field(None, max_length=200)


class RefreshToken(_Tolerant):
    filename: str = Field(min_length=1, max_length=160)
    token: str = Field(min_length=1, max_length=200)


class DesignGenerate(_Tolerant):
    """A style of the design's template, made of a picture of this design, or of words alone.

    ``request_id``, a uuid, makes a repetition the same picture.
    """

    style: str = Field(min_length=1, max_length=100)
    words: dict[str, str] = Field(default_factory=dict)
    image: str | None = Field(None, max_length=40)
    quality: str = Field("standard", max_length=20)
    size: str = Field("auto", max_length=20)
    request_id: str | None = Field(None, pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
