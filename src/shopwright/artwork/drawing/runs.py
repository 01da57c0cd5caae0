"""Texts cut into what one font draws in one direction, in the order it stands on the line.

Fonts lack characters and Pillow falls back on none, so each cluster is given a face that has it, or
a drawing when it is an emoji. The order is that of the Unicode bidirectional algorithm without
explicit embeddings: levels 0 to 2 are all that a line of a phone case has.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shopwright.artwork.drawing import emoji
from shopwright.artwork.drawing.faces import SYMBOLS, Face, characters_of, find_face

JOINERS = frozenset("\u200c\u200d")
STRONG_RIGHT = frozenset({"R", "AL"})
NUMBERS = frozenset({"EN", "AN"})
MARKS = frozenset({"Mn", "Me", "Mc"})


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a reader takes for one character. ``emoji`` is the name of its drawing; without that
    and without a face nothing at hand has it, and the first face's box stands for it."""

    text: str
    face: Face | None
    emoji: str | None = None

    @property
    def is_missing(self) -> bool:
        return self.face is None and self.emoji is None


@dataclass(frozen=True, slots=True)
class Run:
    """Drawn in one call: one face, one direction; or one emoji."""

    text: str
    face: Face | None
    emoji: str | None
    is_right_to_left: bool


def clusters_of(text: str, faces: Sequence[Face]) -> list[Cluster]:
    """``faces`` in the order of preference."""
    return list(_cut(text, tuple(faces)))


def missing_in(text: str, faces: Sequence[Face]) -> list[str]:
    """The characters that none of the faces and no drawing has, each once, in their order."""
    lacking = [c.text for c in clusters_of(text, faces) if c.is_missing and not c.text.isspace()]
    return list(dict.fromkeys(lacking))


def visual_runs(clusters: Sequence[Cluster]) -> list[Run]:
    """One line's clusters as runs from left to right."""
    levels = _levels(clusters)
    runs = _join(clusters, levels)
    return [run for run, _ in _reorder(runs)]


def is_right_to_left(text: str) -> bool:
    """By its first letter, as browsers guess it."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in STRONG_RIGHT:
            return True
        if kind == "L":
            return False
    return False


def is_ignorable(character: str) -> bool:
    """It has no look of its own: joiners, marks of direction, selectors of style."""
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


def _cut(text: str, faces: tuple[Face, ...]) -> Iterator[Cluster]:
    at = 0
    while at < len(text):
        found = emoji.find_emoji(text, at)
        if found is not None and _is_drawn(text, at, found[1], faces):
            yield Cluster(text[at : found[1]], None, found[0])
            at = found[1]
            continue
        end = _end_of_cluster(text, at)
        yield Cluster(text[at:end], _face_for(text[at:end], faces))
        at = end


def _is_drawn(text: str, start: int, end: int, faces: tuple[Face, ...]) -> bool:
    """As an emoji: unless it is a sign that the text's own fonts have, or asked for as text."""
    if text[end : end + 1] == emoji.TEXT_STYLE:
        return _face_for(text[start:end], faces) is None
    if not emoji.is_text_by_default(text, start, end):
        return True
    return not any(_has(face, text[start:end]) for face in faces if not _is_symbols(face))


def _end_of_cluster(text: str, start: int) -> int:
    end = start + 1
    while end < len(text) and _continues(text[end]):
        end += 1
    return end


def _continues(character: str) -> bool:
    return unicodedata.category(character) in MARKS or is_ignorable(character)


def _face_for(cluster: str, faces: tuple[Face, ...]) -> Face | None:
    if all(is_ignorable(character) for character in cluster):
        return faces[0]
    return next((face for face in faces if _has(face, cluster)), None)


def _has(face: Face, cluster: str) -> bool:
    known = characters_of(face.path)
    return all(ord(character) in known or is_ignorable(character) for character in cluster)


@lru_cache(maxsize=64)
def _is_symbols(face: Face) -> bool:
    symbols = find_face(SYMBOLS)
    return symbols is not None and face.path == symbols.path


def _levels(clusters: Sequence[Cluster]) -> list[int]:
    """Of embedding: even ones run to the right, odd ones to the left."""
    base = int(is_right_to_left("".join(cluster.text for cluster in clusters)))
    kinds = _resolved([_kind(cluster) for cluster in clusters], base)
    right = {"L": 2 * base, "R": 1, "N": 2}
    return [right[kind] for kind in kinds]


def _kind(cluster: Cluster) -> str:
    """L, R, N for a number, or empty for what takes its neighbours' direction."""
    if cluster.emoji is not None:
        return ""
    kind = unicodedata.bidirectional(cluster.text[0])
    if kind in STRONG_RIGHT:
        return "R"
    return "N" if kind in NUMBERS else "L" if kind == "L" else ""


def _resolved(kinds: list[str], base: int) -> list[str]:
    """Numbers after Latin are Latin; what is neutral is as both its neighbours, else as the
    line."""
    edge = "R" if base else "L"
    before, result = edge, list(kinds)
    for index, kind in enumerate(kinds):
        if kind == "N" and before == "L":
            result[index] = "L"
        elif kind in {"L", "R"}:
            before = kind
    behind = _strengths_behind(result, edge)
    for index, kind in enumerate(result):
        if not kind:  # what stands before it is resolved by now
            left = _strength(result[index - 1]) if index else edge
            result[index] = left if left == behind[index] else edge
    return result


def _strengths_behind(kinds: Sequence[str], edge: str) -> list[str]:
    """For each place the direction of the next one that has any, else the line's."""
    found, nearest = [edge] * len(kinds), edge
    for index in range(len(kinds) - 1, -1, -1):
        found[index] = nearest
        nearest = _strength(kinds[index]) or nearest
    return found


def _strength(kind: str) -> str:
    """A number counts as part of its surroundings."""
    return "R" if kind == "N" else kind


def _join(clusters: Sequence[Cluster], levels: Sequence[int]) -> list[tuple[Run, int]]:
    runs: list[tuple[Run, int]] = []
    for cluster, level in zip(clusters, levels, strict=True):
        run = Run(cluster.text, cluster.face, cluster.emoji, bool(level % 2))
        if runs and _continues_run(runs[-1], run, level):
            last = runs.pop()[0]
            run = Run(last.text + run.text, last.face, None, last.is_right_to_left)
        runs.append((run, level))
    return runs


def _continues_run(last: tuple[Run, int], run: Run, level: int) -> bool:
    same_face = last[0].face == run.face
    return last[1] == level and same_face and last[0].emoji is None and run.emoji is None


def _reorder(runs: list[tuple[Run, int]]) -> list[tuple[Run, int]]:
    """Rule L2: from the highest level down, every stretch of at least that level is reversed."""
    ordered = list(runs)
    for level in range(max((level for _, level in ordered), default=0), 0, -1):
        start = 0
        while start < len(ordered):
            end = start
            while end < len(ordered) and ordered[end][1] >= level:
                end += 1
            ordered[start:end] = reversed(ordered[start:end])
            start = max(end, start + 1)
    return ordered
