// Position, size and turn as numbers: the same four in the panel and in the list of layers.
import { clamp, round, scaled, turned } from "./geometry.js";

export const FIELDS = {
  x: { label: "Across", unit: "%", limits: [-100, 200], read: (layer) => round(layer.x, 1), write: (value) => ({ x: round(value, 2) }) },
  y: { label: "Down", unit: "%", limits: [-100, 200], read: (layer) => round(layer.y, 1), write: (value) => ({ y: round(value, 2) }) },
  size: { label: "Size", unit: "%", limits: [10, 1000], read: (layer) => round(layer.scale * 100, 0), write: (value) => ({ scale: scaled(value / 100) }) },
  turn: { label: "Turn", unit: "°", limits: [-180, 180], read: (layer) => round(layer.rotation, 0), write: (value) => ({ rotation: turned(value) }) },
};

/** Four number fields in `place`; `find` gives the layer they are about. Returns how to show it. */
export const makeFields = (place, store, find) => {
  const inputs = Object.entries(FIELDS).map(([name, field]) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    label.className = "d-number";
    label.textContent = `${field.label} ${field.unit}`;
    Object.assign(input, { type: "number", step: "any", min: field.limits[0], max: field.limits[1], inputMode: "decimal" });
    input.dataset.field = name;
    input.addEventListener("input", () => {
      const layer = find();
      const isRight = input.value !== "" && input.validity.valid;
      input.setAttribute("aria-invalid", String(!isRight));
      if (layer && isRight) store.update(layer.id, field.write(clamp(Number(input.value), field.limits)), { key: `${name}-${layer.id}` });
    });
    input.addEventListener("blur", () => show(find()));
    label.append(input);
    place.append(label);
    return { input, field };
  });

  const show = (layer, name) => {
    if (!layer) return;
    for (const { input, field } of inputs) {
      if (name) input.setAttribute("aria-label", `${name}: ${field.label.toLowerCase()}, ${field.unit === "%" ? "percent" : "degrees"}`);
      if (input === document.activeElement) continue;
      input.value = String(field.read(layer));
      input.setAttribute("aria-invalid", "false");
    }
  };
  return show;
};
