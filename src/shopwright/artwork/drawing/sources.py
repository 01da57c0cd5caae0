"""Pictures that layers are made of, decoded once and kept while there is room."""

from collections import OrderedDict

from PIL import Image

from shopwright.kernel.child import ChildRefusal

FORMATS = ("JPEG", "PNG", "WEBP")


class Missing(ChildRefusal):
    """A picture is wanted that was neither sent nor kept."""


class Sources:
    """By the hash of their content. ``max_side_px`` bounds what is kept: previews need no more."""

    def __init__(self, max_bytes: int, max_side_px: int | None) -> None:
        self._max_bytes = max_bytes
        self._max_side_px = max_side_px
        self._kept: OrderedDict[str, Image.Image] = OrderedDict()
        self._bytes = 0

    def get(self, sha256: str, path: str | None) -> Image.Image:
        """RGB or RGBA; raises Missing."""
        if sha256 in self._kept:
            self._kept.move_to_end(sha256)
            return self._kept[sha256]
        if path is None:
            raise Missing("missing")
        picture = self._decode(path)
        self._keep(sha256, picture)
        return picture

    def forget(self) -> None:
        """When memory is short."""
        self._kept.clear()
        self._bytes = 0

    def held(self) -> list[str]:
        return list(self._kept)

    def _decode(self, path: str) -> Image.Image:
        with Image.open(path, formats=FORMATS) as source:
            side = self._max_side_px
            if side is not None:
                source.draft("RGB", (side, side))  # a large JPEG is decoded smaller
            mode = "RGBA" if source.has_transparency_data else "RGB"
            picture = source.convert(mode)
            if side is not None and max(picture.size) > side:
                picture.thumbnail((side, side), Image.Resampling.BOX, reducing_gap=None)
            return picture

    def _keep(self, sha256: str, picture: Image.Image) -> None:
        self._kept[sha256] = picture
        self._bytes += _size(picture)
        while self._bytes > self._max_bytes and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= _size(dropped)


def _size(picture: Image.Image) -> int:
    return picture.width * picture.height * 4  # Pillow keeps RGB in four bytes
