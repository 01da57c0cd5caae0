// Fingers, mouse and wheel on the case: one finger drags, two scale and turn, the wheel scales, the
// handles scale and turn. All of it is live, and one step when it ends.
import { clamp, corners, placeAt, rectOf, scaled, turned } from "./geometry.js";
import { snap } from "./snapping.js";

const STILL_PX = 5; // a tap moves a little
const REACH_PX = 7;
const WHEEL_PAUSE_MS = 400;
const CATCH_DEGREES = 4;
const TURN_INSIDE_PX = 24;

export const startGestures = (app) => {
  const { store, stage, canvas } = app;
  const room = app.part("room");
  const pointers = new Map();
  let gesture = null;
  let wheelTimer = 0;

  const begin = (event) => {
    if (event.button > 0 || event.target.closest("[data-place], .d-room-buttons")) return;
    const id = event.target.closest("[data-layer]")?.dataset.layer;
    const handle = event.target.closest("[data-handle]")?.dataset.handle;
    pointers.set(event.pointerId, event);
    if (pointers.size === 2 && store.selected) {
      gesture = pinching();
      return;
    }
    if (!handle) tap(id);
    if (!store.selected) return;
    const start = { at: stage.toPrint(event), event, layer: store.selected, shape: stage.shape(store.selected), wasSelected: gesture?.wasSelected };
    gesture = handle ? { ...start, move: handle === "turn" ? turning : scaling, isMoving: true } : { ...start, move: dragging };
    room.setPointerCapture(event.pointerId);
    event.preventDefault();
  };

  const tap = (id) => {
    store.select(id || null);
    if (id) stage.element(id)?.focus({ preventScroll: true });
    else document.activeElement?.blur?.();
  };

  const move = (event) => {
    if (!pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, event);
    if (!gesture || !store.selected) return;
    if (!gesture.isMoving && distance(event, gesture.event) < STILL_PX) return;
    gesture.isMoving = true;
    app.root.classList.add("is-moving");
    gesture.move(event, gesture);
  };

  const end = (event) => {
    if (!pointers.delete(event.pointerId) || !gesture) return;
    const wasMoving = gesture.isMoving;
    gesture = null;
    app.root.classList.remove("is-moving");
    app.showGuides([]);
    if (wasMoving) {
      store.settle();
      app.tellPlace();
    }
  };

  const live = (patch) => store.update(store.selected.id, patch, { isLive: true });

  const dragging = (event, { at, layer, shape }) => {
    const here = stage.toPrint(event);
    const wanted = { ...shape, cx: shape.cx + here.x - at.x, cy: shape.cy + here.y - at.y };
    const caught = event.altKey ? { ...wanted, guides: [] } : snap(wanted, catchers(layer), REACH_PX / stage.factor);
    app.showGuides(caught.guides);
    live(placeAt(shape.within, caught.cx, caught.cy));
  };

  const catchers = (layer) => [
    rectOf(canvas.mask, canvas),
    ...(layer.kind === "image" ? [rectOf(layer.frame, canvas)] : []),
    ...store.doc.layers.filter((one) => one.id !== layer.id).map((one) => boxOf(stage.shape(one))),
  ];

  const scaling = (event, { at, layer, shape }) => {
    const here = stage.toPrint(event);
    const from = Math.hypot(at.x - shape.cx, at.y - shape.cy);
    const to = Math.hypot(here.x - shape.cx, here.y - shape.cy);
    live({ scale: scaled((layer.scale * to) / Math.max(1, from)) });
  };

  const turning = (event, { at, layer, shape }) => {
    const here = stage.toPrint(event);
    const turn = angle(shape, here) - angle(shape, at);
    live({ rotation: turned(layer.rotation + turn, CATCH_DEGREES) });
  };

  const pinching = () => {
    const [one, two] = [...pointers.values()].map(stage.toPrint);
    const layer = store.selected;
    const start = { spread: Math.max(1, Math.hypot(two.x - one.x, two.y - one.y)), turn: angle(one, two), mid: middle(one, two) };
    const { within, cx, cy } = stage.shape(layer);
    return {
      isMoving: true,
      move: () => {
        if (pointers.size < 2) return;
        const [first, second] = [...pointers.values()].map(stage.toPrint);
        const mid = middle(first, second);
        live({
          scale: scaled((layer.scale * Math.hypot(second.x - first.x, second.y - first.y)) / start.spread),
          rotation: turned(layer.rotation + angle(first, second) - start.turn, CATCH_DEGREES),
          ...placeAt(within, cx + mid.x - start.mid.x, cy + mid.y - start.mid.y),
        });
      },
    };
  };

  const wheel = (event) => {
    const layer = store.selected;
    if (!layer || (!event.ctrlKey && event.target.closest("[data-layer]")?.dataset.layer !== layer.id)) return;
    event.preventDefault();
    live({ scale: scaled(layer.scale * Math.exp(-clamp(event.deltaY, [-100, 100]) / 500)) });
    clearTimeout(wheelTimer);
    wheelTimer = setTimeout(() => { store.settle(); app.tellPlace(); }, WHEEL_PAUSE_MS);
  };

  room.addEventListener("pointerdown", begin);
  room.addEventListener("pointermove", move);
  for (const name of ["pointerup", "pointercancel"]) room.addEventListener(name, end);
  room.addEventListener("wheel", wheel, { passive: false });
  room.addEventListener("dblclick", (event) => { if (event.target.closest("[data-layer]")) app.showPanel("edit"); });
};

/** The frame and handles around what is selected; handles stay within reach when it is larger than
 *  the room. */
export const createSelection = ({ store, stage, part }) => {
  const outline = part("selection");
  const handles = [...outline.querySelectorAll("[data-handle]")];
  const frame = outline.querySelector("[data-outline]");
  return () => {
    const layer = store.selected;
    outline.hidden = !layer;
    if (!layer) return;
    const shape = stage.shape(layer);
    const k = stage.factor;
    Object.assign(frame.style, {
      width: `${shape.width * k}px`,
      height: `${shape.height * k}px`,
      transform: `translate(${(shape.cx - shape.width / 2) * k}px, ${(shape.cy - shape.height / 2) * k}px) rotate(${shape.rotation}deg)`,
    });
    const found = corners(shape);
    const top = middle(found[0], found[1]);
    const away = { x: top.x - shape.cx, y: top.y - shape.cy };
    const far = 1 + 34 / k / Math.max(1, Math.hypot(away.x, away.y));
    const points = { turn: { x: shape.cx + away.x * far, y: shape.cy + away.y * far }, 0: found[0], 1: found[1], 2: found[2], 3: found[3] };
    const edge = outline.getBoundingClientRect();
    for (const handle of handles) {
      const point = points[handle.dataset.handle];
      const inside = handle.dataset.handle === "turn" ? TURN_INSIDE_PX : 0; // whole, and off the corners
      const x = clamp(point.x * k, [inside, edge.width - inside]);
      const y = clamp(point.y * k, [inside, edge.height - inside]);
      handle.style.transform = `translate(${x}px, ${y}px)`;
    }
  };
};

const distance = (one, other) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
const angle = (from, to) => (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
const middle = (one, other) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
const boxOf = ({ cx, cy, width, height }) => ({ x: cx - width / 2, y: cy - height / 2, width, height });
