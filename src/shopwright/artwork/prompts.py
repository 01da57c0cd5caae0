"""What a customer may ask an image provider for: a style of the catalogue and its few words.

Prompts are the shop's own. A customer's words are put into them as quoted text, short and without
anything that could end the quotation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shopwright.artwork.port import ImageRequest, ReferencePicture
from shopwright.catalog.designs.models import AiStyle, Template
from shopwright.kernel.errors import Invalid

WORD = re.compile(r"\{([a-z_]+)\}")
UNQUOTED = re.compile(r"[\"“”«»`{}<>\\\x00-\x1f\x7f]")
STYLE_KEYS = ("style", "mode", "look")
MAX_WORD = 60
ASPECTS = {"1024x1024": "1:1", "1024x1536": "2:3", "1536x1024": "3:2", "auto": "2:3"}
SIZES = {"low": "1K", "medium": "1K", "standard": "1K", "auto": "1K", "high": "2K", "hd": "2K"}


class StyleUnknown(Invalid):
    code = "style-unknown"
    title = "There is no such style"


class StyleWordInvalid(Invalid):
    code = "style-word-invalid"
    title = "A word for this style does not fit"


@dataclass(frozen=True, slots=True)
class Wish:
    """A checked wish: the words are those that the template knows."""

    template: Template
    style: AiStyle
    words: Mapping[str, str]
    aspect: str
    size: str

    @property
    def shown(self) -> str:
        """What may be told outside of what was asked; the prompt itself is the shop's."""
        words = "".join(f", {word}" for word in self.words.values())
        return f"{self.template.name}: {self.style.name}{words}"


def make_wish(
    template: Template, style: AiStyle, sent: Mapping[str, Any], *, size: str, quality: str
) -> Wish:
    """Raises StyleWordInvalid, or Invalid for a size or quality that is not offered."""
    if size not in ASPECTS:
        raise Invalid(f"size must be one of {', '.join(ASPECTS)}.")
    if quality not in SIZES:
        raise Invalid(f"quality must be one of {', '.join(SIZES)}.")
    words = {known["name"]: _word(known, sent.get(known["name"])) for known in template.parameters}
    return Wish(
        template, style, {k: v for k, v in words.items() if v}, ASPECTS[size], SIZES[quality]
    )


def style_named(sent: Mapping[str, Any]) -> str | None:
    """The style among the parameters of reference (d), whose name differs by template."""
    found = next((sent[key] for key in STYLE_KEYS if sent.get(key)), None)
    return found if isinstance(found, str) else None


def request_of(wish: Wish, picture: ReferencePicture | None) -> ImageRequest:
    return ImageRequest(
        prompt=prompt_of(wish),
        pictures=(picture,) if picture else (),
        aspect=wish.aspect,
        size=wish.size,
        parameters=dict(wish.style.parameters),
        marks=(wish.template.name, wish.style.name),
    )


def prompt_of(wish: Wish) -> str:
    """The style's prompt with the words in their places; those without one stand at its end."""
    placed = set(WORD.findall(wish.style.prompt))
    prompt = WORD.sub(lambda found: _quoted(wish.words.get(found[1], "")), wish.style.prompt)
    rest = [f"{name}: {_quoted(word)}." for name, word in wish.words.items() if name not in placed]
    return " ".join([prompt.strip(), *rest])


def _word(known: Mapping[str, Any], sent: Any) -> str:
    label, most = known.get("label") or known["name"], int(known.get("max_length") or MAX_WORD)
    if sent is not None and not isinstance(sent, str | int | float):
        raise StyleWordInvalid(f"{label}: send a text.", parameter=known["name"])
    word = " ".join(UNQUOTED.sub(" ", "" if sent is None else str(sent)).split())
    if not word and known.get("is_required"):
        raise StyleWordInvalid(f"{label} is missing.", parameter=known["name"])
    if len(word) > most:
        raise StyleWordInvalid(
            f"{label} has at most {most} characters, not {len(word)}.", parameter=known["name"]
        )
    return word


def _quoted(word: str) -> str:
    return f'"{word}"' if word else ""
