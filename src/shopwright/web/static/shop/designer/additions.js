// Texts, stickers and the ground they stand on.
import { newId } from "./store.js";

const STEP_DOWN = 9; // percent: a second text does not hide the first
const DEFAULT_COLOR = "#111111";

export const startAdditions = (app) => {
  const { store, facts } = app;

  app.part("add-text").addEventListener("click", () => {
    if (app.isFull()) return;
    const count = store.doc.layers.filter((layer) => layer.kind === "text").length;
    const font = facts.fonts[0] || { name: "Noto Sans", weight: 400 };
    store.add({
      id: newId("text"), kind: "text", text: "Your text", font: font.name, weight: font.weight, size: 12, scale: 1,
      x: 50, y: 50 + (count % 5) * STEP_DOWN, rotation: 0, opacity: 1, color: DEFAULT_COLOR, align: "center", width: 90,
      spacing: 1, outline: 0, outline_color: "#ffffff",
    });
    app.showPanel("edit");
    const field = app.part("text");
    field.focus();
    field.select();
  });

  const ground = app.part("ground");
  const custom = app.part("own-ground");
  const setGround = (value, key) => store.change({ background: value.toLowerCase() }, { key });
  for (const button of ground.querySelectorAll("[data-color]")) {
    button.style.backgroundColor = button.dataset.color;
    button.addEventListener("click", () => setGround(button.dataset.color));
  }
  custom.addEventListener("input", () => setGround(custom.value, "ground"));
  store.listen(() => {
    const { background } = store.doc;
    custom.value = background;
    for (const button of ground.querySelectorAll("[data-color]")) button.setAttribute("aria-pressed", String(button.dataset.color === background));
  });

  startStickers(app);
};

const startStickers = (app) => {
  const place = app.part("stickers");
  const select = app.part("sticker-kind");
  let categories = null;

  const showKind = () => {
    const category = categories.find((one) => one.code === select.value) || categories[0];
    place.replaceChildren(...(category?.stickers || []).map((sticker) => stickerButton(app, sticker)));
  };

  app.showStickers = async () => {
    if (categories) return;
    categories = await app.assets.loadStickers();
    const state = app.part("stickers-state");
    state.hidden = Boolean(categories?.length);
    if (!categories?.length) {
      state.textContent = categories ? "This shop has no stickers yet." : "The stickers could not be loaded. Open this once more.";
      return;
    }
    select.replaceChildren(...categories.map((category) => new Option(category.name, category.code)));
    select.closest("label").hidden = false;
    showKind();
  };
  select.addEventListener("change", showKind);
};

const stickerButton = (app, sticker) => {
  const item = document.createElement("li");
  const button = document.createElement("button");
  const picture = new Image();
  picture.src = sticker.thumbnail;
  picture.alt = sticker.name;
  picture.loading = "lazy";
  button.type = "button";
  button.className = "d-thumb";
  button.append(picture);
  button.addEventListener("click", () => {
    if (app.isFull()) return;
    app.store.add({ id: newId("sticker"), kind: "sticker", sticker: sticker.id, x: 50, y: 50, scale: 1.4, rotation: 0, opacity: 1 });
    app.tell(`${sticker.name} is on the case.`);
  });
  item.append(button);
  return item;
};
