"""``models/{model}:generateContent`` as Google documents it, and ``/sandbox`` to disturb it."""

import asyncio
import base64
import binascii
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from shopwright.sandbox.gemini.drawing import LONG_SIDE, draw

MODELS = frozenset({"gemini-3.1-flash-image", "gemini-3-pro-image", "gemini-3.1-flash-lite-image"})
VERSIONS = frozenset({"v1", "v1beta"})
ASPECTS = frozenset({"1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"})
MIME_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
FORBIDDEN_WORD = "forbidden"  # in a prompt: moderation refuses it
BLOCKED_WORD = "blocklisted"  # in a prompt: it is blocked before any candidate
LONG = [(b"content-length", b"1000")]  # never filled


@dataclass
class Knobs:
    """``busy`` and ``broken`` say how many calls are answered 429 or 500 next; ``hangs`` how many
    break off after the work was done."""

    busy: int = 0
    overloaded: int = 0
    broken: int = 0
    hangs: int = 0
    delay_s: float = 0.0
    finish_reason: str = ""  # instead of a picture

    def turn(self, values: dict[str, Any]) -> None:
        for known in fields(self):
            if known.name in values:
                setattr(self, known.name, values[known.name])

    def take(self, name: str) -> bool:
        left = getattr(self, name)
        if left:
            setattr(self, name, left - 1)
        return bool(left)


@dataclass(frozen=True)
class Call:
    """What was asked for and let in."""

    model: str
    prompt: str
    pictures: list[tuple[str, bytes]]
    aspect: str
    size: str


@dataclass
class World:
    calls: list[Call] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)  # by each call; cleared by a test
    made: int = 0  # pictures that would be on the bill


class Refused(Exception):
    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code, self.status, self.message = code, status, message


class BrokenAnswer(Response):
    """Begins and never goes on: to its client the connection breaks."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": LONG})


class Api:
    def __init__(self, world: World, knobs: Knobs, key: str) -> None:
        self._world, self._knobs, self._key = world, knobs, key

    async def generate(self, request: Request) -> Response:
        try:
            self._check_key(request)
            call = _parse(request.path_params, await request.json())
            self._check_mood()
        except Refused as refusal:
            return _error(refusal)
        self._world.calls.append(call)
        self._world.called.set()
        await asyncio.sleep(self._knobs.delay_s)
        if BLOCKED_WORD in call.prompt.lower():
            return JSONResponse({"promptFeedback": {"blockReason": "BLOCKLIST"}})
        reason = self._knobs.finish_reason
        if FORBIDDEN_WORD in call.prompt.lower():
            reason = "IMAGE_SAFETY"
        if reason:
            return JSONResponse(_answer([{"text": "I cannot make this."}], reason, call.model))
        self._world.made += 1
        if self._knobs.take("hangs"):
            return BrokenAnswer()
        content = await asyncio.to_thread(draw, call.prompt, call.aspect, call.size)
        data = base64.b64encode(content).decode()
        part = {"inlineData": {"mimeType": "image/png", "data": data}}
        return JSONResponse(_answer([{"text": "Here it is."}, part], "STOP", call.model))

    def _check_key(self, request: Request) -> None:
        if request.headers.get("x-goog-api-key") != self._key:
            raise Refused(
                400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."
            )

    def _check_mood(self) -> None:
        if self._knobs.take("busy"):
            raise Refused(429, "RESOURCE_EXHAUSTED", "Quota exceeded for this minute.")
        if self._knobs.take("overloaded"):
            raise Refused(503, "UNAVAILABLE", "The model is overloaded.")
        if self._knobs.take("broken"):
            raise Refused(500, "INTERNAL", "An internal error has occurred.")


def make_app(world: World, knobs: Knobs, key: str) -> Starlette:
    api = Api(world, knobs, key)

    async def look(_request: Request) -> Response:
        return JSONResponse({"knobs": asdict(knobs), "calls": len(world.calls), "made": world.made})

    async def disturb(request: Request) -> Response:
        knobs.turn(await request.json())
        return await look(request)

    return Starlette(
        routes=[
            Route("/{version}/models/{model}:generateContent", api.generate, methods=["POST"]),
            Route("/sandbox", look),
            Route("/sandbox/knobs", disturb, methods=["POST"]),
        ]
    )


def _parse(path: dict[str, str], body: dict[str, Any]) -> Call:
    """Raises Refused as the real one does: an unknown model is 404, a wrong value 400."""
    if path["version"] not in VERSIONS or path["model"] not in MODELS:
        raise Refused(
            404, "NOT_FOUND", f"models/{path['model']} is not found for this API version."
        )
    config = body.get("generationConfig", {})
    if "IMAGE" not in config.get("responseModalities", []):
        raise Refused(400, "INVALID_ARGUMENT", "This model answers with images; ask for IMAGE.")
    image = config.get("imageConfig", {})
    aspect, size = image.get("aspectRatio", "1:1"), image.get("imageSize", "1K")
    if aspect not in ASPECTS or size not in LONG_SIDE:
        raise Refused(400, "INVALID_ARGUMENT", f"aspect_ratio {aspect} or image_size {size}.")
    parts = [part for content in body.get("contents", []) for part in content.get("parts", [])]
    prompt = " ".join(part["text"] for part in parts if "text" in part)
    if not prompt:
        raise Refused(400, "INVALID_ARGUMENT", "contents is not specified.")
    return Call(
        path["model"], prompt, [_picture(p) for p in parts if "inlineData" in p], aspect, size
    )


def _picture(part: dict[str, Any]) -> tuple[str, bytes]:
    """Google's library writes ``mime_type`` inside ``inlineData``, its document ``mimeType``."""
    inline = part["inlineData"]
    kind = inline.get("mimeType") or inline.get("mime_type")
    if kind not in MIME_TYPES:
        raise Refused(400, "INVALID_ARGUMENT", f"Unsupported MIME type: {kind}")
    try:
        plain = inline["data"].replace("-", "+").replace("_", "/")  # Google takes either alphabet
        return kind, base64.b64decode(plain, validate=True)
    except (KeyError, binascii.Error, ValueError) as err:
        raise Refused(400, "INVALID_ARGUMENT", "Base64 decoding failed.") from err


def _answer(parts: list[dict[str, Any]], reason: str, model: str) -> dict[str, Any]:
    return {
        "candidates": [
            {"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}
        ],
        "usageMetadata": {
            "promptTokenCount": 9, "candidatesTokenCount": 1290, "totalTokenCount": 1299,
        },
        "modelVersion": model,
        "responseId": "sandbox",
    }  # fmt: skip


def _error(refusal: Refused) -> JSONResponse:
    body = {"code": refusal.code, "message": refusal.message, "status": refusal.status}
    return JSONResponse({"error": body}, status_code=refusal.code)
