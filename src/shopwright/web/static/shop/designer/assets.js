// What layers are made of: this design's pictures, the shop's stickers, its fonts, and how large a
// text is when it is set.

const cssName = (name) => `shop ${name}`;

export const createAssets = (facts, base, measure) => {
  const images = new Map();
  const stickers = new Map();
  const fonts = new Map(facts.fonts.map((font) => [font.name.toLowerCase(), font]));
  const sizes = new Map();
  const lines = new Map();
  let categories = null;

  for (const font of facts.fonts) addFace(cssName(font.name), font.url);
  facts.fallbacks.forEach((url, at) => addFace(`shop fallback ${at}`, url));
  const behind = [...facts.fallbacks.keys()].map((at) => `"shop fallback ${at}"`).join(", ");

  const familyOf = (layer) => `"${cssName(layer.font.replaceAll('"', ""))}", ${behind}, sans-serif`;

  const style = (element, layer, canvas) => {
    const px = canvas.width_px / 100;
    Object.assign(element.style, {
      fontFamily: familyOf(layer),
      fontSize: `${layer.size * px}px`,
      color: layer.color,
      textAlign: layer.align,
      lineHeight: `${lineOf(layer) * layer.size * px * (layer.spacing || 1)}px`,
      webkitTextStroke: layer.outline ? `${layer.outline * px * 2}px ${layer.outline_color}` : "",
      paintOrder: "stroke fill",
    });
  };

  /** The height of a line by the font's size, of this font alone: one behind it may stand higher. */
  const lineOf = (layer) => {
    if (!lines.has(layer.font)) {
      Object.assign(measure.style, { fontFamily: familyOf(layer), fontSize: "100px", lineHeight: "normal", maxWidth: "none" });
      measure.textContent = "x";
      lines.set(layer.font, measure.offsetHeight / 100);
    }
    return lines.get(layer.font);
  };

  /** Of the widest line and all lines; browsers keep the box as wide as it was broken at. */
  const measured = (layer, canvas) => {
    const key = JSON.stringify([layer.text, layer.font, layer.size, layer.width, layer.align, layer.outline, layer.spacing]);
    if (!sizes.has(key)) {
      style(measure, layer, canvas);
      measure.style.maxWidth = layer.width ? `${(layer.width * canvas.mask.width * canvas.width_px) / 10000}px` : "none";
      measure.textContent = layer.text || " ";
      const range = document.createRange();
      range.selectNodeContents(measure);
      const parts = [...range.getClientRects()];
      const [left, right] = [Math.min(...parts.map((part) => part.left)), Math.max(...parts.map((part) => part.right))];
      sizes.set(key, { width: Math.ceil(right - left) + 2, height: measure.offsetHeight });
    }
    return sizes.get(key);
  };

  const unknown = { width: 400, height: 400 };

  return {
    images,
    style,
    familyOf,
    fontOf: (name) => fonts.get(name.toLowerCase()),
    keepImages: (list) => list.forEach((image) => images.set(image.id, image)),
    sticker: (id) => stickers.get(id),
    /** In pixels: of the picture, or of the set text. */
    sizeOf: (layer, canvas) => {
      if (layer.kind === "text") return measured(layer, canvas);
      const found = layer.kind === "image" ? images.get(layer.image) : stickers.get(layer.sticker);
      return found ? { width: found.width_px, height: found.height_px } : unknown;
    },
    forgetSizes: () => [sizes, lines].forEach((map) => map.clear()),
    /** The shop's stickers by category, asked for once. */
    loadStickers: async () => {
      categories ??= await fetchStickers(base, stickers).catch(() => null);
      return categories;
    },
  };
};

/** Loaded by the browser when a text first uses it. */
const addFace = (family, url) => {
  if (url) document.fonts.add(new FontFace(family, `url("${url}")`, { display: "swap" }));
};

const fetchStickers = async (base, stickers) => {
  const [all, names] = await Promise.all([readJson(`${base}/api/stickers/all`), readJson(`${base}/api/stickers/categories`)]);
  const pictures = `${base}/api/stickers/image`;
  return names.details.map((category) => {
    const rows = (all.stickers[category.id] || []).map((row) => {
      const at = `${encodeURIComponent(category.id)}`;
      const file = encodeURIComponent(row.filename);
      const sticker = {
        id: String(row.id), name: row.name, width_px: row.width, height_px: row.height,
        url: `${pictures}/${at}/${file}`, thumbnail: `${pictures}/${at}/thumbnails/${file}`,
      };
      stickers.set(sticker.id, sticker);
      return sticker;
    });
    return { code: category.id, name: category.name, stickers: rows };
  }).filter((category) => category.stickers.length);
};

const readJson = async (url) => {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(url);
  return answer.json();
};
