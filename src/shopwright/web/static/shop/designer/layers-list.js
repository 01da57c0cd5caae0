// The layers as a list, the topmost first: all that can be done on the case can be done here.
import { makeFields } from "./fields.js";
import { nameOf } from "./names.js";

export const startLayersList = (app) => {
  const { store, assets } = app;
  const list = app.part("list");
  const template = document.getElementById("layer-row");
  const rows = new Map();

  const make = (id) => {
    const row = template.content.cloneNode(true).querySelector("li");
    const at = (name) => row.querySelector(`[data-${name}]`);
    at("name").addEventListener("click", () => {
      store.select(id);
      stageElement(id)?.scrollIntoView?.({ block: "nearest" });
    });
    at("up").addEventListener("click", () => store.raise(id, 1));
    at("down").addEventListener("click", () => store.raise(id, -1));
    at("remove").addEventListener("click", () => {
      app.remove(store.find(id));
      (list.querySelector("[data-name]") || app.part("layers-title")).focus();
    });
    const show = makeFields(at("numbers"), store, () => store.find(id));
    const made = { row, show, at };
    rows.set(id, made);
    return made;
  };

  const stageElement = (id) => app.stage.element(id);

  return () => {
    const { layers } = store.doc;
    app.part("list-none").hidden = layers.length > 0;
    for (const [id, { row }] of rows) {
      if (store.find(id)) continue;
      row.remove();
      rows.delete(id);
    }
    [...layers].reverse().forEach((layer, at) => {
      const { row, show, at: part } = rows.get(layer.id) || make(layer.id);
      const name = nameOf(layer, store.doc, assets);
      if (list.children[at] !== row) move(row, at);
      part("name").textContent = name;
      part("name").setAttribute("aria-pressed", String(store.selected?.id === layer.id));
      part("summary").setAttribute("aria-label", `Position and size of ${name}`);
      part("up").setAttribute("aria-label", `${name}: further up`);
      part("down").setAttribute("aria-label", `${name}: further down`);
      part("remove").setAttribute("aria-label", `Remove ${name}`);
      part("up").disabled = at === 0;
      part("down").disabled = at === layers.length - 1;
      show(layer, name);
    });
  };

  function move(row, at) {
    const focused = row.contains(document.activeElement) ? document.activeElement : null;
    list.insertBefore(row, list.children[at] || null);
    focused?.focus();
  }
};
