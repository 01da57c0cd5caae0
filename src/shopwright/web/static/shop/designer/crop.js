// Cutting a photo: a rectangle over the whole picture, by its corners or as numbers.
import { clamp, round } from "./geometry.js";

const LEAST = 5; // percent

export const startCrop = (app) => {
  const { store, assets } = app;
  const dialog = document.getElementById("crop");
  const area = dialog.querySelector("[data-area]");
  const picture = dialog.querySelector("img");
  const shade = dialog.querySelector("[data-cut]");
  const inputs = [...dialog.querySelectorAll("input")];
  let cut = null;
  let layerId = null;
  let drag = null;

  app.crop = (layer) => {
    layerId = layer.id;
    cut = layer.crop || { x: 0, y: 0, width: 100, height: 100 };
    picture.src = assets.images.get(layer.image)?.url || "";
    show();
    dialog.showModal();
  };

  const show = () => {
    Object.assign(shade.style, { left: `${cut.x}%`, top: `${cut.y}%`, width: `${cut.width}%`, height: `${cut.height}%` });
    for (const input of inputs) if (input !== document.activeElement) input.value = String(round(cut[input.name], 1));
  };

  /** Never outside of the picture, never smaller than can be seen. */
  const keep = (wanted) => {
    const width = clamp(wanted.width, [LEAST, 100]);
    const height = clamp(wanted.height, [LEAST, 100]);
    const x = clamp(wanted.x, [0, 100 - width]);
    const y = clamp(wanted.y, [0, 100 - height]);
    cut = { x: round(x, 2), y: round(y, 2), width: round(width, 2), height: round(height, 2) };
    show();
  };

  const pulled = (start, corner, dx, dy) => {
    if (!corner) return { ...start, x: start.x + dx, y: start.y + dy };
    const [isBottom, isRight] = [corner[0] === "s", corner[1] === "e"];
    const left = isRight ? start.x : clamp(start.x + dx, [0, start.x + start.width - LEAST]);
    const top = isBottom ? start.y : clamp(start.y + dy, [0, start.y + start.height - LEAST]);
    const right = isRight ? clamp(start.x + start.width + dx, [left + LEAST, 100]) : start.x + start.width;
    const bottom = isBottom ? clamp(start.y + start.height + dy, [top + LEAST, 100]) : start.y + start.height;
    return { x: left, y: top, width: right - left, height: bottom - top };
  };

  area.addEventListener("pointerdown", (event) => {
    const corner = event.target.dataset.corner;
    if (!corner && event.target !== shade) return;
    drag = { corner, cut, x: event.clientX, y: event.clientY };
    area.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  area.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const edge = picture.getBoundingClientRect();
    keep(pulled(drag.cut, drag.corner, ((event.clientX - drag.x) / edge.width) * 100, ((event.clientY - drag.y) / edge.height) * 100));
  });
  for (const name of ["pointerup", "pointercancel"]) area.addEventListener(name, () => { drag = null; });

  for (const input of inputs) {
    input.addEventListener("input", () => { if (input.value !== "") keep({ ...cut, [input.name]: Number(input.value) }); });
    input.addEventListener("blur", show);
  }
  dialog.querySelector("[data-whole]").addEventListener("click", () => keep({ x: 0, y: 0, width: 100, height: 100 }));
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "cut" || !store.find(layerId)) return;
    const isWhole = cut.width === 100 && cut.height === 100;
    store.update(layerId, { crop: isWhole ? null : cut });
    app.tell(isWhole ? "The whole photo is shown." : `The photo is cut to ${Math.round(cut.width)} by ${Math.round(cut.height)} percent.`);
  });
};
