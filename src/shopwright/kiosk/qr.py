"""QR codes of sessions, as a picture that is sharp at any size and as one for plain screens."""

from io import BytesIO
from typing import Any, Literal

import segno

PNG_PIXELS = 8  # per square of the code: about 500 pixels
Format = Literal["svg", "png"]
TYPES: dict[Format, str] = {"svg": "image/svg+xml", "png": "image/png"}


def draw(text: str, form: Format, config: dict[str, Any]) -> bytes:
    """Black on white, whatever the page around it looks like: every phone reads that."""
    code = segno.make(text, error=config.get("error_correction", "M"), micro=False)
    picture = BytesIO()
    border = config.get("border", 4)
    if form == "svg":
        code.save(picture, kind="svg", border=border, light="#fff", omitsize=True, xmldecl=False)
    else:
        code.save(picture, kind="png", border=border, scale=PNG_PIXELS)
    return picture.getvalue()
