// The panel of what is selected: how it looks, where it is, and what can be done with it.
import { makeFields } from "./fields.js";
import { nameOf } from "./names.js";
import { newId } from "./store.js";

const PLAIN = { width: Number, opacity: (value) => Number(value) / 100, outline: Number };

export const startEditor = (app) => {
  const { store, assets } = app;
  const panel = app.part("edit");
  const showNumbers = makeFields(app.part("numbers"), store, () => store.selected);
  const looks = [...panel.querySelectorAll("[data-look]")];

  const change = (patch, key) => {
    const layer = store.selected;
    if (layer) store.update(layer.id, patch, { key: `${key}-${layer.id}` });
  };

  for (const input of looks) {
    const name = input.dataset.look;
    input.addEventListener("input", () => {
      if (input.type === "radio" && !input.checked) return;
      if (name === "font") change({ font: input.value, weight: assets.fontOf(input.value)?.weight || 400 }, name);
      else change({ [name]: PLAIN[name] ? PLAIN[name](input.value) : input.value }, name);
    });
  }

  for (const button of panel.querySelectorAll("[data-text-color]")) {
    button.style.backgroundColor = button.dataset.textColor;
    button.addEventListener("click", () => change({ color: button.dataset.textColor }, "color"));
  }

  const shown = (layer, name) => {
    if (name === "opacity") return String(Math.round((layer.opacity ?? 1) * 100));
    return String(layer[name] ?? 90);
  };

  const showLooks = (layer) => {
    for (const input of looks) {
      const value = input.dataset.look in layer || input.dataset.look === "opacity" ? shown(layer, input.dataset.look) : "";
      if (input.type === "radio") input.checked = input.value === value;
      else if (input !== document.activeElement || input.tagName !== "TEXTAREA") input.value = value;
    }
    for (const button of panel.querySelectorAll("[data-text-color]")) button.setAttribute("aria-pressed", String(button.dataset.textColor === layer.color));
  };

  const act = {
    up: (layer) => store.raise(layer.id, 1),
    down: (layer) => store.raise(layer.id, -1),
    middle: (layer) => store.update(layer.id, { x: 50, y: 50 }),
    fill: (layer) => store.update(layer.id, { x: 50, y: 50, scale: 1, rotation: 0 }),
    straight: (layer) => store.update(layer.id, { rotation: 0 }),
    copy: (layer) => copy(layer),
    replace: (layer) => app.choosePhoto({ replaces: layer.id }),
    crop: (layer) => app.crop(layer),
    remove: (layer) => {
      app.remove(layer);
      panel.querySelector("h2").focus();
    },
  };

  const copy = (layer) => {
    if (app.isFull()) return;
    store.add({ ...layer, id: newId(layer.kind), x: Math.min(200, layer.x + 4), y: Math.min(200, layer.y + 4) });
  };

  panel.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button && store.selected) act[button.dataset.do](store.selected);
  });

  return () => {
    const layer = store.selected;
    app.part("edit-none").hidden = Boolean(layer);
    app.part("edit-one").hidden = !layer;
    app.part("tool-edit").disabled = !layer;
    if (!layer) return;
    const name = nameOf(layer, store.doc, assets);
    app.part("edit-name").textContent = name;
    for (const part of panel.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(layer.kind);
    showLooks(layer);
    showNumbers(layer, name);
  };
};
