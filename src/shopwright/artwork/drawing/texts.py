"""A text layer set in lines and drawn: wrapped, aligned, coloured, with an outline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from shopwright.artwork.drawing import emoji, runs
from shopwright.artwork.drawing.faces import Face
from shopwright.artwork.drawing.runs import Cluster, Run

MIN_PX = 2.0
MAX_BLOCK_PIXELS = 12_000_000  # a larger block is drawn smaller and scaled up
EMOJI_SIZE, EMOJI_RISE = 1.17, 0.93  # of the type size: how large, how far above the line


@dataclass(frozen=True, slots=True)
class Style:
    """``size_px`` of the type; ``width_px`` is where lines are broken, None for nowhere."""

    faces: tuple[Face, ...]
    size_px: float
    color: str
    align: str = "center"
    spacing: float = 1.0
    width_px: float | None = None
    outline_px: float = 0.0
    outline_color: str = "#ffffff"


@dataclass(frozen=True, slots=True)
class Block:
    """The drawn text; its picture is to be shown ``scale`` times larger."""

    picture: Image.Image
    scale: float


def draw_text(text: str, style: Style) -> Block | None:
    """None when there is nothing to see."""
    shrink = 1.0
    lines = _set(text, style)
    width, height = _block_size(lines, style)
    if width * height > MAX_BLOCK_PIXELS:
        shrink = (MAX_BLOCK_PIXELS / (width * height)) ** 0.5
        style = _smaller(style, shrink)
        lines = _set(text, style)
        width, height = _block_size(lines, style)
    if not width:
        return None
    return Block(_draw(lines, style, width, height), 1 / shrink)


@dataclass(frozen=True, slots=True)
class _Line:
    runs: tuple[Run, ...]
    width: float


def _set(text: str, style: Style) -> list[_Line]:
    lines: list[_Line] = []
    for paragraph in text.split("\n"):
        clusters = runs.clusters_of(paragraph, style.faces)
        lines += [_line(part, style) for part in _wrap(clusters, style)]
    return lines


def _wrap(clusters: Sequence[Cluster], style: Style) -> Iterator[Sequence[Cluster]]:
    """Broken at spaces; a word wider than the box is broken where the box ends."""
    if style.width_px is None:
        yield clusters
        return
    line: list[Cluster] = []
    for word in _words(clusters, style, style.width_px):
        if line and _width([*line, *_stripped(word)], style) > style.width_px:
            yield _stripped(line)
            line = []
        line += word
    yield _stripped(line)


def _words(clusters: Sequence[Cluster], style: Style, limit_px: float) -> Iterator[list[Cluster]]:
    """Each with the space after it, none wider than the box."""
    word: list[Cluster] = []
    for cluster in clusters:
        if word and not cluster.text.isspace() and _width([*word, cluster], style) > limit_px:
            yield word
            word = []
        word.append(cluster)
        if cluster.text.isspace():
            yield word
            word = []
    if word:
        yield word


def _stripped(clusters: Sequence[Cluster]) -> list[Cluster]:
    end = len(clusters)
    while end and clusters[end - 1].text.isspace():
        end -= 1
    return list(clusters[:end])


def _line(clusters: Sequence[Cluster], style: Style) -> _Line:
    found = tuple(runs.visual_runs(clusters))
    return _Line(found, sum(_advance(run, style) for run in found))


def _width(clusters: Sequence[Cluster], style: Style) -> float:
    return _line(clusters, style).width


def _advance(run: Run, style: Style) -> float:
    if run.emoji is not None:
        return style.size_px * EMOJI_SIZE
    face = run.face or style.faces[0]
    return _length(face.path, max(MIN_PX, style.size_px), run.text, _direction(run))


@lru_cache(maxsize=4_096)
def _length(path: Path, size_px: float, text: str, direction: str) -> float:
    """Breaking lines measures the same runs again with every character that is added."""
    return load_font(path, size_px).getlength(text, direction=direction)


def _font_of(run: Run, style: Style) -> ImageFont.FreeTypeFont:
    face = run.face or style.faces[0]  # its box stands for what nothing has
    return load_font(face.path, max(MIN_PX, style.size_px))


@lru_cache(maxsize=64)
def load_font(path: Path, size_px: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.RAQM)


def _direction(run: Run) -> str:
    return "rtl" if run.is_right_to_left else "ltr"


def _block_size(lines: Sequence[_Line], style: Style) -> tuple[int, int]:
    widest = max((line.width for line in lines), default=0.0)
    if not widest:
        return 0, 0
    edge = 2 * _edge(style)
    return int(widest) + 1 + edge, int(_line_height(style) * len(lines)) + 1 + edge


def _line_height(style: Style) -> float:
    ascent, descent = _metrics(style)
    return (ascent + descent) * style.spacing


def _metrics(style: Style) -> tuple[int, int]:
    return load_font(style.faces[0].path, max(MIN_PX, style.size_px)).getmetrics()


def _edge(style: Style) -> int:
    """Room for the outline, and for what swings out of its own advance."""
    return int(style.outline_px + style.size_px * 0.4) + 2


def _smaller(style: Style, factor: float) -> Style:
    return Style(
        faces=style.faces,
        size_px=style.size_px * factor,
        color=style.color,
        align=style.align,
        spacing=style.spacing,
        width_px=None if style.width_px is None else style.width_px * factor,
        outline_px=style.outline_px * factor,
        outline_color=style.outline_color,
    )


def _draw(lines: Sequence[_Line], style: Style, width: int, height: int) -> Image.Image:
    block = Image.new("RGBA", (width, height))
    pen = ImageDraw.Draw(block)
    edge, step = _edge(style), _line_height(style)
    rise = _metrics(style)[0] + (step - sum(_metrics(style))) / 2
    for number, line in enumerate(lines):
        room = width - 2 * edge - line.width
        left = edge + {"left": 0.0, "right": room}.get(style.align, room / 2)
        _draw_line(block, pen, line, style, (left, edge + number * step + rise))
    return block


def _draw_line(
    block: Image.Image,
    pen: ImageDraw.ImageDraw,
    line: _Line,
    style: Style,
    start: tuple[float, float],
) -> None:
    x, baseline = start
    for run in line.runs:
        if run.emoji is not None:
            _draw_emoji(block, run.emoji, style, (x, baseline))
        else:
            pen.text(
                (x, baseline),
                run.text,
                font=_font_of(run, style),
                fill=style.color,
                anchor="ls",
                direction=_direction(run),
                stroke_width=style.outline_px,
                stroke_fill=style.outline_color,
            )
        x += _advance(run, style)


def _draw_emoji(block: Image.Image, name: str, style: Style, at: tuple[float, float]) -> None:
    px = max(1, round(style.size_px))
    gap = style.size_px * (EMOJI_SIZE - 1) / 2
    place = (round(at[0] + gap), round(at[1] - EMOJI_RISE * px))
    block.alpha_composite(emoji.draw_emoji(name, px), (max(0, place[0]), max(0, place[1])))
