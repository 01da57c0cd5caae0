// Draws the layers in the browser, at once: pixels of the print, scaled as a whole to the room there
// is. The exact picture comes from the server and lies over it while nothing moves.
import { boundsOf, rectOf, shapeOf, touches } from "./geometry.js";
import { nameOf, placeInWords } from "./names.js";

export const createStage = (app) => {
  const { store, assets, canvas } = app;
  const room = app.part("room");
  const box = app.part("case");
  const print = app.part("print");
  const layersAt = app.part("layers");
  const elements = new Map();
  let factor = 1;

  const fit = () => {
    print.style.width = `${canvas.width_px}px`;
    print.style.height = `${canvas.height_px}px`;
    drawMask(app);
    const free = Math.max(80, room.clientHeight - 16);
    factor = Math.min((room.clientWidth - 16) / canvas.width_px, free / canvas.height_px);
    box.style.width = `${canvas.width_px * factor}px`;
    box.style.height = `${canvas.height_px * factor}px`;
    print.style.transform = `scale(${factor})`;
    print.style.setProperty("--px", String(1 / factor));
    app.onFit?.();
  };

  const shape = (layer) => shapeOf(layer, canvas, assets.sizeOf(layer, canvas));

  const draw = () => {
    const { layers, background } = store.doc;
    print.style.backgroundColor = background;
    const focused = document.activeElement?.dataset?.layer;
    for (const [id, element] of elements) {
      if (layers.some((layer) => layer.id === id)) continue;
      element.remove();
      elements.delete(id);
    }
    layers.forEach((layer, at) => {
      const element = elements.get(layer.id) || make(layer);
      if (layersAt.children[at] !== element) layersAt.insertBefore(element, layersAt.children[at] || null);
      place(element, layer);
    });
    if (focused && document.activeElement?.dataset?.layer !== focused) elements.get(focused)?.firstElementChild.focus({ preventScroll: true });
    drawPlaces(app);
  };

  const make = (layer) => {
    const element = document.createElement("div");
    element.className = "d-frame";
    const inner = document.createElement("div");
    inner.className = `d-layer d-${layer.kind}`;
    inner.dataset.layer = layer.id;
    inner.tabIndex = 0;
    inner.setAttribute("role", "button");
    if (layer.kind !== "text") inner.append(picture(inner));
    element.append(inner);
    elements.set(layer.id, element);
    return element;
  };

  const picture = (inner) => {
    const image = new Image();
    image.alt = "";
    image.draggable = false;
    image.addEventListener("error", () => inner.classList.add("is-missing"));
    image.addEventListener("load", () => inner.classList.remove("is-missing"));
    return image;
  };

  const place = (element, layer) => {
    const inner = element.firstElementChild;
    const { cx, cy, base, within } = shape(layer);
    const clip = layer.kind === "image" ? within : { x: 0, y: 0, width: canvas.width_px, height: canvas.height_px };
    setBox(element, clip);
    const isSelected = store.selected?.id === layer.id;
    Object.assign(inner.style, {
      width: `${base.width}px`,
      height: `${base.height}px`,
      opacity: layer.opacity ?? 1,
      transform: `translate(${cx - clip.x - base.width / 2}px, ${cy - clip.y - base.height / 2}px) rotate(${layer.rotation}deg) scale(${layer.scale})`,
    });
    inner.setAttribute("aria-pressed", String(isSelected));
    inner.setAttribute("aria-label", `${nameOf(layer, store.doc, assets)}, ${placeInWords(layer)}`);
    if (layer.kind === "text") setText(inner, layer);
    else setPicture(inner, layer);
  };

  const setText = (inner, layer) => {
    assets.style(inner, layer, canvas);
    inner.dir = "auto";
    if (inner.textContent !== layer.text) inner.textContent = layer.text;
  };

  const setPicture = (inner, layer) => {
    const image = inner.firstElementChild;
    const url = layer.kind === "image" ? assets.images.get(layer.image)?.url : assets.sticker(layer.sticker)?.url;
    if (url && image.getAttribute("src") !== url) image.src = url;
    const crop = layer.crop || { x: 0, y: 0, width: 100, height: 100 };
    Object.assign(image.style, {
      width: `${10000 / crop.width}%`,
      height: `${10000 / crop.height}%`,
      left: `${(-100 * crop.x) / crop.width}%`,
      top: `${(-100 * crop.y) / crop.height}%`,
    });
  };

  new ResizeObserver(fit).observe(room);
  document.fonts.addEventListener("loadingdone", () => {
    assets.forgetSizes();
    draw();
    app.onFit?.();
  });

  return {
    draw,
    fit,
    shape,
    get factor() { return factor; },
    element: (id) => elements.get(id)?.firstElementChild,
    /** A point of the screen in pixels of the print. */
    toPrint: (event) => {
      const edge = box.getBoundingClientRect();
      return { x: (event.clientX - edge.left) / factor, y: (event.clientY - edge.top) / factor };
    },
  };
};

const setBox = (element, rect) => Object.assign(element.style, {
  left: `${rect.x}px`, top: `${rect.y}px`, width: `${rect.width}px`, height: `${rect.height}px`,
});

/** What is outside of the masked area is dimmed: it is bent around the edge of the case. */
const drawMask = ({ canvas, part }) => {
  const mask = part("mask");
  const rect = rectOf(canvas.mask, canvas);
  setBox(mask, rect);
  mask.style.borderRadius = `${(canvas.radius * canvas.width_px) / 100}px`;
  part("print").style.borderRadius = mask.style.borderRadius;
  const camera = part("camera");
  camera.hidden = !canvas.camera;
  if (!canvas.camera) return;
  const [x, y, width, height, radius] = canvas.camera;
  setBox(camera, rectOf({ x, y, width, height }, canvas));
  camera.style.borderRadius = `${(radius * canvas.width_px) / 100}px`;
};

const EDGE = 0.01;
const BUTTON_PX = [150, 44];
const isFrame = (one, other) => ["x", "y", "width", "height"].every((side) => Math.abs(one[side] - other[side]) < EDGE);

/** The template's places for photos that have none yet. */
export const emptyPlaces = ({ store, canvas }) => canvas.frames
  .map((frame, at) => ({ frame, at }))
  .filter(({ frame }) => !store.doc.layers.some((layer) => layer.kind === "image" && isFrame(layer.frame, frame)));

/** Its button stays in sight, above the server's picture, unless a layer lies where it stands; where
 *  layers lie beside it, only the button takes the finger. */
const showPlace = ({ store, canvas, stage }, button, rect) => {
  const seen = store.doc.layers.map((layer) => (layer.kind === "image" ? edgesOf(rectOf(layer.frame, canvas)) : boundsOf(stage.shape(layer))));
  const [across, down] = [BUTTON_PX[0] / stage.factor, BUTTON_PX[1] / stage.factor];
  const middle = { x: rect.x + (rect.width - across) / 2, y: rect.y + (rect.height - down) / 2, width: across, height: down };
  button.classList.toggle("is-over", !seen.some((bounds) => touches(bounds, middle)));
  button.classList.toggle("is-shared", seen.some((bounds) => touches(bounds, { x: rect.x + 1, y: rect.y + 1, width: rect.width - 2, height: rect.height - 2 })));
};

const edgesOf = (rect) => ({ left: rect.x, top: rect.y, right: rect.x + rect.width, bottom: rect.y + rect.height });

const drawPlaces = (app) => {
  const empty = emptyPlaces(app);
  for (const button of app.part("places").children) {
    const place = empty.find(({ at }) => String(at) === button.dataset.place);
    button.hidden = !place;
    if (!place) continue;
    const rect = rectOf(place.frame, app.canvas);
    setBox(button, rect);
    showPlace(app, button, rect);
  }
};
