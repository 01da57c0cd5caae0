// Where layers lie, in pixels of the print. Texts and stickers stand by their centre in percent of
// the masked area, pictures in percent of their frame, as the server draws them. Pure.

const STICKER_WIDTH = 0.25; // of the masked area, at scale 1
export const WHOLE = { x: 0, y: 0, width: 100, height: 100 };
export const SCALE = [0.1, 10];

export const rectOf = (box, canvas) => ({
  x: (box.x * canvas.width_px) / 100,
  y: (box.y * canvas.height_px) / 100,
  width: (box.width * canvas.width_px) / 100,
  height: (box.height * canvas.height_px) / 100,
});

export const withinOf = (layer, canvas) => rectOf(layer.kind === "image" ? layer.frame || WHOLE : canvas.mask, canvas);

/** What is left of a picture's pixels. */
export const croppedSize = (size, crop) => (crop ? { width: (size.width * crop.width) / 100, height: (size.height * crop.height) / 100 } : size);

/** At scale 1, of the size the picture or the set text has. */
export const baseSize = (layer, canvas, size) => {
  if (layer.kind === "text") return size;
  const within = withinOf(layer, canvas);
  if (layer.kind === "image") {
    const part = croppedSize(size, layer.crop);
    const cover = Math.max(within.width / part.width, within.height / part.height);
    return { width: part.width * cover, height: part.height * cover };
  }
  const base = (within.width * STICKER_WIDTH) / Math.max(size.width, size.height);
  return { width: size.width * base, height: size.height * base };
};

/** {cx, cy, width, height, rotation, within}: where it is seen. */
export const shapeOf = (layer, canvas, size) => {
  const within = withinOf(layer, canvas);
  const base = baseSize(layer, canvas, size);
  return {
    cx: within.x + (within.width * layer.x) / 100,
    cy: within.y + (within.height * layer.y) / 100,
    width: base.width * layer.scale,
    height: base.height * layer.scale,
    rotation: layer.rotation,
    within,
    base,
  };
};

export const round = (value, digits) => Number(value.toFixed(digits));
export const clamp = (value, [low, high]) => Math.max(low, Math.min(high, value));

/** The layer's x and y for a centre in pixels. */
export const placeAt = (within, cx, cy) => ({
  x: clamp(round(((cx - within.x) / within.width) * 100, 2), [-100, 200]),
  y: clamp(round(((cy - within.y) / within.height) * 100, 2), [-100, 200]),
});

export const scaled = (scale) => clamp(round(scale, 3), SCALE);

/** -180 to 180, with a catch at every quarter turn. */
export const turned = (degrees, catchAt = 0) => {
  let turn = ((degrees % 360) + 540) % 360 - 180;
  const quarter = Math.round(turn / 90) * 90;
  if (Math.abs(turn - quarter) <= catchAt) turn = quarter;
  return round(turn === -180 ? 180 : turn, 1);
};

export const corners = (shape) => {
  const angle = (shape.rotation * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([across, down]) => {
    const [dx, dy] = [(across * shape.width) / 2, (down * shape.height) / 2];
    return { x: shape.cx + dx * cos - dy * sin, y: shape.cy + dx * sin + dy * cos };
  });
};

/** The upright box around it. */
export const boundsOf = (shape) => {
  const points = corners(shape);
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
};

export const touches = (bounds, rect) => bounds.right > rect.x && bounds.left < rect.x + rect.width
  && bounds.bottom > rect.y && bounds.top < rect.y + rect.height;

/** Pixels of the picture per inch of the print. */
export const dpiOf = (layer, canvas, size) => {
  const part = croppedSize(size, layer.crop);
  return (canvas.dpi * part.width) / (baseSize(layer, canvas, size).width * layer.scale);
};
