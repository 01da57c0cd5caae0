"""Pictures by Gemini, with Google's own library (integrations.md §5).

A refusal comes as HTTP 200 without a picture. The library of this version speaks ``/v1/``; it
repeats nothing by itself, and must not: every call is paid.
"""

from typing import Any

import httpx2  # what Google's library calls with
from google import genai
from google.genai import errors, types

from shopwright.artwork.port import (
    GeneratedPicture,
    GenerationFailed,
    GenerationRefused,
    GenerationUnknown,
    ImageRequest,
    Price,
    price_of,
)
from shopwright.kernel.metrics import outside_call
from shopwright.kernel.settings import Settings

SERVICE = "gemini"
MAX_PICTURE_BYTES = 40_000_000
UNTRIED = {429, 503}  # turned away before any work
SERVER_ERROR = 500
ASPECTS = frozenset(["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"])
SIZES = frozenset({"1K", "2K", "4K"})
REASONS = {
    "IMAGE_SAFETY": "it might be unsafe or hurtful",
    "SAFETY": "it might be unsafe or hurtful",
    "PROHIBITED_CONTENT": "it shows something that is never made",
    "IMAGE_PROHIBITED_CONTENT": "it shows something that is never made",
    "BLOCKLIST": "it has a forbidden word",
    "SPII": "it has somebody's personal data",
    "RECITATION": "it is too near to a known work",
    "IMAGE_RECITATION": "it is too near to a known work",
}


class GeminiProvider:
    name = SERVICE

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def price(self) -> Price | None:
        return price_of(self._settings.gemini_image_price, self._settings.gemini_image_currency)

    async def generate(self, request: ImageRequest) -> GeneratedPicture:
        with outside_call(SERVICE) as call:
            try:
                answer = await self._ask(request)
            except errors.APIError as err:
                call.outcome = f"{err.code // 100}xx"
                raise _failed(err) from err
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as err:  # nothing was sent
                raise GenerationFailed("Gemini cannot be reached. Try again later.") from err
            except (httpx2.HTTPError, TimeoutError, ValueError) as err:
                raise GenerationUnknown(
                    "Gemini did not answer in time. The picture may have been paid."
                ) from err
            call.outcome = "done"
        return _picture(answer)

    async def _ask(self, request: ImageRequest) -> types.GenerateContentResponse:
        parts: list[Any] = [request.prompt]
        parts += [
            types.Part.from_bytes(data=picture.content, mime_type=picture.content_type)
            for picture in request.pictures
        ]
        client = self._make_client()
        try:
            return await client.aio.models.generate_content(
                model=self._settings.gemini_model, contents=parts, config=_config(request)
            )
        finally:
            await client.aio.aclose()
            client.close()

    def _make_client(self) -> genai.Client:
        key = self._settings.google_api_key
        if key is None:
            raise GenerationFailed("Gemini has no key here: set GOOGLE_API_KEY.")
        return genai.Client(
            api_key=key.get_secret_value(),
            http_options=types.HttpOptions(
                base_url=self._settings.gemini_api_url,
                timeout=int(self._settings.gemini_timeout_s * 1000),
                async_client_args={"trust_env": False},
            ),
        )


def _config(request: ImageRequest) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=types.ImageConfig(
            aspect_ratio=request.aspect if request.aspect in ASPECTS else "2:3",
            image_size=request.size if request.size in SIZES else "1K",
        ),
    )


def _failed(err: errors.APIError) -> GenerationFailed | GenerationUnknown:
    """Of the words only ours leave: theirs may repeat the key."""
    if err.code in UNTRIED:
        return GenerationFailed("Gemini has too much to do right now. Try again in a minute.")
    if err.code >= SERVER_ERROR:
        return GenerationUnknown("Gemini failed over this picture. It may have been paid.")
    if err.code in {401, 403} or "API key" in (err.message or ""):
        return GenerationFailed("Gemini refuses the shop's key. Check GOOGLE_API_KEY.")
    return GenerationFailed(f"Gemini does not understand the request ({err.code}).")


def _picture(answer: types.GenerateContentResponse) -> GeneratedPicture:
    """Raises GenerationRefused with the reason when there is none."""
    for candidate in answer.candidates or []:
        parts = candidate.content.parts if candidate.content else None
        for part in parts or []:
            found = part.inline_data
            if found and found.data and len(found.data) <= MAX_PICTURE_BYTES:
                return GeneratedPicture(found.data, found.mime_type or "image/png")
    raise GenerationRefused(_why(answer))


def _why(answer: types.GenerateContentResponse) -> str:
    blocked = answer.prompt_feedback.block_reason if answer.prompt_feedback else None
    reasons = [c.finish_reason for c in answer.candidates or [] if c.finish_reason]
    word = (blocked or (reasons[0] if reasons else None)) or "NO_IMAGE"
    said = REASONS.get(getattr(word, "value", str(word)))
    if said is None:
        return "The image service made no picture of this. Try another photo or other words."
    return f"The image service refuses this because {said}. Try another photo or other words."
