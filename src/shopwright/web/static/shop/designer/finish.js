// The last look before it is bought: what would not look well is said with its numbers, and then it
// goes into the cart, or on to the machine that the visitor came from.
import { addLine, readCart } from "../cart.js";
import { machineSession, orderDesign, tellProgress } from "../../kiosk/session.js";
import { boundsOf, dpiOf, rectOf, touches } from "./geometry.js";
import { keepDraft } from "./drafts.js";
import { nameOf } from "./names.js";
import { emptyPlaces } from "./stage.js";

const SHARP_DPI = 150;
const SOFT_DPI = 100;

/** Sentences about what the buyer may want to mend. */
export const warningsOf = (app) => [...emptyWarnings(app), ...app.store.doc.layers.flatMap((layer) => layerWarnings(app, layer))];

const emptyWarnings = (app) => {
  const empty = emptyPlaces(app);
  if (!empty.length || app.isAi || app.canvas.frames.length < 2) return [];
  const which = empty.map(({ at }) => at + 1).join(", ");
  return [empty.length === 1 ? `Photo place ${which} is empty: the background is printed there.` : `Photo places ${which} are empty: the background is printed there.`];
};

const layerWarnings = (app, layer) => {
  const { store, assets, canvas, stage, facts } = app;
  const name = nameOf(layer, store.doc, assets);
  const bounds = boundsOf(stage.shape(layer));
  const found = [];
  if (!touches(bounds, rectOf(canvas.mask, canvas))) found.push(`${name} lies beside the case and is not seen.`);
  if (layer.kind === "image") found.push(...sharpness(layer, name, canvas, assets));
  else if (canvas.camera && touches(bounds, cameraRect(canvas))) found.push(`The camera may cover a part of ${name}.`);
  if (facts.is_placeholder && assets.images.get(layer.image)?.kind === "generated") found.push(`${name} is a placeholder and not a real picture. Do not order it.`);
  return found;
};

const sharpness = (layer, name, canvas, assets) => {
  const dpi = Math.round(dpiOf(layer, canvas, assets.sizeOf(layer, canvas)));
  if (dpi >= SHARP_DPI) return [];
  const look = dpi < SOFT_DPI ? "will look blurred" : "may look soft";
  return [`${name} is printed with ${dpi} dots per inch and ${look}; ${SHARP_DPI} are sharp. Make it smaller or take a larger photo.`];
};

const cameraRect = (canvas) => {
  const [x, y, width, height] = canvas.camera;
  return rectOf({ x, y, width, height }, canvas);
};

export const startFinish = (app) => {
  const dialog = document.getElementById("finish");
  const button = app.part("finish");
  const confirm = dialog.querySelector("[data-confirm]");
  const list = dialog.querySelector("[data-warnings]");
  const state = dialog.querySelector("[data-state]");
  const machine = machineSession();
  if (machine) {
    for (const place of document.querySelectorAll("[data-finish-word]")) place.textContent = "Order at the machine";
    button.querySelector("[data-finish-short]").textContent = "Order";
    tellProgress(machine, "designing");
  }

  const fail = (sentence) => {
    state.hidden = false;
    state.className = "notice bad";
    state.textContent = sentence;
  };

  const look = async () => {
    const warnings = warningsOf(app);
    list.hidden = !warnings.length;
    list.replaceChildren(...warnings.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence })));
    confirm.disabled = true;
    state.hidden = false;
    state.className = "soft";
    state.textContent = "Drawing it as it will be printed…";
    const picture = dialog.querySelector("img");
    picture.hidden = true;
    dialog.showModal();
    try {
      await app.showExactIn(picture);
      state.hidden = true;
      confirm.disabled = false;
    } catch (refusal) {
      fail(refusal.message);
    }
  };

  button.addEventListener("click", () => {
    app.store.settle();
    if (!app.store.doc.layers.some((layer) => layer.kind !== "text" || layer.text.trim())) {
      app.say("Your design is empty. Add a photo, a text or a sticker first.");
      return;
    }
    look();
  });

  confirm.addEventListener("click", async () => {
    confirm.disabled = true;
    try {
      await order(await app.saving.flush());
    } catch (refusal) {
      fail(refusal.message);
      confirm.disabled = false;
    }
  });

  const order = async ({ id, token }) => {
    const session = machineSession();
    if (session) {
      keepDraft({ id, token, isInCart: true });
      await tellProgress(session, "design_complete");
      await orderDesign(session, id, token);
      return;
    }
    const isThere = readCart().some((line) => line.design === id);
    if (!isThere && !addLine({ design: id, token, quantity: 1 })) throw new Error("The cart is full, or this browser keeps nothing. Check out first.");
    keepDraft({ id, token, isInCart: true });
    location.assign(app.root.dataset.cart);
  };
};
