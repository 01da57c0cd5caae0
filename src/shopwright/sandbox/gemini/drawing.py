"""Pictures by the stand-in: a gradient that the prompt decides, as PNG, by nothing but zlib."""

import hashlib
import struct
import zlib

LONG_SIDE = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def draw(prompt: str, aspect: str, size: str) -> bytes:
    across, down = (int(part) for part in aspect.split(":"))
    scale = LONG_SIDE[size] / max(across, down)
    return _png(
        round(across * scale), round(down * scale), hashlib.sha256(prompt.encode()).digest()
    )


def _png(width: int, height: int, seed: bytes) -> bytes:
    lines = bytearray()
    for y in range(height):
        share = y * 255 // height
        pixel = bytes((seed[i] * (255 - share) + seed[i + 3] * share) // 255 for i in range(3))
        lines += b"\x00" + pixel * width
    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(lines), 1)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", check)
