"""PNG out of pixels, four times as fast as by Pillow, whose search for the best filter of each
line costs more than everything else that is drawn: one filter for all lines, and of deflate only
what photographs gain from.
"""

import struct
import zlib

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {"L": 0, "RGB": 2, "RGBA": 6}
UP = 2  # the filter: difference to the line above
PERCEPTUAL = 0
INCHES_PER_METRE = 1 / 0.0254


def encode_png(picture: Image.Image, *, dpi: float | None = None) -> bytes:
    """An sRGB picture of mode L, RGB or RGBA with its physical size; the same pixels give the same
    bytes."""
    header = struct.pack(
        ">LLBBBBB", picture.width, picture.height, 8, COLOUR_TYPES[picture.mode], 0, 0, 0
    )
    chunks = [_chunk(b"IHDR", header), _chunk(b"sRGB", bytes([PERCEPTUAL]))]
    if dpi is not None:
        per_metre = round(dpi * INCHES_PER_METRE)
        chunks.append(_chunk(b"pHYs", struct.pack(">LLB", per_metre, per_metre, 1)))
    chunks += [_chunk(b"IDAT", _deflated(picture)), _chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(chunks)


def _deflated(picture: Image.Image) -> bytes:
    lines = np.asarray(picture).reshape(picture.height, -1)
    filtered = np.empty((lines.shape[0], lines.shape[1] + 1), np.uint8)
    filtered[:, 0] = UP
    filtered[0, 1:] = lines[0]
    np.subtract(lines[1:], lines[:-1], out=filtered[1:, 1:])
    deflate = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return deflate.compress(filtered.data) + deflate.flush()


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", check)
