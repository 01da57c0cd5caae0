// Photos: sent with their progress, placed where the template wants one or freely, replaced.
import { WHOLE } from "./geometry.js";
import { call, upload } from "./calls.js";
import { newId } from "./store.js";
import { emptyPlaces } from "./stage.js";

const MB = 1_000_000;
const SMALLER_PX = 4096; // what the server keeps at most
const QUALITY = 0.92;
const FREE_SCALE = 0.5;
const REFRESH_MS = 60_000;
const LOST = new Set([0, 429, 500, 502, 503, 504]); // the same photo may be taken next time

export const startPhotos = (app) => {
  const { store, assets, canvas, facts } = app;
  const input = app.part("file");
  const queue = app.part("uploads");
  let wish = {}; // {replaces} a layer, {frame} of a place, or {use} what to do with it
  let refreshed = 0;

  app.choosePhoto = (wanted = {}) => {
    wish = wanted;
    input.multiple = !wanted.replaces && !wanted.use && !wanted.frame;
    input.value = "";
    input.click();
  };

  input.addEventListener("change", () => {
    const wanted = wish;
    wish = {};
    [...input.files].reduce((before, file) => before.then(() => send(file, wanted)), Promise.resolve());
  });

  const send = async (file, wanted) => {
    const row = addRow(file.name);
    try {
      const smaller = await within(file, facts.max_upload_mb * MB);
      const draft = await app.saving.begin();
      const image = await upload(`${app.saving.url()}/images`, draft.token, smaller, (share) => row.show(share));
      assets.keepImages([image]);
      row.remove();
      showOwn();
      if (wanted.use) wanted.use(image);
      else app.placeImage(image, wanted);
    } catch (refusal) {
      row.fail(refusal.message, LOST.has(refusal.status) ? () => send(file, wanted) : null);
    }
  };

  const addRow = (name) => {
    const row = document.getElementById("upload-row").content.cloneNode(true).querySelector("li");
    const at = (part) => row.querySelector(`[data-${part}]`);
    at("name").textContent = `Sending ${name}`;
    queue.append(row);
    app.showPanel(app.root.dataset.panel || "photo");
    return {
      show: (share) => {
        at("bar").value = share;
        if (share === 1) at("name").textContent = `Looking at ${name}`;
      },
      remove: () => row.remove(),
      fail: (sentence, again) => {
        at("bar").hidden = true;
        row.classList.add("bad");
        at("name").textContent = `${name}: ${sentence}`;
        at("again").hidden = !again;
        at("again").addEventListener("click", () => { row.remove(); again(); });
        at("drop").hidden = false;
        at("drop").addEventListener("click", () => row.remove());
        app.tell(`${name} was not taken. ${sentence}`);
      },
    };
  };

  app.placeImage = (image, { replaces, frame } = {}) => {
    const replaced = replaces && store.find(replaces);
    if (replaced) {
      store.update(replaces, { image: image.id, crop: null });
      store.select(replaces);
      return app.tell("The photo is replaced.");
    }
    if (app.isFull()) return null;
    const place = frame || emptyPlaces(app)[0]?.frame;
    store.add({
      id: newId("image"), kind: "image", image: image.id, x: 50, y: 50, rotation: 0, opacity: 1,
      scale: place ? 1 : FREE_SCALE, frame: { ...(place || WHOLE) }, crop: null,
    });
    return app.tell("The photo is on the case.");
  };

  /** The pictures of this design, to be used once more. */
  const showOwn = () => {
    const own = [...assets.images.values()];
    app.part("own").hidden = !own.length;
    app.part("own-list").replaceChildren(...own.map((image, at) => ownButton(image, at)));
    app.onImages?.(own);
  };

  const ownButton = (image, at) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const picture = new Image();
    picture.src = image.url;
    picture.alt = `${image.kind === "generated" ? "Picture" : "Photo"} ${at + 1} of yours`;
    picture.loading = "lazy";
    button.type = "button";
    button.className = "d-thumb";
    button.title = "Put it on the case";
    button.append(picture);
    button.addEventListener("click", () => app.placeImage(image));
    item.append(button);
    return item;
  };

  app.showOwnImages = showOwn;
  /** Their links last an hour. */
  app.readImages = async () => {
    const { draft } = app.saving;
    if (!draft) return;
    const read = await call(app.saving.url(), { token: draft.token }).catch(() => null);
    if (!read) return;
    assets.keepImages(read.images);
    showOwn();
    app.stage.draw();
  };
  app.part("layers").addEventListener("error", () => {
    if (Date.now() - refreshed < REFRESH_MS) return;
    refreshed = Date.now();
    app.readImages();
  }, true);

  app.part("add-photo").addEventListener("click", () => app.choosePhoto());
  canvas.frames.forEach((frame, at) => app.part("places").append(placeButton(app, frame, at)));
};

const placeButton = (app, frame, at) => {
  const button = document.createElement("button");
  const many = app.canvas.frames.length > 1;
  button.type = "button";
  button.className = "d-place";
  button.dataset.place = String(at);
  button.innerHTML = "<span></span>";
  button.firstElementChild.textContent = app.isAi ? "Make your picture" : many ? `Add photo ${at + 1}` : "Add your photo";
  button.addEventListener("click", () => (app.isAi ? app.showPanel("ai", { isFocused: true }) : app.choosePhoto({ frame })));
  return button;
};

/** A photo that is larger than the server takes is made smaller here first. */
const within = async (file, most) => {
  if (file.size <= most || !globalThis.createImageBitmap) return file;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return file;
  const factor = Math.min(1, SMALLER_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * factor);
  canvas.height = Math.round(bitmap.height * factor);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
  return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
};
