// The same without a pointer: Tab goes from layer to layer, arrows move, + and - scale, comma and
// full stop turn, Page Up and Page Down change the order, Delete removes.
import { nameOf } from "./names.js";
import { clamp, round, scaled, turned } from "./geometry.js";

const STEP = 1; // percent
const LARGE = 5;
const GROWS = 1.05;
const TURNS = 5;
const MOVES = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] };
const SCALES = { "+": GROWS, "=": GROWS, "-": 1 / GROWS, _: 1 / GROWS };
const TURN_KEYS = { ".": TURNS, ",": -TURNS };
const ORDER_KEYS = { PageUp: 1, PageDown: -1 };

export const startKeys = (app) => {
  const { store } = app;

  const patchFor = (event, layer) => {
    const { key } = event;
    if (MOVES[key]) {
      const [side, sign] = MOVES[key];
      const step = sign * (event.shiftKey ? LARGE : event.altKey ? STEP / 10 : STEP);
      return { [side]: clamp(round(layer[side] + step, 2), [-100, 200]) };
    }
    if (SCALES[key]) return { scale: scaled(layer.scale * SCALES[key]) };
    if (TURN_KEYS[key]) return { rotation: turned(layer.rotation + TURN_KEYS[key]) };
    return null;
  };

  /** The focus goes on to what is left. */
  const remove = (layer) => {
    app.remove(layer);
    (app.part("layers").querySelector("[data-layer]") || app.part("tool")).focus();
    return true;
  };

  const act = (event, layer) => {
    if (event.key === "Delete" || event.key === "Backspace") return remove(layer);
    if (event.key === "Enter" || event.key === " ") return app.showPanel("edit", { isFocused: true });
    if (event.key === "Escape") return store.select(null);
    if (ORDER_KEYS[event.key]) {
      const isMoved = store.raise(layer.id, ORDER_KEYS[event.key]);
      return app.tell(isMoved ? `${nameOf(layer, store.doc, app.assets)} is ${event.key === "PageUp" ? "further up" : "further down"}.` : "It goes no further.");
    }
    return false;
  };

  app.part("case").addEventListener("keydown", (event) => {
    const layer = store.find(event.target.closest("[data-layer]")?.dataset.layer);
    if (!layer || event.ctrlKey || event.metaKey) return;
    const patch = patchFor(event, layer);
    if (patch) {
      store.update(layer.id, patch, { key: `${event.key}-${layer.id}` });
      app.tellPlace();
    } else if (act(event, layer) === false) return;
    event.preventDefault();
  });

  app.part("case").addEventListener("focusin", (event) => {
    const id = event.target.closest("[data-layer]")?.dataset.layer;
    if (id) store.select(id);
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.target.matches("textarea, input:not([type=range], [type=color], [type=radio])")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    app.step(key === "y" || event.shiftKey ? "redo" : "undo");
  });
};
