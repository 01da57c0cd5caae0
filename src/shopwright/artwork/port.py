"""What makes pictures out of words: the port, and where its adapters are found.

A provider is asked once for a picture. What it raises says what is known of it, and so whether it
was paid and may be asked again.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from importlib.metadata import entry_points
from typing import Any, Protocol

from shopwright.kernel.errors import Invalid, Unavailable
from shopwright.kernel.settings import Settings

GROUP = "shopwright.images"
PLACEHOLDER, GEMINI = "placeholder", "gemini"
MILLIONTHS = 1_000_000


class GenerationRefused(Invalid):
    """By the provider's moderation; nothing was made and nothing is paid."""

    code = "generation-refused"
    title = "This picture is not made"


class GenerationFailed(Unavailable):
    """Surely nothing was made: it may be asked for again."""

    code = "generation-failed"
    title = "The picture did not come about"


class GenerationUnknown(Unavailable):
    """The answer was lost: perhaps it was made and paid."""

    code = "generation-unknown"
    title = "Nobody knows whether the picture was made"


@dataclass(frozen=True, slots=True)
class ReferencePicture:
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """``aspect`` is width:height, ``size`` of the longer side: 1K, 2K or 4K. ``marks`` are words
    for people that a stand-in may print on the picture."""

    prompt: str
    pictures: tuple[ReferencePicture, ...] = ()
    aspect: str = "2:3"
    size: str = "1K"
    parameters: dict[str, Any] = field(default_factory=dict)
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GeneratedPicture:
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Price:
    millionths: int
    currency: str


class ImageProvider(Protocol):
    name: str

    def __init__(self, settings: Settings) -> None: ...

    @property
    def price(self) -> Price | None:
        """What one picture costs; None when it costs nothing."""

    async def generate(self, request: ImageRequest) -> GeneratedPicture:
        """Raises GenerationRefused, GenerationFailed, or GenerationUnknown."""


class Providers:
    """Kept in the process; the one the settings name, loaded on first use."""

    def __init__(self) -> None:
        self._made: ImageProvider | None = None

    def install(self, provider: ImageProvider) -> None:
        """Use this one instead of the entry point."""
        self._made = provider

    def get(self, settings: Settings) -> ImageProvider:
        if self._made is None:
            (found,) = entry_points(group=GROUP, name=provider_name(settings))
            self._made = found.load()(settings)
        return self._made


def provider_name(settings: Settings) -> str:
    if settings.image_provider:
        return settings.image_provider
    return GEMINI if settings.google_api_key is not None else PLACEHOLDER


def price_of(amount: Decimal, currency: str) -> Price | None:
    return Price(int(amount * MILLIONTHS), currency) if amount else None
