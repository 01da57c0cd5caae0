"""A picture of a body, drawn by numpy alone: no display, no graphics card.

A depth buffer of twice the size, averaged down. Long triangles are halved until each is small,
then all of about one size are drawn together: a loop over pixels of a patch, not over triangles.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

SIZE_PX = 512
OVERSAMPLED = 2
MARGIN = 0.06  # of the picture, free around the body
LONGEST_PX = 32  # of an edge, before it is halved
MAX_PIECES = 3_000_000  # then long triangles stay long
BATCH_PIXELS = 2_000_000  # looked at together, which bounds the memory
SMOOTH_COS = 0.8  # corners within this of their face are shaded round
EDGE_COS = 0.8  # neighbours that bend more have an edge between them
EDGE_DEPTH = 0.01  # of the body's size, between a surface and what is behind it
CAMERA = (1.0, -1.6, 1.1)  # from the front right, above; CAD bodies stand on the plane z = 0
LIGHTS = (((0.3, 0.5, 0.8), 0.62), ((-0.7, 0.2, 0.5), 0.22))  # seen from the camera
AMBIENT = 0.24
BRIGHTNESS = 1.25
NOTHING = np.float32(-9)  # the depth of the background
COLOR = (150, 172, 198)  # reads on light and on dark pages
EDGE_SHADE = 0.45

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


def draw(
    vertices: npt.NDArray[np.float64],
    faces: npt.NDArray[np.int64],
    normals: npt.NDArray[np.float64],
    path: Path,
) -> None:
    """Write a PNG with a transparent background. ``normals`` belong to the vertices."""
    corners = _seen(vertices, faces, normals)
    canvas = _Canvas(SIZE_PX * OVERSAMPLED)
    canvas.add(_halved(_on_screen(corners, canvas.side)))
    Image.fromarray(_averaged(canvas.colored()), "RGBA").save(path, "PNG", optimize=True)


def _seen(
    vertices: npt.NDArray[np.float64],
    faces: npt.NDArray[np.int64],
    normals: npt.NDArray[np.float64],
) -> Floats:
    """Corners of every triangle as (x right, y up, z towards us, normal), of size 1 around 0."""
    turn = _camera_axes()
    middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    points = (vertices - middle) @ turn.T
    low, high = points.min(axis=0), points.max(axis=0)
    points = (points - (low + high) / 2) / max(float((high - low)[:2].max()), 1e-12)
    corners = np.concatenate([points[faces], (normals @ turn.T)[faces]], axis=2)
    return _with_sharp_edges(corners).astype(np.float32)


def _camera_axes() -> npt.NDArray[np.float64]:
    towards = np.array(CAMERA) / np.linalg.norm(CAMERA)
    right = np.cross((0.0, 0.0, 1.0), towards)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(towards, right), towards])


def _with_sharp_edges(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A corner whose normal leans far from its face is a sharp one: it is shaded like the face."""
    a, b, c = (corners[:, i, :3] for i in range(3))
    flat = np.cross(b - a, c - a)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-20)
    is_round = np.einsum("ijk,ik->ij", corners[:, :, 3:], flat) > SMOOTH_COS
    corners[:, :, 3:] = np.where(is_round[:, :, None], corners[:, :, 3:], flat[:, None, :])
    return corners


def _on_screen(corners: Floats, side: int) -> Floats:
    """x and y in pixels, y downwards."""
    scale = side * (1 - 2 * MARGIN)
    corners[:, :, 0] = corners[:, :, 0] * scale + side / 2
    corners[:, :, 1] = side / 2 - corners[:, :, 1] * scale
    return corners


def _halved(pieces: Floats) -> list[Floats]:
    """Cut at the middle of the longest edge until that edge is short."""
    done, count = [], 0
    while len(pieces):
        sides = pieces - np.roll(pieces, -1, axis=1)
        lengths = np.hypot(sides[:, :, 0], sides[:, :, 1])
        is_short = lengths.max(axis=1) <= LONGEST_PX
        if count + 2 * len(pieces) > MAX_PIECES:
            is_short[:] = True
        done.append(pieces[is_short])
        count += len(done[-1])
        pieces = _cut(pieces[~is_short], lengths[~is_short].argmax(axis=1))
    return done


def _cut(pieces: Floats, longest: Integers) -> Floats:
    rows = np.arange(len(pieces))
    start, end = pieces[rows, longest], pieces[rows, (longest + 1) % 3]
    middle, apex = (start + end) / 2, pieces[rows, (longest + 2) % 3]
    return np.concatenate(
        [np.stack([start, middle, apex], axis=1), np.stack([middle, end, apex], axis=1)]
    )


class _Canvas:
    """Depth and normal of what is seen at each pixel."""

    def __init__(self, side: int) -> None:
        self.side = side
        self._depth = np.full(side * side, -np.inf, dtype=np.float32)
        self._normal = np.zeros((side * side, 3), dtype=np.float32)

    def add(self, parts: list[Floats]) -> None:
        pieces = np.concatenate(parts) if parts else np.zeros((0, 3, 6), np.float32)
        low = np.floor(pieces[:, :, :2].min(axis=1)).astype(np.int64)
        spread = np.ceil(pieces[:, :, :2].max(axis=1)).astype(np.int64) - low + 1
        widths = 2 ** np.ceil(np.log2(np.maximum(spread.max(axis=1), 1))).astype(np.int64)
        for width in np.unique(widths):
            (chosen,) = np.nonzero(widths == width)
            batch = max(1, BATCH_PIXELS // int(width) ** 2)
            for start in range(0, len(chosen), batch):
                rows = chosen[start : start + batch]
                self._add_patches(pieces[rows], low[rows], int(width))

    def _add_patches(self, pieces: Floats, low: Integers, width: int) -> None:
        """Every pixel of a square around each piece, kept where it lies inside."""
        steps = np.arange(width)
        x = (low[:, 0, None, None] + steps[None, None, :]).astype(np.float32) + 0.5
        y = (low[:, 1, None, None] + steps[None, :, None]).astype(np.float32) + 0.5
        a, b, c = (pieces[:, i, :2, None, None] for i in range(3))
        area = _edge(a, b, c[:, 0], c[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            first = _edge(b, c, x, y) / area
            second = _edge(c, a, x, y) / area
        third = 1 - first - second
        is_inside = (first >= 0) & (second >= 0) & (third >= 0)
        rows, down, across = np.nonzero(is_inside)
        weights = np.stack([w[rows, down, across] for w in (first, second, third)], axis=1)
        seen = np.einsum("ij,ijk->ik", weights, pieces[rows, :, 2:])
        self._keep_nearest(low[rows, 0] + across, low[rows, 1] + down, seen)

    def _keep_nearest(self, x: Integers, y: Integers, seen: Floats) -> None:
        is_on = (x >= 0) & (x < self.side) & (y >= 0) & (y < self.side)
        place, seen = (y * self.side + x)[is_on], seen[is_on]
        is_nearer = seen[:, 0] > self._depth[place]
        place, seen = place[is_nearer], seen[is_nearer]
        order = np.argsort(seen[:, 0], kind="stable")  # of one pixel the nearest is written last
        self._depth[place[order]] = seen[order, 0]
        self._normal[place[order]] = seen[order, 1:]

    def colored(self) -> Floats:
        """Red, green, blue and cover of each pixel, 0 to 1; colours are worth their cover."""
        (seen,) = np.nonzero(np.isfinite(self._depth))
        self._normal[seen] = _facing_us(self._normal[seen])
        shade = _lit(self._normal[seen])
        shade[self._edges()[seen]] *= EDGE_SHADE
        rgba = np.zeros((self.side * self.side, 4), dtype=np.float32)
        rgba[seen, :3] = np.minimum(shade, 1)[:, None] * (np.array(COLOR, np.float32) / 255)
        rgba[seen, 3] = 1
        return rgba.reshape(self.side, self.side, 4)

    def _edges(self) -> npt.NDArray[np.bool_]:
        """Where a surface bends, ends, or stands before another one."""
        shape = (self.side, self.side)
        depth = np.maximum(self._depth, NOTHING).reshape(shape)
        normals = self._normal.reshape(*shape, 3)
        edges = np.zeros(shape, dtype=bool)
        for axis in (0, 1):
            ahead = np.roll(normals, -1, axis=axis)
            bends = np.einsum("ijk,ijk->ij", normals, ahead) < EDGE_COS
            jump = depth - np.roll(depth, -1, axis=axis)
            edges |= (bends & (np.abs(jump) < EDGE_DEPTH)) | (jump > EDGE_DEPTH)
            edges |= np.roll(jump < -EDGE_DEPTH, 1, axis=axis)
        return edges.ravel()


def _facing_us(normals: Floats) -> Floats:
    """Of length 1; a surface has two sides, and we look at the one towards us."""
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    turned = normals / np.maximum(lengths, 1e-12)
    found: Floats = np.where(turned[:, 2:] < 0, -turned, turned)
    return found


def _lit(normals: Floats) -> Floats:
    shade = np.full(len(normals), AMBIENT, dtype=np.float32)
    for direction, strength in LIGHTS:
        light = np.array(direction, np.float32) / np.float32(np.linalg.norm(direction))
        shade += np.float32(strength) * np.maximum(normals @ light, 0)
    found: Floats = shade * np.float32(BRIGHTNESS)
    return found


def _edge(a: Floats, b: Floats, x: Floats, y: Floats) -> Floats:
    """Twice the area of a, b and the point; its sign says on which side the point lies."""
    found: Floats = (b[:, 0] - a[:, 0]) * (y - a[:, 1]) - (b[:, 1] - a[:, 1]) * (x - a[:, 0])
    return found


def _averaged(pixels: Floats) -> npt.NDArray[np.uint8]:
    side = len(pixels) // OVERSAMPLED
    blocks = pixels.reshape(side, OVERSAMPLED, side, OVERSAMPLED, 4).mean(axis=(1, 3))
    cover = np.maximum(blocks[:, :, 3:], 1e-6)
    blocks[:, :, :3] /= cover
    found: npt.NDArray[np.uint8] = (np.clip(blocks, 0, 1) * 255).round().astype(np.uint8)
    return found
