// A dragged layer is caught by the middle and the edges of the case, of its frame and of other
// layers; what caught it is shown as a line. Pure.
import { boundsOf } from "./geometry.js";

const linesOf = (rect) => ({
  across: [rect.x, rect.x + rect.width / 2, rect.x + rect.width],
  down: [rect.y, rect.y + rect.height / 2, rect.y + rect.height],
});

const asRect = (bounds) => ({ x: bounds.left, y: bounds.top, width: bounds.right - bounds.left, height: bounds.bottom - bounds.top });

/** The nearest of `lines` to any of `points`, if within `reach`: {by, at}. */
const nearest = (points, lines, reach) => {
  let best = null;
  for (const point of points) {
    for (const line of lines) {
      const by = line - point;
      if (Math.abs(by) <= reach && (!best || Math.abs(by) < Math.abs(best.by))) best = { by, at: line };
    }
  }
  return best;
};

/** `rects` are what may catch. The layer's new centre, and the guide lines to show. */
export const snap = (shape, rects, reach) => {
  const bounds = asRect(boundsOf(shape));
  const own = linesOf(bounds);
  const found = rects.map(linesOf);
  const across = nearest(own.across, found.flatMap((lines) => lines.across), reach);
  const down = nearest(own.down, found.flatMap((lines) => lines.down), reach);
  return {
    cx: shape.cx + (across?.by || 0),
    cy: shape.cy + (down?.by || 0),
    guides: [
      ...(across ? [{ isAcross: false, at: across.at }] : []),
      ...(down ? [{ isAcross: true, at: down.at }] : []),
    ],
  };
};
