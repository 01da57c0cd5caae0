// The designer: puts its parts together and opens the draft that this browser has.
import { say } from "../say.js";
import { startAdditions } from "./additions.js";
import { startAi } from "./ai.js";
import { createAssets } from "./assets.js";
import { call } from "./calls.js";
import { startCrop } from "./crop.js";
import { dropUnsaved, findDraft, forgetDraft, latestDraft, readUnsaved } from "./drafts.js";
import { startEditor } from "./editor.js";
import { startExact } from "./exact.js";
import { startFinish } from "./finish.js";
import { createSelection, startGestures } from "./gestures.js";
import { startKeys } from "./keys.js";
import { startLayersList } from "./layers-list.js";
import { nameOf, placeInWords } from "./names.js";
import { startPanels } from "./panels.js";
import { startPhotos } from "./photos.js";
import { createSaving } from "./saving.js";
import { createStage } from "./stage.js";
import { createStore } from "./store.js";

const TELL_MS = 500;
const GONE = new Set([404, 410]);

const root = document.getElementById("designer");
const facts = JSON.parse(root.dataset.facts);
const part = (name) => root.querySelector(`[data-${name}]`);

const app = {
  root,
  facts,
  part,
  say,
  base: document.body.dataset.base,
  canvas: facts.canvas,
  isAi: root.dataset.ai !== undefined,
  store: createStore(facts.background),
};

let telling = 0;
app.tell = (sentence) => { part("told").textContent = sentence; };
app.tellPlace = () => {
  clearTimeout(telling);
  telling = setTimeout(() => {
    const layer = app.store.selected;
    if (layer) app.tell(`${nameOf(layer, app.store.doc, app.assets)}: ${placeInWords(layer)}.`);
  }, TELL_MS);
};
app.isFull = () => {
  const isFull = app.store.doc.layers.length >= facts.max_layers;
  if (isFull) say(`A design has at most ${facts.max_layers} layers. Remove one first.`);
  return isFull;
};
app.remove = (layer) => {
  if (!layer) return;
  app.tell(`${nameOf(layer, app.store.doc, app.assets)} is removed. Undo brings it back.`);
  app.store.remove(layer.id);
};
app.step = (way) => app.tell(app.store[way]() ? (way === "undo" ? "Undone." : "Done again.") : `There is nothing to ${way}.`);
app.showSaved = (state, sentence) => {
  const place = part("saved");
  place.dataset.saved = state;
  place.querySelector("span").textContent = sentence;
  part("retry").hidden = state !== "failed";
};
app.showGuides = (guides) => {
  const lines = guides.map(({ isAcross, at }) => {
    const line = document.createElement("i");
    line.className = isAcross ? "is-across" : "is-down";
    line.style.transform = isAcross ? `translateY(${at * app.stage.factor}px)` : `translateX(${at * app.stage.factor}px)`;
    return line;
  });
  part("guides").replaceChildren(...lines);
};
app.showEnd = (sentence) => {
  document.querySelector("#ended [data-why]").textContent = sentence;
  document.getElementById("ended").showModal();
};
app.askConflict = () => new Promise((resolve) => {
  const dialog = document.getElementById("conflict");
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  dialog.showModal();
});

/** What the server has of this draft, or null when it is gone or ordered. */
const readDraft = async (draft) => {
  try {
    const read = await call(`${app.base}/api/designs/${draft.id}`, { token: draft.token });
    if (read.status === "draft") return read;
    say("That design is ordered and does not change any more. This is a new one.");
  } catch (refusal) {
    if (!GONE.has(refusal.status)) throw refusal;
    say(`${refusal.message} This is a new one.`);
  }
  forgetDraft(draft.id);
  return null;
};

const openDraft = async () => {
  const wanted = new URLSearchParams(location.search).get("design");
  const draft = wanted ? findDraft(wanted) : latestDraft(facts.template, facts.model);
  if (wanted && !draft) say("This browser does not have that design. This is a new one.");
  const read = draft && await readDraft(draft);
  if (!read) return;
  if (read.template !== facts.template || read.model !== facts.model) {
    location.replace(`${root.dataset.page}/${encodeURIComponent(read.template)}?model=${encodeURIComponent(read.model)}&design=${read.id}`);
    return;
  }
  Object.assign(app.canvas, read.canvas); // as it was when the design was begun
  app.stage.fit();
  app.assets.keepImages(read.images);
  app.saving.open(read, draft.token);
  if (read.layers.some((layer) => layer.kind === "sticker")) await app.assets.loadStickers();
  app.store.load({ background: read.background, layers: read.layers });
  app.saving.markSaved();
  takeUpUnsaved(read);
};

/** What this tab, or the one before, did not get through. Of an older version it is one step away. */
const takeUpUnsaved = (read) => {
  const kept = readUnsaved(read.id);
  if (!kept) return;
  dropUnsaved(read.id);
  app.store.change(kept.doc);
  if (kept.version === read.version) {
    say("Your last changes were not saved yet. They are here again.");
    return;
  }
  app.store.undo();
  say("This design was saved elsewhere since. Redo brings back what was not saved here.");
};

const start = async () => {
  app.assets = createAssets(facts, app.base, part("measure"));
  app.saving = createSaving(app);
  app.stage = createStage(app);
  const showSelection = createSelection(app);
  startPanels(app);
  startPhotos(app);
  startCrop(app);
  startAdditions(app);
  startAi(app);
  startExact(app);
  startGestures(app);
  startKeys(app);
  const showEditor = startEditor(app);
  const showList = startLayersList(app);
  const show = (what) => {
    app.stage.draw();
    showSelection();
    showEditor();
    if (!what?.isLive) showList();
    part("undo").disabled = !app.store.canUndo;
    part("redo").disabled = !app.store.canRedo;
  };
  app.onFit = () => { app.showGuides([]); showSelection(); };
  app.store.listen(show);
  part("undo").addEventListener("click", () => app.step("undo"));
  part("redo").addEventListener("click", () => app.step("redo"));
  part("retry").addEventListener("click", () => app.saving.retry());
  app.stage.fit();
  show();
  try {
    await openDraft();
  } catch (refusal) {
    app.showEnd(refusal.message);
  }
  app.showOwnImages();
  startFinish(app);
  app.showFirstPanel();
  root.dataset.ready = "";
};

start();
