// What will be printed, drawn by the server: over the case a moment after the last save, and large
// when it is asked for.
import { callPicture } from "./calls.js";

const PAUSE_MS = 500;
const LARGE_PX = 800;
const WIDTHS = [80, 800];

export const startExact = (app) => {
  const { store } = app;
  const over = app.part("exact");
  const dialog = document.getElementById("exact");
  let timer = 0;
  let asked = 0;

  const hide = () => {
    clearTimeout(timer);
    asked += 1;
    over.hidden = true;
  };

  const widthOf = () => Math.max(WIDTHS[0], Math.min(WIDTHS[1], Math.round(app.stage.factor * app.canvas.width_px * devicePixelRatio)));

  const fetchPicture = (width) => callPicture(`${app.saving.url()}/preview.png?width=${width}`, app.saving.draft.token);

  const show = async () => {
    const mine = ++asked;
    const doc = store.doc;
    const address = await fetchPicture(widthOf()).catch(() => null);
    if (!address) return;
    await put(over, address).catch(() => null);
    if (mine === asked && doc === store.doc) over.hidden = false;
  };

  app.onSaved = () => {
    clearTimeout(timer);
    if (!app.saving.isDirty) timer = setTimeout(show, PAUSE_MS);
  };
  store.listen((what) => { if (what.doc) hide(); });

  /** Fills the picture of a dialog; raises Refused. */
  app.showExactIn = async (picture) => {
    await app.saving.flush();
    await put(picture, await fetchPicture(LARGE_PX));
    picture.hidden = false;
  };

  app.part("show-exact").addEventListener("click", async () => {
    const picture = dialog.querySelector("img");
    const state = dialog.querySelector("[data-state]");
    picture.hidden = true;
    state.hidden = false;
    state.textContent = "Drawing it…";
    dialog.showModal();
    try {
      await app.showExactIn(picture);
      state.hidden = true;
    } catch (refusal) {
      state.textContent = refusal.message;
    }
  });
};

const put = async (picture, address) => {
  picture.src = address;
  try {
    await picture.decode();
  } finally {
    URL.revokeObjectURL(address);
  }
};
