// What layers are called, and where they are, in words.
import { round } from "./geometry.js";

const MAX_SHOWN = 24;

const shortened = (text) => {
  const line = text.trim().replace(/\s+/g, " ");
  const letters = [...line];
  return letters.length > MAX_SHOWN ? `${letters.slice(0, MAX_SHOWN).join("")}…` : line;
};

export const nameOf = (layer, doc, assets) => {
  if (layer.kind === "text") return `Text “${shortened(layer.text)}”`;
  if (layer.kind === "sticker") return `Sticker ${assets.sticker(layer.sticker)?.name || ""}`.trim();
  const photos = doc.layers.filter((one) => one.kind === "image");
  const word = assets.images.get(layer.image)?.kind === "generated" ? "Picture" : "Photo";
  return `${word} ${photos.indexOf(layer) + 1}`;
};

/** One sentence for screen readers. */
export const placeInWords = (layer) => {
  const turn = layer.rotation ? `, turned ${round(layer.rotation, 0)} degrees` : "";
  return `${round(layer.x, 1)} % across, ${round(layer.y, 1)} % down, size ${round(layer.scale * 100, 0)} %${turn}`;
};
